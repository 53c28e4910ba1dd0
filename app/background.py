"""Questions to the core that take seconds or minutes: each in a process of its own, with a time limit.

A page never waits for them: it asks, shows what is there, and comes back. All sessions share the answers. A question
that no session needs any more is ended, so that it keeps nothing else waiting.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st
from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.text import plain
from nci_core.errors import JobError
from nci_core.jobs.predictor import Predictor

T = TypeVar("T")

#: Answers that are kept, and questions under way at once: short ones, and those that compute.
MOST_KEPT, AT_ONCE = 200, 2
#: Seconds between two looks at what is under way, and between two numbers of how long it has taken.
LOOK, TICK = 0.7, 2.0
#: So many seconds of waiting are not worth a number.
UNSAID = 3.0
LATE = "This took longer than {seconds:.0f} s; the machine may be busy, or the molecule too large."


@dataclass
class _Question:
    """One question, the process that answers it, and the sessions that need the answer."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    process: Predictor
    firm: bool
    future: Future[Any] = field(default_factory=Future)
    needed_by: set[str] = field(default_factory=set)
    began: float | None = None

    def answer(self) -> Any:
        self.began = time.monotonic()
        return _answer(self.process, self.function, self.arguments)


class Background:
    """The dashboard's questions under way, and their answers by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._short = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asked")
        self._long = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asked-long")
        self._known: OrderedDict[str, _Question] = OrderedDict()

    def ask(
        self,
        key: str,
        function: Callable[..., T],
        *arguments: Any,
        seconds: float,
        long: bool = False,
        firm: bool = False,
    ) -> Future[T]:
        """The answer of `function`, asked once for each key; `long` ones never hold short ones up.

        A `firm` one goes on when nobody needs its answer any more.
        """
        with self._lock:
            if key not in self._known:
                question = _Question(function, arguments, Predictor(seconds, LATE), firm)
                question.future = (self._long if long else self._short).submit(question.answer)
                self._known[key] = question
            self._known.move_to_end(key)
            question = self._known[key]
            question.needed_by.add(_session())
            ended = [name for name, other in self._known.items() if other.future.done() and name != key]
            for name in ended[: max(len(self._known) - MOST_KEPT, 0)]:
                del self._known[name]
            return question.future

    def seconds(self, future: Future[Any]) -> float | None:
        """How long a question has been worked on; None before that, and when it has ended."""
        found = next((question for question in list(self._known.values()) if question.future is future), None)
        return None if found is None or found.began is None or future.done() else time.monotonic() - found.began

    def keep(self, futures: Iterable[Future[Any]]) -> None:
        """Of what is under way this session needs these alone: the rest is ended unless another session needs it."""
        kept, me = {id(future) for future in futures}, _session()
        with self._lock:
            for key, question in list(self._known.items()):
                if question.future.done() or question.firm or id(question.future) in kept:
                    continue
                question.needed_by = {who for who in question.needed_by if who != me and _is_here(who)}
                if not question.needed_by:
                    del self._known[key]
                    question.future.cancel()  # before its process: one that still waits then never begins
                    question.process.end()

    def forget_errors(self) -> None:
        """Ask again, next time, what ended with an error."""
        with self._lock:
            for key in [key for key, question in self._known.items() if problem(question.future)]:
                del self._known[key]

    def forget(self, key: str) -> None:
        """Ask again next time."""
        with self._lock:
            self._known.pop(key, None)


def _answer(process: Predictor, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    try:
        return process.ask(function, arguments)
    finally:
        process.close()


def _session() -> str:
    context = get_script_run_ctx()
    return "" if context is None else context.session_id


def _is_here(session: str) -> bool:
    """Whether somebody's browser still shows a session; a closed or reloaded one does not."""
    return Runtime.exists() and Runtime.instance().is_active_session(session)


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
