"""A Plotly drawing of the structure, for browsers that cannot load 3Dmol.js."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from ase.data import atomic_numbers, covalent_radii
from ase.data.colors import jmol_colors

from app.coordinates import bonds
from app.theme import Palette
from nci_core.systems import Dimer


def structure_figure(dimer: Dimer, position: npt.ArrayLike, colours: Palette, *, height: int = 340) -> go.Figure:
    """Host and probe as balls and sticks; the camera stays between reruns (`uirevision`)."""
    host, point = dimer.host, np.asarray(position, dtype=float)
    figure = go.Figure()
    for i, j in bonds(host):
        ends = host.positions[[i, j]]
        figure.add_trace(
            go.Scatter3d(
                x=ends[:, 0],
                y=ends[:, 1],
                z=ends[:, 2],
                mode="lines",
                line={"color": colours.earlier, "width": 8},
                hoverinfo="skip",
            )
        )
    names = [*host.symbols, dimer.probe]
    places = np.vstack([host.positions, point])
    numbers = [atomic_numbers[name] for name in names]
    fill = ["rgb({},{},{})".format(*(int(255 * v) for v in jmol_colors[z])) for z in numbers[:-1]] + [colours.student]
    figure.add_trace(
        go.Scatter3d(
            x=places[:, 0],
            y=places[:, 1],
            z=places[:, 2],
            mode="markers+text",
            text=names,
            marker={"size": [22 * covalent_radii[z] for z in numbers], "color": fill, "line": {"width": 1}},
            textfont={"color": colours.text},
            hovertemplate="%{text} (%{x:.2f}, %{y:.2f}, %{z:.2f}) Å<extra></extra>",
        )
    )
    hidden = {"visible": False}
    figure.update_layout(
        height=height,
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        uirevision="structure",
        scene={"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "aspectmode": "data"},
    )
    return figure
