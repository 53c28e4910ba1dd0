"""A plane of a field, with the host and the configurations near it, on the canvas."""

import pandas as pd

from app.arrays import FloatArray
from app.components.plot_content import Ground, Hover, PlotContent
from app.figures.points import energies_of, hover_lines
from app.figures.scales import SignedScale
from nci_core.systems import Monomer
from nci_core.systems.planes import PlaneGrid
from nci_core.systems.surroundings import bond_pairs
from nci_core.units import EnergyUnit

#: Planes of `nci_core.systems.surroundings.plane`, and the Overview's → titles of the axes.
PLANE_LABELS = {
    "flat": ("x (Å)", "y (Å)"),
    "upright": ("distance from the axis (Å)", "height z (Å)"),
    "telling": ("across (Å)", "up (Å)"),
}


def plane_content(
    host: Monomer,
    grid: PlaneGrid,
    values: FloatArray,
    near: pd.DataFrame,
    column: str,
    scale: SignedScale,
    unit: EnergyUnit,
    *,
    label: str,
    view: str,
    wall: FloatArray | None = None,
    colours: str = "energy",
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
        view: the plane, one of PLANE_LABELS.
        wall: (b, a) positive outside the wall and negative inside it; given, what is not known outside it is hatched.
        colours: name of the palette's scale; "signed" where it is an error, which the tooltip then says first.
        bar: draw the colour bar.
        y_axis: draw the numbers of the vertical axis.
    """
    # Upright on the host, the Overview's plane is named like the others.
    axes = PLANE_LABELS["upright" if view == "telling" and abs(grid.up @ host.axes[2]) > 0.99 else view]
    atoms = grid.project(host.positions).round(4)
    x, y = ((float(edge[0]), float(edge[-1])) for edge in (grid.u, grid.v))
    shown = near[column].to_numpy(dtype=float) * unit.per_ev
    error = [Hover("error", shown, unit.label, unit.digits)] if colours == "signed" else []
    return PlotContent(
        ids=near["id"].to_numpy(),
        x=near["u"].to_numpy(dtype=float),
        y=near["v"].to_numpy(dtype=float),
        labelled=near["label_ev"].notna().to_numpy(),
        test=(near["split"] == "test").to_numpy(),
        values=shown,
        scale=scale,
        colours=colours,
        title=unit.label if bar else "",
        hover=[
            *error,
            *hover_lines(near, energies_of(near), unit),
            Hover("off this plane", near["off"].to_numpy(dtype=float), "Å"),
        ],
        x_label=axes[0],
        y_label=axes[1] if y_axis else "",
        host={"atoms": atoms.tolist(), "symbols": list(host.symbols), "bonds": bond_pairs(host)},
        view=f"plane {view}",
        equal=True,
        extent=(*x, *y),
        ground=Ground(label, x, y, values, unit.label, unit.digits, wall),
    )
