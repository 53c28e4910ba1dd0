"""Physics gates of a campaign's models: checked once, kept with the model, read by the app."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.stored_models import load_student
from nci_core.errors import StoreError
from nci_core.gates import Gate, check_potential, extrapolated_c6
from nci_core.store import models
from nci_core.store.schema import Model
from nci_core.systems.dimer import Dimer
from nci_core.units import from_cm1

if TYPE_CHECKING:
    from nci_core.potentials.models import AnyModel

#: Name of the gates among a model's notes.
NOTE = "gates"


def expected_c6(model: "AnyModel", dimer: Dimer) -> float | None:
    """C₆ averaged over directions (eV Å⁶) of the parameters a fit started from; None for a model without a prior.

    A fine-tuned model started from the distilled one, a distilled one from free-atom values.
    """
    from nci_core.potentials.ensemble import Ensemble
    from nci_core.potentials.student import Student

    if not isinstance(model, Ensemble) or model.prior is None:
        return None
    start = Student(model.kinds, model.config, model.prior.mean)
    return float(extrapolated_c6(Ensemble((start,)), dimer).mean())


def check_model(model: "AnyModel", dimer: Dimer, limit_cm1: float) -> list[Gate]:
    """All gates of a model at a dimer; `limit_cm1` is the upper end of the range of interest in cm⁻¹."""
    return check_potential(model, dimer, limit_ev=from_cm1(limit_cm1), c6_expected=expected_c6(model, dimer))


def gates_in(campaign: Campaign, model: "AnyModel") -> list[Gate]:
    """All gates of a model in every system that it is trained on; of several, `where` names the system."""
    systems = campaign.training_systems
    if len(systems) == 1:
        return check_model(model, systems[0].dimer, systems[0].bounds.limit_cm1)
    found = [
        (system.name, gate) for system in systems for gate in check_model(model, system.dimer, system.bounds.limit_cm1)
    ]
    return [replace(gate, where=f"{name} {gate.where}".strip()) for name, gate in found]


def check_campaign_model(campaign: Campaign, row: Model, model: "AnyModel | None" = None) -> list[Gate]:
    """Check a stored model and keep the answers in its notes; its file is read unless `model` is given."""
    found = gates_in(campaign, load_student(campaign, row) if model is None else model)
    models.update_notes(campaign.store, row.id, {NOTE: [gate.as_dict() for gate in found]})
    return found


def check_missing(campaign: Campaign) -> int:
    """Check every model that has not been checked yet; returns how many there were."""
    unchecked = [row for row in models.fetch(campaign.store, others=True) if stored_gates(row) is None]
    for row in unchecked:
        check_campaign_model(campaign, row)
    return len(unchecked)


def stored_gates(row: Model) -> list[Gate] | None:
    """The gates kept with a model, None if it was never checked or by an earlier version with other gates."""
    kept: Any = row.notes.get(NOTE)
    try:
        return None if kept is None else [Gate.from_dict(values) for values in kept]
    except StoreError:
        return None


def gates_of(folder: str, model_id: int) -> list[Gate]:
    """The stored gates of a campaign's model, else answers made now and not kept: for readers of old models."""
    with Campaign.open(folder, read_only=True) as campaign:
        row = models.get(campaign.store, model_id)
        kept = stored_gates(row)
        return gates_in(campaign, load_student(campaign, row)) if kept is None else kept
