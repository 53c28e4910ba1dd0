"""The fitted integrals between the correlated orbitals of one fragment, as tensors."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.integrals.products import multiply
from nci_core.integrals.scf import Solution

FloatArray = npt.NDArray[np.float64]

#: Auxiliary functions transformed at once.
BLOCK = 64


@dataclass(frozen=True)
class OrbitalIntegrals:
    """(pq|rs) = Σ_P L_Ppq L_Prs over P auxiliary functions, o correlated occupied and v virtual canonical orbitals.

    Attributes:
        oo: (P, o, o); ov: (P, o, v); vv: (P, v, v), each contiguous.
        occupied: (o,) levels in Hartree; virtual: (v,).
    """

    oo: Tensor
    ov: Tensor
    vv: Tensor
    occupied: Tensor
    virtual: Tensor

    @property
    def sizes(self) -> tuple[int, int, int]:
        """P, o and v."""
        return int(self.ov.shape[0]), int(self.ov.shape[1]), int(self.ov.shape[2])

    def to(self, dtype: torch.dtype) -> "OrbitalIntegrals":
        """The same in another precision."""
        parts = (self.oo, self.ov, self.vv, self.occupied, self.virtual)
        return OrbitalIntegrals(*(part.to(dtype) for part in parts))

    def differences(self) -> tuple[Tensor, Tensor]:
        """ε_a − ε_i as (o, v), and ε_a + ε_b − ε_i − ε_j as (o, v, o, v)."""
        one = self.virtual[None, :] - self.occupied[:, None]
        return one, one[:, :, None, None] + one[None, None]


def transform(B: FloatArray, state: Solution, n_core: int, device: torch.device) -> OrbitalIntegrals:
    """The integrals of one fragment on a device; B is (x, n, n), the lowest `n_core` orbitals are left out."""
    orbitals = torch.from_numpy(np.ascontiguousarray(state.coefficients[:, n_core:])).to(device)
    levels = torch.from_numpy(np.ascontiguousarray(state.levels[n_core:])).to(device)
    x, n, _ = B.shape
    m, o = orbitals.shape[1], state.n_occupied - n_core
    oo, ov, vv = (levels.new_empty(x, *shape) for shape in ((o, o), (o, m - o), (m - o, m - o)))
    for start in range(0, x, BLOCK):
        block = torch.from_numpy(B[start : start + BLOCK]).to(device)
        half = multiply(block.reshape(-1, n), orbitals).reshape(-1, n, m)
        # Σ_ν B_Pμν C_νq, then over μ: as rows (P, q), for B_Pμν = B_Pνμ.
        whole = multiply(half.transpose(1, 2).reshape(-1, n), orbitals).reshape(-1, m, m)
        end = start + len(block)
        oo[start:end], ov[start:end], vv[start:end] = whole[:, :o, :o], whole[:, :o, o:], whole[:, o:, o:]
    return OrbitalIntegrals(oo, ov, vv, levels[:o], levels[o:])
