"""Energies that somebody brings, before they are stored: against the distance, and in space about the host."""

import numpy as np
import plotly.graph_objects as go

from app.arrays import FloatArray
from app.figures.scales import SignedScale
from app.figures.scene import finish_scene, molecule
from app.theme import Palette
from nci_core.systems import Dimer, Monomer
from nci_core.units import EnergyUnit

#: More points in space slow a browser down and show nothing more.
MOST_IN_SPACE = 4000


def energy_against_distance(
    dimer: Dimer, positions: FloatArray, energies: FloatArray, unit: EnergyUnit, colours: Palette, *, height: int
) -> go.Figure:
    """Energies (m,) in the unit shown against the distance of positions (m, 3) in Å from the host's centre."""
    distance = np.linalg.norm(positions - dimer.a.centre, axis=1)
    low = min(float(energies.min()), 0.0)
    high = float(min(energies.max(), max(-2.0 * low, np.quantile(energies, 0.6), 1e-9)))
    room = 0.08 * (high - low)
    figure = go.Figure(
        go.Scattergl(
            x=distance,
            y=energies,
            mode="markers",
            marker={"size": 5, "color": colours.student, "opacity": 0.7},
            hovertemplate=f"%{{x:.2f}} Å, %{{y:+.{unit.digits}f}} {unit.label}<extra></extra>",
            name="energies",
        )
    )
    axis = {"gridcolor": colours.grid, "zeroline": True, "zerolinecolor": colours.earlier}
    figure.update_layout(
        height=height,
        margin={"l": 62, "r": 10, "t": 8, "b": 44},
        paper_bgcolor=colours.ground,
        plot_bgcolor=colours.ground,
        font={"color": colours.text, "size": 13},
        showlegend=False,
        xaxis=axis | {"title": f"distance from the centre of {dimer.a.name} (Å)", "zeroline": False},
        yaxis=axis | {"title": f"energy ({unit.label})", "range": [low - room, high + room]},
    )
    return figure


def points_in_space(
    host: Monomer,
    positions: FloatArray,
    energies: FloatArray,
    scale: SignedScale,
    unit: EnergyUnit,
    colours: Palette,
    *,
    frame: tuple[FloatArray, FloatArray] | None,
    height: int,
) -> go.Figure:
    """The points about the molecule, coloured by energies (m,) in the unit shown.

    `frame`: origin (3,) and axes (3, 3) as rows that the file's coordinates are measured from, each with its letter.
    """
    figure = go.Figure(molecule(host, host.positions, colours))
    rows = np.linspace(0, len(positions) - 1, min(len(positions), MOST_IN_SPACE)).astype(int)
    shades = {"colorscale": colours.scale("energy"), "cmin": 0.0, "cmax": 1.0}
    figure.add_scatter3d(
        **dict(zip("xyz", positions[rows].T, strict=True)),
        mode="markers",
        marker=shades | {"size": 3, "color": scale.fraction(energies[rows])},
        customdata=energies[rows],
        hovertemplate=f"(%{{x:.2f}}, %{{y:.2f}}, %{{z:.2f}}) Å<br>%{{customdata:+.{unit.digits}f}} {unit.label}"
        "<extra></extra>",
        name="energies",
    )
    if frame is not None:
        origin, axes = frame
        length = 1.3 + float(np.linalg.norm(host.positions - host.centre, axis=1).max())
        for axis, name in zip(axes, "xyz", strict=True):
            ends = np.column_stack([origin, origin + length * axis])
            figure.add_scatter3d(
                **dict(zip("xyz", ends, strict=True)),
                mode="lines+text",
                text=["", name],
                textfont={"color": colours.text, "size": 14},
                line={"color": colours.text, "width": 3},
                hoverinfo="skip",
                name=name,
            )
    return finish_scene(figure, colours, height=height, revision="own-energies", eye=(1.1, -1.3, 0.8))
