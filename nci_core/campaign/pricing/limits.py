"""How long a label may take, and how much memory: from the settings, or generous guesses."""

from typing import Any, NamedTuple

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.pricing.costs import LabelCost, label_cost
from nci_core.errors import InputError
from nci_core.labels.recipes import Recipe

#: A label may take so many times what it is expected to: measured (three standard deviations longer), or guessed.
TIMES_MEASURED, TIMES_GUESSED = 20.0, 100.0
#: And at least so long, in minutes: small labels on a busy machine.
LEAST_MEASURED_MINUTES, LEAST_GUESSED_MINUTES = 60.0, 360.0
#: A retry at tighter settings takes more iterations.
TIMES_TIGHTENED = 3.0


class Limits(NamedTuple):
    """Limits of one job; see `nci_core.jobs.submit`.

    Attributes:
        time_limit_seconds: wall time.
        memory_limit_gb: resident memory; None for nine tenths of the machine's.
        silence_limit_seconds: without progress and CPU time.
    """

    time_limit_seconds: float
    memory_limit_gb: float | None
    silence_limit_seconds: float

    def as_options(self, times: float = 1.0) -> dict[str, Any]:
        """Keyword arguments of `submit`, with `times` the time."""
        return self._replace(time_limit_seconds=times * self.time_limit_seconds)._asdict()


def default_minutes(cost: LabelCost) -> float:
    """Time limit of a label that nobody has set, in minutes."""
    if cost.n:
        return max(LEAST_MEASURED_MINUTES, TIMES_MEASURED * (cost.mean_minutes + 3 * cost.sd_minutes))
    return max(LEAST_GUESSED_MINUTES, TIMES_GUESSED * cost.mean_minutes)


def label_limits(
    campaign: Campaign,
    time_limit_minutes: float | None = None,
    memory_limit_gb: float | None = None,
    *,
    recipe: Recipe | None = None,
    cost: LabelCost | None = None,
) -> Limits:
    """Limits of a label's job: those given, else the campaign's settings, else generous guesses from its cost.

    The cost is the recipe's (default: the target's), unless it is given because it is known already.
    """
    for name, value in (("time limit", time_limit_minutes), ("memory limit", memory_limit_gb)):
        if value is not None and not 0 < value < float("inf"):
            raise InputError(f"The {name} of a label must be a positive number, not {value:g}.")
    settings = campaign.settings
    minutes = (
        time_limit_minutes or settings.label_time_limit_minutes or default_minutes(cost or label_cost(campaign, recipe))
    )
    return Limits(
        time_limit_seconds=60.0 * minutes,
        memory_limit_gb=memory_limit_gb or settings.label_memory_limit_gb or None,
        silence_limit_seconds=60.0 * settings.label_silence_limit_minutes,
    )
