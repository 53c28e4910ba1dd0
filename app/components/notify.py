"""Notifications of the browser, for whoever waits on another page or in another program."""

from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

HTML = '<button type="button" class="nci-notify" hidden></button>'
CSS = """
.nci-notify { font: inherit; font-size: 0.85rem; text-align: left; color: var(--st-text-color); background: none;
  border: 0; padding: 0.15rem 0; cursor: pointer; text-decoration: underline dotted; text-underline-offset: 0.2rem; }
.nci-notify:disabled { cursor: default; text-decoration: none; opacity: 0.82; }
"""


@cache
def _component() -> Any:
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    return st.components.v2.component("nci_notify", html=HTML, css=CSS, js=script, isolate_styles=False)


def show(news: dict[str, str] | None) -> None:
    """The button, and the newest news (id, title, text) once; the browser asks for permission on a click alone.

    Nothing is drawn where the browser has no notifications, as on an address that is neither local nor https.
    """
    _component()(key="notify", data={"news": news})
