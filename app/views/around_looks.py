"""The three looks at a potential round its host: a sphere, two planes, and surfaces in space."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
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
from app.text import Markdown
from app.views.around_values import Chosen
from nci_core.systems import surroundings

SHELLS = {"well": "At the well", "radius": "At one radius"}
#: How far (Å) planes reach beyond the host.
BESIDE = 4.5
#: Models differ by any amount inside the host; there is nothing to learn from that.
WALL_HELP = "The wall begins where the student exceeds the campaign's energy limit; models are not fitted beyond it."


def _with_numbers(
    chosen: Chosen,
    figures: dict[str, go.Figure],
    places: FloatArray,
    values: FloatArray,
    note: Markdown,
    first: dict[str, FloatArray] | None = None,
    **layout: Any,
) -> None:
    """Figures by name, and the numbers they show: `values` in the unit shown at `places` (…, 3), after `first`."""
    title = f"{chosen.quantity.title} ({chosen.context.unit.label})"

    def rows() -> pd.DataFrame:
        columns = (first or {}) | {f"{axis} (Angstrom)": places[..., k] for k, axis in enumerate("xyz")}
        return pd.DataFrame({name: np.ravel(column) for name, column in (columns | {title: values}).items()})

    drawn = [Drawn(figure, name, rows) for name, figure in figures.items()]
    charts(chosen.context, *drawn, note=note, help=WALL_HELP, title=title, **layout)


def show_sphere(chosen: Chosen) -> None:
    """A sphere, or the surface of the student's minima, unrolled and as it is."""
    left, middle, right = st.columns([1.25, 1.35, 1], vertical_alignment="bottom")
    shell = one_of(
        left,
        "Sphere",
        SHELLS,
        key="around_shell",
        titled=True,
        help="In each direction, the distance from the host's centre at which the student's energy is lowest.",
    )
    context, host = chosen.context, chosen.context.host
    # Without symmetry each direction is searched on its own: a coarser grid then keeps the answer quick.
    grid = surroundings.sphere(4.0 if len(host.operations) >= 4 else 6.0)
    if shell == "well":
        directions = grid.own.reshape(-1, 3) @ host.axes
        radius = model_answers.well(context, chosen.students["student"], directions).reshape(grid.own.shape[:-1])
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
    places = surroundings.to_host(host, grid.own * radius[..., None])
    values_ev = chosen.outside_wall(places)
    title, column = chosen.choose_dots(right)
    near = _near_shell(chosen, grid, radius)
    longitude, latitude = np.meshgrid(grid.longitude, grid.latitude)
    scale = chosen.scale(values_ev, near[column], areas=np.cos(np.radians(latitude)))
    values = context.convert(values_ev)
    arguments = (host, grid, values, radius, scale, Dots(title, column, near))
    _with_numbers(
        chosen,
        {"sphere": sphere_map(*arguments), "sphere-in-space": sphere_in_space(*arguments)},
        places,
        values,
        chosen.flat_words(scale, near, title),
        {"longitude (deg)": longitude, "latitude (deg)": latitude, "radius (Angstrom)": radius},
        widths=[1.55, 1],
    )


def _near_shell(chosen: Chosen, grid: surroundings.Sphere, radius: FloatArray) -> pd.DataFrame:
    """Labelled configurations that lie on the surface of the given radius (b, a)."""
    longitude, latitude, distance = surroundings.angles(fields.own_places(chosen.labels))
    step = float(grid.longitude[1])
    shell_radius = radius[np.rint((latitude + 90) / step).astype(int), np.rint(longitude / step).astype(int)]
    return chosen.labels[np.abs(distance - shell_radius) < fields.NEAR]


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
    context, host = chosen.context, chosen.context.host
    title, column = chosen.choose_dots(right)
    half = np.abs(surroundings.to_own(host, host.positions)).max(axis=0)
    reach = (float(half[0]) + BESIDE, float(half[1:].max()) + BESIDE)  # the same for both, so that they have one scale
    labels = surroundings.to_host(host, fields.own_places(chosen.labels))
    drawings = []
    for kind, value in (("upright", float(turn)), ("flat", float(height))):
        grid = surroundings.plane(host, kind, value, reach=reach)
        dots = Dots(title, column, chosen.labels[np.abs(grid.project(labels)[:, 2]) < fields.NEAR])
        drawings.append(Drawing(grid, PLANE_LABELS[kind], context.convert(chosen.outside_wall(grid.points)), dots))
    values = np.concatenate([each.values.ravel() for each in drawings])
    near = pd.concat([each.dots.rows for each in drawings])
    scale = chosen.scale(values / context.unit.per_ev, near[column])
    places = np.concatenate([each.grid.points.reshape(-1, 3) for each in drawings])
    note = chosen.flat_words(scale, near, title)
    _with_numbers(chosen, {"planes": plane_maps(host, drawings, scale)}, places, values, note)


def show_space(chosen: Chosen) -> None:
    """Surfaces on which the quantity has one value."""
    context, quantity, host = chosen.context, chosen.quantity, chosen.context.host
    own = surroundings.box(host)
    places = surroundings.to_host(host, own)
    energy_ev, values_ev = chosen.ask(places)
    limit_ev = chosen.limit_ev
    # Models differ most on the wall: its shell would hide what they say about the well.
    fades = quantity.other is not None or quantity.column == "std_ev"
    outside_ev = np.where(energy_ev < (0.0 if fades else limit_ev), values_ev, np.nan)
    outside = context.convert(outside_ev)
    seen = outside[np.isfinite(outside)]
    levels = surface_levels(quantity, seen)
    if not levels:
        st.info("This quantity is the same everywhere outside the wall, so there is no surface to draw.")
        return
    wanted = 0.5 * seen.min() if quantity.is_energy else np.quantile(np.abs(seen), 0.96)
    wanted = -wanted if seen.max() <= 0 and quantity.other is None and wanted > 0 else wanted
    level = st.select_slider(
        f"Value on the surface ({context.unit.label})",
        levels,
        value=min(levels, key=lambda v: abs(v - wanted)),
        format_func=lambda v: f"{'±' if quantity.other else ''}{v:g}".replace("-", "−"),
        key=f"around_level_{quantity.title}_{context.unit.key}_{chosen.students['student'].id}_{chosen.split}",
        bind="query-params",
        help="The surface on which the quantity has this value; for a difference, both signs are drawn.",
    )
    if fades:  # exact in the attractive region, then to nothing at the limit: surfaces close instead of tearing
        drawn = values_ev * (1.0 - np.sqrt(np.clip(energy_ev / limit_ev, 0.0, 1.0)))
    else:
        drawn = np.clip(values_ev, -limit_ev, limit_ev)
    shown = [-level, level] if quantity.other else [level]
    figure = iso_figure(host, own, context.convert(drawn), shown, chosen.scale(outside_ev))
    region = "attractive, fading out up the wall," if fades else "below the wall"
    _with_numbers(chosen, {"surfaces": figure}, places, outside, chosen.space_words(region))
