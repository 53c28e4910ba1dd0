"""Lengths in Å: converted where a file states another unit, refused where no molecule has such bonds."""

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.systems.bonds import bond_lengths_in_radii
from nci_core.systems.reading.stated_units import StatedUnits
from nci_core.units import BOHR_ANGSTROM

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Medians of `bond_lengths_in_radii` in Å: molecules have 0.72 (OsO₄) to 1.24 (F₂). Of a length in Å and the same
#: number in bohr, only one can lie between these two.
TYPICAL = (0.70, 1.30)
#: Outside of these, lengths are refused.
POSSIBLE = (0.65, 1.40)
_UNITS = {"bohr": BOHR_ANGSTROM, "nm": 10.0, "pm": 0.01}


def length_factor(numbers: IntArray, positions: FloatArray, stated: StatedUnits) -> float:
    """Å per unit of the (n, 3) positions of a file with (n,) atomic numbers.

    What a key states is taken; what a comment only mentions ("converted from bohr to Å") where the bonds agree.
    Raises InputError when the bonds are those of another unit than the one stated, or than Å where none is.
    """
    ratio = bond_lengths_in_radii(numbers, positions)
    factor, said = stated.length or 1.0, "in the stated unit" if stated.length else "in Å"
    if stated.length is None and any(hint != 1.0 for hint in stated.length_hints):
        if ratio is None:
            raise InputError("its comment mentions another unit than Å; say which by a key such as length_unit=bohr.")
        fitting = [hint for hint in {*stated.length_hints, 1.0} if TYPICAL[0] <= ratio * hint <= TYPICAL[1]]
        factor = fitting[0] if fitting else 1.0
    if ratio is None or POSSIBLE[0] <= ratio * factor <= POSSIBLE[1]:
        return factor
    likely = _likely(ratio, len(numbers))
    if likely is None:
        return factor  # no unit explains it: overlapping or scattered atoms, which later checks name
    raise InputError(
        f"read {said}, neighbouring atoms are {ratio * factor:.2g} times as far apart as bonds are long; "
        f"the coordinates are likely {likely}."
    )


def _likely(ratio: float, n: int) -> str | None:
    """What explains a median distance between neighbours of n atoms, in covalent radii, in words."""
    if POSSIBLE[0] <= ratio <= POSSIBLE[1]:
        return "in Å"
    for name, factor in _UNITS.items():
        if name == "nm" and n < 4:
            continue  # of so few, atoms that overlap by mistake are as likely
        if POSSIBLE[0] <= ratio * factor <= POSSIBLE[1]:
            return f"in {name}: convert them to Å, or add length_unit={name}"
    if TYPICAL[0] <= ratio / BOHR_ANGSTROM <= POSSIBLE[1]:
        return "in Å and were multiplied by 0.529 once too often: give them as they were"
    return None
