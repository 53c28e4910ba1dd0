"""How long a step takes: on one core, at its best of several repeats."""

import os
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass

#: Repeats go on for this many seconds, and no longer than this many times.
ENOUGH_SECONDS, MOST_REPEATS = 1.0, 50


@dataclass(frozen=True)
class Timing:
    """The fastest of several repeats.

    Attributes:
        cpu: CPU seconds of this process, all threads together.
        wall: seconds by the clock, which other work on the machine lengthens.
        repeats: how often it was repeated.
    """

    cpu: float
    wall: float
    repeats: int

    def more(self, batch: int, wall: bool = False) -> dict[str, float]:
        """What a row of such a measurement says besides: rates, memory and how busy the machine was.

        `wall` takes rates by the clock, for work that is not done by this process's own core.
        """
        return {
            "batch": batch,
            "per_second": batch / max(self.wall if wall else self.cpu, 1e-9),
            "wall_seconds": self.wall,
            "repeats": self.repeats,
            "rss_mb": rss_mb(),
            "load": os.getloadavg()[0],
        }


def rss_mb() -> float:
    """Most memory (MB) this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def timed(step: Callable[[], object], repeats: int = MOST_REPEATS) -> Timing:
    """The fastest of at most `repeats` runs of a step, after one that is not counted where there may be several."""
    if repeats > 1:
        step()
    begun, cpu, wall, count = time.perf_counter(), float("inf"), float("inf"), 0
    while count < repeats and (not count or time.perf_counter() - begun < ENOUGH_SECONDS):
        start_cpu, start = time.process_time(), time.perf_counter()
        step()
        cpu, wall = min(cpu, time.process_time() - start_cpu), min(wall, time.perf_counter() - start)
        count += 1
    return Timing(cpu, wall, count)
