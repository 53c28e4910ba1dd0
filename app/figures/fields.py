"""Fields round a host on flat paper: unrolled spheres and planes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.coordinates import bonds
from app.data.fields import Sphere, angles, own_places, to_host, to_own
from app.figures.field_scale import FieldScale
from app.theme import Palette, finish
from nci_core.systems import Monomer
from nci_core.systems.planes import PlaneGrid
from nci_core.units import EnergyUnit

FloatArray = npt.NDArray[np.float64]

#: Host atoms this close (Å) to a plane are drawn as lying in it.
IN_PLANE = 0.3


@dataclass(frozen=True)
class Dots:
    """Labelled configurations drawn on a field.

    Attributes:
        title: what their colour means.
        rows: rows of `app.data.fields.images`.
        values: (m,) in the unit shown.
    """

    title: str
    rows: pd.DataFrame
    values: FloatArray


def marker(dots: Dots, scale: FieldScale, colours: Palette, size: int) -> dict[str, object]:
    """Plotly's marker of dots that are coloured like the field."""
    return {
        "size": size,
        "color": scale.fraction(dots.values),
        "colorscale": scale.colours,
        "cmin": 0.0,
        "cmax": 1.0,
        "showscale": False,
        "line": {"color": colours.text, "width": 1},
    }


def dot_text(dots: Dots, unit: EnergyUnit) -> tuple[npt.NDArray[np.object_], str]:
    """(m, 2) ids and values for `customdata`, and the hover text that names them."""
    data = np.column_stack([dots.rows["id"].to_numpy(), dots.values])
    return (
        data,
        f"configuration %{{customdata[0]:.0f}}<br>{dots.title} %{{customdata[1]:+.{unit.digits}f}} {unit.label}",
    )


def dot_trace(
    x: FloatArray, y: FloatArray, dots: Dots, scale: FieldScale, unit: EnergyUnit, colours: Palette
) -> go.Scatter:
    """Dots at places on flat paper."""
    data, text = dot_text(dots, unit)
    look = marker(dots, scale, colours, 7)
    hover = text + "<extra></extra>"
    return go.Scatter(x=x, y=y, mode="markers", marker=look, customdata=data, hovertemplate=hover, name="dots")


def _filled(
    x: FloatArray,
    y: FloatArray,
    values: FloatArray,
    scale: FieldScale,
    unit: EnergyUnit,
    colours: Palette,
    hover: str,
    customdata: FloatArray,
) -> go.Contour:
    return go.Contour(
        x=x,
        y=y,
        z=np.where(np.isfinite(values), scale.fraction(values), np.nan),
        customdata=customdata,
        colorscale=scale.colours,
        zmin=0.0,
        zmax=1.0,
        contours={"coloring": "heatmap", "start": 0.1, "end": 0.9, "size": 0.1},
        line={"color": colours.ground, "width": 0.6},
        colorbar=scale.colour_bar(unit),
        hovertemplate=hover + "<extra></extra>",
        name="field",
    )


def _outermost(own: FloatArray) -> npt.NDArray[np.bool_]:
    """Atoms that no farther atom hides, seen from the centre, and that are not at the centre; (n,)."""
    radius = np.linalg.norm(own, axis=1)
    direction = own / np.maximum(radius, 1e-9)[:, None]
    hidden = (direction @ direction.T > np.cos(np.radians(8.0))) & (radius[None] > radius[:, None] + 0.1)
    kept: npt.NDArray[np.bool_] = ~hidden.any(axis=1) & (radius > 0.1)
    return kept


def sphere_map(
    host: Monomer,
    grid: Sphere,
    values: FloatArray,
    radius: FloatArray,
    scale: FieldScale,
    dots: Dots | None,
    unit: EnergyUnit,
    colours: Palette,
    *,
    height: int,
) -> go.Figure:
    """The sphere unrolled: angle round the thinnest axis against angle above the plane.

    `values` (b, a) in the unit shown, NaN where nothing is drawn; `radius` (b, a) in Å.
    """
    hover = (
        f"longitude %{{x:.0f}}°, latitude %{{y:.0f}}°<br>%{{customdata[0]:+.{unit.digits}f}} {unit.label} "
        "at %{customdata[1]:.2f} Å"
    )
    data = np.stack([values, radius], axis=-1)
    figure = go.Figure(_filled(grid.longitude, grid.latitude, values, scale, unit, colours, hover, data))
    longitude, latitude, _ = angles(to_own(host, host.positions))
    off_centre = _outermost(to_own(host, host.positions))
    figure.add_trace(
        go.Scatter(
            x=longitude[off_centre],
            y=latitude[off_centre],
            text=[s for s, keep in zip(host.symbols, off_centre, strict=True) if keep],
            mode="text",
            textfont={"color": colours.text, "size": 13},
            hovertemplate="direction of atom %{text}<extra></extra>",
            name="atoms",
        )
    )
    if dots is not None and len(dots.rows):
        x, y, _ = angles(own_places(dots.rows))
        figure.add_trace(dot_trace(x, y, dots, scale, unit, colours))
    finish(figure, colours, height=height)
    figure.update_layout(showlegend=False, margin={"l": 60, "r": 8, "t": 12, "b": 46})
    figure.update_xaxes(title_text="longitude (°)", range=[0, 360], dtick=60, title_standoff=4)
    figure.update_yaxes(title_text="latitude (°)", range=[-90, 90], dtick=30, title_standoff=4)
    return figure


@dataclass(frozen=True)
class Drawing:
    """A plane, titles of its axes, values (b, a) in the unit shown, NaN where nothing is drawn, and dots on it."""

    grid: PlaneGrid
    labels: tuple[str, str]
    values: FloatArray
    dots: Dots | None = None


def plane_maps(
    host: Monomer, drawings: list[Drawing], scale: FieldScale, unit: EnergyUnit, colours: Palette, *, height: int
) -> go.Figure:
    """Planes side by side with the host drawn, atoms in the plane bold; ranges and scale are the same in all."""
    figure = make_subplots(rows=1, cols=len(drawings), horizontal_spacing=0.08)
    for column, drawing in enumerate(drawings, start=1):
        for trace in _plane_traces(host, drawing, scale, unit, colours):
            figure.add_trace(trace, row=1, col=column)
        figure.update_xaxes(title_text=drawing.labels[0], row=1, col=column)
        figure.update_yaxes(title_text=drawing.labels[1], scaleanchor=f"x{column if column > 1 else ''}", col=column)
    finish(figure, colours, height=height)
    figure.update_layout(showlegend=False, margin={"l": 60, "r": 8, "t": 12, "b": 46})
    grids = [drawing.grid for drawing in drawings]
    for update, axis in ((figure.update_xaxes, "u"), (figure.update_yaxes, "v")):
        reach = max(float(getattr(grid, axis)[-1]) for grid in grids)
        update(range=[-reach, reach], constrain="domain", title_standoff=4)
    return figure


def _plane_traces(
    host: Monomer, drawing: Drawing, scale: FieldScale, unit: EnergyUnit, colours: Palette
) -> Iterator[go.Contour | go.Scatter]:
    grid, values = drawing.grid, drawing.values
    hover = f"(%{{x:.2f}}, %{{y:.2f}}) Å<br>%{{customdata[0]:+.{unit.digits}f}} {unit.label}"
    yield _filled(grid.u, grid.v, values, scale, unit, colours, hover, values[..., None])
    places = grid.project(host.positions)
    for i, j in bonds(host):
        yield go.Scatter(
            x=places[[i, j], 0],
            y=places[[i, j], 1],
            mode="lines",
            line={"color": colours.text, "width": 2},
            opacity=0.7,
            hoverinfo="skip",
        )
    near = np.abs(places[:, 2]) < IN_PLANE
    yield go.Scatter(
        x=places[:, 0],
        y=places[:, 1],
        text=[f"<b>{s}</b>" if keep else s for s, keep in zip(host.symbols, near, strict=True)],
        mode="markers+text",
        marker={"size": 19, "color": colours.ground, "line": {"color": colours.text, "width": 1}},
        textfont={"color": colours.text, "size": 12},
        opacity=1.0 if near.any() else 0.65,
        customdata=places[:, 2],
        hovertemplate="%{text}, %{customdata:+.2f} Å from this plane<extra></extra>",
        name="atoms",
    )
    if drawing.dots is not None and len(drawing.dots.rows):
        at = grid.project(to_host(host, own_places(drawing.dots.rows)))
        yield dot_trace(at[:, 0], at[:, 1], drawing.dots, scale, unit, colours)
