"""How long the labels of the queue still take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from nci_core.store import label_queries
from nci_core.store.database import Store
from nci_core.store.job_tables import elapsed_minutes

#: Finished labels of a recipe that say how long the next one takes, newest first.
NEWEST = 20


@dataclass(frozen=True)
class Remaining:
    """What is expected.

    Attributes:
        minutes: until all labels are done, as far as can be said.
        overdue: minutes so far and usual minutes of the label that is furthest beyond what is usual; None if none is.
    """

    minutes: float
    overdue: tuple[float, float] | None = None


def label_minutes(store: Store, recipes: Mapping[str, str]) -> dict[str, float]:
    """Median elapsed minutes of the newest finished labels of each of these recipes (name → hash) that has any."""
    found = {name: label_queries.elapsed(store, recipe_hash, NEWEST) for name, recipe_hash in recipes.items()}
    return {name: median(seconds) / 60.0 for name, seconds in found.items() if seconds}


def waiting_labels(store: Store, recipes: Mapping[str, str]) -> dict[str, int]:
    """Number of labels of each of these recipes (name → hash) that wait for their job."""
    return {
        name: label_queries.status_counts(store, recipe_hash, with_job=True)["waiting"]
        for name, recipe_hash in recipes.items()
    }


def running_labels(store: Store, recipes: Mapping[str, str]) -> list[tuple[str, float]]:
    """Recipe and minutes so far of the labels of these recipes that are being computed."""
    since = label_queries.running_since(store, list(recipes.values()))
    return [(recipe, elapsed_minutes(started, None) or 0.0) for recipe, started in since]


def remaining(
    running: Sequence[tuple[str, float]], waiting: Mapping[str, int], usual: Mapping[str, float], workers: int
) -> Remaining | None:
    """The time until all these labels have ended; None when there are none, or none has ever finished.

    Each takes what is usual for its recipe, or for any recipe where none of its own is finished. One that runs longer
    than usual may end at any moment: it counts as done and is named, since no number can be given for it. Where all
    that run take longer than usual, those that wait are not expected to be quicker than the least late of them.

    >>> remaining([("quick", 4.0), ("quick", 9.0)], {"quick": 3}, {"quick": 6.0}, 2)
    Remaining(minutes=10.0, overdue=(9.0, 6.0))
    """
    if not usual or not (running or any(waiting.values())):
        return None
    other = mean(usual.values())
    left = [usual.get(recipe, other) - so_far for recipe, so_far in running]
    work = sum(max(minutes, 0.0) for minutes in left)
    pace = max(min((so_far / usual.get(recipe, other) for recipe, so_far in running), default=1.0), 1.0)
    work += pace * sum(count * usual.get(recipe, other) for recipe, count in waiting.items())
    late = min(range(len(left)), key=left.__getitem__, default=None)
    overdue = None if late is None or left[late] >= 0 else (running[late][1], usual.get(running[late][0], other))
    return Remaining(max(work / max(workers, 1), *left, 0.0), overdue)
