"""What a host's atoms and an atom do to each other far apart, from the monomers alone: dispersion, charges, induction.

The isotropic part is that of D4, the directions are those of polarizability tensors of atoms that screen each other.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.integrate import lebedev_rule

from nci_core.properties.atoms_in_molecules import atoms_in_molecule
from nci_core.properties.screening import gaussian_widths, screened_tensors
from nci_core.systems.dimer import Dimer
from nci_core.systems.free_atoms import FREE_ATOMS, GENERIC_ATOM, FreeAtom, pair_c6
from nci_core.units import BOHR_ANGSTROM, COULOMB_EV_ANGSTROM, HARTREE_EV

FloatArray = npt.NDArray[np.float64]

#: Imaginary frequencies of the quadrature, and the frequency (hartree) in whose middle they lie.
FREQUENCIES, MIDDLE = 8, 0.6
#: Directions over which C₆ is averaged: exact up to l = 41, so that turning a molecule changes nothing.
DIRECTIONS, _WEIGHTS = lebedev_rule(41)
SHARES = _WEIGHTS / _WEIGHTS.sum()
#: No direction has less than this share of an atom's mean C₆.
LEAST = 0.1


@dataclass(frozen=True)
class LongRange:
    """Of n atoms of a host with an atom.

    Attributes:
        coefficients: (n, 3) C₆, C₈, C₁₀ in eV Å⁶, eV Å⁸, eV Å¹⁰, such that C₆·exp(γ·Y) has D4's mean.
        anisotropy: (n, 2) γ of c − ⅓ and u² − d²/3 in C₆(r̂) = C₆·exp(γ·Y).
        charges: (n,) of a's atoms by D4, elementary charges.
        polarizability: of the atom b, static, Å³.
    """

    coefficients: FloatArray
    anisotropy: FloatArray
    charges: FloatArray
    polarizability: float


def c6_tensors(dimer: Dimer) -> FloatArray:
    """(n, 3, 3) M in hartree bohr⁶, C₆(r̂) = r̂ᵀ M r̂, of each atom of a with the atom b, unscaled.

    M = (1/2π) ∫ α_b(iω) [tr α(iω) + 3α(iω)] dω, α the screened tensors of a's atoms; for isotropic α it is 3/π ∫ α α_b.
    """
    host, probe = atoms_in_molecule(dimer.a), free_atom(dimer.b.symbols[0])
    omega_b = 4.0 * probe.c6 / (3.0 * probe.polarizability**2)
    x, weight = np.polynomial.legendre.leggauss(FREQUENCIES)
    share = 0.5 * (x + 1.0)
    omega, d_omega = MIDDLE * share / (1.0 - share), 0.5 * weight * MIDDLE / (1.0 - share) ** 2
    positions = dimer.a.positions / BOHR_ANGSTROM
    found = np.zeros((len(positions), 3, 3))
    for at, step in zip(omega, d_omega, strict=True):
        there = host.polarizabilities / (1.0 + (at / host.frequencies) ** 2)
        alpha = screened_tensors(positions, there, gaussian_widths(there))
        alpha_b = probe.polarizability / (1.0 + (at / omega_b) ** 2)
        trace = np.trace(alpha, axis1=1, axis2=2)[:, None, None] * np.eye(3)
        found += step * alpha_b * (trace + 3.0 * alpha) / (2.0 * np.pi)
    return found


def free_atom(symbol: str) -> FreeAtom:
    """A free atom, or a middling one where it is not tabulated."""
    return FREE_ATOMS.get(symbol, GENERIC_ATOM)


@lru_cache(maxsize=256)
def long_range_of(dimer: Dimer) -> LongRange:
    """Coefficients of a dimer whose b is an atom; the last ones are kept. InputError for elements that D4 lacks."""
    host, probe = atoms_in_molecule(dimer.a), free_atom(dimer.b.symbols[0])
    atoms = [
        FreeAtom(float(alpha), float(c6), free_atom(symbol).r2r4, 0.0)
        for alpha, c6, symbol in zip(host.polarizabilities, host.c6, dimer.a.symbols, strict=True)
    ]
    c6 = np.array([pair_c6(atom, probe) for atom in atoms])
    c8 = 3.0 * c6 * np.array([atom.r2r4 for atom in atoms]) * probe.r2r4
    c10 = 49.0 / 40.0 * c8**2 / c6
    gamma, level = _exponents(dimer, c6_tensors(dimer))
    units = HARTREE_EV * BOHR_ANGSTROM ** np.array([6, 8, 10])
    alpha = probe.polarizability * BOHR_ANGSTROM**3
    return LongRange(np.stack([c6 / level, c8, c10], axis=1) * units, gamma, host.charges, alpha)


def dispersion_c6(dimer: Dimer, directions: FloatArray) -> FloatArray:
    """(m,) C₆(R̂) = Σ C₆·exp(γ·Y) of all atoms along unit vectors (m, 3), in eV Å⁶."""
    found = long_range_of(dimer)
    exponents = np.einsum("ip,ipk->ik", found.anisotropy, _angular(dimer, directions.T))
    c6: FloatArray = found.coefficients[:, 0] @ np.exp(exponents)
    return c6


def induction_c6(dimer: Dimer, directions: FloatArray) -> FloatArray:
    """(m,) C₆ = ½ α μ² (1 + 3cos²θ) of the dipole μ of D4's charges and the atom b, along unit vectors; eV Å⁶."""
    found = long_range_of(dimer)
    dipole = found.charges @ (dimer.a.positions - dimer.a.centre)
    squares = dipole @ dipole + 3.0 * (directions @ dipole) ** 2
    c6: FloatArray = 0.5 * COULOMB_EV_ANGSTROM * found.polarizability * squares
    return c6


def _angular(dimer: Dimer, directions: FloatArray) -> FloatArray:
    """(n, 2, m) c − ⅓ and u² − d²/3 of each atom along unit vectors (3, m)."""
    axes = dimer.a.local_axes
    u = axes.outward @ directions
    c = np.einsum("ak,iab,bk->ik", directions, axes.normal, directions)
    squared = (axes.outward**2).sum(axis=1)[:, None]
    Y: FloatArray = np.stack([c - 1.0 / 3.0, u**2 - squared / 3.0], axis=1)
    return Y


def _exponents(dimer: Dimer, tensors: FloatArray) -> tuple[FloatArray, FloatArray]:
    """γ (n, 2) that come nearest to ln r̂ᵀMr̂ over all directions, and the mean (n,) of exp(γ·Y)."""
    Y = _angular(dimer, DIRECTIONS)
    values = np.einsum("ak,iab,bk->ik", DIRECTIONS, tensors, DIRECTIONS)
    relative = values / (values @ SHARES)[:, None]
    target = np.log(np.maximum(relative, LEAST))
    centred = target - (target @ SHARES)[:, None]
    # γ = (Yᵀ w Y)⁻¹ Yᵀ w ln C₆; a function that is the same in all directions has no γ.
    normal = np.einsum("ipk,k,iqk->ipq", Y, SHARES, Y) + 1e-6 * np.eye(2)
    gamma = np.linalg.solve(normal, np.einsum("ipk,k,ik->ip", Y, SHARES, centred)[..., None])[..., 0]
    level = np.exp(np.einsum("ip,ipk->ik", gamma, Y)) @ SHARES
    return gamma, level
