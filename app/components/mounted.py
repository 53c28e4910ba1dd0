"""Our own components: NAME.html, NAME.css and scripts beside this file, mounted as one module each."""

from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
_SHARED = ("picture_compose.js", "plot_scales.js", "field_paint.js")
_PLOT = tuple(f"plot{part}.js" for part in ("_paint", "", "_svg", "_pick", "_line", "_link", "_save", "_keys"))
#: Scripts of a component where they are not NAME.js alone, in their order.
SCRIPTS = {
    "overview": (*_SHARED, "overview_paint.js", "overview.js", "plot_svg.js"),
    "picture": ("picture_compose.js", "picture.js"),
    "plot": _SHARED + _PLOT,
    "plot_points": _SHARED + _PLOT,
}


@cache
def joined(*names: str) -> str:
    """The files of these names, one after the other."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names).strip()


@cache
def mounted(name: str) -> Any:
    """A component by its name; call it to draw it."""
    import streamlit as st  # here: a report draws plots without it

    css = joined(f"{name}.css") if (FOLDER / f"{name}.css").exists() else None
    scripts = joined(*SCRIPTS.get(name, (f"{name}.js",)))
    return st.components.v2.component(
        f"nci_{name}", html=joined(f"{name}.html"), css=css, js=scripts, isolate_styles=False
    )
