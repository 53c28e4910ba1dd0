"""Questions to the core that a page never waits for: it asks, shows what is there, and comes back."""

from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.text import plain
from nci_core.errors import JobError
from nci_core.jobs.questions import Questions

T = TypeVar("T")

#: Seconds between two looks at what is under way, and between two numbers of how long it has taken.
LOOK, TICK = 0.7, 2.0
#: So many seconds of waiting are not worth a number.
UNSAID = 3.0


def _session() -> str:
    context = get_script_run_ctx()
    return "" if context is None else context.session_id


def _is_here(session: str) -> bool:
    """Whether somebody's browser still shows a session; a closed or reloaded one does not."""
    return Runtime.exists() and Runtime.instance().is_active_session(session)


@st.cache_resource(show_spinner=False)
def background() -> Questions:
    """The dashboard's questions, shared by all its sessions."""
    return Questions(_session, _is_here)


def follow(futures: Iterable[Future[Any]]) -> None:
    """Run the page again as soon as one of these has its answer; call it once, at the end of the page."""
    waiting = [future for future in futures if not future.done()]
    if waiting:
        st.fragment(_look, run_every=LOOK)(waiting)


def _look(waiting: list[Future[Any]]) -> None:
    if any(future.done() for future in waiting):
        st.rerun(scope="app")


def under_way(future: Future[Any], doing: str) -> None:
    """What is being done until an answer is there, and for how long already: a number that is seen to pass."""
    st.fragment(_tick, run_every=TICK)(future, doing)


def _tick(future: Future[Any], doing: str) -> None:
    seconds = background().seconds(future)
    if seconds is None:
        said = plain(doing) if future.running() else f"{plain(doing)}: waits for what is under way before it"
    else:
        said = f"{plain(doing)} … {seconds:.0f} s" if seconds >= UNSAID else f"{plain(doing)} …"
    st.markdown(f":material/progress_activity: {said}")


def answer(future: Future[T]) -> T | None:
    """What came of a question: None before its answer is there, and where it ended with an error."""
    return future.result() if future.done() and not future.cancelled() and future.exception() is None else None


def problem(future: Future[Any]) -> str:
    """The sentence of a question that ended with an error, else empty."""
    error = future.exception() if future.done() and not future.cancelled() else None
    if error is None:
        return ""
    return str(error) if isinstance(error, Exception) else str(JobError("This was cancelled; try again."))
