"""Errors on planes of the host: those kept beside the campaign, else asked of the predictor process."""

import hashlib
from collections.abc import Sequence
from typing import Any

import streamlit as st

from app import predictor
from app.cached import by_version, data, fits
from app.session import Context
from nci_core.campaign.queries.error_map_file import current_maps, maps_file, read_maps
from nci_core.campaign.queries.error_maps import SPACING, ErrorMaps, maps_key, maps_on
from nci_core.errors import InputError
from nci_core.store.schema import Model
from nci_core.systems.planes import PlaneGrid, telling_plane


@by_version(data, fits, most=16)
def _now(context: Context, system_id: int) -> str:
    return maps_key(context.campaign, context.campaign.system(system_id))


@st.cache_resource(show_spinner="Drawing the error maps for the first time …", max_entries=8)
def _kept(folder: str, key: str, _context: Context) -> ErrorMaps:
    found = read_maps(maps_file(_context.campaign, _context.system))
    return found if found is not None and found.key == key else predictor.ask(current_maps, folder, _context.system.id)


def kept(context: Context) -> ErrorMaps:
    """Those of the campaign as it is now, as a fit left them in its folder, else from the predictor; or NCIError."""
    return _kept(context.folder, _now(context, context.system.id), context)


@st.cache_resource(show_spinner="Asking the models …", max_entries=16)
def _asked(
    folder: str, system: int, version: Any, split: str, ids: tuple[int, ...], where: str, _plane: PlaneGrid
) -> ErrorMaps:
    return predictor.ask(maps_on, folder, system, _plane, split, ids)


def errors_on(context: Context, plane: PlaneGrid | None, split: str, students: Sequence[Model]) -> ErrorMaps:
    """Errors of students against the CCSD(T) labels of a split on a plane, None for the Overview's.

    NCIError in one sentence where they are too few, or a model cannot be asked.
    """
    ids = tuple(row.id for row in students)
    found = kept(context) if plane is None and split == "test" else None
    if found is None or not set(ids) <= set(found.model_ids):
        where = plane or telling_plane(context.host, SPACING)
        version = (_now(context, context.system.id), data(context))
        place = hashlib.blake2b(where.points.tobytes(), digest_size=16).hexdigest()
        found = _asked(context.folder, context.system.id, version, split, ids, place, where)
    if found.against == "teacher":
        labels = "labels of the test set" if split == "test" else "training labels"
        raise InputError(f"There are too few {labels} to know errors between them.")
    return found
