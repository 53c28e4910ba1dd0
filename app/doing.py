"""Buttons that do something, and what is said of it in the run that follows: the page is drawn anew at once."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import streamlit as st

from app.session import context, errors_shown
from app.text import Markdown, plain
from nci_core.switches import read_only

SAID = "said_next"
POLL = 1.5


def act_button(
    place: Any,
    label: Markdown,
    act: Callable[[], object],
    *,
    key: str,
    when: object = True,
    writes: bool = True,
    help: Markdown | None = None,
    said: str = "",
    **look: Any,
) -> None:
    """A button at a place, `st` or a column, that can be pressed `when` there is something to do.

    One that `writes` into the campaign cannot in a read-only demonstration. `said` is what `do` says; `look` are
    Streamlit's options of a button.
    """
    if place.button(label, key=key, disabled=not when or (writes and read_only()), help=help, **look):
        do(act, said)


def do(act: Callable[[], object], said: str = "") -> None:
    """Do it and draw the page anew, which says so: "{}" stands for what `act` returned. An error is shown at once."""
    with errors_shown():
        found = act()
        if said:
            say(said.replace("{}", str(found)))
        st.rerun()


def live(draw: Callable[..., None], busy: bool, *given: Any) -> None:
    """A part of a page, `draw(context, *given)`: while it is `busy` drawn anew every POLL seconds, as it is then."""

    @wraps(draw)
    def part() -> None:
        with errors_shown():
            draw(context(), *given)

    st.fragment(part, run_every=POLL if busy else None)()


def say(text: str, kind: str = "success") -> None:
    """Keep a sentence for the run that follows; its `kind` is "success", "error" or "left out"."""
    st.session_state[SAID] = kind, text


@contextmanager
def errors_said() -> Iterator[None]:
    """Keep an error raised in a callback for the run that follows, which can show it."""
    try:
        yield
    except Exception as error:
        say(str(error), "error")


def show_said() -> None:
    """Show what was kept, once."""
    kind, text = st.session_state.pop(SAID, ("", ""))
    if kind == "left out":  # not on the page: it would push the basket down under the mouse
        st.toast(f"Left out: {plain(text)}.", icon=":material/block:")
    elif kind:
        place, icon = (st.error, ":material/error:") if kind == "error" else (st.success, ":material/check_circle:")
        place(plain(text), icon=icon)
