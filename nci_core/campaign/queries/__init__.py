"""Questions to what is stored and to models: they change nothing."""
