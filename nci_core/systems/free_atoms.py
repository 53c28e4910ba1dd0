"""What free atoms bring to the interaction of two of them: dispersion, size."""

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path

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


def _tabulated() -> dict[str, FreeAtom]:
    """Elements H to Rn from free_atoms.toml beside this file, which says where its numbers come from."""
    content = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    rows = content["tabulated"] | content["from_d4"]
    return {element: FreeAtom(*map(float, row)) for element, row in rows.items()}


FREE_ATOMS = _tabulated()
#: An element beyond radon is taken as a middling main-group atom.
GENERIC_ATOM = FreeAtom(20.0, 150.0, 4.0, 10.0)
#: Van der Waals radii in Å of elements that Alvarez lacks: Mantina et al., DOI 10.1021/jp8111556; Pm as its neighbours.
OTHER_RADII = {"Pm": 2.92, "Po": 1.97, "At": 2.02, "Rn": 2.20}
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
    """Alvarez's van der Waals radius in Å (DOI 10.1039/c3dt50599e), or else OTHER_RADII; 2.0 beyond radon.

    >>> vdw_radius("C"), vdw_radius("Rn"), vdw_radius("Og")
    (1.77, 2.2, 2.0)
    """
    number = atomic_numbers[element]
    radius = float(vdw_radii[number]) if number < len(vdw_radii) else math.nan
    return radius if math.isfinite(radius) else OTHER_RADII.get(element, GENERIC_RADIUS)
