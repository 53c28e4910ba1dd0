"""Numbers in tables as they are printed: real minus signs, a dash where there is none, no −0.00."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from app.text import plain
from nci_core.rounding import number_text
from nci_core.units import EnergyUnit

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

#: Tables with more cells are shown unformatted: pandas styles each cell, which takes seconds from here on.
MOST_CELLS = 50_000


def scaled(values: Iterable[float | None], factor: float) -> list[float | None]:
    """Numbers in another unit; what is not known stays so."""
    return [None if value is None else value * factor for value in values]


def printed(table: pd.DataFrame, specs: dict[str, str]) -> pd.DataFrame:
    """The table as Markdown, for `st.table`: a grid to sort and search takes the browser a quarter of a second more."""
    texts = {name: [plain(value) for value in table[name]] for name in table if name not in specs}
    numbers = {name: [number_text(value, spec) for value in table[name]] for name, spec in specs.items()}
    return table.assign(**texts, **numbers)


def with_numbers(table: pd.DataFrame, specs: dict[str, str]) -> "Styler | pd.DataFrame":
    """The table for `st.dataframe` with columns in the given formats; sorting and selection still see the numbers.

    Streamlit writes "None" for missing values unless it is given a placeholder too.
    """
    if table.size > MOST_CELLS:
        return table
    formats = {column: (lambda value, spec=spec: number_text(value, spec)) for column, spec in specs.items()}
    return table.style.format(formats)


def grid(table: pd.DataFrame, specs: dict[str, str] | None = None, *, key: str, **options: Any) -> Any:
    """Draw a table to sort and search, as high as its rows; `specs` as for `with_numbers`."""
    shown = table if specs is None else with_numbers(table, specs)
    return st.dataframe(shown, hide_index=True, placeholder="—", height="content", key=key, **options)


def energies_in(rows: pd.DataFrame, unit: EnergyUnit) -> pd.DataFrame:
    """Rows to be saved: columns "…_ev" in the unit shown, coordinates in Å, both named with it.

    >>> from nci_core.units import UNITS
    >>> list(energies_in(pd.DataFrame({"x": [1.0], "std_ev": [0.001]}), UNITS["meV"]).columns)
    ['x (Angstrom)', 'std (meV)']
    """
    energies = [str(column) for column in rows if str(column).endswith("_ev")]
    names = {column: f"{column.removesuffix('_ev')} ({unit.label})" for column in energies}
    converted = rows.assign(**{column: rows[column] * unit.per_ev for column in energies})
    return converted.rename(columns=names | {letter: f"{letter} (Angstrom)" for letter in "xyz"})
