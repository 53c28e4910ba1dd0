"""CCSD(T) with the fitted integrals of Hartree–Fock, through PySCF's solvers.

Purvis and Bartlett, DOI 10.1063/1.443164; Raghavachari et al., DOI 10.1016/S0009-2614(89)87395-6. The integrals
are products of one tensor B that all counterpoise fragments share, so the transformation costs seconds.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pyscf import gto, lib, scf
from pyscf.cc import ccsd

from nci_core.fitted.scf import Solution

FloatArray = npt.NDArray[np.float64]

#: Auxiliary functions transformed at once.
BLOCK = 64


@dataclass(frozen=True)
class Correlation:
    """CCSD and (T) correlation energies in Hartree, cycles of CCSD, and ‖t1‖/√N of N correlated electrons."""

    ccsd: float
    triples: float
    cycles: int
    t1_diagnostic: float
    converged: bool


def molecular_integrals(B: FloatArray, orbitals: FloatArray) -> FloatArray:
    """(P, m, m) fitted integrals over m orbitals, columns of (n, m); B is (P, n, n)."""
    x, n, _ = B.shape
    m = orbitals.shape[1]
    found = np.empty((x, m, m))
    for start in range(0, x, BLOCK):
        half = (B[start : start + BLOCK].reshape(-1, n) @ orbitals).reshape(-1, n, m)
        found[start : start + BLOCK] = (half.transpose(0, 2, 1).reshape(-1, n) @ orbitals).reshape(-1, m, m)
    return found


def integrals_in_memory(B: FloatArray, state: Solution, n_core: int) -> Any:
    """PySCF's container of the integrals that CCSD and (T) ask for, all in memory."""
    n_occupied = state.n_occupied - n_core
    L = molecular_integrals(B, state.coefficients[:, n_core:])
    x, m, _ = L.shape
    n_virtual = m - n_occupied
    oo = L[:, :n_occupied, :n_occupied].reshape(x, -1)
    ov = np.ascontiguousarray(L[:, :n_occupied, n_occupied:]).reshape(x, -1)
    vv = lib.pack_tril(np.ascontiguousarray(L[:, n_occupied:, n_occupied:]))
    found = ccsd._ChemistsERIs()
    found.nocc, found.e_hf = n_occupied, 0.0
    found.mo_coeff, found.mo_energy = np.eye(m), state.levels[n_core:]
    found.fock = np.diag(found.mo_energy)
    shape = {"o": n_occupied, "v": n_virtual}

    def block(left: FloatArray, right: FloatArray, name: str) -> FloatArray:
        return np.asarray(left.T @ right).reshape([shape[letter] for letter in name])

    found.oooo, found.ovoo, found.ovov = block(oo, oo, "oooo"), block(ov, oo, "ovoo"), block(ov, ov, "ovov")
    found.ovvo = np.ascontiguousarray(found.ovov.transpose(0, 1, 3, 2))
    found.oovv = lib.unpack_tril(oo.T @ vv).reshape([shape[letter] for letter in "oovv"])
    found.ovvv = (ov.T @ vv).reshape(n_occupied, n_virtual, -1)
    found.vvvv = vv.T @ vv
    return found


def correlation(
    B: FloatArray, state: Solution, n_core: int, energy_tol: float, amplitude_tol: float, max_cycle: int
) -> Correlation:
    """CCSD(T) of one fragment in canonical orbitals, core orbitals frozen; two electrons have no triples.

    Args:
        B: (P, n, n) fitted integrals.
        state: Hartree–Fock in the same functions.
        n_core: occupied orbitals that are not correlated, the lowest.
        energy_tol: of CCSD, Hartree; amplitude_tol: norm of the amplitudes' change.
        max_cycle: iterations before CCSD counts as not converging.
    """
    integrals = integrals_in_memory(B, state, n_core)
    n_occupied, m = integrals.nocc, len(integrals.mo_energy)
    molecule = gto.M(verbose=0)
    molecule.nelectron = 2 * n_occupied
    integrals.mol = molecule
    mean_field = scf.RHF(molecule)
    mean_field.mo_coeff, mean_field.mo_energy = np.eye(m), integrals.mo_energy
    mean_field.mo_occ = np.where(np.arange(m) < n_occupied, 2.0, 0.0)
    solver = ccsd.CCSD(mean_field)
    solver.nocc, solver.nmo, solver.verbose = n_occupied, m, 0
    solver.conv_tol, solver.conv_tol_normt, solver.max_cycle = energy_tol, amplitude_tol, max_cycle
    solver.incore_complete = True
    # PySCF would ask a molecule for the mean field's energy; there is none, and nothing here needs it.
    solver.get_e_hf = lambda *_, **__: 0.0
    solver.kernel(eris=integrals)
    triples = float(solver.ccsd_t(eris=integrals)) if solver.converged and n_occupied > 1 else 0.0
    return Correlation(
        ccsd=float(solver.e_corr),
        triples=triples,
        cycles=int(solver.cycles),
        t1_diagnostic=float(np.linalg.norm(solver.t1) / np.sqrt(2 * n_occupied)),
        converged=bool(solver.converged),
    )
