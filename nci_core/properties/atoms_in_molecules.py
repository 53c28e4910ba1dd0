"""Atoms in their molecule: charges, polarizabilities and C₆ coefficients by D4.

Caldeweyher et al., J. Chem. Phys. 150, 154122 (2019), DOI 10.1063/1.5090222. They depend on the geometry through
coordination numbers and charges alone, and smoothly.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.systems.monomer import Monomer
from nci_core.units import BOHR_ANGSTROM

FloatArray = npt.NDArray[np.float64]
#: D4 is parametrised up to radon.
HEAVIEST = 86


@dataclass(frozen=True)
class AtomsInMolecule:
    """Properties of a monomer's n atoms, in atomic units.

    Attributes:
        charges: (n,) by electronegativity equilibration, elementary charges.
        polarizabilities: (n,) static dipole polarizabilities, bohr³.
        c6: (n,) C₆ of each with its like, hartree bohr⁶.
    """

    charges: FloatArray
    polarizabilities: FloatArray
    c6: FloatArray

    @property
    def frequencies(self) -> FloatArray:
        """(n,) ω of α(iν) = α/(1 + ν²/ω²), 4C₆/(3α²) in hartree; DOI 10.1103/PhysRevLett.102.073005."""
        found: FloatArray = 4.0 * self.c6 / (3.0 * self.polarizabilities**2)
        return found


@lru_cache(maxsize=256)
def atoms_in_molecule(monomer: Monomer) -> AtomsInMolecule:
    """Properties of a monomer's atoms; the last ones are kept. Raises InputError for elements beyond radon.

    >>> from nci_core.systems import builtin_monomer
    >>> round(float(atoms_in_molecule(builtin_monomer("benzene")).polarizabilities.sum()))  # measured: 67.5
    68
    """
    from dftd4.interface import DispersionModel

    heavy = next((symbol for symbol, z in zip(monomer.symbols, monomer.numbers, strict=True) if z > HEAVIEST), None)
    if heavy:
        raise InputError(f"D4 has no dispersion coefficients of {heavy}, in {monomer.name}; the heaviest is radon.")
    model = DispersionModel(monomer.numbers, monomer.positions / BOHR_ANGSTROM, charge=float(monomer.charge))
    found = model.get_properties()
    c6 = np.diag(found["c6 coefficients"])
    return AtomsInMolecule(found["partial charges"], found["polarizabilities"], c6.copy())
