"""A Plotly drawing of the structure, for browsers that cannot load 3Dmol.js."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from ase.data import atomic_numbers, covalent_radii

from app.figures.scene import finish_scene, molecule
from app.theme import Palette
from nci_core.systems import Dimer

BALL = 22.0


def structure_figure(dimer: Dimer, position: npt.ArrayLike, colours: Palette, *, height: int = 340) -> go.Figure:
    """Host and probe as balls and sticks."""
    x, y, z = np.asarray(position, dtype=float)
    figure = go.Figure(molecule(dimer.host, dimer.host.positions, colours, ball=BALL))
    figure.update_traces(mode="markers+text", textfont={"color": colours.text}, selector={"name": "atoms"})
    figure.add_trace(
        go.Scatter3d(
            x=[x],
            y=[y],
            z=[z],
            mode="markers+text",
            text=[dimer.probe],
            textfont={"color": colours.text},
            marker={
                "size": BALL * covalent_radii[atomic_numbers[dimer.probe]],
                "color": colours.student,
                "line": {"width": 1},
            },
            hovertemplate="%{text} (%{x:.2f}, %{y:.2f}, %{z:.2f}) Å<extra></extra>",
            name="probe",
        )
    )
    return finish_scene(figure, colours, height=height, revision="structure", eye=(1.25, 1.25, 1.25))
