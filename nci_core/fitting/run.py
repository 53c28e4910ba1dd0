"""What surrounds a fit and decides nothing about its result: who watches, who may stop it, what it remembers."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

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
            watcher({**event, "member": k * total + event["member"], "members": parts * total})

        return replace(self, progress=report)
