"""Runs the page again when the browser's theme changes: figures are drawn on the server, in the theme's colours.

Streamlit itself changes its own colours only, and a figure would stay white on a dark page until the next click.
"""

from app.components.mounted import mounted

HTML = '<div class="nci-theme" aria-hidden="true"></div>'


def watch_theme(*, dark: bool) -> None:
    """Place it once on a page; `dark` is the theme that this run draws in."""
    watch = mounted("theme_watch", HTML, "theme_watch.js", style="theme_watch.css")
    watch(key="theme-watch", data={"dark": dark}, on_changed_change=lambda: None)
