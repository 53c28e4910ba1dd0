"""Second-order Møller–Plesset correlation with the fitted integrals of Hartree–Fock."""

import numpy as np
import numpy.typing as npt

from nci_core.integrals.scf import Solution

FloatArray = npt.NDArray[np.float64]


def fitted_pairs(B: FloatArray, state: Solution, n_core: int) -> FloatArray:
    """(occ, P, virt) fitted integrals B_P,ia between correlated occupied and virtual orbitals; B is (P, n, n)."""
    x, n, _ = B.shape
    active = state.coefficients[:, n_core : state.n_occupied]
    virtual = state.coefficients[:, state.n_occupied :]
    half = (B.reshape(-1, n) @ active).reshape(x, n, -1).transpose(2, 0, 1)
    return np.ascontiguousarray(half) @ virtual


def correlation_energy(B: FloatArray, state: Solution, n_core: int) -> float:
    """E = Σ_ijab (ia|jb)[2(ia|jb) − (ib|ja)]/(ε_i + ε_j − ε_a − ε_b) in Hartree, core orbitals frozen.

    Møller, Plesset, Phys. Rev. 46, 618 (1934), DOI 10.1103/PhysRev.46.618; (ia|jb) ≈ Σ_P B_Pia B_Pjb.

    Args:
        B: (P, n, n) fitted integrals.
        state: Hartree–Fock in the same functions.
        n_core: occupied orbitals that are not correlated, the lowest.
    """
    pairs = fitted_pairs(B, state, n_core)
    occupied, virtual = state.levels[n_core : state.n_occupied], state.levels[state.n_occupied :]
    below = -(virtual[:, None] + virtual[None])
    energy = 0.0
    for i in range(len(occupied)):
        for j in range(i + 1):
            V = pairs[i].T @ pairs[j]
            share = (V * (2.0 * V - V.T) / (below + (occupied[i] + occupied[j]))).sum()
            energy += float(share) * (1.0 if i == j else 2.0)
    return energy
