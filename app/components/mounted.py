"""How our own components are mounted: scripts and style from the files beside this one, as one module each."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent


@cache
def joined(*names: str) -> str:
    """The files of these names, one after the other."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


@cache
def mounted(name: str, html: str, *scripts: str, style: str | None = None) -> Any:
    """A component by its name, with its HTML, its scripts and its style sheet; call it to draw it."""
    css = None if style is None else joined(style)
    return st.components.v2.component(f"nci_{name}", html=html, css=css, js=joined(*scripts), isolate_styles=False)
