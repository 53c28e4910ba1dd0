"""Errors → by region: the table, and a matrix of regions and directions whose cells select their points."""

import pandas as pd
import streamlit as st

from app import linked
from app.data.errors import REGION_HELP, by_region, region_sector_matrix
from app.session import Context
from app.tables import with_numbers
from app.text import Markdown, plain
from app.views.error_points import columns_of
from nci_core.store.schema import Model
from nci_core.units import from_cm1


def show_regions(
    context: Context,
    table: pd.DataFrame,
    rows: pd.DataFrame,
    what: str,
    after: Model | None,
    before: Model | None,
) -> None:
    """`rows` are the labelled ones of one split, `what` names it."""
    recipe = context.campaign.recipe
    st.markdown(
        f"Errors in {context.unit.label} against **{plain(what)}**."
        if "reference" in rows
        else f"Errors in {context.unit.label} against CCSD(T), recipe *{plain(recipe.name)}*, on the "
        f"**{plain(what)}** only.",
        help=_region_help(context),
    )
    columns = columns_of(after, before)
    summary = by_region(rows, columns)
    factor, digits = context.unit.per_ev, context.unit.digits
    shown = pd.DataFrame(
        {
            "Region": summary["region"].replace({"all": "whole range"}),
            "Potential": summary["potential"],
            "Points": summary["n"],
            "MAE": summary["mae_ev"] * factor,
            "RMSE": summary["rmse_ev"] * factor,
            "Largest": summary["max_ev"] * factor,
            "Bias": summary["bias_ev"] * factor,
        }
    )
    meanings = ("mean absolute error", "root mean square error", "largest absolute error", "mean error, with its sign")
    config = {
        c: st.column_config.NumberColumn(help=f"{meaning[0].upper()}{meaning[1:]}, in {context.unit.label}.")
        for c, meaning in zip(shown.columns[3:], meanings, strict=True)
    }
    specs = dict.fromkeys(shown.columns[3:6], f".{digits}f") | {"Bias": f"+.{digits}f"}
    left, right = st.columns([1.3, 1], gap="medium")
    with left:
        st.dataframe(
            with_numbers(shown, specs),
            hide_index=True,
            column_config=config,
            placeholder="—",
            key="region-table",
            height="content",
        )
    with right:
        name, column = list(columns.items())[-1]
        _matrix(context, rows, name, column)
    linked.bar(context, table, page="regions")


def _matrix(context: Context, rows: pd.DataFrame, name: str, column: str) -> None:
    label, digits = context.unit.label, context.unit.digits
    st.markdown(
        f"**{plain(name.capitalize())}: MAE by region and direction** ({label})",
        help="In brackets: the number of points and, for the student, its expected error (root mean square of its "
        "sd). Click a cell to select its points on every page.",
    )
    mae, count = region_sector_matrix(rows, column)
    used = [region for region in mae.index if count.loc[region].sum()]
    factor = context.unit.per_ev

    def cell(region: str, sector: str) -> str:
        n = int(count.loc[region, sector])
        if not n:
            return "—"
        spread = rows[(rows["region"] == region) & (rows["sector"] == sector)]["std_ev"].astype(float)
        expected = f", ± {(spread**2).mean() ** 0.5 * factor:.{digits}f}" if column == "student_ev" else ""
        return f"{mae.loc[region, sector] * factor:.{digits}f} ({n}{expected})"

    sectors = list(mae.columns)
    text = pd.DataFrame([[cell(r, s) for s in sectors] for r in used], index=used, columns=sectors)
    text.insert(0, "Region", used)
    key = f"matrix-{column}"

    def clicked() -> None:
        ids: list[int] = []
        for row, sector in st.session_state[key].selection.cells:
            if row < len(used) and sector in sectors:
                inside = rows[(rows["region"] == used[row]) & (rows["sector"] == sector)]
                ids += [int(i) for i in inside.index]
        if ids:
            linked.change(context, ids, "replace")

    st.dataframe(text, hide_index=True, on_select=clicked, selection_mode="multi-cell", key=key, height="content")


def _region_help(context: Context) -> Markdown:
    bounds = context.campaign.settings.bounds
    text = "  \n".join(f"**{name}**: {meaning}" for name, meaning in REGION_HELP.items())
    well, limit = context.text(from_cm1(bounds.well_below_cm1)), context.text(from_cm1(bounds.limit_cm1))
    return text + f"  \nIn this campaign the well lies below {well} and the limit is {limit}."
