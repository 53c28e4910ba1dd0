"""Stored measurements as tables: which field a column shows, in which unit and format, is data."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import pandas as pd
from pydantic import BaseModel

from app.tables import grid
from nci_core.units import CM1_EV, EnergyUnit


class Column(NamedTuple):
    """A column: the field that it shows, times a factor, and the format of its numbers; without one, as it is."""

    field: str
    spec: str = ""
    factor: float = 1.0


def energies(fields: Mapping[str, str], unit: EnergyUnit, digits: int) -> dict[str, Column]:
    """Columns of energies, stored in cm⁻¹ and shown in the unit that was chosen; their fields by their headers."""
    return {name: Column(field, f".{digits}f", CM1_EV * unit.per_ev) for name, field in fields.items()}


def frame(rows: Iterable[BaseModel]) -> pd.DataFrame:
    """Measurements with a column for each of their fields."""
    return pd.DataFrame([row.model_dump() for row in rows])


def draw(rows: pd.DataFrame, columns: Mapping[str, Column], *, key: str) -> None:
    """The table of these columns, by their headers, without those in which nothing is known."""
    shown = {
        name: rows[column.field].astype(float) * column.factor if column.spec else rows[column.field]
        for name, column in columns.items()
    }
    table = pd.DataFrame(shown).dropna(axis="columns", how="all")
    grid(table, {name: columns[name].spec for name in table if columns[name].spec}, key=key)
