"""From what a file says to what is used: neutral, in Å, whole."""

import numpy as np
from ase import Atoms

from nci_core.errors import InputError
from nci_core.systems.reading.cells import unwrapped
from nci_core.systems.reading.declared import check_neutral_singlet
from nci_core.systems.reading.lengths import length_factor
from nci_core.systems.reading.stated_units import StatedUnits, stated_units
from nci_core.systems.reading.xyz import Structure

#: In Å, or in any unit that is converted.
FARTHEST = 1e6


def usable(structure: Structure) -> tuple[Atoms, StatedUnits]:
    """The atoms of a structure with positions in Å and molecules whole, and the units that it states.

    Raises InputError for coordinates that are not numbers, a declared charge or unpaired electrons, units that are
    unknown, contradictory or implausible, and cells that cannot be undone.
    """
    atoms = structure.atoms
    bad = np.argwhere(~(np.abs(atoms.positions) < FARTHEST).all(axis=1))
    if len(bad):
        row = int(bad[0, 0])
        raise InputError(
            f"atom {row + 1} ({atoms.symbols[row]}) has coordinates that are not numbers, or too large ones."
        )
    check_neutral_singlet(structure)
    stated = stated_units(atoms.info, structure.comment)
    boxed = atoms.pbc.any()
    # In a box, molecules are put together before bonds can tell a unit; without a stated one that is done in Å.
    factor = stated.length or 1.0 if boxed else length_factor(atoms.numbers, atoms.positions, stated)
    if factor != 1.0:
        atoms.positions *= factor
        atoms.cell = atoms.cell.array * factor
    if boxed:
        atoms.positions = unwrapped(atoms)
        in_angstrom = StatedUnits(None, tuple(h for h in stated.length_hints if not stated.length), None, {}, ())
        if length_factor(atoms.numbers, atoms.positions, in_angstrom) != 1.0:
            raise InputError("its comment mentions bohr and it is periodic; say which unit by the key length_unit.")
    return atoms, stated
