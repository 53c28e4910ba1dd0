"""A plane of a field, with the host and the configurations near it, on the canvas."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from app.components.plot_content import Ground, Hover, PlotContent
from app.coordinates import bonds
from app.data.fields import Plane, to_own
from app.figures.points import energies_of, hover_lines
from app.figures.scales import SignedScale
from nci_core.systems import Host
from nci_core.units import EnergyUnit

FloatArray = npt.NDArray[np.float64]


def plane_content(
    host: Host,
    grid: Plane,
    values: FloatArray,
    near: pd.DataFrame,
    column: str,
    scale: SignedScale,
    unit: EnergyUnit,
    *,
    label: str,
    view: str,
    colours: str = "energy",
    hover: Sequence[Hover] = (),
    bar: bool = False,
    y_axis: bool = True,
) -> PlotContent:
    """A field in a plane, and the configurations at it.

    Args:
        host: its atoms and bonds are drawn, wherever the plane is.
        grid: the plane.
        values: (b, a) of the field on it in the unit shown, NaN where nothing is drawn.
        near: rows of `app.data.fields.in_slab`.
        column: of `near`, in eV; its points are coloured like the field.
        scale: of the field.
        unit: of the tooltip.
        label: what the field is.
        view: what the axes are.
        colours: name of the palette's scale.
        hover: lines of the tooltip before the energies.
        bar: draw the colour bar.
        y_axis: draw the numbers of the vertical axis.
    """
    atoms = grid.project(to_own(host, host.positions))[:, :2].round(4)
    x, y = ((float(edge[0]), float(edge[-1])) for edge in (grid.u, grid.v))
    return PlotContent(
        ids=near["id"].to_numpy(),
        x=near["u"].to_numpy(dtype=float),
        y=near["v"].to_numpy(dtype=float),
        labelled=near["label_ev"].notna().to_numpy(),
        test=(near["split"] == "test").to_numpy(),
        values=near[column].to_numpy(dtype=float) * unit.per_ev,
        scale=scale,
        colours=colours,
        title=unit.label if bar else "",
        hover=[
            *hover,
            *hover_lines(near, energies_of(near), unit),
            Hover("off this plane", near["off"].to_numpy(dtype=float), "Å"),
        ],
        x_label=grid.u_label,
        y_label=grid.v_label if y_axis else "",
        host={"atoms": atoms.tolist(), "symbols": list(host.symbols), "bonds": bonds(host)},
        view=view,
        equal=True,
        extent=(*x, *y),
        ground=Ground(label, x, y, values, unit.label, unit.digits),
    )
