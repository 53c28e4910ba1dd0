"""Questions that take seconds or minutes: each answered in a process of its own, with a time limit.

Whoever asks goes on meanwhile, and all share the answers. A question that nobody needs any more is ended, so that it
keeps nothing else waiting.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nci_core.jobs.predictor import Predictor

T = TypeVar("T")

#: Answers that are kept, and questions under way at once: short ones, and those that compute.
MOST_KEPT, AT_ONCE = 200, 2
#: Seconds that an answer may take unless more are given.
SECONDS = 300.0
LATE = "This took longer than {seconds:.0f} s; the machine may be busy, or the molecule too large."


@dataclass
class _Question:
    """One question: the process that answers it, whether it goes on when nobody needs it, and who needs it."""

    process: Predictor
    firm: bool
    future: Future[Any] = field(default_factory=Future)
    needed_by: set[str] = field(default_factory=set)
    began: float | None = None

    def answer(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        self.began = time.monotonic()
        return answer(self.process, function, arguments)


class Questions:
    """Questions under way, and their answers by key.

    Args:
        who: names whoever asks now.
        is_here: whether somebody of that name is still there.
    """

    def __init__(self, who: Callable[[], str], is_here: Callable[[str], bool]) -> None:
        self._who, self._is_here = who, is_here
        self._lock = threading.Lock()
        self._short = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asked")
        self._long = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="asked-long")
        self._known: OrderedDict[str, _Question] = OrderedDict()

    def ask(
        self,
        key: str,
        function: Callable[..., T],
        *arguments: Any,
        seconds: float = SECONDS,
        long: bool = False,
        firm: bool = False,
    ) -> Future[T]:
        """The answer of `function`, asked once for each key; `long` ones never hold short ones up.

        A `firm` one goes on when nobody needs its answer any more.
        """
        with self._lock:
            if key not in self._known:
                question = _Question(Predictor(seconds, LATE), firm)
                question.future = (self._long if long else self._short).submit(question.answer, function, arguments)
                self._known[key] = question  # now that it will have an answer
            self._known.move_to_end(key)
            question = self._known[key]
            question.needed_by.add(self._who())
            ended = [name for name, other in self._known.items() if other.future.done() and name != key]
            for name in ended[: max(len(self._known) - MOST_KEPT, 0)]:
                del self._known[name]
            return question.future

    def seconds(self, future: Future[Any]) -> float | None:
        """How long a question has been worked on; None before that, and when it has ended."""
        found = next((question for question in list(self._known.values()) if question.future is future), None)
        return None if found is None or found.began is None or future.done() else time.monotonic() - found.began

    def keep(self, futures: Iterable[Future[Any]]) -> None:
        """Of what is under way whoever asks needs these alone: the rest is ended unless somebody else needs it."""
        kept, me = {id(future) for future in futures}, self._who()
        with self._lock:
            for key, question in list(self._known.items()):
                if question.future.done() or question.firm or id(question.future) in kept:
                    continue
                question.needed_by = {who for who in question.needed_by if who != me and self._is_here(who)}
                if not question.needed_by:
                    del self._known[key]
                    question.future.cancel()  # before its process: one that still waits then never begins
                    question.process.end()

    def forget(self, which: Callable[[str, Future[Any]], object]) -> None:
        """Ask those again, next time, that are chosen by key and answer."""
        with self._lock:
            for key in [key for key, question in self._known.items() if which(key, question.future)]:
                del self._known[key]


def answer(process: Predictor, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
    """What the process says; it is ended afterwards."""
    try:
        return process.ask(function, arguments)
    finally:
        process.close()
