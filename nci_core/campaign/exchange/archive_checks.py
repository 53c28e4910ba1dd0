"""Whether the rows of an archive hold together: references, repetitions, and labels that are what they say."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from pydantic import ValidationError

from nci_core.campaign.exchange.archive_fields import LARGEST_ENERGY_EV, LAST_YEAR, check_json
from nci_core.campaign.exchange.archive_rows import (
    ArchiveRow,
    ConfigurationRow,
    CutPointRow,
    History,
    LabelEventRow,
    LabelRow,
)
from nci_core.config import SystemSettings
from nci_core.errors import InputError
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.systems import Dimer
from nci_core.visible import first_problem, quoted

#: Å: settings keep six decimals of a host.
SAME_HOST = 2e-6
#: Any number of a result, in its unit.
LARGEST_NUMBER = 1e12
FRAGMENTS = {"dimer", "host", "probe"}


@dataclass(frozen=True)
class Known:
    """What the rows of an archive may name: configurations by hash with their dimers, models, and systems by name."""

    dimers: Mapping[str, Dimer]
    models: Set[str]
    systems: Set[str]


def check_splits(rows: Iterable[ConfigurationRow], systems: Sequence[SystemSettings], where: str) -> None:
    """InputError for a configuration that something could be trained on in a system that is only tested on."""
    tested = {system.name for system in systems if system.role == "transfer"}
    for row in rows:
        if row.system_id in tested and row.split == "pool":
            raise InputError(
                f"{where} has configuration {row.geometry_hash} in the pool of {quoted(row.system_id)}, a transfer "
                "system, which is only tested on; restore the file and import again."
            )


def check_rows(rows: Sequence[ArchiveRow], key: Sequence[str], known: Known, where: str) -> None:
    """InputError unless what the rows name exists and no two rows have the same key."""
    seen: set[tuple[Any, ...]] = set()
    named = {"system": known.systems, "configuration": known.dimers, "model": known.models}
    for row in rows:
        for what, there in named.items():
            name = getattr(row, f"{what}_id", None)
            if name is not None and name not in there:
                raise InputError(f"{where} names {what} {quoted(name)}, which the archive does not have.")
        if isinstance(row, CutPointRow) and row.system_id is None and len(known.systems) > 1:
            raise InputError(f"{where} has a cut without its system; restore the file and import again.")
        mine = tuple(getattr(row, name, None) for name in key)
        if mine in seen:
            what = ", ".join(quoted(str(part)) for part in mine if part is not None)
            raise InputError(f"{where} has two rows of {what}; restore the file and import again.")
        seen.add(mine)


def check_history(history: History, known: Known, where: str) -> None:
    """InputError unless rounds, picks, models and errors hold together."""
    names: set[str] = set()
    for model in history.models:
        if model.parent_id is not None and model.parent_id not in names:
            raise InputError(f"{where}: the parent of model {model.name} is not among the models before it.")
        names.add(model.name)
        missing = {row.configuration_id for row in model.typed_notes.proposals} - known.dimers.keys()
        if missing:
            raise InputError(f"{where}: model {model.name} proposes configurations that the archive does not have.")
    if sum(model.active for model in history.models) > 1:
        raise InputError(f"{where} has more than one active model; restore the file and import again.")
    checked: list[tuple[Sequence[ArchiveRow], tuple[str, ...]]] = [
        (history.rounds, ("number",)),
        (history.picks, ("configuration_id", "picked_by", "round_number")),
        (history.models, ("name",)),
        (history.metrics, ("model_id", "teacher", "system_id", "split", "recipe_hash", "region")),
        (history.labels, ("configuration_id", "recipe_hash", "what", "created_at")),
        (history.taught_by, ("spec",)),
        (history.energy_sets, ("name",)),
        (history.energy_sets, ("identity",)),
        *((each.energies, ("configuration_id",)) for each in history.energy_sets),
    ]
    for rows, key in checked:
        check_rows(rows, key, known, where)


def check_labels(rows: Iterable[LabelRow | LabelEventRow], known: Known, where: str) -> None:
    """InputError unless each result is a label of its row's geometry and recipe, and its parts add up."""
    for row in rows:
        if row.result is None:
            continue
        try:
            recipe = check_result(row.result, known.dimers[row.configuration_id], row.configuration_id, row.recipe_hash)
            if isinstance(row, LabelRow) and recipe != row.recipe:
                raise ValueError(f"its recipe is called {recipe[:80]!r}")
        except (ValueError, ArithmeticError) as error:  # factors of a forged recipe may overflow
            reason = first_problem(error) if isinstance(error, ValidationError) else quoted(str(error), 200)
            raise InputError(
                f"{where}: the label of {row.configuration_id} by recipe {row.recipe_hash} is not usable: "
                f"{reason}; restore the file and import again."
            ) from None


def check_result(raw: dict[str, Any], dimer: Dimer, geometry_hash: str, recipe_hash: str) -> str:
    """Name of the recipe of a result; ValueError unless it is a whole label of this geometry and recipe."""
    check_json(raw, LARGEST_NUMBER)
    result = LabelResult.model_validate_json(orjson.dumps(raw), strict=True)
    recipe = Recipe.model_validate_json(orjson.dumps(raw["recipe"]), strict=True)
    for part in (result.fragments, result.smaller, result.larger):
        if part is not None and set(part) != FRAGMENTS:
            raise ValueError("it does not have the three fragments")
    result.consistent()
    if not recipe.hash == result.recipe_hash == recipe_hash:
        raise ValueError(f"its recipe has the hash {recipe.hash}")
    _check_geometry(result, dimer, geometry_hash)
    _check_size(result)
    return recipe.name


def _check_geometry(result: LabelResult, dimer: Dimer, geometry_hash: str) -> None:
    host = np.array(result.host_positions_angstrom, dtype=float)
    mine = dimer.a.positions
    same = result.probe == dimer.b.symbols[0] and tuple(result.host_symbols) == dimer.a.symbols
    if not same or host.shape != mine.shape or not np.allclose(host, mine, rtol=0.0, atol=SAME_HOST):
        raise ValueError("it is of another dimer")
    found = dimer.at(result.position_angstrom).geometry_hashes()[0]
    if not found == result.geometry_hash == geometry_hash:
        raise ValueError(f"its geometry has the hash {found}")


def _check_size(result: LabelResult) -> None:
    if abs(result.energy_ev) > LARGEST_ENERGY_EV:
        raise ValueError("its energy is too large")
    if result.finished_at.year > LAST_YEAR:
        raise ValueError(f"its year is after {LAST_YEAR}")
