"""What all Plotly drawings in three dimensions share: a molecule as balls and sticks, and a scene without axes."""

import numpy as np
import plotly.graph_objects as go
from ase.data import covalent_radii
from ase.data.colors import jmol_colors

from app.arrays import FloatArray
from app.theme import Palette
from nci_core.systems import Monomer
from nci_core.systems.surroundings import bond_pairs

#: Pixels a marker is wide for each Å of covalent radius.
BALL = 16.0
#: Å round what is drawn; half the size of a scene in Plotly's units; the angle its camera sees, radians.
MARGIN, SIZE, FIELD_OF_VIEW = 0.5, 0.8, np.pi / 4


def xyz(places: FloatArray) -> dict[str, FloatArray]:
    """Places (…, 3) as Plotly takes them: x, y and z, each of the shape in front."""
    return dict(zip("xyz", np.moveaxis(places, -1, 0), strict=True))


def molecule(host: Monomer, places: FloatArray, colours: Palette, *, ball: float = BALL) -> list[go.Scatter3d]:
    """Bonds and atoms of a host whose atoms are at places (n, 3) in Å, one trace each."""
    ends: list[list[float | None]] = [[], [], []]
    for i, j in bond_pairs(host):
        for k in range(3):
            ends[k] += [places[i, k], places[j, k], None]
    fill = ["rgb({},{},{})".format(*(int(255 * v) for v in jmol_colors[z])) for z in host.numbers]
    return [
        go.Scatter3d(
            **dict(zip("xyz", ends, strict=True)),
            mode="lines",
            line={"color": colours.earlier, "width": 8},
            hoverinfo="skip",
        ),
        go.Scatter3d(
            **xyz(places),
            mode="markers",
            text=[f"{s}{i + 1}" for i, s in enumerate(host.symbols)],
            marker={"size": [ball * covalent_radii[z] for z in host.numbers], "color": fill, "line": {"width": 1}},
            hovertemplate="%{text} (%{x:.2f}, %{y:.2f}, %{z:.2f}) Å<extra></extra>",
            name="atoms",
        ),
    ]


def _drawn(figure: go.Figure) -> FloatArray:
    """(m, 3) finite places of everything in a scene."""
    parts = [np.stack([np.ravel(np.array(t[k], dtype=float)) for k in "xyz"], axis=1) for t in figure.data]
    places = np.concatenate(parts)
    return places[np.isfinite(places).all(axis=1)]


def finish_scene(
    figure: go.Figure,
    colours: Palette,
    *,
    height: int,
    revision: str,
    eye: tuple[float, float, float],
    within: FloatArray | None = None,
) -> go.Figure:
    """The look shared by all scenes: no axes, true proportions; the camera stays between reruns (`revision`).

    All that is drawn is in the frame, seen from the direction `eye`; or the ball in the box of `within` (m, 3), which
    then is the same whatever is drawn in it.
    """
    drawn = _drawn(figure) if within is None else within
    low, high = drawn.min(axis=0) - MARGIN, drawn.max(axis=0) + MARGIN
    middle, span = (low + high) / 2, high - low
    # Nothing reaches the corners of a box that is given.
    away = 0.8 * span.max() / 2 if within is not None else np.linalg.norm(drawn - middle, axis=1).max() + MARGIN
    camera = np.array(eye) / np.linalg.norm(eye) * SIZE / np.sin(FIELD_OF_VIEW / 2)
    axes = {
        f"{letter}axis": {"range": [low[k], high[k]], "visible": False, "title": {"text": f"{letter} (Å)"}}
        for k, letter in enumerate("xyz")
    }
    figure.update_layout(
        height=height,
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        paper_bgcolor=colours.ground,
        font={"color": colours.text, "size": 13},
        hoverlabel={"font": {"size": 13}},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": colours.earlier, "activecolor": colours.text},
        uirevision=revision,
        scene=axes | {"aspectmode": "manual", "aspectratio": xyz(span / away * SIZE), "camera": {"eye": xyz(camera)}},
    )
    return figure
