"""What all Plotly drawings in three dimensions share: a molecule as balls and sticks, and a scene without axes."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from ase.data import covalent_radii
from ase.data.colors import jmol_colors

from app.coordinates import bonds
from app.theme import Palette
from nci_core.systems import Host

FloatArray = npt.NDArray[np.float64]

#: Pixels a marker is wide for each Å of covalent radius.
BALL = 16.0
HIDDEN = {letter: {"visible": False, "title": {"text": f"{letter} (Å)"}} for letter in "xyz"}


def molecule(host: Host, places: FloatArray, colours: Palette, *, ball: float = BALL) -> list[go.Scatter3d]:
    """Bonds and atoms of a host whose atoms are at places (n, 3) in Å, one trace each."""
    ends: list[list[float | None]] = [[], [], []]
    for i, j in bonds(host):
        for k in range(3):
            ends[k] += [places[i, k], places[j, k], None]
    fill = ["rgb({},{},{})".format(*(int(255 * v) for v in jmol_colors[z])) for z in host.numbers]
    return [
        go.Scatter3d(
            x=ends[0],
            y=ends[1],
            z=ends[2],
            mode="lines",
            line={"color": colours.earlier, "width": 8},
            hoverinfo="skip",
        ),
        go.Scatter3d(
            x=places[:, 0],
            y=places[:, 1],
            z=places[:, 2],
            mode="markers",
            text=[f"{s}{i + 1}" for i, s in enumerate(host.symbols)],
            marker={"size": [ball * covalent_radii[z] for z in host.numbers], "color": fill, "line": {"width": 1}},
            hovertemplate="%{text} (%{x:.2f}, %{y:.2f}, %{z:.2f}) Å<extra></extra>",
            name="atoms",
        ),
    ]


def finish_scene(
    figure: go.Figure, colours: Palette, *, height: int, revision: str, eye: tuple[float, float, float]
) -> go.Figure:
    """The look shared by all scenes: no axes, true proportions; the camera stays between reruns (`revision`)."""
    x, y, z = eye
    figure.update_layout(
        height=height,
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor=colours.ground,
        font={"color": colours.text, "size": 13},
        hoverlabel={"font": {"size": 13}},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": colours.earlier, "activecolor": colours.text},
        uirevision=revision,
        scene={f"{letter}axis": hidden for letter, hidden in HIDDEN.items()}
        | {"aspectmode": "data", "camera": {"eye": {"x": x, "y": y, "z": z}}},
    )
    return figure
