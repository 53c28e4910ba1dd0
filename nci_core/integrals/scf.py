"""Restricted Hartree–Fock in a Hamiltonian whose two-electron integrals are fitted: (μν|ρσ) = Σ_P B_Pμν B_Pρσ."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pyscf import lib, scf
from scipy.linalg import eigh

from nci_core.errors import NotConvergedError

FloatArray = npt.NDArray[np.float64]

#: SCF convergence in Hartree: 1e-9 is 2e-4 cm⁻¹ per fragment, far below the 0.1 cm⁻¹ that must be smooth.
CONV_TOL = 1e-9
MAX_CYCLE = 100
#: Bytes of B handled at once in J and K, small enough for the processor's cache.
BLOCK_BYTES = 4_000_000


@dataclass(frozen=True)
class Solution:
    """A converged Hartree–Fock state.

    Attributes:
        energy: Hartree.
        coefficients: (n, k) molecular orbitals, the lowest first.
        levels: (k,) their energies in Hartree.
        n_occupied: doubly occupied ones.
        cycles: iterations it took.
    """

    energy: float
    coefficients: FloatArray
    levels: FloatArray
    n_occupied: int
    cycles: int = 0

    @property
    def occupied(self) -> FloatArray:
        """(n, n_occupied) occupied orbitals."""
        return self.coefficients[:, : self.n_occupied]


def coulomb_exchange(B: FloatArray, orbitals: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """J_μν = Σ_P B_Pμν ρ_P and K_μν = Σ_Pi w_i (B_P c_i)_μ (B_P c_i)_ν of D = Σ_i w_i c_i c_iᵀ.

    B is (x, n, n), orbitals (n, k), weights (k,); one pass over B in blocks that fit the cache.
    """
    x, n, _ = B.shape
    k = orbitals.shape[1]
    weighted = (orbitals * weights).ravel()
    coulomb, exchange = np.zeros(n * n), np.zeros((n, n))
    step = max(1, BLOCK_BYTES // (8 * n * n))
    for start in range(0, x, step):
        block = B[start : start + step]
        m = len(block)
        half = block.reshape(-1, n) @ orbitals
        coulomb += (half.reshape(m, -1) @ weighted) @ block.reshape(m, -1)
        half = half.reshape(m, n, k).transpose(1, 0, 2)
        left = np.ascontiguousarray(half).reshape(n, -1)
        if np.all(weights == weights[0]):  # numpy recognises A Aᵀ and does half the work
            exchange += weights[0] * (left @ left.T)
        else:
            exchange += (half * weights).reshape(n, -1) @ left.T
    return coulomb.reshape(n, n), exchange


def solve(
    B: FloatArray,
    mol: Any,
    overlap: FloatArray,
    core: FloatArray,
    repulsion: float,
    electrons: int,
    guess: FloatArray | None,
    conv_tol: float = CONV_TOL,
) -> Solution:
    """RHF in a given Hamiltonian; NotConvergedError when it does not converge.

    Args:
        B: (x, n, n) fitted integrals.
        mol: the molecule whose functions they are.
        overlap: (n, n); core: (n, n) kinetic energy and nuclear attraction, Hartree.
        repulsion: of the nuclei, Hartree.
        electrons: how many.
        guess: (n, occ) orbitals to start from, orthogonal or not; None for PySCF's guess.
        conv_tol: change of the energy in Hartree between the last two iterations.
    """
    fragment = mol.copy()
    fragment.nelectron = electrons
    mf = scf.hf.RHF(fragment)
    mf.verbose = 0
    mf.get_hcore = lambda *_: core
    mf.get_ovlp = lambda *_: overlap
    mf.energy_nuc = lambda *_: repulsion
    mf.direct_scf = False
    mf.conv_check = False  # the energy is variational: one more cycle would not change it
    mf.conv_tol, mf.max_cycle = conv_tol, MAX_CYCLE

    def get_jk(mol: Any = None, dm: Any = None, hermi: int = 1, *_: Any, **__: Any) -> tuple[FloatArray, FloatArray]:
        if getattr(dm, "mo_coeff", None) is not None:
            occupied = dm.mo_occ > 0
            return coulomb_exchange(B, dm.mo_coeff[:, occupied], dm.mo_occ[occupied])
        weights, vectors = np.linalg.eigh(np.asarray(dm))
        keep = np.abs(weights) > 1e-12
        return coulomb_exchange(B, vectors[:, keep], weights[keep])

    mf.get_jk = get_jk
    density = None
    if guess is not None:
        s, U = eigh(guess.T @ overlap @ guess)
        orthonormal = guess @ (U / np.sqrt(s)) @ U.T
        occupation = np.full(orthonormal.shape[1], 2.0)
        density = lib.tag_array(2.0 * orthonormal @ orthonormal.T, mo_coeff=orthonormal, mo_occ=occupation)
    energy = float(mf.kernel(density))
    if not mf.converged or not np.isfinite(energy):
        raise NotConvergedError(f"Hartree–Fock did not converge in {MAX_CYCLE} cycles; check the geometry.")
    return Solution(energy, mf.mo_coeff, mf.mo_energy, electrons // 2, int(mf.cycles))
