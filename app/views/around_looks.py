"""The three looks at a potential round its host: a sphere, two planes, and surfaces in space."""

import numpy as np
import pandas as pd
import streamlit as st

from app import model_answers
from app.arrays import FloatArray
from app.chart import Drawn, charts
from app.choices import one_of
from app.data import fields
from app.figures.field_scale import surface_levels
from app.figures.fields import Dots, Drawing, plane_maps, sphere_map
from app.figures.plane import PLANE_LABELS
from app.figures.space import iso_figure, sphere_in_space
from app.views.around_values import NEAR, WALL_HELP, Chosen
from nci_core.systems import surroundings

SHELLS = {"well": "At the well", "radius": "At one radius"}
HEIGHT = 360
#: How far (Å) planes reach beyond the host.
BESIDE = 4.5
XYZ = ["x (Angstrom)", "y (Angstrom)", "z (Angstrom)"]


def show_sphere(chosen: Chosen) -> None:
    """A sphere, or the surface of the student's minima, unrolled and as it is."""
    left, middle, right = st.columns([1.25, 1.35, 1], vertical_alignment="bottom")
    shell = one_of(
        left,
        "Sphere",
        SHELLS,
        key="around_shell",
        first="well",
        titled=True,
        help="In each direction, the distance from the host's centre at which the student's energy is lowest.",
    )
    context, host = chosen.context, chosen.host
    # Without symmetry each direction is searched on its own: a coarser grid then keeps the answer quick.
    grid = surroundings.sphere(4.0 if len(host.operations) >= 4 else 6.0)
    if shell == "well":
        directions = grid.own.reshape(-1, 3) @ host.axes
        radius = model_answers.well(context, chosen.after, directions).reshape(grid.own.shape[:-1])
        middle.caption(
            f"The well lies {radius.min():.2f} to {radius.max():.2f} Å from the centre, as the shape on the right "
            "shows."
        )
    else:
        farthest = float(np.linalg.norm(host.positions - host.centre, axis=1).max())
        distance = middle.slider(
            "Distance from the host's centre (Å)",
            2.0,
            round(farthest + 7.0, 1),
            round(farthest + 2.5, 1),
            0.1,
            key="around_radius",
            bind="query-params",
        )
        radius = np.full(grid.own.shape[:-1], distance)
    student, values_ev = chosen.ask(grid.own * radius[..., None])
    values_ev = chosen.outside_wall(student, values_ev)
    title, column = chosen.dot_column(right)
    near = _near_shell(chosen, grid, radius)
    areas = np.broadcast_to(np.cos(np.radians(grid.latitude))[:, None], values_ev.shape)
    scale = chosen.scale(values_ev, near[column], areas=areas)
    dots = Dots(title, near, context.convert(near[column].to_numpy(dtype=float)))
    values = context.convert(values_ev)
    arguments = (host, grid, values, radius, scale, dots, context.unit, context.colours)

    def rows() -> pd.DataFrame:
        a, b = np.meshgrid(grid.longitude, grid.latitude)
        names = {"longitude (deg)": a.ravel(), "latitude (deg)": b.ravel(), "radius (Angstrom)": radius.ravel()}
        places = surroundings.to_host(host, grid.own * radius[..., None]).reshape(-1, 3)
        return pd.DataFrame(names | dict(zip(XYZ, places.T, strict=True))).assign(**{chosen.column: values.ravel()})

    charts(
        context,
        Drawn(sphere_map(*arguments, height=HEIGHT), "sphere", rows),
        Drawn(sphere_in_space(*arguments, height=HEIGHT), "sphere-in-space", rows),
        widths=[1.55, 1],
        note=chosen.flat_words(scale, near, title),
        help=WALL_HELP,
        title=chosen.column,
    )


def _near_shell(chosen: Chosen, grid: surroundings.Sphere, radius: FloatArray) -> pd.DataFrame:
    """Labelled configurations that lie on the surface of the given radius (b, a)."""
    longitude, latitude, distance = surroundings.angles(fields.own_places(chosen.labels))
    step = float(grid.longitude[1])
    shell_radius = radius[np.rint((latitude + 90) / step).astype(int), np.rint(longitude / step).astype(int)]
    return chosen.labels[np.abs(distance - shell_radius) < NEAR]


def show_planes(chosen: Chosen) -> None:
    """A plane through the host's axis and one parallel to the host."""
    left, middle, right = st.columns([1.25, 1.35, 1], vertical_alignment="bottom")
    turn = left.slider(
        "Upright plane, turned by (°)",
        0,
        180,
        0,
        5,
        key="around_turn",
        bind="query-params",
        help="It contains the z axis, and at 0° also the host's longest axis.",
    )
    height = middle.slider(
        "Plane parallel to the host, at height (Å)", 0.0, 8.0, 3.0, 0.1, key="around_height", bind="query-params"
    )
    context, host = chosen.context, chosen.host
    title, column = chosen.dot_column(right)
    found = []
    half = np.abs(surroundings.to_own(host, host.positions)).max(axis=0)
    reach = (float(half[0]) + BESIDE, float(half[1:].max()) + BESIDE)  # the same for both, so that they have one scale
    for kind, value in (("upright", float(turn)), ("flat", float(height))):
        grid = surroundings.plane(host, kind, value, reach=reach)
        student, values_ev = chosen.ask(surroundings.to_own(host, grid.points))
        off = np.abs(grid.project(surroundings.to_host(host, fields.own_places(chosen.labels)))[:, 2])
        found.append((grid, chosen.outside_wall(student, values_ev), chosen.labels[off < NEAR]))
    scale = chosen.scale(*(v for _, v, _ in found), *(near[column] for _, _, near in found))

    def rows() -> pd.DataFrame:
        points = np.concatenate([grid.points.reshape(-1, 3) for grid, _, _ in found])
        values = np.concatenate([context.convert(v) for _, v, _ in found]).ravel()
        return pd.DataFrame(points, columns=XYZ).assign(**{chosen.column: values})

    drawings = [
        Drawing(
            grid,
            PLANE_LABELS[kind],
            context.convert(values_ev),
            Dots(title, near, context.convert(near[column].to_numpy(dtype=float))),
        )
        for kind, (grid, values_ev, near) in zip(("upright", "flat"), found, strict=True)
    ]
    figure = plane_maps(host, drawings, scale, context.unit, context.colours, height=HEIGHT)
    words = chosen.flat_words(scale, pd.concat([near for _, _, near in found]), title)
    charts(context, Drawn(figure, "planes", rows), note=words, help=WALL_HELP, title=chosen.column)


def show_space(chosen: Chosen) -> None:
    """Surfaces on which the quantity has one value."""
    context, quantity, host = chosen.context, chosen.quantity, chosen.host
    own = surroundings.box(host)
    student, values_ev = chosen.ask(own)
    limit_ev = chosen.limit_ev
    # Models differ most on the wall: its shell would hide what they say about the well.
    fades = quantity.other is not None or quantity.column == "std_ev"
    outside = context.convert(np.where(student.energy_ev < (0.0 if fades else limit_ev), values_ev, np.nan))
    seen = outside[np.isfinite(outside)]
    levels = surface_levels(quantity, seen)
    if not levels:
        st.info("This quantity is the same everywhere outside the wall, so there is no surface to draw.")
        return
    scale = chosen.scale(outside / context.unit.per_ev)
    wanted = 0.5 * seen.min() if quantity.is_energy else np.quantile(np.abs(seen), 0.96)
    wanted = -wanted if seen.max() <= 0 and quantity.other is None and wanted > 0 else wanted
    level = st.select_slider(
        f"Value on the surface ({context.unit.label})",
        levels,
        value=min(levels, key=lambda v: abs(v - wanted)),
        format_func=lambda v: f"{'±' if quantity.other else ''}{v:g}".replace("-", "−"),
        key=f"around_level_{quantity.title}_{context.unit.key}_{chosen.after.id}_{chosen.split}",
        bind="query-params",
        help="The surface on which the quantity has this value; for a difference, both signs are drawn.",
    )
    if fades:  # exact in the attractive region, then to nothing at the limit: surfaces close instead of tearing
        drawn = values_ev * (1.0 - np.sqrt(np.clip(student.energy_ev / limit_ev, 0.0, 1.0)))
    else:
        drawn = np.clip(values_ev, -limit_ev, limit_ev)
    shown = [-level, level] if quantity.other else [level]
    figure = iso_figure(
        host, own, context.convert(drawn), shown, scale, context.unit, context.colours, height=HEIGHT + 30
    )

    def rows() -> pd.DataFrame:
        return pd.DataFrame(surroundings.to_host(host, own), columns=XYZ).assign(**{chosen.column: outside})

    region = "attractive, fading out up the wall," if fades else "below the wall"
    charts(
        context, Drawn(figure, "surfaces", rows), note=chosen.space_words(region), help=WALL_HELP, title=chosen.column
    )
