"""Unit conversion, done once. Inside nci_core every energy is in eV and every length in Å.

Constants are CODATA 2018 (DOI 10.1103/RevModPhys.93.025010).

>>> round(to_unit(1.0, "cm1"), 3)
8065.544
>>> round(from_unit(to_unit(0.25, "K"), "K"), 12)
0.25
>>> UNITS["cm1"].label
'cm⁻¹'
"""

import re
import unicodedata
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
#: Coulomb energy of two elementary charges 1 Å apart, in eV: e²/4πε₀ in eV Å.
COULOMB_EV_ANGSTROM = HARTREE_EV * BOHR_ANGSTROM
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


def _spelling(name: str) -> str:
    """A unit's name without what people vary: case, spaces, dots, how a power is written.

    >>> _spelling("kcal mol⁻¹"), _spelling("cm^-1"), _spelling("a.u.")
    ('kcalmol-1', 'cm-1', 'au')
    """
    name = unicodedata.normalize("NFKC", name).replace("\u2212", "-").lower()
    return re.sub(r"[\s.^*_()·]|(?<=\w)/(?=mol)", "", name)


#: Energy units as people write them → eV.
_ENERGY_NAMES: dict[str, float] = {
    **dict.fromkeys(("ev", "electronvolt", "electronvolts"), 1.0),
    **dict.fromkeys(("mev", "millielectronvolt"), 1e-3),
    **dict.fromkeys(("kcalmol", "kcal/mol", "kcalmol-1", "kcal", "kcalpermol"), 1.0 / UNITS["kcal_mol"].per_ev),
    **dict.fromkeys(("kjmol", "kj/mol", "kjmol-1", "kj", "kjpermol"), 1.0 / UNITS["kJ_mol"].per_ev),
    **dict.fromkeys(("cm-1", "1/cm", "cm1", "/cm", "wavenumber", "wavenumbers", "invcm", "rcm"), CM1_EV),
    **dict.fromkeys(("k", "kelvin"), 1.0 / UNITS["K"].per_ev),
    **dict.fromkeys(("hartree", "hartrees", "ha", "eh", "au", "atomic", "atomicunits"), HARTREE_EV),
    **dict.fromkeys(("mhartree", "millihartree", "mha", "meh"), 1e-3 * HARTREE_EV),
    **dict.fromkeys(("microhartree", "uhartree", "µeh", "μeh", "ueh", "uha"), 1e-6 * HARTREE_EV),
    **dict.fromkeys(("ry", "rydberg"), 0.5 * HARTREE_EV),
}
#: Length units as people write them → Å.
_LENGTH_NAMES: dict[str, float] = {
    **dict.fromkeys(("å", "angstrom", "angstroms", "ångström", "ångstrom", "angström", "ang", "a", "aa"), 1.0),
    **dict.fromkeys(("bohr", "bohrs", "a0", "au", "atomic", "atomicunits"), BOHR_ANGSTROM),
    **dict.fromkeys(("nm", "nanometer", "nanometre", "nanometers", "nanometres"), 10.0),
    **dict.fromkeys(("pm", "picometer", "picometre", "picometers", "picometres"), 0.01),
}


def energy_unit_named(name: str) -> float | None:
    """How many eV one of the energy unit called `name` is, however people write it; None for an unknown name.

    >>> energy_unit_named("kcal/mol") == energy_unit_named("kcal mol^-1"), energy_unit_named("Hartree")
    (True, 27.211386245988)
    """
    return _ENERGY_NAMES.get(_spelling(name))


def length_unit_named(name: str) -> float | None:
    """How many Å one of the length unit called `name` is, however people write it; None for an unknown name.

    >>> length_unit_named("Bohr"), length_unit_named("Å"), length_unit_named("parsec")
    (0.529177210903, 1.0, None)
    """
    return _LENGTH_NAMES.get(_spelling(name))
