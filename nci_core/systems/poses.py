"""Poses."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RigidForces:
    """Forces on rigid monomers b of m configurations.

    Attributes:
        force: (m, 3) in eV/Å.
        torque: (m, 3) in eV about b's centre; zero for an atom.
    """

    force: FloatArray
    torque: FloatArray
