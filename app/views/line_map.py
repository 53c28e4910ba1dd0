"""The map of "Any line": a plane through or above the host on which a line is drawn with the mouse."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from app import model_answers, selection
from app.address import tell_numbers
from app.components import plot
from app.components.plot_encoding import encode
from app.data import fields
from app.doing import errors_said, show_said
from app.figures.plane import plane_content
from app.figures.scales import SignedScale
from app.session import Context
from app.views.line_choice import FARTHEST, PLANE, VIEW, take
from app.views.plane_choice import choose_plane
from nci_core.errors import InputError
from nci_core.sampling.inside import enclosed
from nci_core.store.schema import Model
from nci_core.systems import surroundings
from nci_core.systems.lines import Line
from nci_core.systems.planes import PlaneGrid
from nci_core.units import from_cm1

#: How far (Å) the map reaches above the host and its shape.
MARGIN, WIDER = 7.5, 1.25
#: A line whose ends are farther (Å) from the plane does not lie in it.
OFF = 0.15
HEIGHT = 320


def show_map(context: Context, table: pd.DataFrame, line: Line, after: Model) -> None:
    """The plane's controls, and the map with the line."""
    host = context.host
    left, right = st.columns([1.25, 1], vertical_alignment="bottom")
    view, value = choose_plane(
        PLANE,
        VIEW,
        PLANE,
        left,
        right,
        label="Map to draw on",
        help="Press where the line begins, release where it ends; then drag its ends, or all of it. Shift turns it "
        "in steps of 15°. Without a mouse, choose “between two points” and type the ends.",
    )
    tell_numbers(PLANE[view][0], [value] if value else None)
    # The same for every plane, so that the scale of the drawing stays.
    reach = float(np.abs(surroundings.to_own(host, host.positions)).max()) + MARGIN
    grid = surroundings.plane(host, view, value, reach=(WIDER * reach, reach))
    show_said()
    near = fields.in_slab(host, table[(table["region"] != "beyond") & table["label_ev"].notna()], grid)
    energy_ev = model_answers.field(context, after, grid.points).energy_ev.reshape(grid.points.shape[:-1])
    limit_ev = from_cm1(context.system.bounds.limit_cm1)
    inside = enclosed(host, grid.points.reshape(-1, 3)).reshape(energy_ev.shape)
    energy_ev = np.where((energy_ev < limit_ev) & ~inside, energy_ev, np.nan)
    scale = SignedScale.covering(energy_ev, context.unit.per_ev, linear_ev=from_cm1(2.0), cap_ev=limit_ev)
    values = context.convert(energy_ev)
    content = plane_content(host, grid, values, near, "label_ev", scale, context.unit, label="student", view=view)
    ends = grid.project(np.stack([line.start, line.end]))
    off = float(np.abs(ends[:, 2]).max())
    key = selection.plot_key(context, "line-map")

    def told(event: str) -> None:
        value = selection.event_of(key, event)
        if event != "lined":
            selection.listener(context, key)(event)
        elif value:
            with errors_said():
                take(drawn_line(grid, line, value))

    plot.show(
        encode(content, context.colours),
        context.colours,
        selection.marks(context, table),
        key=key,
        height=HEIGHT,
        pick=False,
        kinds=selection.kinds(near),
        file=f"{context.campaign.name}-line-map",
        line={"ends": ends[:, :2].tolist(), "off": off > OFF},
        note="Press, draw, release",
        on_event=told,
    )
    st.caption(
        "The student's energy: purple attractive, orange repulsive, blank inside the wall. "
        f"Dots: CCSD(T) labels within {fields.NEAR} Å of the plane."
        + (f" Dashed: the line leaves this plane by up to {off:.2f} Å." if off > OFF else "")
    )


def drawn_line(grid: PlaneGrid, line: Line, value: dict[str, Any]) -> Line:
    """The line that was drawn on a plane; an end that was not moved stays where it was, also off the plane.

    Raises InputError for what is no line.
    """
    try:
        ends, moved = np.array(value["ends"], dtype=float), [bool(m) for m in value["moved"]]
    except (KeyError, TypeError, ValueError):
        ends, moved = np.empty(0), []
    if ends.shape != (2, 2) or len(moved) != 2 or not (np.abs(ends) <= FARTHEST).all():
        raise InputError("The line could not be read; draw it again.")
    places = grid.place(ends)
    return Line(places[0] if moved[0] else line.start, places[1] if moved[1] else line.end)
