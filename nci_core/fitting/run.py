"""What surrounds a fit and decides nothing about its result: who watches, who may stop it, what it remembers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from nci_core.fitting.memory import FitMemory

#: Called with a dictionary after every step.
Progress = Callable[[dict[str, Any]], None]
#: Asked before every step; CancelledError follows a yes.
ShouldStop = Callable[[], bool]


@dataclass(frozen=True)
class FitRun:
    """One run of a fit, or of several that belong together.

    Attributes:
        progress: who watches.
        should_stop: who may stop it.
        memory: where a fit that is stopped remembers how far it came.
    """

    progress: Progress | None = None
    should_stop: ShouldStop | None = None
    memory: FitMemory = field(default_factory=FitMemory)

    def part(self, k: int, parts: int) -> "FitRun":
        """The k-th of several fits, which reports as if all were one."""
        watcher = self.progress
        if watcher is None or parts == 1:
            return self

        def report(event: dict[str, Any]) -> None:
            total = event["members"]
            counted = {name: k * total + event[name] for name in ("member", "finished")}
            watcher({**event, **counted, "members": parts * total})

        return replace(self, progress=report)


@contextmanager
def one_core() -> Iterator[None]:
    """Torch uses a single thread inside, as all fits do.

    Their matrices are small: a second thread gains little on a free core, and on one that is taken the two wait for
    each other at every product. Numpy's linear algebra reads OMP_NUM_THREADS once, when it is loaded; where it was
    not 1, its threads' seconds are counted all the same, so rates by CPU seconds stay those of one core.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
