"""What free atoms bring to the interaction of two of them: dispersion, size."""

import math
from dataclasses import dataclass

from ase.data import atomic_numbers
from ase.data.vdw_alvarez import vdw_radii


@dataclass(frozen=True)
class FreeAtom:
    """A free atom.

    Attributes:
        polarizability: static dipole polarizability, bohr³.
        c6: C₆ with itself, hartree bohr⁶.
        r2r4: sqrt(½√Z ⟨r⁴⟩/⟨r²⟩), bohr, of D3.
        ionisation: first ionisation energy, eV.
    """

    polarizability: float
    c6: float
    r2r4: float
    ionisation: float


#: α and C₆: Chu and Dalgarno, DOI 10.1063/1.1779576 (Xe: DOI 10.1103/PhysRevLett.102.073005);
#: r2r4: DFT-D3, DOI 10.1063/1.3382344; ionisation energies: NIST ASD, DOI 10.18434/T4W30F.
FREE_ATOMS = {
    "H": FreeAtom(4.50, 6.5, 2.0073, 13.598),
    "He": FreeAtom(1.38, 1.42, 1.5664, 24.587),
    "Be": FreeAtom(38.0, 227.0, 3.8538, 9.323),
    "B": FreeAtom(21.0, 99.5, 3.6445, 8.298),
    "C": FreeAtom(12.0, 46.6, 3.1049, 11.260),
    "N": FreeAtom(7.40, 24.2, 2.7118, 14.534),
    "O": FreeAtom(5.40, 15.6, 2.5936, 13.618),
    "F": FreeAtom(3.80, 9.52, 2.3883, 17.423),
    "Ne": FreeAtom(2.67, 6.20, 2.2152, 21.565),
    "Mg": FreeAtom(71.0, 626.0, 5.4630, 7.646),
    "Al": FreeAtom(60.0, 528.0, 5.6522, 5.986),
    "Si": FreeAtom(37.0, 305.0, 4.8828, 8.152),
    "P": FreeAtom(25.0, 185.0, 4.2973, 10.487),
    "S": FreeAtom(19.6, 134.0, 4.0411, 10.360),
    "Cl": FreeAtom(15.0, 94.6, 3.7293, 12.968),
    "Ar": FreeAtom(11.1, 64.2, 3.4468, 15.760),
    "Ca": FreeAtom(160.0, 2163.0, 7.0762, 6.113),
    "Zn": FreeAtom(40.0, 284.0, 5.0982, 9.394),
    "Se": FreeAtom(25.0, 210.0, 4.5909, 9.752),
    "Br": FreeAtom(20.0, 162.0, 4.3118, 11.814),
    "Kr": FreeAtom(16.7, 130.0, 4.1500, 14.000),
    "I": FreeAtom(35.0, 385.0, 5.5332, 10.451),
    "Xe": FreeAtom(27.3, 285.9, 5.2548, 12.130),
}
#: An element without an entry is taken as a middling main-group atom.
GENERIC_ATOM = FreeAtom(20.0, 150.0, 4.0, 10.0)
#: Van der Waals radius in Å of elements without one.
GENERIC_RADIUS = 2.0


def pair_c6(first: FreeAtom, second: FreeAtom) -> float:
    """C₆ of a pair, hartree bohr⁶: 2 C₁C₂ / (α₂/α₁·C₁ + α₁/α₂·C₂); DOI 10.1103/PhysRevLett.102.073005.

    >>> round(pair_c6(FREE_ATOMS["He"], FREE_ATOMS["He"]), 2)
    1.42
    """
    ratio = second.polarizability / first.polarizability
    return 2.0 * first.c6 * second.c6 / (ratio * first.c6 + second.c6 / ratio)


def vdw_radius(element: str) -> float:
    """Alvarez's van der Waals radius in Å (DOI 10.1039/c3dt50599e), 2.0 for elements without one."""
    number = atomic_numbers[element]
    radius = float(vdw_radii[number]) if number < len(vdw_radii) else math.nan
    return radius if math.isfinite(radius) else GENERIC_RADIUS
