"""What a model was fitted to and how, kept with the model: enough to fit it again, and to see that it is the same.

The checkpoint holds all of it (`metadata["origin"]`), the model's row in the database all but the lists of
geometries. Energies are not repeated: their digest tells whether those that are stored now are those of the fit.
"""

import hashlib
import importlib.metadata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nci_core import __version__
from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.own_energies import PREFIX, OwnMethod, labels_by_identity
from nci_core.campaign.rounds.stored_models import observations
from nci_core.errors import InputError
from nci_core.labels.recipes import Recipe
from nci_core.store import configurations, labels, teacher_labels, teachers
from nci_core.store.labels import LabelSet
from nci_core.store.schema import Model
from nci_core.teachers.weights import TeacherWeights

if TYPE_CHECKING:
    from nci_core.fitting import FitSettings, Lesson, Rung
    from nci_core.potentials.models import AnyModel
    from nci_core.potentials.networks.network import NetworkConfig
    from nci_core.potentials.parameters import StudentConfig
    from nci_core.training import TrainSettings

#: Name of the origin in a checkpoint's metadata and in the settings of a model's row.
ORIGIN = "origin"
#: Packages whose arithmetic a fit is.
PACKAGES = ("numpy", "torch")


class _Stored(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Used(_Stored):
    count: int
    sha256: str = Field(description="of geometry hashes and energies (channels of a teacher), see energies_sha256")
    geometry_hashes: tuple[str, ...] = Field(default=(), description="in the order of the fit; in checkpoints only")


class LabelsUsed(_Used):
    """Labels of one recipe."""

    recipe: str
    recipe_hash: str


class TeacherUsed(_Used):
    """Labels of one teacher."""

    name: str = Field(description="what they are stored under")
    details: dict[str, str] = Field(default_factory=dict, description="digest or version of the teacher")
    weights: TeacherWeights | None = Field(None, description="shares of its energies by region; none: all alike")

    def brief(self) -> dict[str, Any]:
        """All but the geometries."""
        return self.model_dump(mode="json", exclude={"geometry_hashes"})


class Parent(_Stored):
    """The distilled model whose parameters are the prior."""

    name: str
    sha256: str = Field(description="of its checkpoint")


class Origin(_Stored):
    """Where a model comes from."""

    nci_version: str
    versions: dict[str, str] = Field(description="of numpy and torch")
    settings: dict[str, Any] = Field(description="FitSettings or TrainSettings, whole")
    student: dict[str, Any] = Field(description="StudentConfig or NetworkConfig, whole")
    teachers: tuple[TeacherUsed, ...] = Field(default=(), description="of a distilled model")
    labels: tuple[LabelsUsed, ...] = Field(default=(), description="of a fine-tuned model, the target recipe last")
    parent: Parent | None = None

    def brief(self) -> dict[str, Any]:
        """All but the geometries, for the model's row."""
        lists = {"geometry_hashes"}
        return self.model_dump(mode="json", exclude={"teachers": {"__all__": lists}, "labels": {"__all__": lists}})


def energies_sha256(geometry_hashes: Sequence[str], *energies: Sequence[float]) -> str:
    """SHA-256 of lines of a geometry hash and its energies in eV, each as Python's shortest exact decimal.

    >>> energies_sha256(["aa"], [0.1])[:12]
    'fac26f4736c9'
    """
    columns = [[float(value) for value in column] for column in energies]
    lines = (f"{name} {' '.join(map(repr, row))}\n" for name, *row in zip(geometry_hashes, *columns, strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def new_origin(
    settings: "FitSettings | TrainSettings",
    student: "StudentConfig | NetworkConfig",
    *,
    teachers: Sequence[TeacherUsed] = (),
    labels: Sequence[LabelsUsed] = (),
    parent: Model | None = None,
) -> Origin:
    """The origin of a model that is fitted now."""
    return Origin(
        nci_version=__version__,
        versions={name: importlib.metadata.version(name) for name in PACKAGES},
        settings=settings.model_dump(mode="json"),
        student=student.model_dump(mode="json"),
        teachers=tuple(teachers),
        labels=tuple(labels),
        parent=None if parent is None else Parent(name=parent.name, sha256=parent.sha256),
    )


def rung(campaign: Campaign, name: str, rows: LabelSet) -> "Rung":
    """Labels of one recipe for a fit."""
    from nci_core.fitting import Rung

    return Rung(name, observations(campaign, rows.system_ids, rows.positions, rows.energy_ev))


def labels_used(recipe: Recipe | OwnMethod, rows: LabelSet) -> LabelsUsed:
    """What is remembered of the labels of one recipe."""
    return LabelsUsed(
        recipe=recipe.name,
        recipe_hash=recipe.hash,
        count=len(rows),
        sha256=energies_sha256(rows.geometry_hashes, rows.energy_ev.tolist()),
        geometry_hashes=tuple(rows.geometry_hashes),
    )


def lesson(
    campaign: Campaign, name: str, only: Sequence[str] | None = None, weights: TeacherWeights | None = None
) -> "tuple[Lesson, TeacherUsed]":
    """A teacher's labels of the pool, never of the test set, for a fit, and what is remembered of them.

    Args:
        campaign: whose.
        name: of the teacher in the store.
        only: geometry hashes of the labels to take, in this order; default all, in the order of the configurations.
        weights: shares of its energies by region.

    Raises InputError where there are none, or one is missing.
    """
    from nci_core.fitting import Lesson

    place = {row.id: row for row in configurations.fetch(campaign.store, split="pool")}
    rows = teacher_labels.fetch(campaign.store, name, split="pool")
    known = {place[row.configuration_id].geometry_hash: row for row in rows}
    if not known:
        raise InputError(f"Campaign {campaign.name} has no labels of teacher {name}; run `nci teach`.")
    hashes = tuple(known if only is None else only)
    if missing := [each for each in hashes if each not in known]:
        raise InputError(f"The label of geometry {missing[0]} by teacher {name} is no longer in the campaign.")
    rows = [known[each] for each in hashes]
    found = [place[row.configuration_id] for row in rows]
    positions = np.array([[each.x_angstrom, each.y_angstrom, each.z_angstrom] for each in found])
    alike = all(row.channels_ev.keys() == rows[0].channels_ev.keys() for row in rows)
    # A teacher of another version of nci may have told others apart; then their sum is taught.
    names = list(rows[0].channels_ev) if alike else []
    channels = {channel: np.array([row.channels_ev[channel] for row in rows]) for channel in names}
    energies = np.array([row.energy_ev for row in rows])
    used = TeacherUsed(
        name=name,
        details=teachers.details(campaign.store, name),
        count=len(rows),
        sha256=energies_sha256(hashes, energies.tolist(), *(channels[key].tolist() for key in sorted(channels))),
        geometry_hashes=hashes,
        weights=weights,
    )
    system_ids = np.array([each.system_id for each in found])
    return Lesson(name, observations(campaign, system_ids, positions, energies, channels, weights)), used


def of_checkpoint(model: "AnyModel", name: str) -> Origin:
    """A model's origin; raises InputError for a model of a version that did not keep it."""
    try:
        return Origin.model_validate(model.metadata[ORIGIN])
    except (KeyError, ValidationError):
        raise InputError(
            f"Model {name} does not say what it was fitted to: an earlier version of nci made it."
        ) from None


def labels_again(campaign: Campaign, used: LabelsUsed) -> LabelSet:
    """The labels of a fit in their order; raises InputError where one has gone or another value."""
    brought = labels_by_identity(campaign, used.recipe_hash) if used.recipe.startswith(PREFIX) else None
    known = labels.complete(campaign.store, used.recipe_hash, split="pool") if brought is None else brought
    row_of = {name: row for row, name in enumerate(known.geometry_hashes)}
    rows = [row_of[name] for name in used.geometry_hashes if name in row_of]
    chosen = known.take(np.array(rows, dtype=np.int64))
    if energies_sha256(chosen.geometry_hashes, chosen.energy_ev.tolist()) != used.sha256:
        raise InputError(
            f"The {used.recipe} labels are not those of the fit any more: one has changed or was set aside."
        )
    return chosen
