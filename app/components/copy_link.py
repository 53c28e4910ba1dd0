"""A button that copies the address of the page: opened elsewhere, it shows the same."""

from functools import cache
from typing import Any

import streamlit as st

HTML = """<div class="nci-link"><button type="button" title="Copy the address of this view">Copy link</button>
<span role="status"></span></div>"""
CSS = """
.nci-link { display: flex; gap: 0.6rem; align-items: center; font-family: var(--st-font); font-size: 0.9rem;
  color: var(--st-text-color); }
.nci-link button { font: inherit; color: inherit; background: transparent; cursor: pointer; padding: 0.15rem 0.6rem;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius, 0.5rem); }
.nci-link button:hover { border-color: var(--st-primary-color); color: var(--st-primary-color); }
.nci-link button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
"""
# Browsers give the clipboard to https and localhost only; elsewhere the old command still copies what is selected.
JS = """
export default function (component) {
  const { data, parentElement } = component;
  const button = parentElement.querySelector("button"), said = parentElement.querySelector("span");
  button.onclick = async () => {
    const address = new URL(window.location.href);
    for (const [name, value] of Object.entries(data.more)) address.searchParams.set(name, value);
    // What only the browser knows: the part of a plot in sight, the round that the Overview's slider shows.
    for (const name of ["zoom", "frame"]) {
      const shown = [...document.querySelectorAll(`[data-${name}]`)].find((e) => e.offsetParent)?.dataset[name];
      if (shown) address.searchParams.set(name, shown); else address.searchParams.delete(name);
    }
    address.searchParams.set("tour", "off");
    let copied = true;
    try {
      await navigator.clipboard.writeText(address.href);
    } catch {
      const field = document.createElement("textarea");
      field.value = address.href; document.body.append(field); field.select();
      copied = document.execCommand("copy");
      field.remove();
    }
    said.textContent = copied ? "copied" : "could not be copied";
    said.dataset.link = address.href;
    setTimeout(() => { said.textContent = ""; }, 2500);
  };
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component("nci_copy_link", html=HTML, css=CSS, js=JS, isolate_styles=False)


def copy_link(more: dict[str, str] | None = None) -> None:
    """Draw it; `more` are parameters that the link has besides those of the address."""
    _component()(key="copy-link", data={"more": more or {}})
