"""Explore: what the campaign covers, and everything known about one configuration."""

import numpy as np
import pandas as pd
import streamlit as st

from app import cached, linked
from app.components import plot
from app.data.configurations import LABEL_STATES, SPLITS
from app.data.errors import REGION_HELP
from app.figures.points import MOST_POINTS
from app.first_steps import first_student
from app.session import Context
from app.views.details import show_details
from app.views.map_controls import map_controls
from nci_core.regions import REGIONS, SECTORS
from nci_core.units import from_cm1

MAP_HEIGHT = 410


def show(context: Context) -> None:
    """The page."""
    st.title("Explore", help="Each point is one position of the probe around the rigid host.")
    table = cached.table(context)
    if table.empty:
        no_configurations(context)
        return
    left, right = st.columns([1.45, 1], gap="medium")
    with left:
        rows, view, colour = _controls(context, table)
        key = f"explore-map-{context.folder}"
        plot.show(
            cached.encoded_map(context, rows, view, colour, linked.window(key)),
            context.colours,
            linked.marks(context, rows),
            key=key,
            height=MAP_HEIGHT,
            group="explore",
            aggregated=len(rows) > MOST_POINTS,
            kinds=linked.kinds(rows),
            file=f"{context.campaign.name}-{view}-{colour}",
            on_event=linked.listener(context, key),
        )
        linked.bar(context, table, page="explore")
        st.caption(
            _summary(table, rows)
            + ". Click a point to see its structure; Ctrl + scroll zooms. "
            + (
                "Coordinates that the host's symmetry makes equivalent are folded together."
                if len(context.campaign.dimer.host.operations) > 1
                else ""
            )
        )
    with right:
        show_details(context, table, linked.in_view(context, rows))


def no_configurations(context: Context) -> None:
    """What to do in a campaign that is still empty."""
    st.info(
        f"**{context.campaign.title}** has no configurations yet. Sample some, then compute the teacher's energies "
        "and distil the first student:",
        icon=":material/info:",
    )
    st.code("\n".join(first_student(context.campaign.folder)), language="bash")


def _controls(context: Context, table: pd.DataFrame) -> tuple[pd.DataFrame, str, str]:
    first, second, third = st.columns([1.55, 1.45, 0.9], vertical_alignment="bottom")
    view, colour = map_controls(table, first, second, page="explore", first="teacher_ev")
    with third.popover("Filter", icon=":material/filter_alt:", width="stretch"):
        rows = _filters(context, table)
    return rows, view, colour


def _filters(context: Context, table: pd.DataFrame) -> pd.DataFrame:
    bounds = context.campaign.settings.bounds
    st.caption(
        f"well: below {context.text(from_cm1(bounds.well_below_cm1))} · tail: up to 0 · "
        f"wall: up to {context.text(from_cm1(bounds.limit_cm1))} · beyond: higher"
    )
    regions = st.pills(
        "Region", REGIONS, selection_mode="multi", key="f_region", bind="query-params", help=_help(REGION_HELP)
    )
    sectors = st.pills(
        "Direction",
        SECTORS,
        selection_mode="multi",
        key="f_sector",
        bind="query-params",
        help="Angle from the axis through the host's face: face < 30°, slanted 30–60°, edge > 60°.",
    )
    splits = st.pills(
        "Set",
        list(SPLITS),
        format_func=SPLITS.__getitem__,
        selection_mode="multi",
        key="f_split",
        bind="query-params",
    )
    present = [state for state in LABEL_STATES if (table["label_state"] == state).any()]
    states = st.pills(
        "Label",
        present,
        format_func=LABEL_STATES.__getitem__,
        selection_mode="multi",
        key="f_state",
        bind="query-params",
    )
    keep = np.ones(len(table), dtype=bool)
    for column, chosen in (("region", regions), ("sector", sectors), ("split", splits), ("label_state", states)):
        if chosen:
            keep &= table[column].isin(chosen).to_numpy()
    st.caption("Nothing chosen in a row means everything.")
    return table[keep]


def _help(texts: dict[str, str]) -> str:
    return "  \n".join(f"**{name}**: {text}" for name, text in texts.items() if name != "all")


def _summary(table: pd.DataFrame, rows: pd.DataFrame) -> str:
    labelled = int(rows["label_ev"].notna().sum())
    test = int((rows["split"] == "test").sum())
    of_all = "" if len(rows) == len(table) else f" of {len(table):,}"
    return f"{len(rows):,}{of_all} configurations · {labelled:,} with a CCSD(T) label · {test:,} in the test set"
