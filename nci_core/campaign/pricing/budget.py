"""What the basket is expected to bring, and what to buy for so many minutes.

Like `live`, asked by the dashboard in a process of its own; importing this loads no torch. Everything
here is the student's own expectation (`nci_core.selection.budget`), before anything is computed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.pricing.costs import label_cost
from nci_core.campaign.rounds.stored_models import load_terms
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
RANDOM_ORDERS = 12


@dataclass(frozen=True)
class Preview:
    """What labelling a basket is expected to do.

    Attributes:
        expected: by configuration id, those of the pool that the student puts below the energy limit: their region,
            before_ev and after_ev, the student's expected standard deviation there.
        regions: by region, "all" first: before_ev and after_ev, root mean squares over its configurations.
        minutes: expected cost of the labels that are new.
    """

    expected: pd.DataFrame
    regions: pd.DataFrame
    minutes: float


@dataclass(frozen=True)
class _Question:
    """The linearised student, and the pool that it is about: region, system_id, own_minutes, known, by id."""

    model: Linearised
    pool: pd.DataFrame

    @property
    def minutes(self) -> FloatArray:
        """(n,) expected CPU minutes of a label of each configuration."""
        return self.pool["own_minutes"].to_numpy()

    @property
    def free(self) -> BoolArray:
        """(n,) configurations below the energy limit that have no label yet and none on the way."""
        free: BoolArray = self.model.targets & ~self.pool["known"].to_numpy()
        return free

    def rows(self, ids: Sequence[int]) -> IntArray:
        """Rows of those configurations that have no label yet and none on the way."""
        unknown = [number for number in ids if number not in self.pool.index]
        if unknown:
            raise InputError(f"Configuration {unknown[0]} is not in this campaign's training pool.")
        return np.flatnonzero(self.pool.index.isin(list(ids)) & ~self.pool["known"])


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
        model = load_terms(campaign, models.get(campaign.store, model_id), "what more labels would bring")
        parts = [whitened_jacobian(model, system.dimer.at(points)) for system, _, points in _pools(campaign)]
        return np.concatenate([energies for energies, _ in parts]), np.concatenate([J for _, J in parts])


def _ask(folder: str | Path, model_id: int) -> _Question:
    from nci_core.fitting.settings import FitSettings
    from nci_core.selection.i_optimal import linearised

    with Campaign.open(folder, read_only=True) as campaign:
        campaign.require_configurations()
        pools = _pools(campaign)
        pool = pd.concat(
            pd.DataFrame(
                {"system_id": system.id, "own_minutes": label_cost(campaign, dimer=system.dimer).mean_minutes}, numbers
            )
            for system, numbers, _ in pools
        )
        sha256 = models.get(campaign.store, model_id).sha256
        energies, J = _jacobian(str(folder), model_id, sha256, int(pool.index.max()), len(pool))
        states = pd.Series(label_queries.states(campaign.store, campaign.recipe.hash), dtype=object).reindex(pool.index)
    pool["region"] = campaign.bounds.of(pool["system_id"]).classify(energies)
    pool["known"] = states.isin(TAKEN)
    # A label that was set aside teaches the student nothing, yet asking for it again would bring the same.
    labelled = np.flatnonzero(pool["known"] & (states != QUARANTINED))
    # One noise before and after, so that the two differ by the labels alone.
    sigma = FitSettings().noise_cm1(len(labelled) + 1)
    return _Question(linearised(energies, J, labelled, (pool["region"] != "beyond").to_numpy(), sigma), pool)


def preview(folder: str | Path, model_id: int, basket_ids: Sequence[int]) -> Preview:
    """Expected standard deviations before and after labelling these configurations (eV).

    Labels that are finished or on the way count as known before. Raises InputError for a configuration
    outside the pool, StoreError for an unknown model, ModelError for one without prior widths.
    """
    question = _ask(folder, model_id)
    rows = question.rows(basket_ids)
    after = question.model.with_labels(rows)
    expected = question.pool[["region"]].assign(before_ev=question.model.std(), after_ev=after.std())
    expected = expected[question.model.targets]
    return Preview(expected, _by_region(expected), float(question.minutes[rows].sum()))


def _by_region(expected: pd.DataFrame) -> pd.DataFrame:
    """Root mean squares of expected standard deviations over each region that has some, "all" first."""
    each = pd.concat([expected.assign(region="all"), expected]).set_index("region")
    found = (each**2).groupby(level="region").mean() ** 0.5
    return found.reindex([name for name in ("all", *REGIONS) if name in found.index])


def fill_budget(folder: str | Path, model_id: int, minutes: float, basket_ids: Sequence[int] = ()) -> pd.DataFrame:
    """What to label for so many expected CPU minutes beside the basket, best first; never more than the budget.

    Labels on the way and the basket count as known, so nothing is offered for what they will tell anyway.
    Raises InputError for a negative budget, and what `preview` raises.

    Returns:
        By configuration id: region, where the student puts it; system_id; own_minutes, what it costs alone; std_ev,
        expected standard deviation there before any of the offers; fall_ev2, expected fall of the summed variance
        given the offers before it, and share, that fall as a share of the summed variance before any of them; minutes,
        what it and the offers before it cost together; rms_ev, expected RMS standard deviation below the limit after.
    """
    question = _ask(folder, model_id)
    rows = question.rows(basket_ids)
    start = question.model.with_labels(rows)
    free = question.free
    free[rows] = False
    bought = spend(start, minutes, question.minutes, free, MOST_LABELS)
    rms = start.rms_along(bought.falls)
    total = max(rms[0] ** 2 * int(start.targets.sum()), np.finfo(float).tiny)
    return question.pool.iloc[bought.rows].assign(
        std_ev=start.std()[bought.rows],
        fall_ev2=bought.falls,
        share=bought.falls / total,
        minutes=bought.minutes,
        rms_ev=rms[1:],
    )


def outlook(folder: str | Path, model_id: int, minutes: float) -> pd.DataFrame:
    """Expected RMS standard deviation (eV) below the energy limit after 0, 1, … k labels, nothing in the basket.

    Columns: minutes, expected cost; greedy_ev, by I-optimal choice; random_ev and random_sd_ev, mean and standard
    deviation over random orders of the same pool, for as many minutes. Raises what `fill_budget` raises.
    """
    question = _ask(folder, model_id)
    bought = spend(question.model, minutes, question.minutes, question.free, MOST_LABELS)
    spent = np.concatenate([[0.0], bought.minutes])
    paths = random_paths(question.model, question.free, spent, question.minutes, range(RANDOM_ORDERS))
    columns = {"minutes": spent, "greedy_ev": question.model.rms_along(bought.falls)}
    return pd.DataFrame(columns | {"random_ev": paths.mean(axis=0), "random_sd_ev": paths.std(axis=0, ddof=1)})
