"""Selecting what to label next in a campaign."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.stored_models import load_student, load_terms
from nci_core.errors import InputError
from nci_core.labels.work import label_work
from nci_core.selection import Pool, SelectionRequest, select
from nci_core.store import configurations, label_queries, picks, teacher_labels
from nci_core.store.labels import TAKEN
from nci_core.systems.configurations import Configurations
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Proposal:
    """A configuration proposed for labelling.

    Attributes:
        configuration_id: which.
        rank: 1 is best.
        score: what the strategy maximised; comparable within one ranking.
        std_cm1: expected standard deviation of the model there, or None.
        reason: one phrase for people.
    """

    configuration_id: int
    rank: int
    score: float
    std_cm1: float | None
    reason: str


def prices(campaign: Campaign, places: Sequence[Configurations], recipe: str | None) -> list[FloatArray | None]:
    """What a label costs at each of these configurations, in operations; None in a campaign of one system.

    A choice between hosts weighs what a label tells against what it costs; on one host all labels cost the same.
    """
    if len(places) == 1:
        return [None]
    work = [math.exp(label_work(each.dimer, campaign.find_recipe(recipe))) for each in places]
    return [np.full(len(each), one / min(work)) for each, one in zip(places, work, strict=True)]


def propose(
    campaign: Campaign, strategy: str, n: int, seed: int | None = None, recipe: str | None = None
) -> list[Proposal]:
    """Rank the pool by a strategy, best first; labelled and queued points and the test set are left out.

    Labels are those of the target recipe, or of the campaign's recipe that is named.

    Raises InputError for an unknown strategy, or one that needs a model when there is none.
    """
    campaign.require_configurations()
    pools = [
        (system, *configurations.positions(campaign.store, split="pool", system_id=system.id))
        for system in campaign.training_systems
    ]
    ids = np.concatenate([numbers for _, numbers, _ in pools])
    places = [system.dimer.at(points) for system, _, points in pools]
    bounds = campaign.bounds.of(np.repeat([system.id for system, *_ in pools], [len(each) for each in places]))
    states = label_queries.states(campaign.store, campaign.find_recipe(recipe).hash)
    taken = [number for number, state in states.items() if state in TAKEN]
    row = campaign.active_model()
    if row is None and strategy == "i-optimal":
        raise InputError("I-optimal selection needs a student; distil one first with `nci distill`.")
    model = None if row is None else load_student(campaign, row)
    terms = None if row is None or strategy != "i-optimal" else load_terms(campaign, row, "I-optimal selection")
    if model is not None:
        known = np.concatenate([model.energies(each) for each in places])
    else:
        rows = teacher_labels.fetch(campaign.store, campaign.teacher)
        taught = {each.configuration_id: each.energy_ev for each in rows}
        known = np.array([taught.get(number, np.nan) for number in ids.tolist()])
    energies = None if model is None and np.isnan(known).any() else known
    request = SelectionRequest(
        pools=[Pool(each, price) for each, price in zip(places, prices(campaign, places, recipe), strict=True)],
        count=n,
        labelled=np.flatnonzero(np.isin(ids, taken)).tolist(),
        energies=energies,
        ensemble=terms,
        bounds=bounds,
        seed=campaign.settings.seed if seed is None else seed,
    )
    result = select(strategy, request)
    regions, known_cm1 = bounds.classify(known), to_cm1(known)
    proposals = []
    for rank, (index, score) in enumerate(zip(result.indices.tolist(), result.scores.tolist(), strict=True), start=1):
        std = None if result.std is None else float(to_cm1(result.std[index]))
        reason = "unexplored" if energies is None else f"{regions[index]}, about {known_cm1[index]:+.0f} cm⁻¹"
        if strategy == "i-optimal" and std is not None:
            reason += f"; uncertain by {std:.2g} cm⁻¹, and tells most about the rest"
        elif strategy == "farthest-point":
            reason += "; farthest from every label"
        proposals.append(Proposal(int(ids[index]), rank, score, std, reason))
    return proposals


def put_in_basket(campaign: Campaign, proposals: list[Proposal], strategy: str) -> int:
    """Put proposals into the basket under the strategy's name; returns how many are new there."""
    if not proposals:
        return 0
    return picks.add(
        campaign.store,
        [proposal.configuration_id for proposal in proposals],
        picked_by=strategy,
        round_number=campaign.open_round(strategy, strategy),
        scores=[proposal.score for proposal in proposals],
        reason=f"ranked by {strategy}",
    )
