"""What the student's ruler reads along a line: the second panel of "Any line"."""

import numpy as np
import pandas as pd
import streamlit as st

from app import model_answers
from app.arrays import FloatArray
from app.chart import Drawn, charts
from app.choices import one_of
from app.data.fields import positions_of
from app.figures.lines import CIRCLE, lengths_figure, ruler_along, shapes_figure
from app.figures.plane import PLANE_LABELS
from app.session import Context
from nci_core.store.schema import Model
from nci_core.systems import lines, surroundings
from nci_core.systems.lines import Line
from nci_core.systems.planes import PlaneGrid

RULER = (
    "The student does not measure with the true distance but with its **ruler**: where the ruler reads less, "
    "the atom reaches farther that way, and the probe is treated as if it were nearer."
)


def show_ruler(context: Context, line: Line, curve: pd.DataFrame, after: Model) -> None:
    """Ruler and distance along the line, round every atom at one place, and atom by atom there.

    `curve` has distance, x, y, z (Å) and energy_ev, NaN beside a nucleus.
    """
    host = context.host
    left, middle, right = st.columns([1.5, 1, 1], vertical_alignment="bottom")
    best = float(curve.loc[curve["energy_ev"].idxmin(), "distance"])
    place = left.slider(
        "Probe on the line (Å)",
        0.0,
        round(line.length, 2),
        round(best, 2),
        0.05,
        key=f"ruler_probe_{context.folder}_{line.start.tolist()}_{line.end.tolist()}",
        help="At first where the student is lowest.",
    )
    kind = one_of(
        middle, "Plane", {"upright": "Upright", "flat": "Host's plane"}, key="ruler_plane", first="flat", titled=True
    )
    enlarged = right.select_slider(
        "Deviations enlarged",
        [1, 2, 5, 10],
        5,
        format_func=lambda v: f"{v:d} times",
        key="ruler_enlarged",
        bind="query-params",
    )
    probe = line.at(place)
    if not lines.clear_of_nuclei(host, probe).all():
        st.warning("The probe lies on a nucleus; move it along the line.", icon=":material/straighten:")
        return
    along = _along(context, curve, after)
    ((x, y, _),) = surroundings.to_own(host, probe)
    turn = float(np.degrees(np.arctan2(y, x))) if np.hypot(x, y) > 0.1 else 0.0
    plane = surroundings.plane(host, kind, turn if kind == "upright" else 0.0)
    stretch = _stretch(context, plane, after)
    shapes = shapes_figure(host, plane, stretch, probe, float(enlarged), PLANE_LABELS[kind], context.colours)
    read = model_answers.read_ruler(context, after, probe)
    names = [f"{symbol}{i}" for i, symbol in enumerate(host.symbols, start=1)]
    atoms = pd.DataFrame({"atom": names, "distance": read.distance[0], "ruler": read.length[0], "sd": read.std[0]})
    nearest = atoms.sort_values("distance", kind="stable").head(14)
    numbers = along.add_suffix(" (Å)")
    charts(
        context,
        Drawn(ruler_along(along, place, context.colours), "ruler-along", lambda: numbers),
        Drawn(shapes, "ruler-shapes"),
        Drawn(lengths_figure(nearest, context.colours), "ruler-lengths"),
        widths=(1.15, 1.1, 0.95),
        note=f"{RULER} Middle: round each atom the places of equal ruler length (solid) and of equal "
        "distance (dotted).",
    )


def _along(context: Context, curve: pd.DataFrame, after: Model) -> pd.DataFrame:
    """Distance, ruler and its spread of the nearest atom of each element, one row a point of the line."""
    found, symbols = curve[["distance"]].copy(), np.array(context.host.symbols)
    clear = curve["energy_ev"].notna().to_numpy()
    read = model_answers.read_ruler(context, after, positions_of(curve[clear]))
    for element in dict.fromkeys(context.host.symbols):
        distance = np.where(symbols == element, read.distance, np.inf)
        nearest = np.argmin(distance, axis=1)[:, None]
        for name, values in (("r", read.distance), ("q", read.length), ("sd", read.std)):
            found.loc[clear, f"{element} {name}"] = np.take_along_axis(values, nearest, axis=1)[:, 0]
    return found


def _stretch(context: Context, plane: PlaneGrid, after: Model) -> FloatArray:
    """(n, k) distance over ruler length of each atom in the directions of CIRCLE on the plane."""
    # One Å from each atom: the ratio depends on the direction only.
    points = context.host.positions[:, None] + plane.place(CIRCLE) - plane.origin
    safe = points + 1e-4 * np.cross(plane.across, plane.up)  # a bond of 1 Å would put a point on a nucleus
    read = model_answers.read_ruler(context, after, safe)
    n = len(points)
    found: FloatArray = (read.distance / read.length).reshape(n, -1, n)[np.arange(n), :, np.arange(n)]
    return found
