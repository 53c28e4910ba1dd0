"""Questions to the predictor process, answered once: models at points that are in no table."""

import hashlib

import numpy as np
import numpy.typing as npt
import streamlit as st

from app import predictor
from app.data import versions
from app.session import Context
from nci_core.campaign.live import Field
from nci_core.campaign.live_fields import Ruler, folded_field, ruler, well_radii
from nci_core.campaign.live_stored import Misses, misses, stored_field
from nci_core.store import models
from nci_core.store.schema import Model

FloatArray = npt.NDArray[np.float64]
#: What a stored answer depends on: folder, model, checkpoint, version of the data, and the points.
Key = tuple[str, int, str, versions.Version, str]


def _key(context: Context, model: Model, points: FloatArray) -> Key:
    digest = hashlib.blake2b(np.ascontiguousarray(points).tobytes(), digest_size=16).hexdigest()
    return context.folder, model.id, model.sha256, versions.data_version(context.campaign.store), digest


@st.cache_data(show_spinner="Asking the model …", max_entries=48)
def _field(key: Key, _points: FloatArray) -> Field:
    return predictor.ask(folded_field, key[0], key[1], _points)


def field(context: Context, model: Model, points: npt.ArrayLike) -> Field:
    """The model's energies, spread and channels at positions (m, 3) in Å, host frame; NCIError in one sentence."""
    where = np.asarray(points, dtype=float).reshape(-1, 3)
    return _field(_key(context, model, where), where)


@st.cache_data(show_spinner="Looking for the well in every direction …", max_entries=12)
def _well(key: Key, _directions: FloatArray) -> FloatArray:
    return predictor.ask(well_radii, key[0], key[1], _directions)


def well(context: Context, model: Model, directions: npt.ArrayLike) -> FloatArray:
    """(m,) distances in Å from the host's centre to the model's minimum along directions (m, 3)."""
    where = np.asarray(directions, dtype=float).reshape(-1, 3)
    return _well(_key(context, model, where), where)


@st.cache_data(show_spinner="Reading the ruler …", max_entries=24)
def _ruler(key: Key, _points: FloatArray) -> Ruler:
    return predictor.ask(ruler, key[0], key[1], _points)


def read_ruler(context: Context, model: Model, points: npt.ArrayLike) -> Ruler:
    """Distances and ruler lengths, (m, atoms) in Å, at positions (m, 3) in Å, host frame."""
    where = np.asarray(points, dtype=float).reshape(-1, 3)
    return _ruler(_key(context, model, where), where)


@st.cache_data(show_spinner="Interpolating between stored energies …", max_entries=24)
def _stored(key: Key, source: str, split: str, _points: FloatArray) -> FloatArray:
    return predictor.ask(stored_field, key[0], key[1], source, split, _points)


def stored(context: Context, model: Model, source: str, split: str, points: npt.ArrayLike) -> FloatArray:
    """(m,) energies in eV of "teacher" or "reference" at positions (m, 3) in Å, interpolated on top of the model.

    NaN far from the stored energies of the split; InputError when these are too few.
    """
    where = np.asarray(points, dtype=float).reshape(-1, 3)
    return _stored(_key(context, model, where), source, split, where)


@st.cache_data(show_spinner="Leaving stored energies out …", max_entries=24)
def _misses(key: Key, source: str, split: str) -> Misses:
    return predictor.ask(misses, key[0], key[1], source, split)


def left_out(context: Context, model: Model, source: str, split: str) -> Misses:
    """How far the interpolation misses stored energies that it was not given."""
    return _misses(_key(context, model, np.empty((0, 3))), source, split)


def distilled_before(context: Context, model: Model) -> Model | None:
    """The distilled student that a fine-tuned model started from; None for a distilled or a direct one."""
    parent = model.parent_id
    while parent is not None:
        found = models.get(context.campaign.store, parent)
        if found.kind == "distilled":
            return found
        parent = found.parent_id
    return None
