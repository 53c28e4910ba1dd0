"""Browser components: the pickable map and the 3-D view."""
