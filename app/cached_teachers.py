"""Cached reads of the page Teachers."""

from concurrent.futures import Future

import pandas as pd

from app import predictor
from app.arrays import FloatArray
from app.background import background
from app.cached import by_version, data, fits
from app.data.errors import TOGETHER
from app.session import Context
from nci_core.campaign.queries.teacher_compare import (
    Comparison,
    compare_teachers,
    stored_doubts,
    teacher_field,
    teacher_specs,
)
from nci_core.errors import NCIError
from nci_core.store import teacher_curves
from nci_core.store.schema import Model
from nci_core.store.tables import teachers_table
from nci_core.store.teacher_curves import Curves


@by_version(data)
def names(context: Context) -> dict[str, str]:
    """Teachers with stored energies: name in the store → what people call it."""
    return teacher_specs(context.campaign)


@by_version(data)
def comparison(context: Context, system_id: int | None = None) -> Comparison:
    """Against labels and against each other: of one system, or of those that one number is averaged over."""
    mine = [each for each in context.campaign.systems if each.id == system_id]
    return compare_teachers(context.campaign, mine or context.averaged)


def by_system(context: Context) -> dict[str, Comparison]:
    """The same together and of each system alone, by what people call them."""
    systems = context.campaign.systems
    return {TOGETHER: comparison(context)} | {each.title: comparison(context, each.id) for each in systems}


@by_version(data, shared=True, most=8)
def energies(context: Context) -> pd.DataFrame:
    """Energies in eV of all of them, a column each, by configuration."""
    return teachers_table(context.campaign.store, list(names(context)))


def doubts(context: Context) -> Future[dict[str, str]]:
    """What is absurd in stored energies of the drawn system, a sentence by teacher; nobody waits for the answer."""
    key = f"doubts {context.folder} {context.system.id} {data(context)}"
    return background().ask(key, stored_doubts, context.folder, context.system.id)


@by_version(data, fits, most=64, spinner="Drawing the teachers' maps …")
def field(context: Context, model: Model, name: str, points: FloatArray) -> FloatArray:
    """(m,) energies in eV of a teacher at points (m, 3); NaN far from its stored ones; NCIError for too few of them."""
    return predictor.ask(teacher_field, context.folder, model.id, context.system.id, name, points)


def curves(context: Context, region: str = "all") -> Curves | None:
    """The newest learning curves; None before the first."""
    return teacher_curves.latest(context.campaign.store, region)


def warnings(context: Context) -> list[str]:
    """What the newest curves say against the teachers that this campaign distils."""
    try:
        return teacher_curves.warnings(context.campaign.store, context.campaign.teacher_specs)
    except NCIError:  # a database that cannot be read is said by the page itself
        return []
