"""Which line is meant: a preset, one between two configurations, or one between two points, drawn or typed."""

import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.address import take_numbers, tell_numbers
from app.choices import one_from
from app.data.fields import positions_of
from app.session import Context
from app.text import plain
from app.views.plane_choice import Numbers
from nci_core.systems import Monomer, lines
from nci_core.systems.lines import Line

OWN, PAIR = "between two points", "between two configurations"
#: Keys of the six typed numbers, Å in the host's frame, and the name of all in the page's address.
ENDS = tuple(f"line_{axis}{end}" for end in (1, 2) for axis in "xyz")
ADDRESS = "line"
#: Å from the origin beyond which nothing is asked.
FARTHEST = 100.0
#: The plane of the map.
VIEW = "line_view"
PLANE: Numbers = {"upright": ("line_turn", 0, 179), "flat": ("line_level", -FARTHEST, FARTHEST)}
#: Where the line was in the last run, for the one that begins where it ends.
LAST = "line_last"
#: Height of the lines across the host before anyone chose, Å.
ACROSS = 3.2


def choose(
    context: Context, table: pd.DataFrame, left: DeltaGenerator, right: DeltaGenerator, below: DeltaGenerator
) -> Line | None:
    """Draw the controls; None, with a sentence, where they give no line."""
    ready = _presets(context.host)
    chosen = one_from(
        left,
        "Line",
        {name: name[0].upper() + name[1:] for name in (*ready, PAIR, OWN)},
        key="line_choice",
        on_change=_follow,
        args=(context, table),
        help="Up: away from the host's face. Out: in its plane. Across: parallel to its plane. Or draw one on the map.",
    )
    if chosen == OWN:
        line = _own(below)
    else:
        tell_numbers(ADDRESS, None)
        line = _pair(context, table, right) if chosen == PAIR else ready[chosen]
    if chosen.startswith("across"):
        right.number_input(
            "Height above the host's plane (Å)", 0.0, 12.0, ACROSS, 0.1, key="line_height", bind="query-params"
        )
    if line is not None:
        st.session_state[LAST] = line
    return line


def _presets(host: Monomer) -> dict[str, Line]:
    return lines.presets(host, float(st.session_state.get("line_height", ACROSS)))


def _follow(context: Context, table: pd.DataFrame) -> None:
    """A line that was chosen by name brings the map to a plane that holds it; typing begins with the line at hand."""
    chosen, places = st.session_state["line_choice"], positions_of(table)
    if chosen == PAIR and len(table) < 2:
        return
    if chosen != OWN:
        line = Line(places[0], places[-1]) if chosen == PAIR else _presets(context.host)[chosen]
        view, value = lines.section_of(context.host, line)
        st.session_state[VIEW] = view
        st.session_state[PLANE[view][0]] = int(value) if view == "upright" else value
    elif LAST in st.session_state:
        take(st.session_state[LAST])


def take(line: Line) -> None:
    """Make this the line between two points, to 0.01 Å; before its controls are drawn."""
    st.session_state["line_choice"] = OWN
    for key, value in zip(ENDS, np.concatenate([line.start, line.end]), strict=True):
        st.session_state[key] = round(float(value), 2) + 0.0  # no negative zero


def _own(place: DeltaGenerator) -> Line | None:
    take_numbers(ADDRESS, ENDS, low=-FARTHEST, high=FARTHEST)
    labels = [f"{end} {axis} (Å)" for end in ("from", "to") for axis in "xyz"]
    values = [
        column.number_input(label, step=0.1, format="%.2f", key=key, persist_state="session")
        for column, label, key in zip(place.columns(6), labels, ENDS, strict=True)
    ]
    numbers = np.array(values, dtype=float)  # an empty field is NaN
    if not (np.abs(numbers) <= FARTHEST).all():
        place.warning(f"Give six numbers between −{FARTHEST:.0f} and {FARTHEST:.0f} Å.", icon=":material/straighten:")
        return None
    tell_numbers(ADDRESS, numbers.round(4).tolist())
    return Line(numbers[:3], numbers[3:])


def _pair(context: Context, table: pd.DataFrame, place: DeltaGenerator) -> Line | None:
    found = []
    for column, end, number in zip(place.columns(2), ("From", "To"), (0, -1), strict=True):
        chosen = column.number_input(
            f"{end} configuration", value=int(table.index[number]), key=f"line_{end.lower()}", bind="query-params"
        )
        if chosen not in table.index:
            whose = f" of {plain(context.system.name)}" if context.several else ""
            st.warning(f"There is no configuration {chosen:d}{whose}.", icon=":material/straighten:")
            return None
        found.append(chosen)
    return Line(*positions_of(table.loc[found]))
