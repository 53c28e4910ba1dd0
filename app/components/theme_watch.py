"""Runs the page again when the browser's theme changes: figures are drawn on the server, in the theme's colours.

Streamlit itself changes its own colours only, and a figure would stay white on a dark page until the next click.
"""

from functools import cache
from typing import Any

import streamlit as st

# A colour that follows the theme, and changes so fast that nobody sees it, tells of each change by the end of it.
CSS = """
.nci-theme { position: absolute; width: 1px; height: 1px; opacity: 0; background-color: var(--st-background-color);
  transition: background-color 1ms; }
"""
JS = """
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const ground = parentElement.querySelector(".nci-theme");
  const look = () => {
    const [red, green, blue] = getComputedStyle(ground).backgroundColor.match(/[\\d.]+/g).map(Number);
    const dark = red + green + blue < 384;
    // Asked once for each theme: should the server not follow, nothing goes round in circles.
    if (dark !== data.dark && ground.dataset.asked !== String(dark)) {
      ground.dataset.asked = String(dark);
      setTriggerValue("changed", dark ? "dark" : "light");
    } else if (dark === data.dark) delete ground.dataset.asked;
  };
  ground.ontransitionend = look;
  look();
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component(
        "nci_theme_watch",
        html='<div class="nci-theme" aria-hidden="true"></div>',
        css=CSS,
        js=JS,
        isolate_styles=False,
    )


def watch_theme(*, dark: bool) -> None:
    """Place it once on a page; `dark` is the theme that this run draws in."""
    _component()(key="theme-watch", data={"dark": dark}, on_changed_change=lambda: None)
