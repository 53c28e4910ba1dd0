"""Where positions round a host lie on flat maps, those that its symmetry makes equivalent at one place."""

import numpy as np
import numpy.typing as npt

from nci_core.systems.monomer import Monomer

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
