"""Fitting a stored model again from what it remembers of its fit: the same numbers, on the same versions."""

from typing import TYPE_CHECKING

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.origins import labels_again, lesson, of_checkpoint, rung
from nci_core.campaign.rounds.stored_models import load_student, load_terms
from nci_core.errors import InputError
from nci_core.store import models
from nci_core.store.schema import Model

if TYPE_CHECKING:
    from nci_core.potentials.ensemble import Ensemble


def refit(campaign: Campaign, model: Model) -> "Ensemble":
    """Repeat the fit of a model, from its settings and the labels it was fitted to; nothing is stored.

    Raises InputError where the model does not say what it was fitted to, or labels or parent are not what they were.
    """
    from nci_core.fitting import FitSettings, distill_all, finetune_ladder
    from nci_core.potentials.parameters import StudentConfig

    found = of_checkpoint(load_student(campaign, model), model.name)
    settings, student = FitSettings.model_validate(found.settings), StudentConfig.model_validate(found.student)
    if model.kind == "distilled":
        taught = [(used, *lesson(campaign, used.name, used.geometry_hashes, used.weights)) for used in found.teachers]
        for used, _, now in taught:
            if now.sha256 != used.sha256:
                raise InputError(f"The labels of teacher {used.name} are not those of the fit any more.")
        return distill_all([again for _, again, _ in taught], student, settings)
    rungs = [rung(campaign, used.recipe, labels_again(campaign, used)) for used in found.labels]
    prior = None
    if found.parent is not None:
        row = models.find(campaign.store, found.parent.name)
        if row is None or row.sha256 != found.parent.sha256:
            raise InputError(f"The model {found.parent.name} that this one was fitted from is not here any more.")
        prior = load_terms(campaign, row, "a prior")
    return finetune_ladder(rungs, prior, student, settings)
