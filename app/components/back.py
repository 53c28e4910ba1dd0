"""The browser's Back goes from page to page, and in a series of steps from step to step.

Streamlit gives every change of the address an entry of its own in the browser's history: a person who wants to leave a
page would press Back once for each number that was changed on it.
"""

from functools import cache
from typing import Any

import streamlit as st

#: In an address that the browser's Back or Forward has opened.
BACK = "back"
JS = """
export default function () {
  if (window.nciBack) return;
  window.nciBack = true;
  const place = (url) => url.pathname + "?" + (url.searchParams.get("step") ?? "");
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const same = url != null && place(new URL(url, location.href)) === place(new URL(location.href));
    return same ? history.replaceState(state, title, url) : push(state, title, url);
  };
  // Before Streamlit sends the address to the page.
  window.addEventListener("popstate", () => {
    const url = new URL(location.href);
    url.searchParams.set("back", "1");
    history.replaceState(history.state, "", url);
  }, { capture: true });
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component("nci_back", html="<span hidden></span>", js=JS, isolate_styles=False)


def mind_back() -> None:
    """Keep the browser's history so; nothing is seen of it."""
    _component()(key="back", height=1)


def went_back() -> bool:
    """Whether the address is one that Back or Forward has opened; once."""
    return st.query_params.pop(BACK, None) is not None
