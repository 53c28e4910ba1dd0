"""A model's energies on a regular grid, and how well the grid can be interpolated."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from nci_core.errors import InputError
from nci_core.regions import RegionBounds
from nci_core.systems.dimer import Dimer
from nci_core.units import CM1_EV

FloatArray = npt.NDArray[np.float64]

#: Above so many times the energy limit a grid holds a compressed energy; see `compressed`.
CAP = 10.0
#: Points of the largest grid, some 300 MB while it is made.
MOST_POINTS = 4_000_000
#: Random places at which the interpolation is compared with the model, and the seed they come from.
PROBED, SEED = 10_000, 20
#: Kinds of interpolation: name → order of the spline through the grid (`scipy.ndimage.map_coordinates`).
KINDS: dict[str, Literal[1, 3]] = {"trilinear": 1, "cubic spline": 3}

#: Means and standard deviations, each (m,) in eV, at positions (m, 3) in Å.
Evaluate = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


@dataclass(frozen=True)
class Missed:
    """How far an interpolation misses the model at random places of a region, in cm⁻¹.

    Attributes:
        kind: of interpolation, one of KINDS.
        region: wall, well or tail, or "all" below the limit.
        n: places.
        mean, p95, largest: of the absolute differences.
    """

    kind: str
    region: str
    n: int
    mean: float
    p95: float
    largest: float


@dataclass(frozen=True)
class Grid:
    """Energies on a regular grid in the host's frame.

    Attributes:
        dimer: host and probe.
        x, y, z: (a,), (b,), (c,) coordinates in Å, all with the same spacing.
        energy_ev: (a, b, c) as `compressed`.
        std_ev: (a, b, c) standard deviations of the model.
        cap_ev: above it energies are compressed.
        limit_ev: the misses are of places below it.
        missed: for each kind and region.
    """

    dimer: Dimer
    x: FloatArray
    y: FloatArray
    z: FloatArray
    energy_ev: FloatArray
    std_ev: FloatArray
    cap_ev: float
    limit_ev: float
    missed: tuple[Missed, ...] = ()

    @property
    def spacing(self) -> float:
        """In Å."""
        return float(self.x[1] - self.x[0])

    def interpolate(self, positions: FloatArray, kind: str) -> FloatArray:
        """(m,) eV at positions (m, 3) in Å inside the grid, by one of KINDS."""
        first = np.array([self.x[0], self.y[0], self.z[0]])
        steps: FloatArray = (positions - first).T / self.spacing
        found: FloatArray = map_coordinates(self.energy_ev, steps, order=KINDS[kind], mode="mirror")
        return found


def compressed(energy_ev: FloatArray, cap_ev: float) -> FloatArray:
    """E, above the cap instead cap·(1 + ln(E/cap)): the wall's rise to hundreds of eV would spoil splines far from it.

    >>> compressed(np.array([-0.1, 1.0, np.e]), 1.0).round(3).tolist()
    [-0.1, 1.0, 2.0]
    """
    high = np.maximum(energy_ev, cap_ev)
    return np.where(energy_ev > cap_ev, cap_ev * (1.0 + np.log(high / cap_ev)), energy_ev)


def grid_axes(dimer: Dimer, spacing: float, margin: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Axes of a box round the host, in Å, with its centre in the middle.

    Args:
        dimer: the host.
        spacing: in Å.
        margin: from the outermost atoms to the sides, in Å; a little more where the spacing does not fit.

    Raises InputError for what is no positive number or more than MOST_POINTS points.
    """
    for name, value in (("spacing", spacing), ("margin", margin)):
        if not (math.isfinite(value) and 0.0 < value <= 100.0):
            raise InputError(f"The {name} of a grid must be a number above 0 and at most 100 Å, not {value:g}.")
    host = dimer.a
    half = np.abs(host.positions - host.centre).max(axis=0) + margin
    steps = np.ceil(half / spacing).astype(int)
    points = math.prod(int(2 * n + 1) for n in steps)
    if points > MOST_POINTS:
        raise InputError(
            f"A spacing of {spacing:g} Å gives {points:,} points, more than {MOST_POINTS:,}; "
            "choose a larger spacing or a smaller margin."
        )
    x, y, z = (c + spacing * np.arange(-n, n + 1) for c, n in zip(host.centre, steps, strict=True))
    return x, y, z


def points_of(axes: tuple[FloatArray, FloatArray, FloatArray]) -> FloatArray:
    """(a·b·c, 3) positions of a grid, x slowest."""
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)


def make_grid(dimer: Dimer, evaluate: Evaluate, *, spacing: float, margin: float, bounds: RegionBounds) -> Grid:
    """Energies on a grid, and what an interpolation between them misses at random places below the limit.

    `evaluate` is asked for the grid at once, so it may use symmetry. Raises InputError as `grid_axes` does.
    """
    axes = grid_axes(dimer, spacing, margin)
    shape = tuple(len(axis) for axis in axes)
    points = points_of(axes)
    # On a nucleus no direction is defined; 0.01 Å beside it, energies are as meaningless.
    on_nucleus = dimer.at(points).separations < 1e-3
    points[on_nucleus] += 0.01
    energy, std = evaluate(points)
    limit = bounds.limit_cm1 * CM1_EV
    grid = Grid(dimer, *axes, compressed(energy, CAP * limit).reshape(shape), std.reshape(shape), CAP * limit, limit)
    return Grid(**(vars(grid) | {"missed": tuple(_missed(grid, evaluate, bounds))}))


def _missed(grid: Grid, evaluate: Evaluate, bounds: RegionBounds) -> list[Missed]:
    rng = np.random.default_rng(SEED)
    low, high = (np.array([axis[k] for axis in (grid.x, grid.y, grid.z)]) for k in (0, -1))
    places = low + rng.random((PROBED, 3)) * (high - low)
    places = places[grid.dimer.at(places).separations > 0.5]
    energy, _ = evaluate(places)
    below = energy < grid.limit_ev
    places, energy = places[below], energy[below]
    regions = bounds.classify(energy)
    found = []
    for kind in KINDS:
        off = np.abs(grid.interpolate(places, kind) - energy) / CM1_EV
        for region in ("all", "well", "tail", "wall"):
            part = off if region == "all" else off[regions == region]
            if len(part):
                sizes = float(part.mean()), float(np.quantile(part, 0.95)), float(part.max())
                found.append(Missed(kind, region, len(part), *sizes))
    return found
