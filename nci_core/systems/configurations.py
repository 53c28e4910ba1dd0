"""Configurations of a dimer: where monomer b is and how it is turned, as seen from a."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.systems.dimer import Dimer

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Configurations:
    """m configurations of one dimer.

    Attributes:
        dimer: which.
        R: (m, 3) centre of b in a's coordinates, Å.
        q: (m, 4) unit quaternions (w, x, y, z) by which b is turned.
    """

    dimer: Dimer
    R: FloatArray
    q: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "R", np.asarray(self.R, dtype=float).reshape(-1, 3))
        if self.q is None:
            object.__setattr__(self, "q", np.tile([1.0, 0.0, 0.0, 0.0], (len(self.R), 1)))

    def __len__(self) -> int:
        return len(self.R)

    def __getitem__(self, rows: Any) -> "Configurations":
        return Configurations(self.dimer, self.R[rows], self.q[rows])
