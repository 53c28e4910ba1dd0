"""A Plotly drawing of the structure, for browsers that cannot load 3Dmol.js."""

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from ase.data import covalent_radii

from app.figures.scene import finish_scene, molecule, xyz
from app.theme import Palette
from nci_core.systems import Dimer

#: Diameters of an atom of 1 Å covalent radius, and of a further position.
BALL, OTHER = 22.0, 3.0


def structure_figure(
    dimer: Dimer, position: npt.ArrayLike, colours: Palette, *, height: int = 340, others: npt.ArrayLike = ()
) -> go.Figure:
    """Host and probe as balls and sticks; small spheres at further probe positions (m, 3)."""
    probe = np.asarray(position, dtype=float)
    more = np.asarray(others, dtype=float).reshape(-1, 3)
    figure = go.Figure(molecule(dimer.a, dimer.a.positions, colours, ball=BALL))
    figure.update_traces(mode="markers+text", textfont={"color": colours.text}, selector={"name": "atoms"})
    if len(more):
        figure.add_scatter3d(
            **xyz(more),
            mode="markers",
            marker={"size": OTHER, "color": colours.teacher, "opacity": 0.8},
            hoverinfo="skip",
            name="others",
        )
    figure.add_scatter3d(
        **xyz(probe[None]),
        mode="markers+text",
        text=[dimer.b.symbols[0]],
        textfont={"color": colours.text},
        marker={
            "size": BALL * covalent_radii[dimer.b.numbers[0]],
            "color": colours.student,
            "line": {"width": 1},
        },
        hovertemplate="%{text} (%{x:.2f}, %{y:.2f}, %{z:.2f}) Å<extra></extra>",
        name="probe",
    )
    # Of the further positions those are seen that are no farther away than the probe: the molecule stays large.
    seen = np.vstack([dimer.a.positions, probe, 2.0 * dimer.a.centre - probe]) if len(more) else None
    return finish_scene(figure, colours, height=height, revision="structure", eye=(1.25, 1.25, 1.25), within=seen)
