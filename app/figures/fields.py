"""Fields round a host on flat paper: unrolled spheres and planes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.arrays import FloatArray
from app.data.fields import own_places
from app.figures.field_scale import FieldScale
from app.theme import Palette, finish
from nci_core.systems import Monomer
from nci_core.systems.planes import PlaneGrid
from nci_core.systems.surroundings import Sphere, angles, bond_pairs, outermost, to_host, to_own

#: Host atoms this close (Å) to a plane are drawn as lying in it.
IN_PLANE = 0.3
HEIGHT = 360


@dataclass(frozen=True)
class Dots:
    """Labelled configurations drawn on a field.

    Attributes:
        title: what their colour means.
        column: of the rows, in eV, that has it.
        rows: rows of `app.data.fields.images`.
    """

    title: str
    column: str
    rows: pd.DataFrame

    def look(self, scale: FieldScale, size: int) -> dict[str, Any]:
        """What Plotly needs beside their places, on paper or in space; they are coloured like the field."""
        values = self.rows[self.column].to_numpy(dtype=float) * scale.unit.per_ev
        return {
            "mode": "markers",
            "marker": {
                "size": size,
                "color": scale.fraction(values),
                "colorscale": scale.colours,
                "cmin": 0.0,
                "cmax": 1.0,
                "showscale": False,
                "line": {"color": scale.palette.text, "width": 1},
            },
            "customdata": np.column_stack([self.rows["id"].to_numpy(), values]),
            "hovertemplate": f"configuration %{{customdata[0]:.0f}}<br>{self.title} "
            f"%{{customdata[1]:+.{scale.unit.digits}f}} {scale.unit.label}<extra></extra>",
            "name": "dots",
        }


def _filled(
    x: FloatArray, y: FloatArray, values: FloatArray, scale: FieldScale, hover: str, customdata: FloatArray
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
        line={"color": scale.palette.ground, "width": 0.6},
        colorbar=scale.colour_bar(),
        hovertemplate=hover + "<extra></extra>",
        name="field",
    )


def finished(
    figure: go.Figure, colours: Palette, x: dict[str, Any], y: dict[str, Any], *, height: int = HEIGHT, **margin: int
) -> go.Figure:
    """The look of figures beside each other: narrow margins, and titles of the axes close to them."""
    finish(figure, colours, height=height)
    figure.update_layout(margin={"r": 8, "b": 46} | margin)
    figure.update_xaxes(title_standoff=4, **x)
    figure.update_yaxes(title_standoff=4, **y)
    return figure


def sphere_map(
    host: Monomer, grid: Sphere, values: FloatArray, radius: FloatArray, scale: FieldScale, dots: Dots
) -> go.Figure:
    """The sphere unrolled: angle round the thinnest axis against angle above the plane.

    `values` (b, a) in the unit shown, NaN where nothing is drawn; `radius` (b, a) in Å.
    """
    hover = (
        f"longitude %{{x:.0f}}°, latitude %{{y:.0f}}°<br>%{{customdata[0]:+.{scale.unit.digits}f}} {scale.unit.label} "
        "at %{customdata[1]:.2f} Å"
    )
    data = np.stack([values, radius], axis=-1)
    figure = go.Figure(_filled(grid.longitude, grid.latitude, values, scale, hover, data))
    seen = outermost(host)
    longitude, latitude, _ = angles(to_own(host, host.positions[seen]))
    figure.add_scatter(
        x=longitude,
        y=latitude,
        text=[host.symbols[i] for i in seen],
        mode="text",
        textfont={"color": scale.palette.text, "size": 13},
        hovertemplate="direction of atom %{text}<extra></extra>",
        name="atoms",
    )
    if len(dots.rows):
        x, y, _ = angles(own_places(dots.rows))
        figure.add_scatter(x=x, y=y, **dots.look(scale, 7))
    figure.update_layout(showlegend=False)
    x = {"title_text": "longitude (°)", "range": [0, 360], "dtick": 60}
    y = {"title_text": "latitude (°)", "range": [-90, 90], "dtick": 30}
    return finished(figure, scale.palette, x, y, l=60, t=12)


@dataclass(frozen=True)
class Drawing:
    """A plane, titles of its axes, values (b, a) in the unit shown, NaN where nothing is drawn, and dots on it."""

    grid: PlaneGrid
    labels: tuple[str, str]
    values: FloatArray
    dots: Dots


def plane_maps(host: Monomer, drawings: list[Drawing], scale: FieldScale) -> go.Figure:
    """Planes side by side with the host drawn, atoms in the plane bold; ranges and scale are the same in all."""
    figure = make_subplots(rows=1, cols=len(drawings), horizontal_spacing=0.08)
    for column, drawing in enumerate(drawings, start=1):
        for trace in _plane_traces(host, drawing, scale):
            figure.add_trace(trace, row=1, col=column)
        figure.update_xaxes(title_text=drawing.labels[0], row=1, col=column)
        figure.update_yaxes(title_text=drawing.labels[1], scaleanchor=f"x{column if column > 1 else ''}", col=column)
    across, up = (max(float(getattr(each.grid, axis)[-1]) for each in drawings) for axis in "uv")
    x, y = ({"range": [-reach, reach], "constrain": "domain"} for reach in (across, up))
    figure.update_layout(showlegend=False)
    return finished(figure, scale.palette, x, y, l=60, t=12)


def _plane_traces(host: Monomer, drawing: Drawing, scale: FieldScale) -> Iterator[go.Contour | go.Scatter]:
    grid, values, colours = drawing.grid, drawing.values, scale.palette
    hover = f"(%{{x:.2f}}, %{{y:.2f}}) Å<br>%{{customdata[0]:+.{scale.unit.digits}f}} {scale.unit.label}"
    yield _filled(grid.u, grid.v, values, scale, hover, values[..., None])
    places = grid.project(host.positions)
    yield from bonds(host, places, {"color": colours.text, "width": 2}, opacity=0.7)
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
    if len(drawing.dots.rows):
        at = grid.project(to_host(host, own_places(drawing.dots.rows)))
        yield go.Scatter(x=at[:, 0], y=at[:, 1], **drawing.dots.look(scale, 7))


def bonds(host: Monomer, places: FloatArray, line: dict[str, Any], **look: Any) -> list[go.Scatter]:
    """The host's bonds between its atoms at places (n, 2 or more) on paper, one trace each."""
    return [
        go.Scatter(x=places[pair, 0], y=places[pair, 1], mode="lines", line=line, hoverinfo="skip", **look)
        for pair in map(list, bond_pairs(host))
    ]
