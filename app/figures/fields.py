"""Fields round a host: unrolled spheres, planes, spheres and iso-surfaces in space."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go
from ase.data import covalent_radii
from ase.data.colors import jmol_colors

from app.coordinates import bonds
from app.data.fields import Plane, Sphere, angles, own_places, to_own
from app.figures.field_scale import FieldScale
from app.theme import Palette, finish
from nci_core.systems import Host
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


def _marker(dots: Dots, scale: FieldScale, colours: Palette, size: int) -> dict[str, object]:
    return {
        "size": size,
        "color": scale.fraction(dots.values),
        "colorscale": scale.colours,
        "cmin": 0.0,
        "cmax": 1.0,
        "showscale": False,
        "line": {"color": colours.text, "width": 1.5},
    }


def _dot_text(dots: Dots, unit: EnergyUnit) -> tuple[npt.NDArray[np.object_], str]:
    data = np.column_stack([dots.rows["id"].to_numpy(), dots.values])
    return (
        data,
        f"configuration %{{customdata[0]:.0f}}<br>{dots.title} %{{customdata[1]:+.{unit.digits}f}} {unit.label}",
    )


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
    host: Host,
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
        data, text = _dot_text(dots, unit)
        x, y, _ = angles(own_places(dots.rows))
        figure.add_trace(
            go.Scatter(
                x=x,
                y=y,
                mode="markers",
                marker=_marker(dots, scale, colours, 9),
                customdata=data,
                hovertemplate=text + "<extra></extra>",
                name="dots",
            )
        )
    finish(figure, colours, height=height)
    figure.update_layout(showlegend=False, margin={"l": 60, "r": 8, "t": 12, "b": 46})
    figure.update_xaxes(title_text="longitude round the host (°)", range=[0, 360], dtick=60, title_standoff=4)
    figure.update_yaxes(title_text="latitude above its plane (°)", range=[-90, 90], dtick=30, title_standoff=4)
    return figure


def plane_map(
    host: Host,
    grid: Plane,
    values: FloatArray,
    scale: FieldScale,
    dots: Dots | None,
    unit: EnergyUnit,
    colours: Palette,
    *,
    height: int,
    bar: bool = True,
) -> go.Figure:
    """A plane through or above the host, with the host drawn, atoms in the plane bold; `bar`: with the colour bar."""
    hover = f"(%{{x:.2f}}, %{{y:.2f}}) Å<br>%{{customdata[0]:+.{unit.digits}f}} {unit.label}"
    figure = go.Figure(_filled(grid.u, grid.v, values, scale, unit, colours, hover, values[..., None]))
    places = grid.project(to_own(host, host.positions))
    for i, j in bonds(host):
        figure.add_trace(
            go.Scatter(
                x=places[[i, j], 0],
                y=places[[i, j], 1],
                mode="lines",
                line={"color": colours.text, "width": 2},
                opacity=0.7,
                hoverinfo="skip",
            )
        )
    near = np.abs(places[:, 2]) < IN_PLANE
    figure.add_trace(
        go.Scatter(
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
    )
    if dots is not None and len(dots.rows):
        data, text = _dot_text(dots, unit)
        at = grid.project(own_places(dots.rows))
        figure.add_trace(
            go.Scatter(
                x=at[:, 0],
                y=at[:, 1],
                mode="markers",
                marker=_marker(dots, scale, colours, 9),
                customdata=data,
                hovertemplate=text + "<extra></extra>",
                name="dots",
            )
        )
    figure.update_traces(showscale=bar, selector={"name": "field"})
    finish(figure, colours, height=height)
    figure.update_layout(showlegend=False, margin={"l": 60, "r": 8, "t": 12, "b": 46})
    figure.update_xaxes(title_text=grid.u_label, range=[grid.u[0], grid.u[-1]], title_standoff=4)
    figure.update_yaxes(
        title_text=grid.v_label, range=[grid.v[0], grid.v[-1]], scaleanchor="x", constrain="domain", title_standoff=4
    )
    figure.update_xaxes(constrain="domain")
    return figure


def host_in_space(host: Host, colours: Palette) -> list[go.Scatter3d]:
    """Atoms and bonds along the principal axes, one trace each."""
    own = to_own(host, host.positions)
    ends: list[list[float | None]] = [[], [], []]
    for i, j in bonds(host):
        for k in range(3):
            ends[k] += [own[i, k], own[j, k], None]
    fill = ["rgb({},{},{})".format(*(int(255 * v) for v in jmol_colors[z])) for z in host.numbers]
    line = {"color": colours.earlier, "width": 8}
    return [
        go.Scatter3d(x=ends[0], y=ends[1], z=ends[2], mode="lines", line=line, hoverinfo="skip", name="bonds"),
        go.Scatter3d(
            x=own[:, 0],
            y=own[:, 1],
            z=own[:, 2],
            mode="markers",
            text=[f"{s}{i + 1}" for i, s in enumerate(host.symbols)],
            marker={"size": [16 * covalent_radii[z] for z in host.numbers], "color": fill, "line": {"width": 1}},
            hovertemplate="%{text}<extra></extra>",
            name="atoms",
        ),
    ]


def _space(figure: go.Figure, colours: Palette, height: int, revision: str, eye: float = 1.0) -> go.Figure:
    hidden = {"visible": False}
    figure.update_layout(
        height=height,
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        font={"color": colours.text, "size": 13},
        hoverlabel={"font": {"size": 13}},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": colours.earlier, "activecolor": colours.text},
        uirevision=revision,
        scene={
            "xaxis": hidden,
            "yaxis": hidden,
            "zaxis": hidden,
            "aspectmode": "data",
            "camera": {"eye": {"x": 0.75 * eye, "y": -1.07 * eye, "z": 0.8 * eye}},
        },
    )
    return figure


def sphere_in_space(
    host: Host,
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
    """The same values on the surface itself, at its true distances; arguments as in `sphere_map`.

    With enough symmetry the upper front is left open, so that the host inside is seen.
    """
    where = grid.own * radius[..., None]
    opened = np.zeros(values.shape, dtype=bool)
    if len(host.operations) >= 4:  # what is left out is seen elsewhere, and the molecule inside shows
        opened = (grid.latitude[:, None] > 0) & (np.abs(grid.longitude - 305.0) < 45.0)[None]
    shown = np.where(np.isfinite(values) & ~opened, 1.0, np.nan)
    figure = go.Figure(host_in_space(host, colours))
    figure.add_trace(
        go.Surface(
            x=where[..., 0] * shown,
            y=where[..., 1] * shown,
            z=where[..., 2] * shown,
            surfacecolor=scale.fraction(values),
            customdata=np.stack([values, radius], axis=-1),
            colorscale=scale.colours,
            cmin=0.0,
            cmax=1.0,
            showscale=False,
            lighting={"ambient": 0.85, "diffuse": 0.35, "specular": 0.05},
            hovertemplate=f"%{{customdata[0]:+.{unit.digits}f}} {unit.label}, %{{customdata[1]:.2f}} Å<extra></extra>",
            name="field",
        )
    )
    if dots is not None and len(dots.rows):
        data, text = _dot_text(dots, unit)
        at = own_places(dots.rows)
        figure.add_trace(
            go.Scatter3d(
                x=at[:, 0],
                y=at[:, 1],
                z=at[:, 2],
                mode="markers",
                marker=_marker(dots, scale, colours, 5),
                customdata=data,
                hovertemplate=text + "<extra></extra>",
                name="dots",
            )
        )
    return _space(figure, colours, height, "sphere")


def iso_figure(
    host: Host,
    own: FloatArray,
    values: FloatArray,
    levels: list[float],
    scale: FieldScale,
    unit: EnergyUnit,
    colours: Palette,
    *,
    height: int,
) -> go.Figure:
    """Surfaces on which the field has the given values; a level is coloured as on the maps.

    Args:
        own: (m, 3) points of a regular grid along the principal axes, Å.
        values: (m,) in the unit shown, finite.
        levels: in the unit shown, none of them zero.
    """
    figure = go.Figure(host_in_space(host, colours))
    ends = [colour for _, colour in scale.colours] if scale.signed and not isinstance(scale.colours, str) else []
    for level in levels:
        colour = (ends[1] if level < 0 else ends[-2]) if ends else colours.student
        # Next to a wall a field is closer to exponential than to linear, which is how surfaces are interpolated.
        bent, at = np.arcsinh(values / abs(level)), float(np.arcsinh(np.sign(level)))
        figure.add_trace(
            go.Isosurface(
                x=own[:, 0].astype(np.float32),
                y=own[:, 1].astype(np.float32),
                z=own[:, 2].astype(np.float32),
                value=bent.astype(np.float32),
                isomin=at,
                isomax=at,
                surface={"count": 1},
                caps={"x": {"show": False}, "y": {"show": False}, "z": {"show": False}},
                colorscale=[(0.0, colour), (1.0, colour)],
                showscale=False,
                opacity=0.5,
                hovertemplate=f"{level:+.{unit.digits}f} {unit.label}<extra></extra>",
                name=f"{level:g}",
            )
        )
    return _space(figure, colours, height, "iso", eye=0.7)
