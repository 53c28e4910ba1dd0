"""Fields round a host in three dimensions: spheres and iso-surfaces about the molecule."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from ase.data import covalent_radii
from ase.data.colors import jmol_colors

from app.coordinates import bonds
from app.data.fields import Sphere, own_places, to_own
from app.figures.field_scale import FieldScale
from app.figures.fields import Dots, dot_text, marker
from app.theme import Palette
from nci_core.systems import Host
from nci_core.units import EnergyUnit

FloatArray = npt.NDArray[np.float64]


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
        data, text = dot_text(dots, unit)
        at = own_places(dots.rows)
        figure.add_trace(
            go.Scatter3d(
                x=at[:, 0],
                y=at[:, 1],
                z=at[:, 2],
                mode="markers",
                marker=marker(dots, scale, colours, 5),
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
