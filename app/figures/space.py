"""Fields round a host in three dimensions: spheres and iso-surfaces about the molecule."""

import numpy as np
import plotly.graph_objects as go

from app.arrays import FloatArray
from app.data.fields import own_places
from app.figures.field_scale import FieldScale
from app.figures.fields import HEIGHT, Dots
from app.figures.scene import finish_scene, molecule, xyz
from nci_core.systems import Monomer
from nci_core.systems.isosurface import isosurface
from nci_core.systems.surroundings import Sphere, to_own

#: From where spheres and surfaces are looked at.
EYE = (0.75, -1.07, 0.8)


def sphere_in_space(
    host: Monomer, grid: Sphere, values: FloatArray, radius: FloatArray, scale: FieldScale, dots: Dots
) -> go.Figure:
    """The same values on the surface itself, at its true distances; arguments as in `sphere_map`.

    With enough symmetry the upper front is left open, so that the host inside is seen.
    """
    where = grid.own * radius[..., None]
    opened = np.zeros(values.shape, dtype=bool)
    if len(host.operations) >= 4:  # what is left out is seen elsewhere, and the molecule inside shows
        opened = (grid.latitude[:, None] > 0) & (np.abs(grid.longitude - 305.0) < 45.0)[None]
    shown = np.where(np.isfinite(values) & ~opened, 1.0, np.nan)
    figure = go.Figure(molecule(host, to_own(host, host.positions), scale.palette))
    figure.add_surface(
        **xyz(where * shown[..., None]),
        surfacecolor=scale.fraction(values),
        customdata=np.stack([values, radius], axis=-1),
        colorscale=scale.colours,
        cmin=0.0,
        cmax=1.0,
        showscale=False,
        lighting={"ambient": 0.85, "diffuse": 0.35, "specular": 0.05},
        hovertemplate=f"%{{customdata[0]:+.{scale.unit.digits}f}} {scale.unit.label}, %{{customdata[1]:.2f}} Å"
        "<extra></extra>",
        name="field",
    )
    if len(dots.rows):
        figure.add_scatter3d(**xyz(own_places(dots.rows)), **dots.look(scale, 5))
    return finish_scene(figure, scale.palette, height=HEIGHT, revision="sphere", eye=EYE)


def iso_figure(host: Monomer, own: FloatArray, values: FloatArray, levels: list[float], scale: FieldScale) -> go.Figure:
    """Surfaces on which the field has the given values; a level is coloured as on the maps.

    Args:
        own: (m, 3) points of a regular grid along the principal axes, Å.
        values: (m,) in the unit shown, NaN where nothing is drawn.
        levels: in the unit shown, none of them zero.
    """
    figure = go.Figure(molecule(host, to_own(host, host.positions), scale.palette))
    tones = [] if isinstance(scale.colours, str) else [colour for _, colour in scale.colours]
    for level in levels:
        colour = (tones[1] if level < 0 else tones[-2]) if tones else scale.palette.student
        # Next to a wall a field is closer to exponential than to linear, which is how surfaces are interpolated.
        corners, faces = isosurface(own, np.arcsinh(values / abs(level)), float(np.arcsinh(np.sign(level))))
        figure.add_mesh3d(
            **xyz(corners.astype(np.float32)),
            **dict(zip("ijk", faces.T.astype(np.int32), strict=True)),
            color=colour,
            opacity=0.5,
            hovertemplate=f"{level:+.{scale.unit.digits}f} {scale.unit.label}<extra></extra>",
            name=f"{level:g}",
        )
    return finish_scene(figure, scale.palette, height=HEIGHT + 30, revision="iso", eye=EYE, within=own)
