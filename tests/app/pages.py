"""Runs one page as a person would see it, through Streamlit's own test harness."""

import time
from functools import cache
from types import SimpleNamespace
from typing import Any

from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

# Streamlit reads the metadata of every installed package anew for each AppTest, and searches all of Python's objects
# for garbage after each run. In a process that has loaded as much as the tests have, both take a quarter of a second.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
script_runner.gc = SimpleNamespace(collect=lambda generation=2: 0)  # Python collects by itself


def _script() -> None:
    """What main.py does for one page; AppTest cannot follow pages that are functions."""
    import importlib

    import streamlit as st

    from app.session import guarded
    from app.sidebar import show_sidebar

    show_sidebar()
    guarded(importlib.import_module(f"app.views.{st.session_state['page_under_test']}").show)()


def run_page(name: str, **state: Any) -> AppTest:
    """The page after one run, with session state set before."""
    at = AppTest.from_function(_script, default_timeout=120)
    at.session_state["page_under_test"] = name
    for key, value in state.items():
        at.session_state[key] = value
    return at.run()


def text(at: AppTest) -> str:
    """All words on the page, without table contents."""
    parts = [
        getattr(item, "value", "")
        for kind in (
            "title",
            "subheader",
            "markdown",
            "caption",
            "info",
            "error",
            "warning",
            "success",
            "toast",
            "code",
        )
        for item in at.get(kind)
    ]
    return "\n".join(str(part) for part in parts)


def tables(at: AppTest) -> list[Any]:
    """Every table on the page, as data frames."""
    return [item.value for kind in (at.dataframe, at.table) for item in kind]


def headers(at: AppTest) -> list[str]:
    """The column headers of every table."""
    return [str(column) for table in tables(at) for column in table.columns]


def settled(at: AppTest) -> AppTest:
    """The page once its questions have been answered."""
    from app.background import background

    for _ in range(100):
        known = list(background()._known.values())
        answered = all(question.future.done() for question in known)
        at.run()  # which may ask further ones
        if answered and len(background()._known) == len(known):
            return at
        time.sleep(0.02)
    raise AssertionError("a question was not answered")
