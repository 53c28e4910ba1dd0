"""Answers of models, each asked for once: at points that are in no table, and about labels to come."""

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from app import predictor
from app.arrays import FloatArray
from app.cached import by_version, data, student
from app.session import Context
from nci_core.campaign.pricing.budget import Preview, fill_budget, outlook, preview
from nci_core.campaign.queries.live import Field
from nci_core.campaign.queries.live import terms as model_terms
from nci_core.campaign.queries.live_fields import Ruler, folded_field, ruler, well_radii
from nci_core.campaign.queries.live_stored import Misses, misses, stored_field
from nci_core.errors import InputError
from nci_core.store import models
from nci_core.store.schema import Model

T = TypeVar("T")
#: The same question about the same points is asked again when the data have changed.
asked_once = by_version(data, most=64, spinner="Asking the model …")


def _ask(function: Callable[..., T], context: Context, model: Model, points: npt.ArrayLike, *options: str) -> T:
    where = np.asarray(points, dtype=float).reshape(-1, 3)
    return predictor.ask(function, context.folder, model.id, context.system.id, *options, where)


@asked_once
def field(context: Context, model: Model, points: npt.ArrayLike) -> Field:
    """The model's energies, spread and terms at positions (m, 3) in Å, host frame; NCIError in one sentence."""
    return _ask(folded_field, context, model, points)


@by_version(data, most=64)
def terms(context: Context, model: Model) -> tuple[str, ...]:
    """Names of the terms that the model's energy is the sum of."""
    return predictor.ask(model_terms, context.folder, model.id, context.system.id)


@asked_once
def well(context: Context, model: Model, directions: npt.ArrayLike) -> FloatArray:
    """(m,) distances in Å from the host's centre to the model's minimum along directions (m, 3)."""
    return _ask(well_radii, context, model, directions)


@asked_once
def read_ruler(context: Context, model: Model, points: npt.ArrayLike) -> Ruler:
    """Distances and ruler lengths, (m, atoms) in Å, at positions (m, 3) in Å, host frame."""
    return _ask(ruler, context, model, points)


@asked_once
def stored(context: Context, model: Model, source: str, split: str, points: npt.ArrayLike) -> FloatArray:
    """(m,) energies in eV of "teacher" or "reference" at positions (m, 3) in Å, interpolated on top of the model.

    NaN far from the stored energies of the split; InputError when these are too few.
    """
    return _ask(stored_field, context, model, points, source, split)


@asked_once
def left_out(context: Context, model: Model, source: str, split: str) -> Misses:
    """How far the interpolation misses stored energies that it was not given."""
    return predictor.ask(misses, context.folder, model.id, context.system.id, source, split)


def distilled_before(context: Context, model: Model) -> Model | None:
    """The distilled student that a fine-tuned model started from; None for a distilled or a direct one."""
    parent = model.parent_id
    while parent is not None:
        found = models.get(context.campaign.store, parent)
        if found.kind == "distilled":
            return found
        parent = found.parent_id
    return None


def _of_student(context: Context, function: Callable[..., T], *arguments: Any) -> T:
    if context.model is None:
        raise InputError("There is no student yet; distil one on the Label & train page first.")
    return predictor.ask(function, context.folder, context.model.id, *arguments)


@by_version(data, student)
def basket_preview(context: Context, ids: list[int]) -> Preview:
    """Expected standard deviations before and after labelling these configurations."""
    return _of_student(context, preview, tuple(sorted(ids)))


@by_version(data, student)
def offers(context: Context, minutes: float, ids: list[int]) -> pd.DataFrame:
    """What so many minutes would buy beside the basket `ids`, best first."""
    return _of_student(context, fill_budget, minutes, tuple(sorted(ids)))


@by_version(data, student)
def uncertainty_outlook(context: Context, minutes: float) -> pd.DataFrame:
    """Expected uncertainty against minutes, I-optimal and random."""
    return _of_student(context, outlook, minutes)
