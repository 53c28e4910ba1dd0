"""The browser's Back goes from page to page, and in a series of steps from step to step.

Streamlit gives every change of the address an entry of its own in the browser's history: a person who wants to leave a
page would press Back once for each number that was changed on it.
"""

from functools import cache
from typing import Any

import streamlit as st

JS = """
export default function () {
  if (window.nciBack) return;
  window.nciBack = true;
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const now = new URL(location.href), next = url == null ? now : new URL(url, now);
    const step = now.searchParams.get("step"), same = step === null || step === next.searchParams.get("step");
    if (now.pathname === next.pathname && same) history.replaceState(state, title, url);
    else push(state, title, url);
  };
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component("nci_back", html="<span hidden></span>", js=JS, isolate_styles=False)


def mind_back() -> None:
    """Keep the browser's history so; nothing is seen of it."""
    _component()(key="back", height=1)
