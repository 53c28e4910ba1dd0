"""Errors → by region: the table, and a matrix of regions and directions whose cells select their points."""

import pandas as pd
import streamlit as st

from app import cached, selection
from app.data.errors import REGION_HELP, columns_of, error_table, matrix_table
from app.data.worth import said_beside
from app.session import Context
from app.tables import grid
from app.text import Markdown, plain
from app.views.filters import shown_bounds
from nci_core.labels.label_errors import worth_by_region
from nci_core.store.schema import Model


def show_regions(
    context: Context,
    table: pd.DataFrame,
    rows: pd.DataFrame,
    what: str,
    after: Model | None,
    before: Model | None,
) -> None:
    """`rows` are the labelled ones of one split, `what` names it."""
    recipe, own = context.campaign.recipe, "reference" not in rows
    against = f"CCSD(T), recipe *{plain(recipe.name)}*, on the **{plain(what)}** only" if own else f"**{plain(what)}**"
    st.markdown(
        f"Errors in {context.unit.label} against {against}{'' if context.every_system else context.whose}.",
        help=_region_help(context),
    )
    columns = columns_of(after, before)
    shown, specs = error_table(rows, columns, context.unit, context.campaign.systems if context.every_system else ())
    rows = cached.averaged(context, rows)
    meanings = ("mean absolute error", "root mean square error", "largest absolute error", "mean error, with its sign")
    config = {
        c: st.column_config.NumberColumn(help=f"{meaning[0].upper()}{meaning[1:]}, in {context.unit.label}.")
        for c, meaning in zip(shown.columns[-4:], meanings, strict=True)
    }
    left, right = st.columns([1.3, 1], gap="medium")
    with left:
        grid(shown, specs, key="region-table", column_config=config)
        if own and len(rows):
            bounds = context.campaign.bounds.of(rows["system_id"])
            worth = worth_by_region(rows["label_ev"], rows["label_std_ev"], bounds)
            st.caption(plain(said_beside(worth, recipe, context.dimer, context.unit, regions=True)))
    if rows.empty:  # of all systems, where those with labels are transfer systems
        return
    with right:
        name, column = list(columns.items())[-1]
        _matrix(context, rows, name, column)
    selection.bar(context, table, page="regions")


def _matrix(context: Context, rows: pd.DataFrame, name: str, column: str) -> None:
    st.markdown(
        f"**{plain(name.capitalize())}: MAE by region and direction** ({context.unit.label}){context.whose}",
        help="In brackets: the number of points and, for the student, its expected error (root mean square of its "
        "sd). Click a cell to select its points on every page.",
    )
    text = matrix_table(rows, column, context.unit)
    key = f"matrix-{column}"

    def clicked() -> None:
        cells = [(text["Region"].get(row), sector) for row, sector in st.session_state[key].selection.cells]
        ids = rows.index[pd.MultiIndex.from_frame(rows[["region", "sector"]]).isin(cells)].tolist()
        if ids:
            selection.change(context, ids, "replace")

    st.dataframe(text, hide_index=True, on_select=clicked, selection_mode="multi-cell", key=key, height="content")


def _region_help(context: Context) -> Markdown:
    text = "  \n".join(f"**{name}**: {meaning}" for name, meaning in REGION_HELP.items())
    well, limit = shown_bounds(context)
    return text + f"  \nIn this campaign the well lies below {plain(well)} and the limit is {plain(limit)}."
