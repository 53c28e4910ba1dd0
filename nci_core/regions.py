"""Regions of the interaction, defined once for sampling, losses, metrics and maps.

By energy: **wall** (0 ≤ E < limit), **well** (E < well_below) and **tail** (well_below ≤ E < 0);
energies at or above the limit are **beyond**. Where they begin and end is a matter of each system: helium over methane
has no energy that would count as a well of xenon over benzene. By direction: the angle between the probe and the
host's thinnest principal axis: **face** (< 30°), **slanted** (30–60°), **edge** (> 60°). A linear host is
equally thin all round; there the angle from the plane across it counts, and people read side and end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.systems import Monomer
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]

REGIONS = ("well", "tail", "wall", "beyond")
SECTORS = ("face", "slanted", "edge")
#: What the sectors of a linear host are called.
LINEAR_WORDS = ("side", "slanted", "end")
#: Upper bounds (degrees) of the sectors face and slanted.
SECTOR_BOUNDS_DEG = (30.0, 60.0)


#: A system's own well begins at this share of its depth. A guide knows depths to a factor of two only, so one digit of
#: the product is kept: 58 cm⁻¹ of helium–benzene's guide become a well below −20 cm⁻¹, 40 of helium–ethylene's −10.
WELL_SHARE = 1.0 / 3.0
#: Energies of interest end at 1,000 cm⁻¹, five times kT at room temperature, however deep the well is: collisions
#: climb walls by what they bring along. Only where the well is deeper than half of that, they end at two depths.
LIMIT_CM1 = 1000.0
LIMIT_DEPTHS = 2.0


class Bounds(Protocol):
    """Whatever tells the regions of energies apart."""

    def classify(self, energies: FloatArray) -> npt.NDArray[np.str_]:
        """Region of each energy (m,) in eV."""
        ...


@dataclass(frozen=True)
class RegionBounds:
    """Energies that separate the regions.

    Attributes:
        well_below_cm1: energies below this (cm⁻¹, negative) are the well.
        limit_cm1: energies at or above this (cm⁻¹, positive) are beyond the range of interest.

    >>> RegionBounds().classify(from_cm1(np.array([-90.0, -1.0, 10.0, 5000.0]))).tolist()
    ['well', 'tail', 'wall', 'beyond']
    """

    well_below_cm1: float = -20.0
    limit_cm1: float = 1000.0

    def __post_init__(self) -> None:
        if not -np.inf < self.well_below_cm1 < 0 < self.limit_cm1 < np.inf:
            raise InputError(
                "Region bounds need finite numbers with well_below_cm1 < 0 < limit_cm1, "
                f"got {self.well_below_cm1} and {self.limit_cm1}."
            )

    @classmethod
    def of_depth(cls, depth_cm1: float, well_below_cm1: float | None = None, limit_cm1: float | None = None) -> Self:
        """Bounds of a system whose well is so deep (cm⁻¹, positive), or those given.

        >>> [RegionBounds.of_depth(depth) for depth in (19.1, 58.3, 678.0)]  # doctest: +NORMALIZE_WHITESPACE
        [RegionBounds(well_below_cm1=-6.0, limit_cm1=1000.0), RegionBounds(well_below_cm1=-20.0, limit_cm1=1000.0),
         RegionBounds(well_below_cm1=-200.0, limit_cm1=1000.0)]
        >>> RegionBounds.of_depth(1700.0).limit_cm1
        3000.0
        """
        if not 0.0 < depth_cm1 < np.inf:
            raise InputError(f"A well needs a positive depth for its bounds, got {depth_cm1:g} cm⁻¹.")
        if well_below_cm1 is None:
            well_below_cm1 = -one_digit(WELL_SHARE * depth_cm1)
        if limit_cm1 is None:
            limit_cm1 = max(LIMIT_CM1, one_digit(LIMIT_DEPTHS * depth_cm1))
        return cls(well_below_cm1, limit_cm1)

    def classify(self, energies: FloatArray) -> npt.NDArray[np.str_]:
        """Region of each energy (m,) in eV; which energy decides (reference, else teacher) is the caller's."""
        return _regions(energies, self.well_below_cm1, self.limit_cm1)


@dataclass(frozen=True, eq=False)
class RowBounds:
    """Bounds of each of m rows, which may be of several systems: (m,) arrays of what `RegionBounds` has once."""

    well_below_cm1: FloatArray
    limit_cm1: FloatArray

    def classify(self, energies: FloatArray) -> npt.NDArray[np.str_]:
        """Region of each row's energy (m,) in eV."""
        if np.shape(energies) != self.limit_cm1.shape:
            raise InputError(f"{np.size(energies)} energies for the bounds of {len(self.limit_cm1)} rows.")
        return _regions(energies, self.well_below_cm1, self.limit_cm1)


@dataclass(frozen=True)
class SystemBounds:
    """Bounds of several systems by their numbers."""

    systems: Mapping[int, RegionBounds]

    def of(self, system_ids: npt.ArrayLike) -> RowBounds:
        """Bounds of rows, given the number of each one's system, (m,).

        >>> both = SystemBounds({1: RegionBounds(-20.0), 2: RegionBounds(-6.0)})
        >>> both.of([1, 2]).classify(from_cm1(np.array([-10.0, -10.0]))).tolist()
        ['tail', 'well']
        """
        ids = np.asarray(system_ids, dtype=np.int64).reshape(-1)
        well, limit = np.empty(len(ids)), np.empty(len(ids))
        for number in np.unique(ids).tolist():
            bounds = self.systems[number]
            well[ids == number], limit[ids == number] = bounds.well_below_cm1, bounds.limit_cm1
        return RowBounds(well, limit)

    @property
    def limit_cm1(self) -> float:
        """The highest limit, for scales that all share."""
        return max(bounds.limit_cm1 for bounds in self.systems.values())

    @property
    def same(self) -> RegionBounds | None:
        """The bounds of all systems where they are the same ones, else None."""
        found = set(self.systems.values())
        return found.pop() if len(found) == 1 else None


def _regions(
    energies: FloatArray, well_below_cm1: float | FloatArray, limit_cm1: float | FloatArray
) -> npt.NDArray[np.str_]:
    energies = np.asarray(energies)
    well, limit = from_cm1(np.asarray(well_below_cm1)), from_cm1(np.asarray(limit_cm1))
    conditions = [energies < well, energies < 0.0, energies < limit]
    return np.select(conditions, ["well", "tail", "wall"], default="beyond")


def one_digit(value: float) -> float:
    """A positive number to its first digit.

    >>> one_digit(19.4), one_digit(0.36), one_digit(950.0)
    (20.0, 0.4, 1000.0)
    """
    return float(f"{value:.0e}")


def sector_words(host: Monomer) -> dict[str, str]:
    """Sector → what people read: a linear host has sides and ends, any other a face and an edge."""
    return dict(zip(SECTORS, LINEAR_WORDS if host.linear else SECTORS, strict=True))


def sector_angles(host: Monomer, positions: FloatArray) -> FloatArray:
    """(m,) angles in degrees, 0 to 90, between R − centre and the host's thinnest principal axis.

    Of a linear host: between R − centre and the plane across the molecule.
    """
    away = np.asarray(positions) - host.centre
    if host.linear:
        sine = np.abs(away @ host.axes[0]) / np.maximum(np.linalg.norm(away, axis=1), 1e-12)
        along: FloatArray = np.degrees(np.arcsin(np.clip(sine, 0.0, 1.0)))
        return along
    cosine = np.abs(away @ host.axes[2]) / np.maximum(np.linalg.norm(away, axis=1), 1e-12)
    angles: FloatArray = np.degrees(np.arccos(np.clip(cosine, 0.0, 1.0)))
    return angles


def sectors(host: Monomer, positions: FloatArray) -> npt.NDArray[np.str_]:
    """Angular sector of each probe position (m, 3) in Å."""
    angles = sector_angles(host, positions)
    conditions = [angles < SECTOR_BOUNDS_DEG[0], angles < SECTOR_BOUNDS_DEG[1]]
    return np.select(conditions, ["face", "slanted"], default="edge")
