"""Unit conversion, done once. Inside nci_core every energy is in eV and every length in Å.

Constants are CODATA 2018 (DOI 10.1103/RevModPhys.93.025010).

>>> round(to_unit(1.0, "cm1"), 3)
8065.544
>>> round(from_unit(to_unit(0.25, "K"), "K"), 12)
0.25
>>> UNITS["cm1"].label
'cm⁻¹'
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError

#: Hartree energy in eV.
HARTREE_EV = 27.211386245988
#: Hartree energy in cm⁻¹.
HARTREE_CM1 = 219474.63136320
#: Bohr radius in Å.
BOHR_ANGSTROM = 0.529177210903
#: One cm⁻¹ in eV.
CM1_EV = HARTREE_EV / HARTREE_CM1

Number = TypeVar("Number", float, npt.NDArray[np.float64])


@dataclass(frozen=True)
class EnergyUnit:
    """An energy unit users may choose.

    Attributes:
        key: name used on the command line and in persisted fields.
        label: text shown to people.
        per_ev: how many of this unit make one eV.
        digits: decimals that resolve 0.01 cm⁻¹ in tables.
    """

    key: str
    label: str
    per_ev: float
    digits: int


UNITS: dict[str, EnergyUnit] = {
    u.key: u
    for u in (
        EnergyUnit("cm1", "cm⁻¹", 1.0 / CM1_EV, 2),
        EnergyUnit("meV", "meV", 1000.0, 4),
        EnergyUnit("kcal_mol", "kcal/mol", 23.060547830619, 5),
        EnergyUnit("kJ_mol", "kJ/mol", 96.48533212331, 4),
        EnergyUnit("K", "K", 11604.518121550, 2),
    )
}


def unit(key: str) -> EnergyUnit:
    """Return the unit called `key`; raises InputError for an unknown one."""
    try:
        return UNITS[key]
    except KeyError:
        raise InputError(f"Unknown energy unit {key!r}; choose one of {', '.join(UNITS)}.") from None


def to_unit(energy_ev: Number, key: str = "cm1") -> Number:
    """Convert from eV to the unit `key` (a scalar or an array of any shape)."""
    return energy_ev * unit(key).per_ev


def from_unit(energy: Number, key: str = "cm1") -> Number:
    """Convert from the unit `key` to eV (a scalar or an array of any shape)."""
    return energy / unit(key).per_ev


def to_cm1(energy_ev: Number) -> Number:
    """Convert eV to cm⁻¹."""
    return energy_ev / CM1_EV


def from_cm1(energy_cm1: Number) -> Number:
    """Convert cm⁻¹ to eV."""
    return energy_cm1 * CM1_EV
