"""Whether the rows of an archive hold together: references, repetitions, and labels that are what they say."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint

from nci_core.campaign.exchange.archive_fields import LARGEST_ENERGY_EV, LAST_YEAR, check_json
from nci_core.campaign.exchange.archive_rows import FILE_OF, Row, Rows
from nci_core.errors import InputError
from nci_core.labels.received import received_label
from nci_core.store.base import Base
from nci_core.store.schema import CutPoint, Label, LabelEvent, Metric, Model
from nci_core.systems import Dimer
from nci_core.visible import first_problem, quoted

#: Any number of a result, in its unit.
LARGEST_NUMBER = 1e12
#: What tells rows apart where the database has no constraint for it.
KEYS: dict[type[Base], tuple[str, ...]] = {
    CutPoint: ("model_id", "teacher", "system_id", "cut", "distance_angstrom"),
    LabelEvent: ("configuration_id", "recipe_hash", "what", "created_at"),
    Metric: ("model_id", "teacher", "system_id", "split", "recipe_hash", "region"),
}


def check_rows(rows: Rows, dimers: Mapping[str, Dimer], systems: Collection[str], folder: Path) -> None:
    """InputError, one sentence, unless the rows of the archive in `folder` hold together.

    They may name the configurations whose `dimers` are given by hash, `systems`, and the archive's own models.
    """
    known = {"configuration_id": dimers, "system_id": systems, "model_id": {row["name"] for row in rows[Model]}}
    files = {table: str(folder / name) for table, name in FILE_OF.items()}
    for table, found in rows.items():
        _check_references(found, known, files[table])
        for key in _keys(table):
            _check_key(found, key, files[table])
    _check_models(rows[Model], dimers, files[Model])
    if len(systems) > 1 and any(row["system_id"] is None for row in rows[CutPoint]):
        raise InputError(f"{files[CutPoint]} has a cut without its system; restore the file and import again.")
    for table in (Label, LabelEvent):
        _check_labels(rows[table], dimers, files[table])


def _check_references(rows: Iterable[Row], known: Mapping[str, Collection[str]], where: str) -> None:
    for row in rows:
        for column, there in known.items():
            name = row.get(column)
            if name is not None and name not in there:
                what = column.removesuffix("_id")
                raise InputError(f"{where} names {what} {quoted(name)}, which the archive does not have.")


def _keys(table: type[Base]) -> list[tuple[str, ...]]:
    """Columns by which no two rows of a table may be the same: one set of them, or several."""
    if table in KEYS:
        return [KEYS[table]]
    constraints = table.metadata.tables[table.__tablename__].constraints
    unique = [each for each in constraints if isinstance(each, PrimaryKeyConstraint | UniqueConstraint)]
    return sorted({tuple(each.columns.keys()) for each in unique} - {("id",)}, reverse=True)


def _check_key(rows: Iterable[Row], key: Sequence[str], where: str) -> None:
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        mine = tuple(row[name] for name in key)
        if mine in seen:
            what = ", ".join(quoted(str(part)) for part in mine if part is not None)
            raise InputError(f"{where} has two rows of {what}; restore the file and import again.")
        seen.add(mine)


def _check_models(rows: Sequence[Row], dimers: Mapping[str, Dimer], where: str) -> None:
    """InputError unless each comes after its parent, proposes what is there, and one at most is active."""
    names: set[str] = set()
    for row in rows:
        if row["parent_id"] is not None and row["parent_id"] not in names:
            raise InputError(f"{where}: the parent of model {row['name']} is not among the models before it.")
        names.add(row["name"])
        if {each["configuration_id"] for each in row["notes"].get("proposals", ())} - dimers.keys():
            raise InputError(f"{where}: model {row['name']} proposes configurations that the archive does not have.")
    if sum(row["active"] for row in rows) > 1:
        raise InputError(f"{where} has more than one active model; restore the file and import again.")


def _check_labels(rows: Iterable[Row], dimers: Mapping[str, Dimer], where: str) -> None:
    """InputError unless each result is a label of its row's geometry and recipe, and its parts add up."""
    for row in rows:
        if row["result"] is None:
            continue
        geometry_hash, recipe_hash = row["configuration_id"], row["recipe_hash"]
        try:
            check_json(row["result"], LARGEST_NUMBER)
            result, recipe = received_label(row["result"], dimers[geometry_hash], geometry_hash, recipe_hash)
            if abs(result.energy_ev) > LARGEST_ENERGY_EV:
                raise ValueError("its energy is too large")
            if result.finished_at.year > LAST_YEAR:
                raise ValueError(f"its year is after {LAST_YEAR}")
            if row.get("recipe", recipe.name) != recipe.name:
                raise ValueError(f"its recipe is called {recipe.name[:80]!r}")
        except (ValueError, ArithmeticError) as error:  # factors of a forged recipe may overflow
            reason = first_problem(error) if isinstance(error, ValidationError) else quoted(str(error), 200)
            raise InputError(
                f"{where}: the label of {geometry_hash} by recipe {recipe_hash} is not usable: "
                f"{reason}; restore the file and import again."
            ) from None
