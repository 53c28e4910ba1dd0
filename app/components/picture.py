"""Buttons that save a row of Plotly figures as one picture, in the browser."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent
SCRIPTS = ("picture_compose.js", "picture.js")
HTML = """<div class="nci-picture"><button type="button" data-kind="png">Picture (PNG)</button>
<button type="button" data-kind="svg">Drawing (SVG)</button><div class="said" role="status"></div></div>"""
CSS = """
.nci-picture { display: flex; flex-wrap: wrap; gap: 0.5rem; font-family: var(--st-font); color: var(--st-text-color); }
.nci-picture button { flex: 1; font: inherit; color: inherit; white-space: nowrap; cursor: pointer;
  background: transparent; padding: 0.35rem 0.75rem; border: 1px solid var(--st-border-color);
  border-radius: var(--st-button-radius, 0.5rem); }
.nci-picture button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
.nci-picture button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.nci-picture .said { flex-basis: 100%; font-size: 0.85rem; }
"""


@cache
def _component() -> Any:
    script = "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    return st.components.v2.component("nci_picture", html=HTML, css=CSS, js=script, isolate_styles=False)


def save_buttons(figures: Sequence[str], *, title: str, file: str, key: str) -> None:
    """PNG and SVG of the figures with these keys together, under a title, saved as `file` with the suffix."""
    _component()(key=key, data={"figures": list(figures), "title": title, "file": file})
