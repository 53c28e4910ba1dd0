"""What the student's ruler reads along a line: the second panel of "Any line"."""

import numpy as np
import pandas as pd
import streamlit as st

from app import model_answers
from app.arrays import FloatArray
from app.chart import Drawn, charts
from app.choices import one_of
from app.figures.lines import AtomShapes, lengths_figure, ruler_along, shapes_figure
from app.session import Context
from nci_core.store.schema import Model
from nci_core.systems import Monomer, lines, surroundings
from nci_core.systems.lines import Line

HEIGHT = 340
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
    plane = one_of(
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
    shapes, labels = _shapes(context, host, probe[0], after, upright=plane == "upright")
    read = model_answers.read_ruler(context, after, probe)
    atoms = pd.DataFrame(
        {
            "atom": [f"{s}{i + 1}" for i, s in enumerate(host.symbols)],
            "distance": read.distance[0],
            "ruler": read.length[0],
            "sd": read.std[0],
        }
    ).sort_values("distance", kind="stable")
    numbers = along.add_suffix(" (Å)")
    charts(
        context,
        Drawn(ruler_along(along, place, context.colours, height=HEIGHT), "ruler-along", lambda: numbers),
        Drawn(shapes_figure(host, shapes, float(enlarged), labels, context.colours, height=HEIGHT), "ruler-shapes"),
        Drawn(lengths_figure(atoms.head(14), context.colours, height=HEIGHT), "ruler-lengths"),
        widths=(1.15, 1.1, 0.95),
        note=f"{RULER} Middle: round each atom the places of equal ruler length (solid) and of equal "
        "distance (dotted).",
    )


def _along(context: Context, curve: pd.DataFrame, after: Model) -> pd.DataFrame:
    """Distance, ruler and its spread of the nearest atom of each element, one row a point of the line."""
    host = context.host
    found = curve[["distance"]].copy()
    clear = curve["energy_ev"].notna().to_numpy()
    read = model_answers.read_ruler(context, after, curve.loc[clear, ["x", "y", "z"]].to_numpy())
    for element in dict.fromkeys(host.symbols):
        atoms = np.flatnonzero(np.array(host.symbols) == element)
        nearest = atoms[np.argmin(read.distance[:, atoms], axis=1)]
        rows = np.arange(len(nearest))
        for name, values in (("r", read.distance), ("q", read.length), ("sd", read.std)):
            found.loc[clear, f"{element} {name}"] = values[rows, nearest]
    return found


def _shapes(
    context: Context, host: Monomer, probe: FloatArray, after: Model, *, upright: bool
) -> tuple[AtomShapes, tuple[str, str]]:
    away = surroundings.to_own(host, probe)
    turn = float(np.degrees(np.arctan2(away[1], away[0]))) if np.hypot(away[0], away[1]) > 0.1 else 0.0
    directions, across, along = lines.circle(host, upright, turn)
    # One Å from each atom: the ratio of ruler and distance depends on the direction only.
    points = (host.positions[:, None] + directions).reshape(-1, 3)
    safe = points + 1e-4 * np.cross(across, along)  # a bond of 1 Å would put a point on a nucleus
    read = model_answers.read_ruler(context, after, safe)
    n = len(host.symbols)
    own = np.arange(n)
    ratio = (read.distance / read.length).reshape(n, -1, n)[own, :, own]
    frame = np.stack([across, along, np.cross(across, along)])
    atoms = (host.positions - host.centre) @ frame.T
    flat = AtomShapes(directions @ frame[:2].T, ratio, atoms[:, :2], atoms[:, 2], (probe - host.centre) @ frame[:2].T)
    labels = ("distance from the axis (Å)", "height z (Å)") if upright else ("x (Å)", "y (Å)")
    return flat, labels
