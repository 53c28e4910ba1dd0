"""What every potential of dimers offers, whatever it is made of."""

from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from nci_core.systems.configurations import Configurations
from nci_core.systems.poses import RigidForces

FloatArray = npt.NDArray[np.float64]


@runtime_checkable
class Potential(Protocol):
    """Interaction energies of dimers: zero where the monomers are far apart."""

    def energies(self, at: Configurations) -> FloatArray:
        """(m,) in eV."""
        ...

    def energies_and_forces(self, at: Configurations) -> tuple[FloatArray, RigidForces]:
        """(m,) in eV, and the force and torque on monomer b."""
        ...
