"""Which points are labelled and which are held out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.bench.problem import Problem
from nci_core.errors import InputError
from nci_core.regions import sectors

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: A plane holds at least this share of the points; heights agree to PLANE_STEP (Å).
PLANE_SHARE, PLANE_STEP, PLANES = 0.02, 0.1, 5
#: Heights and radii (Å) that part the host's side from the rest.
HEIGHT, RADIUS = 2.9, 2.5


@dataclass(frozen=True)
class Split:
    """Rows that may be labelled, and rows that errors are measured on; the rest is used for nothing."""

    name: str
    train: IntArray
    test: IntArray

    @property
    def strategy(self) -> str:
        """How the labels were chosen, as in rows."""
        return "random" if self.name.startswith("random") else "all"


def random_split(m: int, fraction: float, seed: int) -> Split:
    """A random share of m points as labels, all others held out.

    >>> len(random_split(100, 0.1, 0).train)
    10
    """
    order = np.random.default_rng(seed).permutation(m)
    count = round(fraction * m)
    if not 0 < count < m:
        raise InputError(f"{fraction:g} of {m} points leaves no labels or nothing to test on.")
    return Split(f"random {100 * fraction:g}%", order[:count], order[count:])


def height_and_radius(problem: Problem) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(m,) |z| above the plane of the host's thinnest axis and distance ρ from that axis, Å."""
    own = (problem.positions - problem.dimer.a.centre) @ problem.dimer.a.axes.T
    return np.abs(own[:, 2]), np.hypot(own[:, 0], own[:, 1])


def planes(height: npt.NDArray[np.float64]) -> list[float]:
    """PLANES heights, evenly by rank among those that hold PLANE_SHARE of the points; fewer if there are fewer."""
    rounded = np.round(height / PLANE_STEP).astype(int)
    values, counts = np.unique(rounded, return_counts=True)
    full = values[counts >= PLANE_SHARE * len(height)]
    chosen = sorted({int(full[round(i)]) for i in np.linspace(0, len(full) - 1, PLANES)}) if len(full) else []
    return [PLANE_STEP * value for value in chosen]


def hard_splits(problem: Problem) -> list[Split]:
    """Extrapolations: labels on one side of a border, errors on the other. Splits without points are left out."""
    z, rho = height_and_radius(problem)
    on_plane = np.isin(np.round(z / PLANE_STEP).astype(int), [round(h / PLANE_STEP) for h in planes(z)])
    inside = problem.inside
    edge = sectors(problem.dimer.a, problem.positions) == "edge"
    borders: dict[str, tuple[BoolArray, BoolArray]] = {
        f"z >= {HEIGHT} to below": (z >= HEIGHT, z < HEIGHT),
        f"rho < {RADIUS} to beyond": (rho < RADIUS, rho >= RADIUS),
        "five planes to rest": (on_plane, ~on_plane),
        "E < 0 to wall": (problem.energies < 0, problem.energies >= 0),
        "face and slanted to edge": (~edge, edge),
    }
    found = []
    for name, (train, test) in borders.items():
        if train.any() and (test & inside).any():
            found.append(Split(name, np.flatnonzero(train), np.flatnonzero(test)))
    return found
