"""What the basket is expected to bring, and what to buy for so many minutes.

Like `live`, asked by the dashboard in a process of its own; importing this loads no torch. Everything
here is the student's own expectation (`nci_core.selection.budget`), before anything is computed.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.pricing.costs import LabelCost, average, label_cost
from nci_core.campaign.rounds.stored_models import load_student
from nci_core.campaign.systems import System
from nci_core.errors import InputError
from nci_core.regions import REGIONS
from nci_core.selection.budget import BoolArray, Linearised, random_paths, spend
from nci_core.store import configurations, label_queries, models
from nci_core.store.labels import QUARANTINED, TAKEN

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: More labels than this are never planned at once: the student should learn from some first.
MOST_LABELS = 200
#: Random orders of the control.
SEEDS = tuple(range(12))


@dataclass(frozen=True)
class RegionOutlook:
    """RMS standard deviation (eV) of n configurations of a region, before and after; "all" is below the limit."""

    region: str
    n: int
    before_ev: float
    after_ev: float


@dataclass(frozen=True)
class Preview:
    """What labelling a basket is expected to do.

    Attributes:
        configuration_ids: (n,) the pool's configurations that the student puts below the energy limit.
        before_ev, after_ev: (n,) expected standard deviation of the student there.
        regions: summaries, "all" first.
        minutes, minutes_sd: expected cost of the labels that are new.
        n_new: labels of the basket that are not there or on the way already.
    """

    configuration_ids: IntArray
    before_ev: FloatArray
    after_ev: FloatArray
    regions: list[RegionOutlook]
    minutes: float
    minutes_sd: float
    n_new: int


@dataclass(frozen=True)
class Offer:
    """One configuration that is worth its minutes.

    Attributes:
        configuration_id: which.
        region: where the student puts it.
        std_ev: expected standard deviation there before any of the offers.
        fall_ev2: expected fall of the summed variance, given the offers before it.
        share: that fall as a share of the summed variance before any of the offers.
        minutes: what it and the offers before it cost together.
        own_minutes: what it costs alone.
        system_id: whose it is.
        rms_ev: expected RMS standard deviation below the limit after it.
    """

    configuration_id: int
    region: str
    std_ev: float
    fall_ev2: float
    share: float
    minutes: float
    rms_ev: float
    own_minutes: float
    system_id: int


@dataclass(frozen=True)
class Outlook:
    """Expected RMS standard deviation (eV) below the energy limit after 0, 1, … k labels, nothing in the basket.

    Attributes:
        minutes: (k + 1,) expected cost.
        greedy_ev: (k + 1,) by I-optimal choice.
        random_ev, random_sd_ev: (k + 1,) mean and standard deviation over random orders of the same pool, for as many
            minutes.
        n_random: how many random orders.
    """

    minutes: FloatArray
    greedy_ev: FloatArray
    random_ev: FloatArray
    random_sd_ev: FloatArray
    n_random: int


@dataclass(frozen=True)
class _Question:
    model: Linearised
    ids: IntArray
    regions: npt.NDArray[np.str_]
    free: BoolArray
    known: BoolArray
    system_ids: IntArray
    costs: dict[int, LabelCost]

    @property
    def minutes(self) -> FloatArray:
        """(n,) expected CPU minutes of a label of each configuration."""
        return np.array([self.costs[int(number)].mean_minutes for number in self.system_ids])

    def total(self, rows: Sequence[int]) -> tuple[float, float]:
        """Expected minutes of labels, and half of their 68% interval."""
        counts = Counter(self.system_ids[list(rows)].tolist()) or {int(self.system_ids[0]): 0}
        return average([(self.costs[k], n) for k, n in counts.items()]).total(len(rows))

    def rows(self, ids: Sequence[int]) -> list[int]:
        """Rows of those configurations that have no label yet and none on the way."""
        row_of = {int(number): i for i, number in enumerate(self.ids)}
        unknown = [number for number in ids if int(number) not in row_of]
        if unknown:
            raise InputError(f"Configuration {unknown[0]} is not in this campaign's training pool.")
        return [row_of[int(number)] for number in dict.fromkeys(ids) if not self.known[row_of[int(number)]]]


def _pools(campaign: Campaign) -> list[tuple[System, IntArray, FloatArray]]:
    """Each training system with the ids and positions of its pool; InputError where all are empty."""
    found = [
        (system, *configurations.positions(campaign.store, split="pool", system_id=system.id))
        for system in campaign.training_systems
    ]
    if not any(len(ids) for _, ids, _ in found):
        raise InputError(f"Campaign {campaign.name} has no training pool; run `nci sample` again.")
    return [each for each in found if len(each[1])]


@lru_cache(maxsize=4)
def _jacobian(folder: str, model_id: int, sha256: str, last_id: int, count: int) -> tuple[FloatArray, FloatArray]:
    """Energies (n,) and whitened derivatives (n, p) at `_pools`, in its order; the arguments name its content."""
    from nci_core.selection.i_optimal import whitened_jacobian

    with Campaign.open(folder, read_only=True) as campaign:
        model = load_student(campaign, models.get(campaign.store, model_id))
        parts = [whitened_jacobian(model, system.dimer.at(points)) for system, _, points in _pools(campaign)]
        return np.concatenate([energies for energies, _ in parts]), np.concatenate([J for _, J in parts])


def _ask(folder: str | Path, model_id: int) -> _Question:
    from nci_core.fitting.settings import FitSettings
    from nci_core.selection.i_optimal import linearised

    with Campaign.open(folder, read_only=True) as campaign:
        campaign.require_configurations()
        pools = _pools(campaign)
        ids = np.concatenate([numbers for _, numbers, _ in pools])
        system_ids = np.repeat([system.id for system, _, _ in pools], [len(numbers) for _, numbers, _ in pools])
        row = models.get(campaign.store, model_id)
        energies, J = _jacobian(str(folder), model_id, row.sha256, int(ids.max()), len(ids))
        states = label_queries.states(campaign.store, campaign.recipe.hash)
        taken = {number for number, state in states.items() if state in TAKEN}
        # A label that was set aside teaches the student nothing, yet asking for it again would bring the same.
        useful = {number for number in taken if states[number] != QUARANTINED}
        costs = {system.id: label_cost(campaign, dimer=system.dimer) for system, _, _ in pools}
    regions = campaign.settings.bounds.classify(energies)
    inside = regions != "beyond"
    known = np.array([int(number) in taken for number in ids], dtype=bool)
    labelled = np.flatnonzero([int(number) in useful for number in ids])
    # One noise before and after, so that the two differ by the labels alone.
    sigma = FitSettings().noise_cm1(len(labelled) + 1)
    model = linearised(energies, J, labelled, inside, sigma)
    return _Question(model, ids, regions, inside & ~known, known, system_ids, costs)


def preview(folder: str | Path, model_id: int, basket_ids: Sequence[int]) -> Preview:
    """Expected standard deviations before and after labelling these configurations (eV).

    Labels that are finished or on the way count as known before. Raises InputError for a configuration
    outside the pool, StoreError for an unknown model, ModelError for one without prior widths.
    """
    question = _ask(folder, model_id)
    rows = question.rows(basket_ids)
    after = question.model.with_labels(rows)
    minutes, spread = question.total(rows)
    inside = question.model.targets
    found = []
    for name in ("all", *REGIONS[:-1]):
        chosen = inside if name == "all" else question.regions == name
        if chosen.any():
            found.append(RegionOutlook(name, int(chosen.sum()), question.model.rms(chosen), after.rms(chosen)))
    return Preview(
        question.ids[inside], question.model.std()[inside], after.std()[inside], found, minutes, spread, len(rows)
    )


def fill_budget(
    folder: str | Path, model_id: int, minutes: float, basket_ids: Sequence[int] = (), most: int = MOST_LABELS
) -> list[Offer]:
    """What to label for so many expected CPU minutes beside the basket, best first; never more than the budget.

    Labels on the way and the basket count as known, so nothing is offered for what they will tell anyway.
    Raises InputError for a negative budget, and what `preview` raises.
    """
    question = _ask(folder, model_id)
    rows = question.rows(basket_ids)
    start = question.model.with_labels(rows)
    free = question.free.copy()
    free[rows] = False
    bought = spend(start, minutes, question.minutes, free, most)
    std, rms = start.std(), start.rms_along(bought.falls)
    total = max(rms[0] ** 2 * int(start.targets.sum()), np.finfo(float).tiny)
    return [
        Offer(
            configuration_id=int(question.ids[row]),
            region=str(question.regions[row]),
            std_ev=float(std[row]),
            fall_ev2=float(fall),
            share=float(fall / total),
            minutes=float(bought.minutes[k]),
            rms_ev=float(rms[k + 1]),
            own_minutes=float(question.minutes[row]),
            system_id=int(question.system_ids[row]),
        )
        for k, (row, fall) in enumerate(zip(bought.rows.tolist(), bought.falls, strict=True))
    ]


def outlook(folder: str | Path, model_id: int, minutes: float, seeds: Sequence[int] = SEEDS) -> Outlook:
    """How the expected uncertainty falls with minutes spent, by I-optimal and by random choice, from now on.

    Raises what `fill_budget` raises.
    """
    question = _ask(folder, model_id)
    bought = spend(question.model, minutes, question.minutes, question.free, MOST_LABELS)
    spent = np.concatenate([[0.0], bought.minutes])
    paths = random_paths(question.model, question.free, spent, question.minutes, seeds)
    return Outlook(
        minutes=spent,
        greedy_ev=question.model.rms_along(bought.falls),
        random_ev=paths.mean(axis=0),
        random_sd_ev=paths.std(axis=0, ddof=1) if len(paths) > 1 else np.zeros(paths.shape[1]),
        n_random=len(paths),
    )
