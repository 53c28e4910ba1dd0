"""Regions of the interaction, defined once for sampling, losses, metrics and maps.

By energy: **wall** (0 ≤ E < limit), **well** (E < well_below) and **tail** (well_below ≤ E < 0);
energies at or above the limit are **beyond**. By direction: the angle between the probe and the
host's thinnest principal axis: **face** (< 30°), **slanted** (30–60°), **edge** (> 60°). A linear host is
equally thin all round; there the angle from the plane across it counts, and people read side and end.
"""

from dataclasses import dataclass

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

    def classify(self, energies: FloatArray) -> npt.NDArray[np.str_]:
        """Region of each energy (m,) in eV; which energy decides (reference, else teacher) is the caller's."""
        energies = np.asarray(energies)
        well, limit = from_cm1(self.well_below_cm1), from_cm1(self.limit_cm1)
        conditions = [energies < well, energies < 0.0, energies < limit]
        return np.select(conditions, ["well", "tail", "wall"], default="beyond")


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
