"""A part of the Errors page: energies along any line, and what the ruler reads there."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from app import asked
from app.chart import Drawn, charts
from app.data import fields, lines
from app.data.lines import Line
from app.figures.lines import AtomShapes, lengths_figure, line_figure, ruler_along, shapes_figure
from app.session import Context
from nci_core.store.schema import Model
from nci_core.systems import Host

FloatArray = npt.NDArray[np.float64]

#: The name of this part of the page.
TITLE = "Any line"
OWN, PAIR = "between two points …", "between two configurations …"
PANELS = {"energy": "Energies", "ruler": "Ruler"}
#: Points on a line, and the shortest line (Å) that is drawn.
STEPS, SHORTEST = 241, 0.1
HEIGHT = 350
RULER = (
    "The student does not measure with the true distance but with its **ruler**: where the ruler reads less, "
    "the atom reaches farther that way, and the probe is treated as if it were nearer."
)


def show(context: Context, table: pd.DataFrame, after: Model, before: Model | None) -> None:
    """Controls, the figures and their data."""
    left, middle, right = st.columns([1.3, 1, 2.2], vertical_alignment="bottom")
    line = _choose(context, table, left, right)
    panel = middle.segmented_control(
        "Show along it",
        list(PANELS),
        format_func=PANELS.__getitem__,
        default="energy",
        required=True,
        key="line_panel",
        persist_state="session",
    )
    if line is None:
        return
    if line.length < SHORTEST:
        st.warning(f"The two ends are closer than {SHORTEST} Å; move them apart.", icon=":material/straighten:")
        return
    curve = _curve(context, line, after, before)
    if curve["energy_ev"].isna().all():
        st.warning("The whole line lies on a nucleus; move it away.", icon=":material/straighten:")
        return
    if panel == "ruler":
        _ruler(context, line, curve, after)
    else:
        _energies(context, table, line, curve)


def _choose(
    context: Context,
    table: pd.DataFrame,
    left: st.delta_generator.DeltaGenerator,
    right: st.delta_generator.DeltaGenerator,
) -> Line | None:
    host = context.campaign.dimer.host
    height = float(st.session_state.get("line_height", 3.2))
    ready = lines.presets(host, height)
    chosen = left.selectbox(
        "Line",
        [*ready, PAIR, OWN],
        format_func=lambda name: name[0].upper() + name[1:],
        key=f"line_choice_{context.folder}",
        help="Up: away from the host's face. Out: in its plane. Across: parallel to its plane.",
    )
    if chosen == OWN:
        return _own(context, next(iter(ready.values())))
    if chosen == PAIR:
        return _pair(context, table, right)
    if str(chosen).startswith("across"):
        right.number_input("Height above the host's plane (Å)", 0.0, 12.0, height, 0.1, key="line_height")
    return ready[str(chosen)]


def _own(context: Context, first: Line) -> Line | None:
    values: list[float | None] = []
    for k, column in enumerate(st.columns(6)):
        end, axis = ("from", "to")[k // 3], "xyz"[k % 3]
        start = float(np.round((first.start, first.end)[k // 3][k % 3], 2))
        values.append(
            column.number_input(
                f"{end} {axis} (Å)",
                value=start,
                step=0.1,
                format="%.2f",
                key=f"line_{k}_{context.folder}",
                persist_state="session",
            )
        )
    if any(value is None or not np.isfinite(value) or abs(value) > 100 for value in values):
        st.warning("Give six numbers between −100 and 100 Å.", icon=":material/straighten:")
        return None
    numbers = np.array(values, dtype=float)
    return Line(numbers[:3], numbers[3:])


def _pair(context: Context, table: pd.DataFrame, place: st.delta_generator.DeltaGenerator) -> Line | None:
    ids = table.index.tolist()
    found = []
    for column, end, number in zip(place.columns(2), ("From", "To"), (0, -1), strict=True):
        chosen = column.number_input(
            f"{end} configuration",
            int(min(ids)),
            int(max(ids)),
            int(ids[number]),
            key=f"line_{end}_{context.folder}",
            persist_state="session",
        )
        if chosen not in table.index:
            st.warning(f"There is no configuration {chosen}.", icon=":material/straighten:")
            return None
        found.append(table.loc[chosen, ["x", "y", "z"]].to_numpy(dtype=float))
    return Line(found[0], found[1])


def _curve(context: Context, line: Line, after: Model, before: Model | None) -> pd.DataFrame:
    host = context.campaign.dimer.host
    distance = np.linspace(0.0, line.length, STEPS)
    points = line.at(distance)
    clear = lines.clear_of_nuclei(host, points)
    curve = pd.DataFrame({"distance": distance}).assign(x=points[:, 0], y=points[:, 1], z=points[:, 2])

    def spread(values: FloatArray) -> FloatArray:
        whole = np.full(STEPS, np.nan)
        whole[clear] = values
        return whole

    student = asked.field(context, after, points[clear])
    for column in ("energy_ev", "std_ev", "repulsion_ev", "dispersion_ev"):
        curve[column] = spread(getattr(student, column))
    for column, model in (("earlier_ev", before), ("distilled_ev", asked.distilled_before(context, after))):
        if model is not None and not (column == "distilled_ev" and before is not None and model.id == before.id):
            curve[column] = spread(asked.field(context, model, points[clear]).energy_ev)
    return curve


def _energies(context: Context, table: pd.DataFrame, line: Line, curve: pd.DataFrame) -> None:
    left, right = st.columns([1, 1.2], vertical_alignment="bottom")
    channels = left.toggle(
        "Exchange and dispersion",
        key="line_channels",
        persist_state="session",
        help="The student's two channels, as a perturbation theory would split the energy; their sum is the energy.",
    )
    tolerance = right.slider(
        "Configurations this close to the line (Å)",
        0.05,
        1.0,
        0.15,
        0.05,
        key="line_tolerance",
        persist_state="session",
        help="Those with an equivalent place near the line count too. Their energies hold where they are, not on it.",
    )
    near = fields.near_line(context.campaign.dimer.host, table, line.start, line.end, tolerance)
    figure = line_figure(curve, near, context.unit, context.colours, channels=channels, height=HEIGHT)
    charts(context, Drawn(figure, "line-drawn"))
    start, end = (", ".join(f"{v:.2f}" for v in p).replace("-", "−") for p in (line.start, line.end))
    labels = int(near["label_ev"].notna().sum())
    words = (
        f"From ({start}) to ({end}) Å. {len(near)} configurations within {tolerance:.2f} Å, {labels} with a CCSD(T) "
        "label. The distilled student stands in for the teacher between the points where that is known."
    )
    _foot(context, words, curve, near)


def _foot(context: Context, words: str, curve: pd.DataFrame, near: pd.DataFrame) -> None:
    left, right, last = st.columns([3.4, 1, 1], vertical_alignment="center")
    left.caption(words)

    def converted(rows: pd.DataFrame) -> str:
        energies = [column for column in rows if str(column).endswith("_ev")]
        shown = rows.assign(**{c: context.convert(rows[c].to_numpy(dtype=float)) for c in energies})
        renamed = {c: f"{str(c).removesuffix('_ev')} ({context.unit.label})" for c in energies}
        lengths = {c: f"{c} (Angstrom)" for c in ("distance", "x", "y", "z", "off")}
        return str(shown.rename(columns=renamed | lengths).to_csv(index=rows.index.name is not None))

    name, columns = f"{context.campaign.name}-line", ["distance", "off", "x", "y", "z", "split"]
    columns += ["teacher_ev", "student_ev", "label_ev"]
    right.download_button(
        "Curves (CSV)", lambda: converted(curve), f"{name}.csv", "text/csv", on_click="ignore", key="line-csv"
    )
    last.download_button(
        "Points (CSV)",
        lambda: converted(near[columns]),
        f"{name}-points.csv",
        "text/csv",
        on_click="ignore",
        disabled=near.empty,
        key="points-csv",
    )


def _ruler(context: Context, line: Line, curve: pd.DataFrame, after: Model) -> None:
    host = context.campaign.dimer.host
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
    plane = middle.segmented_control(
        "Plane",
        ["upright", "flat"],
        format_func={"upright": "Upright", "flat": "Host's plane"}.__getitem__,
        default="flat",
        required=True,
        key="ruler_plane",
        persist_state="session",
    )
    enlarged = right.select_slider(
        "Deviations enlarged",
        [1, 2, 5, 10],
        5,
        format_func=lambda v: f"{v} times",
        key="ruler_enlarged",
        persist_state="session",
    )
    probe = line.at(place)
    if not lines.clear_of_nuclei(host, probe).all():
        st.warning("The probe lies on a nucleus; move it along the line.", icon=":material/straighten:")
        return
    one, two, three = st.columns([1.15, 1.1, 0.95], gap="small")
    along = _along(context, curve, after)
    shapes, labels = _shapes(context, host, probe[0], after, upright=plane == "upright")
    read = asked.read_ruler(context, after, probe)
    atoms = pd.DataFrame(
        {
            "atom": [f"{s}{i + 1}" for i, s in enumerate(host.symbols)],
            "distance": read.distance[0],
            "ruler": read.length[0],
            "sd": read.std[0],
        }
    ).sort_values("distance", kind="stable")
    drawn = (
        (one, ruler_along(along, place, context.colours, height=HEIGHT - 10), "along"),
        (two, shapes_figure(host, shapes, float(enlarged), labels, context.colours, height=HEIGHT - 10), "shapes"),
        (three, lengths_figure(atoms.head(14), context.colours, height=HEIGHT - 10), "lengths"),
    )
    for column, figure, key in drawn:
        with column:
            charts(context, Drawn(figure, f"ruler-{key}"))
    text, button = st.columns([4.6, 1], vertical_alignment="center")
    text.caption(
        f"{RULER} Middle: round each atom the places of equal ruler length (solid) and of equal distance (dotted)."
    )
    button.download_button(
        "Data (CSV)",
        lambda: along.add_suffix(" (Angstrom)").to_csv(index=False),
        f"{context.campaign.name}-ruler.csv",
        "text/csv",
        on_click="ignore",
        key="ruler-csv",
    )


def _along(context: Context, curve: pd.DataFrame, after: Model) -> pd.DataFrame:
    """Distance, ruler and its spread of the nearest atom of each element, one row a point of the line."""
    host = context.campaign.dimer.host
    found = curve[["distance"]].copy()
    clear = curve["energy_ev"].notna().to_numpy()
    read = asked.read_ruler(context, after, curve.loc[clear, ["x", "y", "z"]].to_numpy())
    for element in dict.fromkeys(host.symbols):
        atoms = np.flatnonzero(np.array(host.symbols) == element)
        nearest = atoms[np.argmin(read.distance[:, atoms], axis=1)]
        rows = np.arange(len(nearest))
        for name, values in (("r", read.distance), ("q", read.length), ("sd", read.std)):
            found.loc[clear, f"{element} {name}"] = values[rows, nearest]
    return found


def _shapes(
    context: Context, host: Host, probe: FloatArray, after: Model, *, upright: bool
) -> tuple[AtomShapes, tuple[str, str]]:
    away = fields.to_own(host, probe)
    turn = float(np.degrees(np.arctan2(away[1], away[0]))) if np.hypot(away[0], away[1]) > 0.1 else 0.0
    directions, across, along = lines.circle(host, upright, turn)
    # One Å from each atom: the ratio of ruler and distance depends on the direction only.
    points = (host.positions[:, None] + directions).reshape(-1, 3)
    safe = points + 1e-4 * np.cross(across, along)  # a bond of 1 Å would put a point on a nucleus
    read = asked.read_ruler(context, after, safe)
    n = len(host.symbols)
    own = np.arange(n)
    ratio = (read.distance / read.length).reshape(n, -1, n)[own, :, own]
    frame = np.stack([across, along, np.cross(across, along)])
    atoms = (host.positions - host.centre) @ frame.T
    flat = AtomShapes(directions @ frame[:2].T, ratio, atoms[:, :2], atoms[:, 2], (probe - host.centre) @ frame[:2].T)
    labels = ("distance from the axis (Å)", "height z (Å)") if upright else ("x (Å)", "y (Å)")
    return flat, labels
