"""Numbers in tables as they are printed: real minus signs, a dash where there is none, no −0.00."""

import pandas as pd
from pandas.io.formats.style import Styler

#: Tables with more cells are shown unformatted: pandas styles each cell, which takes seconds from here on.
MOST_CELLS = 50_000


def number_text(value: float | None, spec: str) -> str:
    """A number in a format such as '+.2f'.

    >>> number_text(-0.004, "+.2f"), number_text(-3.1, ".1f"), number_text(None, ".1f")
    ('0.00', '−3.1', '—')
    """
    if value is None or pd.isna(value):
        return "—"
    text = f"{value:{spec}}"
    if float(text) == 0.0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def with_numbers(table: pd.DataFrame, specs: dict[str, str]) -> Styler | pd.DataFrame:
    """The table for `st.dataframe` with columns in the given formats; sorting and selection still see the numbers.

    Streamlit writes "None" for missing values unless it is given a placeholder too.
    """
    if table.size > MOST_CELLS:
        return table
    formats = {column: (lambda value, spec=spec: number_text(value, spec)) for column, spec in specs.items()}
    return table.style.format(formats)
