"""The plane through a host that shows most of it, for one picture of what happens all round; numpy only."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.systems.monomer import Monomer

FloatArray = npt.NDArray[np.float64]

#: Atoms this close (Å) to a plane lie in it, and hosts this thin are flat or linear.
IN_PLANE = 0.1
#: How far (Å) a plane is drawn beyond the host's outermost atoms along and above it.
MARGIN = 4.5


@dataclass(frozen=True)
class PlaneGrid:
    """A regular grid on a plane, seen from one side.

    Attributes:
        origin: (3,) its middle in the host's frame, Å.
        across, up: (3,) orthogonal unit vectors in the host's frame, to the right and upwards on paper.
        u, v: (a,), (b,) coordinates along them from the middle, Å.
    """

    origin: FloatArray
    across: FloatArray
    up: FloatArray
    u: FloatArray
    v: FloatArray

    @property
    def points(self) -> FloatArray:
        """(b, a, 3) grid points in Å, host's frame."""
        found: FloatArray = self.origin + self.u[None, :, None] * self.across + self.v[:, None, None] * self.up
        return found

    def project(self, positions: npt.ArrayLike) -> FloatArray:
        """Positions (m, 3) in Å, host's frame → (m, 3): across, up and the signed distance from the plane, Å."""
        away = np.asarray(positions, dtype=float).reshape(-1, 3) - self.origin
        found: FloatArray = away @ np.stack([self.across, self.up, np.cross(self.across, self.up)]).T
        return found

    def place(self, uv: FloatArray) -> FloatArray:
        """(m, 2) coordinates on the plane → (m, 3) positions in Å, host's frame."""
        placed: FloatArray = self.origin + uv @ np.stack([self.across, self.up])
        return placed


def spaced(half: float, spacing: float) -> FloatArray:
    """Coordinates from −half to half, about `spacing` apart (all Å) and symmetric about zero, which is one of them."""
    return np.linspace(-half, half, 2 * int(np.ceil(half / spacing)) + 1)


def telling_plane(host: Monomer, spacing: float) -> PlaneGrid:
    """The plane through the host's centre that holds the most and heaviest atoms; its points are `spacing` (Å) apart.

    Of a flat host it stands upright on the molecule, since the face, where a probe is bound, is seen in no other; a
    linear host lies in it. The same host always gives the same plane, whatever frame it is given in.
    """
    away = host.positions - host.centre
    # All planes through a linear host are equal; this one holds its samples, its cuts and other drawings of it.
    normal = host.axes[1] if host.linear else _normal(host, away)
    inside = away[np.abs(away @ normal) < IN_PLANE]
    flat = np.abs(away @ host.axes[2]).max() < IN_PLANE and abs(normal @ host.axes[2]) < 0.5
    if flat and not _linear(host, away):
        up = host.axes[2]
        across = np.cross(up, normal)
    else:
        across = _longest(inside, normal, host.axes)
        up = np.cross(normal, across)
    across, up = (_forward(axis, host.axes) for axis in (across, up))
    reach = np.abs(away @ np.stack([across, up]).T).max(axis=0) + MARGIN
    return PlaneGrid(host.centre, across, up, *(spaced(float(half), spacing) for half in reach))


def _linear(host: Monomer, away: FloatArray) -> bool:
    return bool(np.abs(away @ host.axes[1:].T).max() < IN_PLANE)


def _normal(host: Monomer, away: FloatArray) -> FloatArray:
    """Normal of the plane that holds most: by nuclear charge of the atoms in it, then by how far they reach."""
    far = away[np.linalg.norm(away, axis=1) > IN_PLANE]
    directions = np.vstack([far, host.axes])
    first, second = np.triu_indices(len(directions), k=1)
    normals = np.cross(directions[first], directions[second])
    length = np.linalg.norm(normals, axis=1)
    sound = length > 1e-3 * np.linalg.norm(directions, axis=1).max()
    normals = normals[sound] / length[sound, None]
    flat = np.abs(away @ host.axes[2]).max() < IN_PLANE
    if flat and not _linear(host, away):  # the molecule's own plane shows no face
        normals = normals[np.abs(normals @ host.axes[2]) < 0.5]
    inside = np.abs(normals @ away.T) < IN_PLANE
    weight = (inside * host.numbers).sum(axis=1)
    spread = (inside * (away**2).sum(axis=1)).sum(axis=1)
    # Rounded, so that planes that symmetry makes equivalent are equally good, and the first one is taken.
    best = np.lexsort((np.arange(len(normals)), -spread.round(3), -weight))[0]
    found: FloatArray = normals[best]
    return found


def _longest(inside: FloatArray, normal: FloatArray, axes: FloatArray) -> FloatArray:
    """Direction in the plane along which its atoms reach farthest; without any, the longest of the host's own."""
    flat = inside - np.outer(inside @ normal, normal)
    if not len(flat) or np.linalg.norm(flat, axis=1).max() < IN_PLANE:
        flat = axes - np.outer(axes @ normal, normal)
    _, _, turn = np.linalg.svd(flat, full_matrices=False)
    along = turn[0] - (turn[0] @ normal) * normal
    found: FloatArray = along / np.linalg.norm(along)
    return found


def _forward(axis: FloatArray, axes: FloatArray) -> FloatArray:
    """The axis or its opposite, whichever has the larger part along the host's own."""
    parts = axes @ axis
    found: FloatArray = axis * np.sign(parts[np.argmax(np.abs(parts).round(6))])
    return found
