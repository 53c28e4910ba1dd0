"""Data: every configuration in a table that searches, sorts and filters; and all that can be taken away."""

import hashlib

import numpy as np
import pandas as pd
import streamlit as st

from app import cached, selection
from app.choices import one_from, one_of
from app.data.configurations import LABEL_STATES, SPLITS
from app.data.worth import MEANING
from app.doing import errors_said
from app.session import Context
from app.text import plain
from app.views import takeaway
from app.views.begin import no_configurations
from app.views.filters import filtered
from nci_core.labels.label_errors import error_of

PARTS = {"table": "Configurations", "files": "Take away"}
#: Rows that go to the browser at once; more would take seconds at each change.
MOST_ROWS = 5_000
HEIGHT = 440
#: Columns whose words are searched.
SEARCHED = ("system", "region", "sector", "split", "label_state", "picked_by", "origin")
#: Column → what people read in it.
WORDS = {"split": SPLITS, "label_state": LABEL_STATES}
#: Left out where no label has one.
LABEL_STD = "label_std_ev"
#: Column of the campaign's table → (header, None for words, "Å" for lengths, "E" for energies).
COLUMNS: dict[str, tuple[str, str | None]] = {
    "system": ("System", None),
    "region": ("Region", None),
    "sector": ("Direction", None),
    "split": ("Set", None),
    "teacher_ev": ("Teacher", "E"),
    "student_ev": ("Student", "E"),
    "std_ev": ("± sd", "E"),
    "label_ev": ("CCSD(T)", "E"),
    LABEL_STD: ("± recipe", "E"),
    "student_error_ev": ("Student − CCSD(T)", "E"),
    "teacher_error_ev": ("Teacher − CCSD(T)", "E"),
    "label_state": ("Label", None),
    "picked_by": ("Picked by", None),
    "round_number": ("Round", None),
    "x": ("x", "Å"),
    "y": ("y", "Å"),
    "z": ("z", "Å"),
    "origin": ("Origin", None),
}


def show(context: Context) -> None:
    """The page."""
    st.title("Data", help="Everything the campaign holds, to look through and to take away.")
    table = cached.table(context)
    part = one_of(st, "Part", PARTS, key="data_part")
    if part == "files":
        takeaway.show(context, table)
    elif table.empty:
        no_configurations(context)
    else:
        _table(context, table)


def _table(context: Context, table: pd.DataFrame) -> None:
    rows = _chosen(context, table)
    shown = for_people(context, rows.head(MOST_ROWS))
    of_all = f" of {len(table):,}" if len(rows) < len(table) else ""
    cut = ""
    if len(rows) > MOST_ROWS:
        cut = f" The first {MOST_ROWS:,} are shown; sort, search or filter to see others. All of them are in the CSV."
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.caption(f"{len(rows):,}{of_all} configurations. Tick rows to select them on every page.{cut}")
    right.download_button(
        f"Save {len(rows):,} rows (CSV)",
        lambda: for_people(context, rows).to_csv(),
        f"{context.campaign.name}-configurations.csv",
        "text/csv",
        icon=":material/download:",
        on_click="ignore",
        disabled=rows.empty,
        width="stretch",
        key="data_csv",
    )
    _grid(context, shown)
    selection.bar(context, table, page="data")


def _chosen(context: Context, table: pd.DataFrame) -> pd.DataFrame:
    """The rows that pass search and filters, sorted."""
    first, second, third, fourth = st.columns([1.6, 1.3, 0.7, 0.8], vertical_alignment="bottom")
    words = first.text_input(
        "Search",
        key="data_search",
        bind="query-params",
        placeholder="number, person, origin, direction …",
        help="A configuration's number, or words from its row; rows that contain all of them are shown.",
    )
    headers = {"configuration": "Configuration"} | {name: header for name, (header, _) in columns_of(context).items()}
    by = one_from(second, "Sort by", headers, key="data_sort")
    largest = third.toggle("Largest first", key="data_down", bind="query-params")
    with fourth.popover("Filter", icon=":material/filter_alt:", width="stretch"):
        people = sorted({str(name) for name in table["picked_by"].dropna()})
        pickers = st.pills("Picked by", people, format_func=plain, selection_mode="multi", key="f_picker",
                           bind="query-params") if people else []  # fmt: skip
        rows = filtered(context, table)
    if pickers:
        rows = rows[rows["picked_by"].isin(pickers)]
    rows = found(rows, str(words or ""))
    if by == "configuration":
        return rows.sort_index(ascending=not largest)
    return rows.sort_values(str(by), ascending=not largest, kind="stable", na_position="last")


def found(rows: pd.DataFrame, words: str) -> pd.DataFrame:
    """The rows in which every word is the number or part of a word.

    >>> found(pd.DataFrame({"origin": ["cut", "pair"]}, index=[7, 17]), "7 CUT").index.tolist()
    [7]
    """
    for word in words.casefold().split():
        hit = np.array(rows.index == int(word)) if word.isdecimal() and len(word) < 10 else np.zeros(len(rows), bool)
        for column in SEARCHED:
            if column in rows:  # each word of the table is looked at once, however many rows have it
                codes, distinct = pd.factorize(rows[column])
                words_of = WORDS.get(column, {})
                holds = [word in str(words_of.get(each, each)).casefold() for each in distinct]
                hit |= np.array([*holds, False])[codes]
        rows = rows[hit]
    return rows


def columns_of(context: Context) -> dict[str, tuple[str, str | None]]:
    """COLUMNS of a campaign: no errors of labels whose recipe knows none, the system where there are several."""
    without = {LABEL_STD} if error_of(context.campaign.recipe) is None else set()
    without |= set() if context.several else {"system"}
    return {name: header for name, header in COLUMNS.items() if name not in without}


def for_people(context: Context, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with headers that say units, indexed by "Configuration"; energies in the unit shown."""
    columns = columns_of(context)
    units = {"E": context.unit.label, "Å": "Å"}
    energies = [name for name, (_, kind) in columns.items() if kind == "E"]
    shown = rows[list(columns)].replace(WORDS).astype({"round_number": "Int64"})
    shown[energies] = context.convert(rows[energies])
    headers = {name: f"{header} ({units[kind]})" if kind else header for name, (header, kind) in columns.items()}
    return shown.rename(columns=headers).rename_axis("Configuration")


def _grid(context: Context, shown: pd.DataFrame) -> None:
    ids, selected = shown.index.to_numpy(), selection.selected(context)
    # The grid keeps its own ticks; a selection made elsewhere gives it a new key, and so the new ticks.
    told = st.session_state.get("data_ticked")
    mark = st.session_state["data_mark"] if told == selected else hash(tuple(selected))
    st.session_state["data_mark"], st.session_state["data_ticked"] = mark, selected
    order = hashlib.blake2b(ids.tobytes(), digest_size=8).hexdigest()
    key = f"data-grid-{context.folder}-{order}-{mark}"

    def ticked() -> None:
        now = [int(ids[i]) for i in st.session_state[key].selection.rows if i < len(ids)]
        hidden = [i for i in selected if i not in set(ids.tolist())]
        with errors_said():
            selection.change(context, [*hidden, *now], "replace")
            if now:
                selection.view(context, now[-1])
        st.session_state["data_ticked"] = selection.selected(context)

    config = {
        name: st.column_config.NumberColumn(format="%.3f" if name.endswith("(Å)") else f"%.{context.unit.digits}f")
        for name in shown
        if name.endswith(")") and pd.api.types.is_float_dtype(shown[name])
    }
    recipe_std = f"{COLUMNS[LABEL_STD][0]} ({context.unit.label})"
    if recipe_std in config:
        config[recipe_std] |= {"help": f"{MEANING}."}
    st.dataframe(
        shown,
        hide_index=False,
        column_config=config,
        on_select=ticked,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": np.flatnonzero(np.isin(ids, selected)).tolist()}},
        placeholder="—",
        height=HEIGHT,
        key=key,
        alt="Configurations",
    )
