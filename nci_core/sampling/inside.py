"""Places that a host encloses, as a cage does: no probe gets there from outside."""

import numpy as np
import numpy.typing as npt

from nci_core.sampling.guide import vdw_radius
from nci_core.systems import Monomer

FloatArray = npt.NDArray[np.float64]

#: Directions in which a place is looked out from.
DIRECTIONS = 100
#: Share of them that end at the host's atoms where it is enclosed. Above a plane it is at most a half, in C₆₀ all.
ENCLOSED = 0.85
#: Numbers in memory at once.
MOST = 4_000_000


def enclosed(host: Monomer, positions: FloatArray) -> npt.NDArray[np.bool_]:
    """(m,) whether a ray from each place (m, 3) in Å meets an atom's van der Waals sphere in nearly every direction.

    >>> from nci_core.systems import builtin_monomer
    >>> enclosed(builtin_monomer("c60"), np.array([[0.0, 0.0, 0.5], [0.0, 0.0, 6.5]])).tolist()
    [True, False]
    """
    positions = np.asarray(positions, dtype=float).reshape(-1, 3)
    found = np.zeros(len(positions), dtype=bool)
    reach = np.linalg.norm(host.positions - host.centre, axis=1).max()
    near = np.flatnonzero(np.linalg.norm(positions - host.centre, axis=1) < reach)  # others lie outside of all atoms
    step = max(1, MOST // (DIRECTIONS * len(host.symbols)))
    for start in range(0, len(near), step):
        rows = near[start : start + step]
        found[rows] = _covered(host, positions[rows]) >= ENCLOSED
    return found


def _covered(host: Monomer, positions: FloatArray) -> FloatArray:
    """(m,) share of directions in which an atom lies.

    An atom at distance r covers the cone sin α < R/r about the direction to it, all directions where r < R.
    """
    away = host.positions - positions[:, None]
    r = np.maximum(np.linalg.norm(away, axis=2), 1e-9)
    radii = np.array([vdw_radius(symbol) for symbol in host.symbols])
    cosine = np.sqrt(np.maximum(1.0 - (radii / r) ** 2, 0.0))
    cosine[r < radii] = -1.0
    met = np.einsum("mna,da->mnd", away / r[..., None], sphere(DIRECTIONS)) >= cosine[..., None]
    share: FloatArray = met.any(axis=1).mean(axis=1)
    return share


def sphere(count: int) -> FloatArray:
    """(count, 3) unit vectors, evenly over the sphere: the spiral of Fibonacci, DOI 10.1007/s11004-009-9257-x.

    >>> bool(np.abs(sphere(100).mean(axis=0)).max() < 0.02)
    True
    """
    k = np.arange(count) + 0.5
    z, phi = 1.0 - 2.0 * k / count, np.pi * (1.0 + np.sqrt(5.0)) * k
    around = np.sqrt(1.0 - z**2)
    return np.column_stack([around * np.cos(phi), around * np.sin(phi), z])
