"""Where a potential is looked at all round a host: spheres, planes, boxes and lines, along the host's own axes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.systems.bonds import bonded
from nci_core.systems.monomer import Monomer
from nci_core.systems.planes import PlaneGrid, spaced

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def to_host(host: Monomer, own: FloatArray) -> FloatArray:
    """Positions (…, 3) along the host's principal axes from its centre → positions in the host's frame, Å."""
    return np.asarray(own, dtype=float) @ host.axes + host.centre


def to_own(host: Monomer, positions: npt.ArrayLike) -> FloatArray:
    """Positions (…, 3) in the host's frame → along its principal axes from its centre, Å."""
    own: FloatArray = (np.asarray(positions, dtype=float) - host.centre) @ host.axes.T
    return own


def own_images(host: Monomer, positions: FloatArray) -> FloatArray:
    """(m, g, 3) own positions of all places that symmetry makes equivalent to positions (m, 3) in Å, host's frame."""
    found: FloatArray = np.einsum("gab,mb->mga", host.operations, positions - host.centre) @ host.axes.T
    return found


def images_at(host: Monomer, grid: PlaneGrid, positions: FloatArray, tolerance: float) -> tuple[IntArray, FloatArray]:
    """Those places equivalent to positions (m, 3) in Å that lie within `tolerance` (Å) of a plane.

    Returns:
        which position each is equivalent to, (k,), and its coordinates on the plane and off it, (k, 3) in Å.
    """
    away = positions - host.centre
    normal = np.cross(grid.across, grid.up)
    height = away @ np.einsum("b,gbc->cg", normal, host.operations) - (grid.origin - host.centre) @ normal
    row, image = np.nonzero(np.abs(height) <= tolerance)
    return row, grid.project(np.einsum("mab,mb->ma", host.operations[image], away[row]) + host.centre)


def outermost(host: Monomer) -> IntArray:
    """Atoms, (k,), that no farther atom hides, seen from the centre, and that are not at the centre."""
    own = to_own(host, host.positions)
    radius = np.linalg.norm(own, axis=1)
    direction = own / np.maximum(radius, 1e-9)[:, None]
    hidden = (direction @ direction.T > np.cos(np.radians(8.0))) & (radius[None] > radius[:, None] + 0.1)
    return np.flatnonzero(~hidden.any(axis=1) & (radius > 0.1))


@dataclass(frozen=True)
class Sphere:
    """Directions from the host's centre on a grid that closes on itself.

    Attributes:
        longitude: (a,) degrees, the angle round the thinnest axis, 0 to 360.
        latitude: (b,) degrees above the plane of the other two axes, −90 to 90.
        own: (b, a, 3) unit vectors along the principal axes.
    """

    longitude: FloatArray
    latitude: FloatArray
    own: FloatArray


def sphere(step_degrees: float) -> Sphere:
    """A grid of directions; the step divides 180 degrees."""
    longitude = np.arange(0.0, 360.0 + step_degrees / 2, step_degrees)
    latitude = np.arange(-90.0, 90.0 + step_degrees / 2, step_degrees)
    a, b = np.meshgrid(np.radians(longitude), np.radians(latitude))
    own = np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], axis=-1)
    return Sphere(longitude, latitude, own)


def angles(own: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Longitude (0 to 360) and latitude in degrees, and distance from the centre in Å, of own positions (m, 3)."""
    radius = np.linalg.norm(own, axis=1)
    latitude = np.degrees(np.arcsin(np.clip(own[:, 2] / np.maximum(radius, 1e-12), -1.0, 1.0)))
    longitude = np.degrees(np.arctan2(own[:, 1], own[:, 0])) % 360.0
    return longitude, latitude, radius


def plane(
    host: Monomer,
    kind: str,
    value: float,
    *,
    margin: float = 4.5,
    spacing: float | None = None,
    reach: tuple[float, float] | None = None,
) -> PlaneGrid:
    """`kind` "flat": parallel to the host's plane at height `value` (Å); "upright": holds the thinnest axis,
    turned by `value` degrees from the longest axis. It ends `reach` (Å) from its middle, else `margin` beyond the host;
    without a `spacing` (Å) its longer side has 81 points.
    """
    x, y, z = host.axes
    half = np.abs(to_own(host, host.positions)).max(axis=0) + margin
    if kind == "flat":
        origin, across, up, ends = host.centre + value * z, x, y, (half[0], half[1])
    else:
        c, s = np.cos(np.radians(value)), np.sin(np.radians(value))
        origin, across, up, ends = host.centre, c * x + s * y, z, (abs(c) * half[0] + abs(s) * half[1], half[2] + 1.0)
    ends = reach or ends
    return PlaneGrid(origin, across, up, *(spaced(float(end), spacing or max(ends) / 40) for end in ends))


def box(host: Monomer, *, margin: float = 4.0, spacing: float = 0.3, most: int = 60_000) -> FloatArray:
    """(m, 3) own positions of a regular grid round the host, x slowest; coarser rather than more than `most`."""
    half = np.abs(to_own(host, host.positions)).max(axis=0) + margin
    spacing = max(spacing, float((8.0 * half.prod() / most) ** (1 / 3)))
    axes = [np.linspace(-h, h, 2 * int(np.ceil(h / spacing)) + 1) for h in half]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def bond_pairs(host: Monomer) -> list[tuple[int, int]]:
    """The host's bonds as pairs of atoms."""
    return [(int(i), int(j)) for i, j in np.argwhere(np.triu(bonded(host.numbers, host.positions)))]


def unique_sites(host: Monomer) -> list[tuple[str, tuple[int, ...]]]:
    """One atom and one bond of each symmetry-equivalent kind, named like 'C1' and 'C1–H7', with atom indices."""
    found: list[tuple[str, tuple[int, ...]]] = []
    seen: list[FloatArray] = []
    for site in [*((i,) for i in range(len(host.symbols))), *bond_pairs(host)]:
        middle = host.positions[list(site)].mean(axis=0) - host.centre
        kinds = sorted(host.symbols[i] for i in site)
        orbit = host.operations @ middle
        known = any(np.linalg.norm(orbit - other[:3], axis=1).min() < 0.02 for other in seen)
        if known and kinds in [sorted(host.symbols[i] for i in s) for _, s in found]:
            continue
        seen.append(middle)
        found.append(("–".join(f"{host.symbols[i]}{i + 1}" for i in site), tuple(site)))
    return found
