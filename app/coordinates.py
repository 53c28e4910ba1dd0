"""Where a configuration lies on the maps: seen from the side, and from above."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.text import Markdown
from nci_core.systems import Monomer

FloatArray = npt.NDArray[np.float64]

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


def _axes(host: Monomer) -> FloatArray:
    """(3, 3) axes of the maps as rows, z last: the thinnest direction, of a linear host the molecule itself."""
    return host.axes[[1, 2, 0]] if host.linear else host.axes


def _mirrors(host: Monomer) -> list[bool]:
    """Whether reflection through the plane perpendicular to each principal axis maps the host onto itself."""
    found = []
    for axis in _axes(host):
        mirror = np.eye(3) - 2.0 * np.outer(axis, axis)
        found.append(bool((np.abs(host.operations - mirror).max(axis=(1, 2)) < 0.02).any()))
    return found


def _principal(host: Monomer, positions: FloatArray) -> FloatArray:
    return (np.asarray(positions, dtype=float).reshape(-1, 3) - host.centre) @ _axes(host).T


def _folded(host: Monomer, positions: FloatArray) -> FloatArray:
    return np.where(_mirrors(host), np.abs(_principal(host, positions)), _principal(host, positions))


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


def bonds(host: Monomer) -> list[tuple[int, int]]:
    """Pairs of atoms closer than 1.3 times the sum of their covalent radii."""
    from ase.data import covalent_radii

    radii = covalent_radii[host.numbers]
    distance = np.linalg.norm(host.positions[:, None] - host.positions[None], axis=-1)
    near = np.triu(distance < 1.3 * (radii[:, None] + radii[None]), k=1)
    return [(int(i), int(j)) for i, j in np.argwhere(near)]


def map_axes(host: Monomer, view: str) -> MapAxes:
    """Labels and host outline of a view."""
    own = _principal(host, host.positions)
    folded = _mirrors(host)
    if view == "unrolled":
        z_label, z_short = ("height above the plane |z| (Å)", "|z| (Å)") if folded[2] else ("height z (Å)", "z (Å)")
        return MapAxes("azimuth about the axis (°)", z_label, "azimuth (°)", z_short, np.empty((0, 2)), (), [])
    if view == "top":
        labels = [f"|{name}| (Å)" if mirror else f"{name} (Å)" for name, mirror in zip("xy", folded, strict=False)]
        x_label, y_label = labels
        return MapAxes(x_label, y_label, x_label, y_label, own[:, :2], host.symbols, bonds(host))
    z_label, z_short = ("height above the plane |z| (Å)", "|z| (Å)") if folded[2] else ("height z (Å)", "z (Å)")
    atoms = np.column_stack([np.linalg.norm(own[:, :2], axis=1), own[:, 2]])
    if host.linear:
        z_label = f"along the molecular axis {z_short}"
        atoms = np.column_stack([0.0 * own[:, 0], np.abs(own[:, 2]) if folded[2] else own[:, 2]])
        return MapAxes("distance from the molecular axis ρ (Å)", z_label, "ρ (Å)", z_short, atoms, host.symbols, [])
    return MapAxes("distance from the axis ρ (Å)", z_label, "ρ (Å)", z_short, atoms, host.symbols, [])


def distances(host: Monomer, position: npt.ArrayLike) -> list[tuple[str, float]]:
    """Probe–atom distances in Å, nearest first, named like 'C3'."""
    length = np.linalg.norm(host.positions - np.asarray(position, dtype=float), axis=1)
    order = np.argsort(length, kind="stable")
    return [(f"{host.symbols[i]}{i + 1}", float(length[i])) for i in order]


def inside_outline(xy: FloatArray, outline: FloatArray) -> npt.NDArray[np.bool_]:
    """Which places (m, 2) lie inside a closed outline (k, 2) in the same coordinates, by the even–odd rule; (m,)."""
    found = np.zeros(len(xy), dtype=bool)
    (x_low, y_low), (x_high, y_high) = outline.min(axis=0), outline.max(axis=0)
    x, y = xy.T
    near = np.flatnonzero((x >= x_low) & (x <= x_high) & (y >= y_low) & (y <= y_high))
    near = near[np.argsort(y[near], kind="stable")]
    x, y = x[near], y[near]
    odd = np.zeros(len(near), dtype=bool)
    for (xa, ya), (xb, yb) in zip(outline, np.roll(outline, -1, axis=0), strict=True):
        # Only places as high as the edge can see it to their right; they lie side by side, for they are sorted.
        first, last = np.searchsorted(y, sorted((ya, yb)))
        if first < last:
            part = slice(first, last)
            odd[part] ^= x[part] < xa + (xb - xa) * (y[part] - ya) / (yb - ya)
    found[near] = odd
    return found
