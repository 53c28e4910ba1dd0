"""The keys of a frame: checked, in eV, without what the geometry says already."""

import math
import re
from typing import Any

import numpy as np
from ase import Atoms

from nci_core.errors import InputError
from nci_core.systems.reading.stated_units import StatedUnits

REFERENCE = "REF_interaction_energy"
#: Standard error of the recipe for the reference energy, of one label; not an error bar of a model.
LABEL_STD = "label_std"
#: Place, from 1, of the frame's system among those of the campaign that wrote the file; frames of different systems are
#: of different hosts, however alike these are.
SYSTEM = "nci_system"
#: The unit quaternion (w, x, y, z) that turns a probe which is no atom from how its campaign has it.
POSE = "pose_wxyz"
#: Keys (with or without _std) whose values must be finite numbers.
NUMBERS = (REFERENCE, "teacher_interaction_energy", "student_interaction_energy", "elst", "exch", "ind", "disp")
#: Keys that ASE and other programs give a meaning of their own.
PLAIN = ("energy", "forces", "free_energy", "stress", "virial")
#: Keys that the geometry says already; numbers of atoms would be wrong once the probe comes last.
STRUCTURE = ("monomer_a", "monomer_b", "selection_a", "selection_b", "config_type")
#: Other keys that hold an energy, such as those of cheaper recipes.
_ENERGY = re.compile(r".*_interaction_energy(_std)?|(.*_)?label_std")


def python_value(value: Any) -> Any:
    """Numpy scalars and arrays as Python values."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


def keys_of(frame: int, atoms: Atoms) -> dict[str, Any]:
    """The keys of a frame of the given number as Python values, plain energies and the like left out.

    Raises InputError where energies are not finite numbers, and where there is only a plain energy: ASE moves those to
    a calculator or to arrays, and whose they are cannot be told.
    """
    info = {key: python_value(value) for key, value in atoms.info.items()}
    plain = set(PLAIN) & {*info, *atoms.arrays, *(atoms.calc.results if atoms.calc is not None else ())}
    for key in ("energy", "REF_energy"):
        if REFERENCE not in info and (key in plain or key in info):
            raise InputError(
                f"frame {frame} has {key!r} but no {REFERENCE!r}; a total energy is no interaction energy, "
                f"so rename the key if it is E_AB − E_A − E_B in eV."
            )
    for key in list(info):
        if key in PLAIN:
            del info[key]
        elif key.removesuffix("_std") in NUMBERS or key == LABEL_STD:
            value = info[key]
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise InputError(f"frame {frame}: {key} is {value!r}, not a finite number.")
            info[key] = float(value)
    return info


def in_internal_units(info: dict[str, Any], stated: StatedUnits) -> dict[str, Any]:
    """The keys with energies in eV, and without the keys that state units, which would no longer be true."""
    found = {}
    for key, value in info.items():
        if key in stated.keys:
            continue
        factor = stated.energies.get(key, stated.energies.get(key.removesuffix("_std"), stated.energy))
        number = isinstance(value, int | float) and not isinstance(value, bool)
        energy = key.removesuffix("_std") in NUMBERS or _ENERGY.fullmatch(key)
        found[key] = value * factor if factor is not None and number and energy else value
    return found
