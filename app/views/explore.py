"""Explore: what the campaign covers, and everything known about one configuration."""

import pandas as pd
import streamlit as st

from app import cached, selection
from app.components import plot
from app.figures.points import MOST_POINTS
from app.places import MapPlaces
from app.session import Context
from app.text import Markdown
from app.views.begin import no_configurations
from app.views.details import show_details
from app.views.filters import filtered
from app.views.map_controls import map_controls

MAP_HEIGHT = 410


def show(context: Context) -> None:
    """The page."""
    st.title("Explore", help="Each point is one position of the probe around the rigid host.")
    table = cached.table(context)
    here = cached.drawn(context, table)
    if here.empty:
        no_configurations(context)
        return
    left, right = st.columns([1.45, 1], gap="medium")
    with left:
        first, second, third = st.columns([1.55, 1.45, 0.9], vertical_alignment="bottom")
        view, colour = map_controls(context.host, here, first, second, page="explore", first="teacher_ev")
        with third.popover("Filter", icon=":material/filter_alt:", width="stretch"):
            rows = cached.drawn(context, filtered(context, table))
        key, places = selection.plot_key(context, "explore-map"), MapPlaces(context, rows.index, view)
        plot.show(
            cached.encoded_map(context, rows, view, colour, selection.window(key)),
            context.colours,
            selection.marks(context, rows, places=places),
            key=key,
            height=MAP_HEIGHT,
            group="explore",
            aggregated=len(rows) > MOST_POINTS,
            kinds=selection.kinds(rows),
            file=f"{context.campaign.name}-{view}-{colour}",
            on_event=selection.listener(context, key, places),
        )
        selection.bar(context, table, page="explore")
        folded = "Coordinates that the host's symmetry makes equivalent are folded together."
        st.caption(
            f"{_summary(here, rows)}. Click a point to see its structure; Ctrl + scroll zooms. "
            + (folded if len(context.host.operations) > 1 else "")
        )
    with right:
        show_details(context, table, selection.in_view(context, rows))


def _summary(table: pd.DataFrame, rows: pd.DataFrame) -> Markdown:
    labelled = int(rows["label_ev"].notna().sum())
    test = int((rows["split"] == "test").sum())
    of_all = "" if len(rows) == len(table) else f" of {len(table):,}"
    return f"{len(rows):,}{of_all} configurations · {labelled:,} with a CCSD(T) label · {test:,} in the test set"
