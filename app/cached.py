"""Cached reads. Each is kept as long as what it depends on stays, so that a rerun costs a few small queries."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from operator import attrgetter
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from app.components.plot_encoding import encode
from app.data import basket as basket_data
from app.data import configurations
from app.data import cuts as cut_data
from app.data.errors import TOGETHER, with_earlier, with_errors
from app.figures.points import ENERGIES, map_content
from app.figures.scales import SignedScale, SizeScale
from app.session import Context
from nci_core.campaign.exchange import own_energies
from nci_core.campaign.queries import blind
from nci_core.campaign.rounds.quarantine import Doubted, doubted
from nci_core.labels.label_errors import Worth, worth_by_region
from nci_core.store import label_queries, versions
from nci_core.store.database import Store
from nci_core.store.round_tables import errors_table, rounds_table
from nci_core.store.schema import EnergySet, Metric, Model
from nci_core.systems.planes import PlaneGrid
from nci_core.units import from_cm1

P, T = ParamSpec("P"), TypeVar("T")
Read = Callable[Concatenate[Context, P], T]

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


def _in_store(version: Callable[[Store], Any]) -> Callable[[Context], Any]:
    return lambda context: version(context.campaign.store)


#: What answers may depend on: configurations, teacher energies, labels and predictions;
data = _in_store(versions.data_version)
#: models, errors, cuts and rounds;
fits = _in_store(versions.model_version)
#: the basket;
picks = _in_store(versions.pick_version)
#: the unit shown; and whether the page is dark.
unit, theme = attrgetter("unit.key"), attrgetter("colours.dark")


def student(context: Context) -> int | None:
    """The student in use."""
    return context.model.id if context.model else None


#: What a table, a model, a plane or points are told apart by. Of the campaign's table the version says what it holds.
_KEYS: dict[str | type[Any], Callable[[Any], Any]] = {
    pd.DataFrame: lambda rows: rows.index.to_numpy().tobytes(),
    Model: lambda row: (row.id, row.sha256),
    PlaneGrid: lambda plane: plane.points.tobytes(),
    np.ndarray: lambda points: points.tobytes(),
}


def by_version(
    *depends: Callable[[Context], Any], most: int = 32, shared: bool = False, spinner: str | bool = False
) -> Callable[[Read[P, T]], Read[P, T]]:
    """Keep what a function (context, *arguments) gives for each campaign and arguments while `depends` stay the same.

    `most` answers are kept. Each caller gets a copy of its own, or, of what is large, all the same object: `shared`,
    which nobody may change.
    """

    def decorated(read: Read[P, T]) -> Read[P, T]:
        def kept(folder: str, system: tuple[int, bool], stamp: Any, arguments: Any, named: Any, _context: Context) -> T:
            return read(_context, *arguments, **named)

        # Streamlit tells kept functions apart by their names.
        kept.__module__, kept.__qualname__ = read.__module__, read.__qualname__
        keep = st.cache_resource if shared else st.cache_data
        known = keep(show_spinner=spinner, max_entries=most, hash_funcs=_KEYS)(kept)

        @wraps(read)
        def found(context: Context, *given: P.args, **named: P.kwargs) -> T:
            system = (context.system.id, context.every_system)
            answer: T = known(context.folder, system, tuple(of(context) for of in depends), given, named, context)
            return answer

        return found

    return decorated


@by_version(data, most=6, shared=True)
def _table(context: Context, model_id: int | None) -> pd.DataFrame:
    return with_errors(configurations.configuration_table(context.campaign, model_id, system_id=context.scope))


def table(context: Context, model_id: int | None = None) -> pd.DataFrame:
    """The configurations that tables are of, with energies and errors in eV; of the model in use unless one is named.

    Those of one system or of all (`Context.scope`); `drawn` leaves those that a map can show.
    """
    # All sessions share the kept table. A shallow copy costs nothing, and pandas copies what is written to it.
    # That of all systems is the same whichever is drawn, and is not read again when another one is.
    if context.every_system:
        context = replace(context, system=context.campaign.systems[0])
    return _table(context, student(context) if model_id is None else model_id).copy(deep=False)


def whole(context: Context) -> pd.DataFrame:
    """The same of all systems, whatever tables are of: for what is said about a configuration by its number alone."""
    return table(replace(context, every_system=context.several))


def drawn(context: Context, rows: pd.DataFrame) -> pd.DataFrame:
    """Those of the table's rows that are of the system whose maps, cuts and planes are drawn."""
    return rows[rows["system_id"] == context.system.id] if context.several else rows


def averaged(context: Context, rows: pd.DataFrame) -> pd.DataFrame:
    """Those of the table's rows that one number is averaged over (`Context.averaged`)."""
    return rows[rows["system_id"].isin([each.id for each in context.averaged])] if context.several else rows


def compared(context: Context, model_id: int, before_id: int | None) -> pd.DataFrame:
    """The same of one model, with another's energies and errors as earlier_ev and earlier_error_ev, if named."""
    found = table(context, model_id)
    return found if before_id is None else with_earlier(found, table(context, before_id))


@by_version(data)
def label_states(context: Context, recipe_hash: str) -> pd.Series:
    """LABEL_STATES of the labels of one recipe, by configuration id; those without a label are missing."""
    return pd.Series(label_queries.states(context.campaign.store, recipe_hash), dtype="str")


@by_version(data)
def finished_worth(context: Context, recipe_hash: str) -> dict[str, Worth]:
    """What the finished labels of one recipe are worth, by region."""
    energy, std, of = label_queries.energies_with_errors(context.campaign.store, recipe_hash, None)
    return worth_by_region(energy, std, context.campaign.bounds.of(of))


@by_version(data, student, unit, theme, most=24, shared=True)
def encoded_map(
    context: Context, rows: pd.DataFrame, view: str, colour: str, window: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The points of a map, ready for the browser. Nothing in it depends on the basket or the selection."""
    _, colours, linear = COLOURINGS[colour]
    energies = rows[colour].to_numpy(dtype=float)
    cap = from_cm1(context.campaign.bounds.limit_cm1)
    scale = SizeScale if colours == "size" else SignedScale
    content = map_content(
        context.host,
        rows,
        context.convert(energies),
        scale.covering(energies, context.unit.per_ev, linear_ev=from_cm1(linear), cap_ev=cap),
        context.unit,
        view=view,
        colours=colours,
        hover=ENERGIES if colour in ENERGIES else ENERGIES | {colour: COLOURINGS[colour][0]},
        window=window,
    )
    return encode(content, context.colours)


@by_version(picks, data, student, most=8)
def basket_and_proposals(
    context: Context, rows: pd.DataFrame, recipe_hash: str, pickable: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The basket and the ranked proposals; `rows` is the campaign's table, `pickable` that for a recipe's labels."""
    store = context.campaign.store
    return basket_data.basket_table(store, rows), basket_data.proposals(store, pickable)


@by_version(data)
def doubted_labels(context: Context) -> list[Doubted]:
    """The labels that failed or are set aside."""
    return doubted(context.campaign)


@by_version(fits, data)
def cut(context: Context, name: str, model_id: int | None) -> cut_data.Cut:
    """A radial cut with the curves of one model."""
    campaign, rows = context.campaign, drawn(context, table(context, model_id))
    return cut_data.load_cut(campaign.store, rows, context.system, name, model_id=model_id, teacher=campaign.teacher)


@by_version(fits, data)
def cut_names(context: Context) -> list[str]:
    """Names of the drawn system's radial cuts."""
    return cut_data.cut_names(context.campaign.store, context.system)


@by_version(fits, data)
def history(context: Context) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rounds, and the errors on the frozen test set."""
    return rounds_table(context.campaign.store, context.campaign.recipe.hash), test_metrics(context)


@by_version(fits)
def test_metrics(context: Context) -> pd.DataFrame:
    """The errors on the frozen test set alone: they do not change with every label that finishes."""
    return errors_table(context.campaign.store, context.campaign.recipe.hash, system_id=context.scope)


@by_version(fits)
def metrics_by_system(context: Context) -> dict[str, pd.DataFrame]:
    """The same of all training systems together and of each system alone, by what people call them."""
    store, target = context.campaign.store, context.campaign.recipe.hash
    scopes = {TOGETHER: None} | {system.title: system.id for system in context.campaign.systems}
    found = {name: errors_table(store, target, system_id=number) for name, number in scopes.items()}
    return {name: metrics for name, metrics in found.items() if len(metrics)}


@by_version(fits, data, student)
def outside_errors(context: Context) -> list[tuple[EnergySet, Metric]]:
    """Errors of the student in use against each outside test set that it was evaluated on; none without a student."""
    return own_energies.outside_errors(context.campaign, context.model) if context.model is not None else []


@by_version(fits, data)
def blind_predictions(context: Context) -> pd.DataFrame:
    """The finished labels of the target recipe beside what a student without them had predicted, by configuration."""
    found = blind.blind_predictions(context.campaign.store, context.campaign.recipe.hash)
    return found[found.index.isin(averaged(context, table(context)).index)] if context.several else found
