"""Filters: which configurations a page shows. They are part of the address, so a link keeps them."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import selection
from app.data.configurations import LABEL_STATES, SPLITS
from app.data.errors import REGION_HELP
from app.data.region_words import well_and_limit
from app.session import Context, errors_shown
from app.text import plain
from nci_core.regions import REGIONS, sector_words


def filtered(context: Context, table: pd.DataFrame) -> pd.DataFrame:
    """Draw the filters and return the rows that pass them."""
    well, limit = shown_bounds(context)
    st.caption(
        f"well: below {plain(well)} · tail: up to 0 · wall: up to {plain(limit)} · beyond: higher. "
        "A row with nothing chosen filters nothing."
    )
    keep = _by_kind(context, table) & _by_size(context, table)
    if st.toggle("Only the selected ones", key="f_selected", bind="query-params"):
        keep &= table.index.isin(selection.selected(context))
    rows = table[keep]
    if st.button(f"Select these {len(rows)}", disabled=rows.empty, key="f_take", icon=":material/select_all:"):
        with errors_shown():
            selection.change(context, [int(i) for i in rows.index], "replace")
            st.rerun()
    return rows


def shown_bounds(context: Context) -> tuple[str, str]:
    """Below what the well lies and where the energies of interest end, of the systems whose tables are shown."""
    systems = context.campaign.systems if context.every_system else (context.system,)
    return well_and_limit(systems, context.text)


def _by_kind(context: Context, table: pd.DataFrame) -> np.ndarray:
    host = context.host
    shown = context.campaign.systems if context.every_system else [context.system]
    many: dict[str, Any] = {"selection_mode": "multi", "bind": "query-params"}
    regions = "  \n".join(f"**{name}**: {text}" for name, text in REGION_HELP.items() if name != "all")
    directions = list(dict.fromkeys(word for each in shown for word in sector_words(each.dimer.a).values()))
    angles = (
        "Angle from the plane across the molecule: side < 30°, slanted 30–60°, end > 60°."
        if host.linear
        else "Angle from the axis through the host's face: face < 30°, slanted 30–60°, edge > 60°."
    )
    states = [state for state in LABEL_STATES if (table["label_state"] == state).any()]
    chosen: dict[str, list[Any]] = {
        "region": st.pills("Region", REGIONS, key="f_region", help=regions, **many),
        "sector": st.pills("Direction", directions, format_func=plain, key="f_sector", help=angles, **many),
        "split": st.pills("Set", list(SPLITS), format_func=SPLITS.__getitem__, key="f_split", **many),
        "label_state": st.pills("Label", states, format_func=LABEL_STATES.__getitem__, key="f_state", **many),
    }
    if context.every_system:
        names = [system.name for system in shown]
        chosen["system"] = st.pills("System", names, format_func=plain, key="f_system", **many)
    rounds = sorted({int(number) for number in table["round_number"].dropna()})
    if rounds:
        chosen["round_number"] = st.pills(
            "Round that asked for the label", rounds, format_func=plain, key="f_round", **many
        )
    keep = np.ones(len(table), dtype=bool)
    for column, values in chosen.items():
        if values:
            keep &= table[column].isin(values).to_numpy()
    return keep


def _by_size(context: Context, table: pd.DataFrame) -> np.ndarray:
    """At least so large an error of the student, at least so large an uncertainty; 0 lets everything pass."""
    unit = context.unit
    first, second = st.columns(2)
    keep = np.ones(len(table), dtype=bool)
    for box, title, column, key in (
        (first, "|Student − CCSD(T)| at least", "student_error_ev", "f_error"),
        (second, "Uncertainty (1 sd) at least", "std_ev", "f_std"),
    ):
        values = table[column].abs().to_numpy(dtype=float) * unit.per_ev
        if not np.isfinite(values).any():
            continue
        least = box.number_input(
            f"{title} ({unit.label})",
            min_value=0.0,
            value=0.0,
            format=f"%.{unit.digits}f",
            key=f"{key}_{unit.key}",
            bind="query-params",
        )
        if least:
            keep &= np.nan_to_num(values, nan=-1.0) >= least
    return keep
