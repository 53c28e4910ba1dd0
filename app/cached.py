"""Cached reads. Each is keyed by the fingerprint of what it shows, so a rerun costs a few small queries."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import pandas as pd
import streamlit as st

from app.components.plot_encoding import encode
from app.data import basket as basket_data
from app.data import configurations, versions
from app.data import cuts as cut_data
from app.data import jobs as job_data
from app.data.errors import with_errors
from app.figures.points import ENERGIES, map_content
from app.figures.scales import scale_for, size_scale
from app.session import Context
from nci_core.campaign import blind, own_energies
from nci_core.campaign.blind import BlindPrediction
from nci_core.campaign.quarantine import Doubted, doubted
from nci_core.store.database import Store
from nci_core.units import from_cm1

P, T = ParamSpec("P"), TypeVar("T")

#: What the map can be coloured by: column → (what people read, palette scale, linear range in cm⁻¹).
COLOURINGS = {
    "teacher_ev": ("Teacher energy", "energy", 2.0),
    "student_ev": ("Student energy", "energy", 2.0),
    "label_ev": ("CCSD(T) energy", "energy", 2.0),
    "std_ev": ("Student uncertainty (±1 sd)", "size", 0.05),
    "teacher_error_ev": ("Teacher − CCSD(T)", "signed", 0.5),
    "student_error_ev": ("Student − CCSD(T)", "signed", 0.5),
    "student_teacher_ev": ("Student − teacher", "signed", 0.5),
}


@st.cache_data(show_spinner=False, max_entries=128)
def _kept(name: str, folder: str, version: Any, arguments: Any, _read: Callable[..., Any], _context: Context) -> Any:
    return _read(_context, *arguments)


def by_version(*versions: Callable[[Store], Any]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keep what a function (context, *arguments) of this module reads while these versions of the database stay."""

    def decorated(read: Callable[P, T]) -> Callable[P, T]:
        @wraps(read)
        def found(*given: P.args, **named: P.kwargs) -> T:
            context, *arguments = (*given, *named.values())
            assert isinstance(context, Context)
            version = tuple(of(context.campaign.store) for of in versions)
            kept: T = _kept(read.__name__, context.folder, version, arguments, read, context)
            return kept

        return found

    return decorated


@st.cache_resource(show_spinner=False, max_entries=6)
def _table(folder: str, model_id: int | None, version: Any, _context: Context) -> pd.DataFrame:
    campaign = _context.campaign
    return with_errors(configurations.configuration_table(campaign.store, campaign.settings, model_id))


def table(context: Context, model_id: int | None = None) -> pd.DataFrame:
    """All configurations with energies and errors in eV; of the model in use unless another is named."""
    if model_id is None:
        model_id = context.model.id if context.model else None
    kept = _table(context.folder, model_id, versions.data_version(context.campaign.store), context)
    # All sessions share the kept table. A shallow copy costs nothing, and pandas copies what is written to it.
    return kept.copy(deep=False)


def compared(context: Context, model_id: int, before_id: int | None) -> pd.DataFrame:
    """The same of one model, with another's energies and errors as earlier_ev and earlier_error_ev, if named."""
    found = table(context, model_id)
    if before_id is None:
        return found
    earlier = table(context, before_id)
    return found.assign(earlier_ev=earlier["student_ev"], earlier_error_ev=earlier["student_error_ev"])


@by_version(versions.data_version)
def label_states(context: Context, recipe_hash: str) -> pd.Series:
    """What has become of the labels of one recipe, by configuration id."""
    return configurations.label_states(context.campaign.store, recipe_hash)


@st.cache_resource(show_spinner=False, max_entries=24)
def _encoded(
    folder: str,
    version: Any,
    ids_key: int,
    view: str,
    colour: str,
    dark: bool,
    unit_key: str,
    window: str,
    _context: Context,
    _rows: pd.DataFrame,
) -> dict[str, Any]:
    _, colours, linear = COLOURINGS[colour]
    energies = _rows[colour].to_numpy(dtype=float)
    unit, cap = _context.unit, from_cm1(_context.campaign.settings.limit_cm1)
    shown = ENERGIES if colour in ENERGIES else ENERGIES | {colour: COLOURINGS[colour][0]}
    content = map_content(
        _context.campaign.dimer.host,
        _rows,
        _context.convert(energies),
        (size_scale if colours == "size" else scale_for)(energies, unit.per_ev, linear_ev=from_cm1(linear), cap_ev=cap),
        unit,
        view=view,
        colours=colours,
        hover=shown,
        window=json.loads(window) if window else None,
    )
    return encode(content, _context.colours)


def encoded_map(
    context: Context, rows: pd.DataFrame, view: str, colour: str, window: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The points of a map, ready for the browser. Nothing in it depends on the basket or the selection.

    All sessions share it, so it must not be changed.
    """
    version = (versions.data_version(context.campaign.store), context.model.id if context.model else None)
    ids_key = hash(rows.index.to_numpy().tobytes())
    part = json.dumps(window) if window else ""
    unit = context.unit.key
    return _encoded(context.folder, version, ids_key, view, colour, context.colours.dark, unit, part, context, rows)


@st.cache_data(show_spinner=False, max_entries=8)
def _basket(
    folder: str, version: Any, recipe_hash: str, _context: Context, _rows: pd.DataFrame, _pickable: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    store = _context.campaign.store
    return basket_data.basket_table(store, _rows), basket_data.proposals(store, _pickable)


def basket_and_proposals(
    context: Context, rows: pd.DataFrame, recipe_hash: str, pickable: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The basket and the ranked proposals; `rows` is the campaign's table, `pickable` that for a recipe's labels."""
    store = context.campaign.store
    version = (versions.pick_version(store), versions.data_version(store), context.model.id if context.model else None)
    return _basket(context.folder, version, recipe_hash, context, rows, pickable)


@by_version(versions.data_version)
def doubted_labels(context: Context) -> list[Doubted]:
    """The labels that failed or are set aside."""
    return doubted(context.campaign)


@by_version(versions.model_version, versions.data_version)
def cut(context: Context, name: str, model_id: int | None) -> cut_data.Cut:
    """A radial cut with the curves of one model."""
    campaign, rows = context.campaign, table(context, model_id)
    return cut_data.load_cut(
        campaign.store, rows, campaign.dimer.host, name, model_id=model_id, teacher=campaign.teacher
    )


@by_version(versions.model_version, versions.data_version)
def cut_names(context: Context) -> list[str]:
    """Names of the campaign's radial cuts."""
    return cut_data.cut_names(context.campaign.store)


@by_version(versions.model_version, versions.data_version)
def history(context: Context) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rounds, and the errors on the frozen test set."""
    store, settings = context.campaign.store, context.campaign.settings
    return job_data.round_table(store, settings), job_data.test_metrics(store, settings)


@by_version(versions.model_version)
def test_metrics(context: Context) -> pd.DataFrame:
    """The errors on the frozen test set alone: they do not change with every label that finishes."""
    return job_data.test_metrics(context.campaign.store, context.campaign.settings)


@by_version(versions.model_version, versions.data_version)
def outside_errors(context: Context) -> list[own_energies.OutsideError]:
    """Errors of the student in use against each outside test set that it was evaluated on; none without a student."""
    return own_energies.outside_errors(context.campaign, context.model) if context.model is not None else []


@by_version(versions.model_version, versions.data_version)
def blind_predictions(context: Context) -> list[BlindPrediction]:
    """The finished labels of the target recipe beside what a student without them had predicted."""
    return blind.blind_predictions(context.campaign.store, context.campaign.recipe.hash)
