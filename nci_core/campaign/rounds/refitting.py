"""Fitting a stored model again from what it remembers of its fit: the same numbers, on the same versions."""

from typing import TYPE_CHECKING

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.origins import Origin, labels_again, lesson, of_checkpoint
from nci_core.campaign.rounds.stored_models import load_student, observations
from nci_core.errors import InputError
from nci_core.store import models
from nci_core.store.schema import Model

if TYPE_CHECKING:
    from nci_core.potentials.ensemble import Ensemble


def refit(campaign: Campaign, model: Model) -> "Ensemble":
    """Repeat the fit of a model, from its settings and the labels it was fitted to; nothing is stored.

    Raises InputError where the model does not say what it was fitted to, or labels or parent are not what they were.
    """
    from nci_core.fitting import FitSettings, Rung, distill_all, finetune_ladder
    from nci_core.potentials.parameters import StudentConfig

    found = of_checkpoint(load_student(campaign, model), model.name)
    settings, student = FitSettings.model_validate(found.settings), StudentConfig.model_validate(found.student)
    if model.kind == "distilled":
        taught = []
        for used in found.teachers:
            again, now = lesson(campaign, used.name, used.geometry_hashes)
            if now.sha256 != used.sha256:
                raise InputError(f"The labels of teacher {used.name} are not those of the fit any more.")
            taught.append(again)
        return distill_all(taught, student, settings)
    known = [labels_again(campaign, used) for used in found.labels]
    rungs = [
        Rung(used.recipe, observations(campaign, rows.system_ids, rows.positions, rows.energy_ev))
        for used, rows in zip(found.labels, known, strict=True)
    ]
    return finetune_ladder(rungs, _parent(campaign, found), student, settings)


def _parent(campaign: Campaign, found: Origin) -> "Ensemble | None":

    if found.parent is None:
        return None
    row = models.find(campaign.store, found.parent.name)
    if row is None or row.sha256 != found.parent.sha256:
        raise InputError(f"The model {found.parent.name} that this one was fitted from is not here any more.")
    return load_student(campaign, row)
