"""Where positions round a host lie on flat maps, those that its symmetry makes equivalent at one place."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.systems.monomer import Monomer
from nci_core.systems.surroundings import bond_pairs

FloatArray = npt.NDArray[np.float64]


def _axes(host: Monomer) -> FloatArray:
    """(3, 3) axes of the maps as rows, z last: the thinnest direction, of a linear host the molecule itself."""
    return host.axes[[1, 2, 0]] if host.linear else host.axes


def mirrors(host: Monomer) -> list[bool]:
    """Whether reflection through the plane perpendicular to each principal axis maps the host onto itself."""
    found = []
    for axis in _axes(host):
        mirror = np.eye(3) - 2.0 * np.outer(axis, axis)
        found.append(bool((np.abs(host.operations - mirror).max(axis=(1, 2)) < 0.02).any()))
    return found


def along_axes(host: Monomer, positions: FloatArray) -> FloatArray:
    """Positions (m, 3) in Å along the axes of the maps, from the host's centre."""
    return (np.asarray(positions, dtype=float).reshape(-1, 3) - host.centre) @ _axes(host).T


def _folded(host: Monomer, positions: FloatArray) -> FloatArray:
    return np.where(mirrors(host), np.abs(along_axes(host, positions)), along_axes(host, positions))


def map_xy(host: Monomer, positions: FloatArray, view: str) -> FloatArray:
    """(m, 2) map coordinates of probe positions (m, 3), in Å but for the angle.

    Side view: distance ρ from the host's thinnest axis, of a linear host from the molecule, and z along it.
    Top view: the two in-plane coordinates. Unrolled: azimuth about that axis in degrees, and z. Coordinates that the
    host's symmetry makes equivalent are folded together.
    """
    if view == "unrolled":
        return _unrolled(host, positions)
    folded = _folded(host, positions)
    if view == "top":
        return folded[:, :2]
    return np.column_stack([np.linalg.norm(folded[:, :2], axis=1), folded[:, 2]])


def _unrolled(host: Monomer, positions: FloatArray) -> FloatArray:
    """The equivalent image with z ≥ 0, if there is one, and among those with the smallest azimuth in 0…360°."""
    away = np.asarray(positions, dtype=float).reshape(-1, 3) - host.centre
    images = np.einsum("ij,kjl,ml->mki", _axes(host), host.operations, away, optimize=True)
    azimuth = np.degrees(np.arctan2(images[..., 1], images[..., 0])) % 360.0
    azimuth[azimuth > 360.0 - 1e-6] = 0.0
    rank = azimuth + 1000.0 * (images[..., 2] < -1e-6)
    best = rank.argmin(axis=1)
    rows = np.arange(len(away))
    return np.column_stack([azimuth[rows, best], images[rows, best, 2]])


def distances(host: Monomer, position: npt.ArrayLike) -> list[tuple[str, float]]:
    """Probe–atom distances in Å, nearest first, named like 'C3'."""
    length = np.linalg.norm(host.positions - np.asarray(position, dtype=float), axis=1)
    order = np.argsort(length, kind="stable")
    return [(f"{host.symbols[i]}{i + 1}", float(length[i])) for i in order]


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
    own, folded = along_axes(host, host.positions), mirrors(host)
    height = ("height above the plane |z| (Å)", "|z| (Å)") if folded[2] else ("height z (Å)", "z (Å)")
    if view == "unrolled":
        return MapAxes("azimuth about the axis (°)", height[0], "azimuth (°)", height[1], np.empty((0, 2)), (), [])
    if view == "top":
        x, y = (f"|{name}| (Å)" if mirror else f"{name} (Å)" for name, mirror in zip("xy", folded, strict=False))
        return MapAxes(x, y, x, y, own[:, :2], host.symbols, bond_pairs(host))
    across, along = np.linalg.norm(own[:, :2], axis=1), own[:, 2]
    axis = "the axis"
    if host.linear:
        axis, height = "the molecular axis", (f"along the molecular axis {height[1]}", height[1])
        across, along = 0.0 * along, np.abs(along) if folded[2] else along
    atoms = np.column_stack([across, along])
    return MapAxes(f"distance from {axis} ρ (Å)", height[0], "ρ (Å)", height[1], atoms, host.symbols, [])
