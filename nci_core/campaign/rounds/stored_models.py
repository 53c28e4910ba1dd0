"""A campaign's stored students, asked about any of its systems. Torch is loaded by what is called."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.systems import System
from nci_core.errors import InputError, ModelError
from nci_core.store import models
from nci_core.store.schema import Model

if TYPE_CHECKING:
    from nci_core.fitting import Observation
    from nci_core.potentials.ensemble import Ensemble
    from nci_core.potentials.models import AnyModel
    from nci_core.teachers.weights import TeacherWeights

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def distilled_parent(campaign: Campaign) -> Model | None:
    """The newest distilled model: the prior of every fine-tuning."""
    return next((row for row in reversed(models.fetch(campaign.store)) if row.kind == "distilled"), None)


def load_student(campaign: Campaign, row: Model, device: str = "cpu") -> "AnyModel":
    """A stored model, of terms or a network; ModelError where its file has changed or knows no training system."""
    return load_for(campaign, campaign.model_path(row), f"Model {row.name}", device)


def load_terms(campaign: Campaign, row: Model, needed_for: str) -> "Ensemble":
    """As `load_student`, for what only a student of terms can do, in words; InputError where the model is a network."""
    from nci_core.potentials.ensemble import Ensemble

    model = load_student(campaign, row)
    if not isinstance(model, Ensemble):
        raise InputError(f"Model {row.name} is a MACE network, and {needed_for} needs a student of terms; choose one.")
    return model


def load_for(campaign: Campaign, path: Path, name: str, device: str = "cpu") -> "AnyModel":
    """A model from any file; ModelError, with its name, where it says nothing about a system that is trained on."""
    from nci_core.potentials.agreement import check_fits
    from nci_core.potentials.models import load_model

    first, *others = campaign.training_systems
    model = load_model(path, device, dimer=first.dimer)
    for system in others:
        check_fits(model, system.dimer, name)
    return model


def observations(
    campaign: Campaign,
    system_ids: IntArray,
    positions: FloatArray,
    energies: FloatArray,
    channels: dict[str, FloatArray] | None = None,
    weights: "TeacherWeights | None" = None,
) -> "list[Observation]":
    """Energies (m,) in eV at positions (m, 3) in Å as a fit takes them, a part for each system.

    With `weights` of a teacher they weigh less or nothing in some regions.
    """
    from nci_core.fitting import Observation

    found = []
    for system in campaign.systems:
        rows = np.flatnonzero(system_ids == system.id)
        mine = {name: values[rows] for name, values in (channels or {}).items()}
        if len(rows):
            share = None if weights is None else weights.shares(energies[rows], system.bounds)
            at = system.dimer.at(positions[rows])
            found.append(Observation(at, energies[rows], mine, share, bounds=system.bounds))
    return found


def energies_and_std(
    campaign: Campaign, model: "AnyModel", system_ids: IntArray, positions: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Energies and standard deviations, (m,) in eV; NaN in a system of which the model says nothing."""
    energies, std = np.full(len(positions), np.nan), np.full(len(positions), np.nan)
    for system in known_systems(campaign, model):
        rows = np.flatnonzero(system_ids == system.id)
        if len(rows):
            energies[rows], std[rows] = model.energies_and_std(system.dimer.at(positions[rows]))
    return energies, std


def known_systems(campaign: Campaign, model: "AnyModel") -> list[System]:
    """The systems that a model can say something about; a transfer system may have elements it has never seen."""
    from nci_core.potentials.agreement import check_fits

    found = []
    for system in campaign.systems:
        with suppress(ModelError):
            check_fits(model, system.dimer)
            found.append(system)
    return found
