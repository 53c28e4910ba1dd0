"""Answers of models, each asked for once: at points that are in no table, and about labels to come."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from app import predictor
from app.arrays import FloatArray
from app.cached import by_version, data, student
from app.session import Context
from nci_core.campaign.pricing.budget import Preview, fill_budget, outlook, preview
from nci_core.campaign.queries.live import Field
from nci_core.campaign.queries.live_fields import Ruler, folded_field, ruler, well_radii
from nci_core.campaign.queries.live_stored import Misses, misses, stored_field
from nci_core.errors import InputError
from nci_core.store import models, versions
from nci_core.store.schema import Model

T = TypeVar("T")
#: What a stored answer depends on: folder, model, checkpoint, system, version of the data, and the points.
Key = tuple[str, int, str, int, versions.Version, str]


def _key(context: Context, model: Model, points: FloatArray) -> Key:
    digest = hashlib.blake2b(np.ascontiguousarray(points).tobytes(), digest_size=16).hexdigest()
    return (
        context.folder,
        model.id,
        model.sha256,
        context.system.id,
        versions.data_version(context.campaign.store),
        digest,
    )


@st.cache_data(show_spinner="Asking the model …", max_entries=128)
def _answer(question: str, key: Key, options: tuple[str, ...], _function: Callable[..., Any], _points: Any) -> Any:
    return predictor.ask(_function, key[0], key[1], key[3], *options, *_points)


def _asked(function: Callable[..., T], context: Context, model: Model, points: npt.ArrayLike, *options: str) -> T:
    where = np.asarray(points, dtype=float).reshape(-1, 3)
    found: T = _answer(function.__name__, _key(context, model, where), options, function, [where])
    return found


def field(context: Context, model: Model, points: npt.ArrayLike) -> Field:
    """The model's energies, spread and channels at positions (m, 3) in Å, host frame; NCIError in one sentence."""
    return _asked(folded_field, context, model, points)


def well(context: Context, model: Model, directions: npt.ArrayLike) -> FloatArray:
    """(m,) distances in Å from the host's centre to the model's minimum along directions (m, 3)."""
    return _asked(well_radii, context, model, directions)


def read_ruler(context: Context, model: Model, points: npt.ArrayLike) -> Ruler:
    """Distances and ruler lengths, (m, atoms) in Å, at positions (m, 3) in Å, host frame."""
    return _asked(ruler, context, model, points)


def stored(context: Context, model: Model, source: str, split: str, points: npt.ArrayLike) -> FloatArray:
    """(m,) energies in eV of "teacher" or "reference" at positions (m, 3) in Å, interpolated on top of the model.

    NaN far from the stored energies of the split; InputError when these are too few.
    """
    return _asked(stored_field, context, model, points, source, split)


def left_out(context: Context, model: Model, source: str, split: str) -> Misses:
    """How far the interpolation misses stored energies that it was not given."""
    key = _key(context, model, np.empty((0, 3)))
    found: Misses = _answer("misses", key, (source, split), misses, [])
    return found


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
