"""What is known of any pair of atoms before the first label: dispersion coefficients, decay of densities, contact."""

import math

from scipy.special import gammainc

from nci_core.potentials.damping import ORDERS
from nci_core.potentials.environments import PairKind
from nci_core.systems.free_atoms import FREE_ATOMS, GENERIC_ATOM, pair_c6, vdw_radius
from nci_core.units import BOHR_ANGSTROM, HARTREE_EV


def is_tabulated(kind: PairKind) -> bool:
    """Whether both free atoms are known."""
    return kind.a in FREE_ATOMS and kind.b in FREE_ATOMS


def dispersion_coefficients(kind: PairKind) -> tuple[float, float, float]:
    """C₆, C₈ = 3 C₆ Q₁Q₂ and C₁₀ = 49/40·C₈²/C₆ in eV Å⁶, eV Å⁸, eV Å¹⁰, as in D3; DOI 10.1063/1.3382344."""
    one, two = (FREE_ATOMS.get(symbol, GENERIC_ATOM) for symbol in kind)
    c6 = pair_c6(one, two)
    c8 = 3.0 * c6 * one.r2r4 * two.r2r4
    c10 = 49.0 / 40.0 * c8**2 / c6
    six, eight, ten = (c * HARTREE_EV * BOHR_ANGSTROM**n for c, n in zip((c6, c8, c10), ORDERS, strict=True))
    return six, eight, ten


def decay(kind: PairKind) -> float:
    """0.9(√(2I₁) + √(2I₂)) in Å⁻¹, from the decay of the densities, I the ionisation energies."""
    atoms = (FREE_ATOMS.get(symbol, GENERIC_ATOM) for symbol in kind)
    return 0.9 * sum(math.sqrt(2.0 * atom.ionisation / HARTREE_EV) for atom in atoms) / BOHR_ANGSTROM


def contact(kind: PairKind) -> float:
    """Distance in Å at which the van der Waals radii touch."""
    return vdw_radius(kind.a) + vdw_radius(kind.b)


def attraction(kind: PairKind, distance: float) -> float:
    """Force of damped dispersion Σ n f_n C_n/Rⁿ⁺¹ in eV/Å, in which f_n is an incomplete gamma function."""
    return sum(
        n * c * float(gammainc(n + 1, decay(kind) * distance)) / distance ** (n + 1)
        for n, c in zip(ORDERS, dispersion_coefficients(kind), strict=True)
    )
