"""Whether a label lies further from the student than its uncertainty allows. Reads stored predictions, no torch."""

from collections.abc import Mapping
from typing import Self

import numpy as np

from nci_core.campaign.campaign import Campaign
from nci_core.labels.checks import check_outlier
from nci_core.labels.doubts import Doubt
from nci_core.regions import RegionBounds, SystemBounds
from nci_core.store import configurations, evaluations, label_history, labels
from nci_core.store.labels import Finished
from nci_core.store.schema import Model

#: Labels that the student has not seen, before its error on them counts as known.
LEAST_HELD_OUT = 5


class StudentJudge:
    """The student in use and its errors on labels it has not seen.

    The standard deviation of a comparison is the student's own at the point and, independent of it, the root mean
    square of its errors on unseen labels that it puts into the same region: of the test set, with the unseen
    training labels where that has too few there. The student's region counts throughout, not the labels': one that is
    far off would choose its own judge. A student that has seen no label errs as its teacher does, not at random about
    a mean for each region: its error over all regions must allow the doubt too (`by_region` False).
    """

    def __init__(
        self,
        bounds: Mapping[int, RegionBounds],
        predictions: dict[int, tuple[float, float]],
        unseen: dict[int, tuple[float, bool]],
        *,
        by_region: bool = True,
    ) -> None:
        """By configuration: the `bounds` of its system; `predictions`, energy and sd; `unseen`: label, whether a test.

        Energies in eV.
        """
        self._bounds, self._predictions, self._by_region = bounds, predictions, by_region
        self.unseen = {number: found for number, found in unseen.items() if number in predictions}

    @classmethod
    def of(cls, campaign: Campaign) -> Self | None:
        """The judge of a campaign's labels, None without a student of their recipe."""
        model = campaign.active_model()
        if model is None or model.recipe_hash not in (None, campaign.recipe.hash):
            return None
        rows = evaluations.predictions(campaign.store, model.id)
        predictions = {row.configuration_id: (row.energy_ev, row.std_ev or 0.0) for row in rows}
        unseen = {
            row.configuration_id: (row.energy_ev, row.split == "test")
            for row in labels.finished(campaign.store, campaign.recipe.hash)
            if row.split == "test" or new_to(model, row)
        }
        every = campaign.bounds.systems
        bounds = {row.id: every[row.system_id] for row in configurations.fetch(campaign.store)}
        return cls(bounds, predictions, unseen, by_region=model.kind != "distilled")

    def doubt(self, configuration_id: int, label_ev: float) -> Doubt | None:
        """What is to be said against a label; None also where the student cannot tell."""
        if configuration_id not in self._predictions:
            return None
        energy, std = self._predictions[configuration_id]
        region = str(self._bounds[configuration_id].classify(np.array([energy]))[0])
        if region == "beyond":
            return None
        known = [self._errors(where, configuration_id) for where in ([region] if self._by_region else [region, None])]
        doubts = [check_outlier(label_ev, energy, std, errors) if errors else None for errors in known]
        return doubts[-1] if None not in doubts else None

    def _errors(self, region: str | None, but: int) -> list[float]:
        """Errors on unseen labels in a region, in all where that is None or has few; none where those are too few."""
        numbers = [n for n in self.unseen if n != but]
        known = [(self._predictions[n][0], *self.unseen[n]) for n in numbers]
        energies, labels_ev, tested = np.array(known, dtype=float).reshape(-1, 3).T
        regions = SystemBounds(self._bounds).of(numbers).classify(energies)
        inside = regions != "beyond"
        here = inside if region is None else regions == region
        for chosen in (here & (tested == 1.0), here, inside):
            if chosen.sum() >= LEAST_HELD_OUT:
                return [float(error) for error in (labels_ev - energies)[chosen]]
        return []


def new_to(model: Model, label: Finished) -> bool:
    """Whether a model was fitted without a label of the training pool."""
    return model.kind == "distilled" or (label.finished_at is not None and label.finished_at > model.created_at)


def set_outliers_aside(campaign: Campaign) -> list[int]:
    """Judge the training labels that the student in use has not seen; configurations whose labels were set aside.

    Test labels are never judged by a student: that would take its largest errors out of its own mark.
    """
    if (judge := StudentJudge.of(campaign)) is None:
        return []
    ids = {row.configuration_id: row.id for row in labels.finished(campaign.store, campaign.recipe.hash)}
    found = []
    for number, (energy, test) in judge.unseen.items():
        doubt = None if test else judge.doubt(number, energy)
        if doubt is not None and label_history.set_aside(campaign.store, ids[number], [doubt.model_dump()]):
            found.append(number)
    return found
