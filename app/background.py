"""Questions to the core that take seconds or minutes: each in a process of its own, with a time limit.

A page never waits for them: it asks, shows what is there, and comes back. All sessions share the answers.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import streamlit as st

from app.predictor import Predictor
from nci_core.errors import JobError

T = TypeVar("T")

#: Answers that are kept, and questions under way at once: short ones, and those that compute.
MOST_KEPT, AT_ONCE = 200, 2
#: Seconds between two looks at what is under way.
LOOK = 0.7


class Background:
    """The dashboard's questions under way, and their answers by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._short = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asked")
        self._long = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asked-long")
        self._known: OrderedDict[str, Future[Any]] = OrderedDict()

    def ask(
        self, key: str, function: Callable[..., T], *arguments: Any, seconds: float, long: bool = False
    ) -> Future[T]:
        """The answer of `function`, asked once for each key; `long` ones never hold short ones up."""
        with self._lock:
            if key not in self._known:
                pool = self._long if long else self._short
                self._known[key] = pool.submit(_answer, function, arguments, seconds)
            self._known.move_to_end(key)
            ended = [name for name, future in self._known.items() if future.done()]
            for name in ended[: max(len(self._known) - MOST_KEPT, 0)]:
                if name != key:
                    del self._known[name]
            return self._known[key]

    def known(self, key: str) -> Future[Any] | None:
        """What was asked under a key, if anything was."""
        return self._known.get(key)

    def forget_errors(self) -> None:
        """Ask again, next time, what ended with an error."""
        with self._lock:
            for key in [key for key, future in self._known.items() if future.done() and future.exception()]:
                del self._known[key]

    def forget(self, key: str) -> None:
        """Ask again next time."""
        with self._lock:
            self._known.pop(key, None)


def _answer(function: Callable[..., T], arguments: tuple[Any, ...], seconds: float) -> T:
    late = f"This took longer than {seconds:.0f} s; the machine may be busy, or the molecule too large."
    process = Predictor(seconds, late)
    try:
        return process.ask(function, arguments)
    finally:
        process.close()


@st.cache_resource(show_spinner=False)
def background() -> Background:
    """The dashboard's only one."""
    return Background()


def follow(futures: Iterable[Future[Any]]) -> None:
    """Run the page again as soon as one of these has its answer; call it once, at the end of the page."""
    waiting = [future for future in futures if not future.done()]
    if waiting:
        st.fragment(_look, run_every=LOOK)(waiting)


def _look(waiting: list[Future[Any]]) -> None:
    if any(future.done() for future in waiting):
        st.rerun(scope="app")


def problem(future: Future[Any]) -> str:
    """The sentence of a question that ended with an error, else empty."""
    error = future.exception() if future.done() and not future.cancelled() else None
    if error is None:
        return ""
    return str(error) if isinstance(error, Exception) else str(JobError("This was cancelled; try again."))
