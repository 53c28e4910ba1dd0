"""Where a configuration lies on the maps: seen from the side, and from above."""

from dataclasses import dataclass

import numpy as np

from app.arrays import FloatArray
from app.text import Markdown
from nci_core.systems import Monomer
from nci_core.systems.map_places import along_axes, mirrors
from nci_core.systems.surroundings import bond_pairs

#: Views of the map: key → what people read.
VIEWS = {"side": "Side", "top": "Top", "unrolled": "Unrolled"}


def views(host: Monomer) -> list[str]:
    """Keys of the views that tell something: nothing depends on the angle about a linear host."""
    return ["side"] if host.linear else list(VIEWS)


def views_help(host: Monomer) -> Markdown:
    """What the views of a host show."""
    if host.linear:
        return "Distance ρ from the molecular axis against the position z along it."
    return (
        "Side: distance ρ from the axis through the host's face against the height above the host. Top: position "
        "in the host's plane. Unrolled: angle around that axis against the height."
    )


@dataclass(frozen=True)
class MapAxes:
    """Axes of a view, with the host's outline drawn in the same coordinates.

    Attributes:
        x_label, y_label: in words, with unit.
        x_short, y_short: symbols, with unit.
        atoms: (n, 2) host atoms in Å.
        symbols: their elements.
        bonds: pairs of atom indices.
    """

    x_label: str
    y_label: str
    x_short: str
    y_short: str
    atoms: FloatArray
    symbols: tuple[str, ...]
    bonds: list[tuple[int, int]]


def map_axes(host: Monomer, view: str) -> MapAxes:
    """Labels and host outline of a view."""
    own = along_axes(host, host.positions)
    folded = mirrors(host)
    if view == "unrolled":
        z_label, z_short = ("height above the plane |z| (Å)", "|z| (Å)") if folded[2] else ("height z (Å)", "z (Å)")
        return MapAxes("azimuth about the axis (°)", z_label, "azimuth (°)", z_short, np.empty((0, 2)), (), [])
    if view == "top":
        labels = [f"|{name}| (Å)" if mirror else f"{name} (Å)" for name, mirror in zip("xy", folded, strict=False)]
        x_label, y_label = labels
        return MapAxes(x_label, y_label, x_label, y_label, own[:, :2], host.symbols, bond_pairs(host))
    z_label, z_short = ("height above the plane |z| (Å)", "|z| (Å)") if folded[2] else ("height z (Å)", "z (Å)")
    atoms = np.column_stack([np.linalg.norm(own[:, :2], axis=1), own[:, 2]])
    if host.linear:
        z_label = f"along the molecular axis {z_short}"
        atoms = np.column_stack([0.0 * own[:, 0], np.abs(own[:, 2]) if folded[2] else own[:, 2]])
        return MapAxes("distance from the molecular axis ρ (Å)", z_label, "ρ (Å)", z_short, atoms, host.symbols, [])
    return MapAxes("distance from the axis ρ (Å)", z_label, "ρ (Å)", z_short, atoms, host.symbols, [])
