"""A smooth surface through values at scattered places round a host, as symmetric as the host; numpy and scipy only.

Meant for what two potentials differ by, in units of how strong the interaction is there: that changes little over
an ångström, while energies change a hundredfold.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.systems import Monomer

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: How far (Å) from the nearest anchor, or its nearest image, a value is still given. Measured on He–ethylene with
#: anchors left out: CCSD(T) minus the distilled student is missed by 0.8 to 1 cm⁻¹ (of 3 to 40) wherever the nearest
#: anchor is less than 1 Å away; farther out there are too few to tell.
REACH = 1.0
#: Anchors closer to each other, or to an image, than this (Å) are one: the first counts.
SAME = 1e-3
#: Points whose distances to all anchors are held in memory at once.
CHUNK = 2000


def orbit(host: Monomer, positions: npt.ArrayLike) -> FloatArray:
    """All symmetry-equivalent places, from the host's centre: (m, 3) in Å, host frame → (g, m, 3) in Å."""
    away = np.asarray(positions, dtype=float).reshape(-1, 3) - host.centre
    found: FloatArray = np.einsum("gab,mb->gma", host.operations, away)
    return found


def first_of_each_place(host: Monomer, positions: npt.ArrayLike) -> BoolArray:
    """Which of the positions (m, 3) in Å no earlier one is equivalent to, within SAME; (m,)."""
    from scipy.spatial import cKDTree  # here, as below: it takes 0.4 s, and the first page needs only REACH

    places = orbit(host, positions)
    m = places.shape[1]
    near = cKDTree(places.reshape(-1, 3)).query_ball_point(places[0], SAME)
    kept: BoolArray = np.array([min(i % m for i in found) == k for k, found in enumerate(near)], dtype=bool)
    return kept


def gap(host: Monomer, anchors: npt.ArrayLike, points: npt.ArrayLike) -> FloatArray:
    """Distance (Å) of each point (m, 3) to the nearest anchor (n, 3) or image of one; (m,)."""
    from scipy.spatial import cKDTree

    tree = cKDTree(orbit(host, anchors).reshape(-1, 3))
    away = np.asarray(points, dtype=float).reshape(-1, 3) - host.centre
    found: FloatArray = np.asarray(tree.query(away)[0], dtype=float)
    return found


def _spline(distance: FloatArray) -> FloatArray:
    """Thin-plate spline r² ln r, zero at zero."""
    found: FloatArray = distance**2 * np.log(np.maximum(distance, 1e-300))
    return found


@dataclass(frozen=True)
class Interpolant:
    """s(x) = Σ_j w_j ⟨φ(|x − g x_j|)⟩_g + c₀ + c·x, with φ = r² ln r; made by `through`.

    The mean over the point group makes it invariant, and is what a spline through all images would be.

    Attributes:
        host: whose symmetry it has.
        places: (g, n, 3) images of the anchors from the host's centre, Å.
        directions: (k, 3) directions that are the same for all operations, of which the linear part is made.
        weights: (n + 1 + k,).
    """

    host: Monomer
    places: FloatArray
    directions: FloatArray
    weights: FloatArray

    def at(self, points: npt.ArrayLike, *, reach: float = REACH) -> FloatArray:
        """Values at points (m, 3) in Å, host frame; NaN farther than `reach` (Å) from every anchor and image."""
        where = np.asarray(points, dtype=float).reshape(-1, 3)
        found = np.full(len(where), np.nan)
        anchors = self.places[0] + self.host.centre
        rows = np.flatnonzero(gap(self.host, anchors, where) <= reach)
        for part in np.array_split(rows, max(1, -(-len(rows) // CHUNK))):
            found[part] = _columns(where[part] - self.host.centre, self.places, self.directions) @ self.weights
        return found


def _columns(away: FloatArray, places: FloatArray, directions: FloatArray) -> FloatArray:
    """The basis functions at m places from the centre; (m, n + 1 + k)."""
    from scipy.spatial.distance import cdist

    mean = np.mean([_spline(cdist(away, image)) for image in places], axis=0)
    return np.hstack([mean, np.ones((len(away), 1)), away @ directions.T])


def _directions(host: Monomer, places: FloatArray) -> FloatArray:
    """Directions (k, 3) that no operation changes and along which the anchors differ."""
    values, vectors = np.linalg.eigh(host.operations.mean(axis=0))
    kept = vectors.T[values > 0.999]
    along = places[0] @ kept.T
    _, sizes, turn = np.linalg.svd(along - along.mean(axis=0), full_matrices=False)
    found: FloatArray = turn[sizes > 1e-3] @ kept
    return found


def through(host: Monomer, anchors: npt.ArrayLike, values: npt.ArrayLike) -> Interpolant:
    """The smoothest surface through values (n,) at anchors (n, 3) in Å, host frame, n ≥ 1; doubles are left out.

    Solves n + 4 equations at most: n of some thousand takes seconds.
    """
    where = np.asarray(anchors, dtype=float).reshape(-1, 3)
    kept = first_of_each_place(host, where)
    places = orbit(host, where[kept])
    directions = _directions(host, places)
    columns = _columns(places[0], places, directions)
    n, more = kept.sum(), 1 + len(directions)
    system = np.vstack([columns, np.hstack([columns[:, n:].T, np.zeros((more, more))])])
    right = np.concatenate([np.asarray(values, dtype=float)[kept], np.zeros(more)])
    return Interpolant(host, places, directions, np.linalg.solve(system, right))


def left_out(
    host: Monomer, anchors: npt.ArrayLike, values: npt.ArrayLike, *, folds: int = 5, reach: float = REACH
) -> FloatArray:
    """What the surface says at each anchor when it, with its fifth of all anchors, was not used; (n,).

    NaN where no anchor that is left lies within `reach` (Å). The parts are random, the same each time.
    """
    where, known = np.asarray(anchors, dtype=float).reshape(-1, 3), np.asarray(values, dtype=float)
    part = np.random.default_rng(0).permutation(len(where)) % folds
    found = np.full(len(where), np.nan)
    for k in range(folds):
        if (part == k).any() and (part != k).any():
            found[part == k] = through(host, where[part != k], known[part != k]).at(where[part == k], reach=reach)
    return found
