"""A part of the Errors page: the student all round its host, on a sphere, in a plane, as surfaces in space."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from app import asked
from app.data import fields
from app.data.errors import labelled
from app.data.fields import QUANTITIES, Quantity
from app.figures.field_scale import FieldScale, field_scale, surface_levels
from app.figures.fields import Dots, plane_map, sphere_map
from app.figures.space import iso_figure, sphere_in_space
from app.session import Context
from app.theme import CHART_CONFIG
from nci_core.campaign.live import Field
from nci_core.store.schema import Model
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]

#: The name of this part of the page.
TITLE = "Around the host"
LOOKS = {"sphere": "On a sphere", "plane": "In a plane", "space": "Surfaces in space"}
SHELLS = {"well": "At the well", "radius": "At one radius"}
SETS = {"test": "test set", "pool": "training labels", "none": "no dots"}
#: A labelled configuration this close (Å) to a sphere or a plane is drawn on it.
NEAR = 0.25
HEIGHT = 360
#: Models differ by any amount inside the host; there is nothing to learn from that.
WALL_HELP = "The wall begins where the student exceeds the campaign's energy limit; models are not fitted beyond it."


def show(context: Context, table: pd.DataFrame, after: Model, before: Model | None) -> None:
    """Controls, the figures and their data."""
    others = {"earlier": before, "distilled": asked.distilled_before(context, after)}
    keys = [k for k, q in QUANTITIES.items() if q.other is None or others[q.other] is not None]
    left, middle, right = st.columns([1.25, 1.35, 1], vertical_alignment="bottom")
    key = left.selectbox(
        "Quantity",
        keys,
        format_func=lambda k: QUANTITIES[k].title,
        key="around_quantity",
        persist_state="session",
        help="  \n".join(f"**{QUANTITIES[k].title}**: {QUANTITIES[k].help}" for k in keys),
    )
    quantity = QUANTITIES[str(key)]
    other = others[quantity.other] if quantity.other else None
    look = middle.segmented_control(
        "Look at it",
        list(LOOKS),
        format_func=LOOKS.__getitem__,
        default="sphere",
        required=True,
        key="around_look",
        persist_state="session",
    )
    split = "none"
    if quantity.dots and look != "space":
        split = right.selectbox(
            "CCSD(T) dots",
            list(SETS),
            format_func=SETS.__getitem__,
            key="around_set",
            persist_state="session",
            help=f"Labelled configurations within {NEAR} Å, drawn at all their symmetry-equivalent places and "
            "coloured like the map. Test set and training labels are never shown together.",
        )
    labels = _labelled(context, table, split)
    if look == "sphere":
        _sphere(context, quantity, labels, after, other)
    elif look == "plane":
        _plane(context, quantity, labels, after, other)
    else:
        _space(context, quantity, after, other)


def _labelled(context: Context, table: pd.DataFrame, split: str) -> pd.DataFrame:
    rows = labelled(table, split)
    rows = rows[rows["region"] != "beyond"].assign(student_size_ev=rows["student_error_ev"].abs())
    return fields.images(context.campaign.dimer.host, rows)


def _ask(
    context: Context, quantity: Quantity, after: Model, other: Model | None, own: FloatArray
) -> tuple[Field, FloatArray]:
    """The student's field and the chosen quantity in eV, shape of `own` without its last axis."""
    points = fields.to_host(context.campaign.dimer.host, own).reshape(-1, 3)
    student = asked.field(context, after, points)
    compared = asked.field(context, other, points) if other is not None else None
    return student, quantity.values(student, compared).reshape(own.shape[:-1])


def _outside_wall(context: Context, student: Field, values: FloatArray) -> FloatArray:
    limit = from_cm1(context.campaign.settings.limit_cm1)
    found: FloatArray = np.where(student.energy_ev.reshape(values.shape) < limit, values, np.nan)
    return found


def _scale(
    context: Context, quantity: Quantity, *values_ev: npt.ArrayLike, areas: FloatArray | None = None
) -> FieldScale:
    """One scale for all the values; `areas` are those of the first array's points."""
    parts = [np.asarray(v, dtype=float).reshape(-1) for v in values_ev]
    weights = [np.ones(len(part)) for part in parts]
    if areas is not None:
        weights[0] = areas.reshape(-1)
    cap = from_cm1(context.campaign.settings.limit_cm1)
    return field_scale(
        np.concatenate(parts), quantity, context.unit, context.colours, cap_ev=cap, weights=np.concatenate(weights)
    )


def _dot_column(quantity: Quantity, labels: pd.DataFrame, place: st.delta_generator.DeltaGenerator) -> tuple[str, str]:
    if not quantity.dots or labels.empty:
        return "", "label_ev"
    if len(quantity.dots) == 1:
        return quantity.dots[0]
    titles = [title for title, _ in quantity.dots]
    title = place.selectbox("Colour of the dots", titles, key="around_dots", persist_state="session")
    return str(title), dict(quantity.dots)[str(title)]


def _sphere(context: Context, quantity: Quantity, labels: pd.DataFrame, after: Model, other: Model | None) -> None:
    left, middle, right = st.columns([1.25, 1.35, 1], vertical_alignment="bottom")
    shell = left.segmented_control(
        "Sphere",
        list(SHELLS),
        format_func=SHELLS.__getitem__,
        default="well",
        required=True,
        key="around_shell",
        persist_state="session",
        help="At the well: in each direction, at the distance from the host's centre where the student is lowest.",
    )
    host = context.campaign.dimer.host
    # Without symmetry each direction is searched on its own: a coarser grid then keeps the answer quick.
    grid = fields.sphere(4.0 if len(host.operations) >= 4 else 6.0)
    if shell == "well":
        directions = grid.own.reshape(-1, 3) @ host.axes
        radius = asked.well(context, after, directions).reshape(grid.own.shape[:-1])
        middle.caption(
            f"The well lies {radius.min():.2f} to {radius.max():.2f} Å from the centre; the shape on the right is true."
        )
    else:
        farthest = float(np.linalg.norm(host.positions - host.centre, axis=1).max())
        chosen = middle.slider(
            "Distance from the host's centre (Å)",
            2.0,
            round(farthest + 7.0, 1),
            round(farthest + 2.5, 1),
            0.1,
            key=f"around_radius_{context.folder}",
        )
        radius = np.full(grid.own.shape[:-1], chosen)
    student, values_ev = _ask(context, quantity, after, other, grid.own * radius[..., None])
    values_ev = _outside_wall(context, student, values_ev)
    title, column = _dot_column(quantity, labels, right)
    longitude, latitude, distance = fields.angles(fields.own_places(labels))
    step = float(grid.longitude[1])
    shell_radius = radius[np.rint((latitude + 90) / step).astype(int), np.rint(longitude / step).astype(int)]
    near = labels[np.abs(distance - shell_radius) < NEAR]
    areas = np.broadcast_to(np.cos(np.radians(grid.latitude))[:, None], values_ev.shape)
    scale = _scale(context, quantity, values_ev, near[column], areas=areas)
    dots = Dots(title, near, context.convert(near[column].to_numpy(dtype=float)))
    values = context.convert(values_ev)
    arguments = (host, grid, values, radius, scale, dots, context.unit, context.colours)
    flat, solid = st.columns([1.55, 1], gap="small")
    flat.plotly_chart(sphere_map(*arguments, height=HEIGHT), theme=None, config=CHART_CONFIG, key="around-map")
    solid.plotly_chart(sphere_in_space(*arguments, height=HEIGHT), theme=None, config=CHART_CONFIG, key="around-solid")

    def rows() -> pd.DataFrame:
        a, b = np.meshgrid(grid.longitude, grid.latitude)
        return pd.DataFrame(
            {"longitude (deg)": a.ravel(), "latitude (deg)": b.ravel(), "radius (Angstrom)": radius.ravel()}
        ).assign(**{_named(context, quantity): values.ravel()})

    _foot(context, scale, near, title, quantity, rows, "sphere")


def _plane(context: Context, quantity: Quantity, labels: pd.DataFrame, after: Model, other: Model | None) -> None:
    left, middle, right = st.columns([1.25, 1.35, 1], vertical_alignment="bottom")
    turn = left.slider(
        "Upright plane, turned by (°)",
        0,
        180,
        0,
        5,
        key="around_turn",
        help="It holds the axis through the host's face, so that the molecule is seen from its edge.",
    )
    height = middle.slider("Plane parallel to the host, at height (Å)", 0.0, 8.0, 3.0, 0.1, key="around_height")
    host = context.campaign.dimer.host
    title, column = _dot_column(quantity, labels, right)
    found = []
    for grid in (fields.plane(host, "upright", float(turn)), fields.plane(host, "flat", float(height))):
        student, values_ev = _ask(context, quantity, after, other, grid.own)
        off = np.abs(grid.project(fields.own_places(labels))[:, 2])
        found.append((grid, _outside_wall(context, student, values_ev), labels[off < NEAR]))
    scale = _scale(context, quantity, *(v for _, v, _ in found), *(near[column] for _, _, near in found))
    for place, (grid, values_ev, near), bar in zip(st.columns([1, 1.12]), found, (False, True), strict=True):
        dots = Dots(title, near, context.convert(near[column].to_numpy(dtype=float)))
        values = context.convert(values_ev)
        figure = plane_map(host, grid, values, scale, dots, context.unit, context.colours, height=HEIGHT, bar=bar)
        place.plotly_chart(figure, theme=None, config=CHART_CONFIG, key=f"around-plane-{bar}")

    def rows() -> pd.DataFrame:
        points = np.concatenate([fields.to_host(host, grid.own).reshape(-1, 3) for grid, _, _ in found])
        table = pd.DataFrame(points, columns=["x (Angstrom)", "y (Angstrom)", "z (Angstrom)"])
        return table.assign(
            **{_named(context, quantity): np.concatenate([context.convert(v) for _, v, _ in found]).ravel()}
        )

    _foot(context, scale, pd.concat([near for _, _, near in found]), title, quantity, rows, "planes")


def _space(context: Context, quantity: Quantity, after: Model, other: Model | None) -> None:
    host = context.campaign.dimer.host
    own = fields.box(host)
    student, values_ev = _ask(context, quantity, after, other, own)
    limit_ev = from_cm1(context.campaign.settings.limit_cm1)
    # Models differ most on the wall: its shell would hide what they say about the well.
    fades = quantity.other is not None or quantity.column == "std_ev"
    outside = context.convert(np.where(student.energy_ev < (0.0 if fades else limit_ev), values_ev, np.nan))
    seen = outside[np.isfinite(outside)]
    levels = surface_levels(quantity, seen)
    if not levels:
        st.info("This quantity is the same everywhere outside the wall, so there is no surface to draw.")
        return
    scale = _scale(context, quantity, outside / context.unit.per_ev)
    wanted = 0.5 * seen.min() if quantity.title == "Student energy" else np.quantile(np.abs(seen), 0.96)
    wanted = -wanted if seen.max() <= 0 and quantity.other is None and wanted > 0 else wanted
    level = st.select_slider(
        f"Value on the surface ({context.unit.label})",
        levels,
        value=min(levels, key=lambda v: abs(v - wanted)),
        format_func=lambda v: f"{'±' if quantity.other else ''}{v:g}".replace("-", "−"),
        key=f"around_level_{quantity.title}_{context.unit.key}_{after.id}",
        help="The surface on which the quantity has this value; of a difference, both signs are drawn.",
    )
    if fades:  # exact in the attractive region, then to nothing at the limit: surfaces close instead of tearing
        drawn = values_ev * (1.0 - np.sqrt(np.clip(student.energy_ev / limit_ev, 0.0, 1.0)))
    else:
        drawn = np.clip(values_ev, -limit_ev, limit_ev)
    shown = [-level, level] if quantity.other else [level]
    figure = iso_figure(
        host, own, context.convert(drawn), shown, scale, context.unit, context.colours, height=HEIGHT + 30
    )
    st.plotly_chart(figure, theme=None, config=CHART_CONFIG, key="around-space")

    def rows() -> pd.DataFrame:
        table = pd.DataFrame(fields.to_host(host, own), columns=["x (Angstrom)", "y (Angstrom)", "z (Angstrom)"])
        return table.assign(**{_named(context, quantity): outside})

    _foot(context, None, None, "", quantity, rows, "space", region="attractive; fades out up the wall" if fades else "")


def _named(context: Context, quantity: Quantity) -> str:
    return f"{quantity.title} ({context.unit.label})"


def _foot(
    context: Context,
    scale: FieldScale | None,
    near: pd.DataFrame | None,
    title: str,
    quantity: Quantity,
    rows: Callable[[], pd.DataFrame],
    name: str,
    *,
    region: str = "",
) -> None:
    left, right = st.columns([4.6, 1], vertical_alignment="center")
    if scale is not None:
        words = [scale.note, "Blank: inside the wall."]
    else:
        words = [f"Drawn where the student is {region or 'below the wall'}."]
    if near is not None and title:
        n = near["id"].nunique()
        words.append(f"{n} labelled configuration{'s' if n != 1 else ''} within {NEAR} Å, as dots: {title}.")
    if scale is None and quantity.other is not None:
        words.append("Blue: the student is lower, red: higher.")
    if quantity.other == "distilled":
        words.append("The distilled student is the smooth stand-in for the teacher.")
    left.caption(" ".join(words), help=WALL_HELP)
    right.download_button(
        "Data (CSV)",
        lambda: rows().to_csv(index=False),
        f"{context.campaign.name}-{name}.csv",
        "text/csv",
        on_click="ignore",
        key=f"around-csv-{name}",
    )
