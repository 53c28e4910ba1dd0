"""Gaussian input files (.gjf, .com) in Cartesian coordinates, with their charge and multiplicity."""

import re

from ase import Atoms
from ase.data import atomic_numbers, chemical_symbols

from nci_core.errors import InputError
from nci_core.systems.reading.xyz import MOST_ATOMS, Structure
from nci_core.units import BOHR_ANGSTROM

_CHARGE_LINE = re.compile(r"\s*[+-]?\d+[\s,]+\d+(?:[\s,]+[+-]?\d+[\s,]+\d+)*\s*", re.ASCII)
#: Symbol or atomic number, an optional label or fragment, an optional freeze code, three numbers, an optional layer.
_FLOAT = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?"
_ATOM = re.compile(
    rf"\s*([A-Za-z]{{1,2}}|\d{{1,3}})(?:\d{{0,4}})?(?:\([^)]*\))?[\s,]+(?:(?:0|-1)[\s,]+)?"
    rf"({_FLOAT})[\s,]+({_FLOAT})[\s,]+({_FLOAT})(?:\s+[HMLhml]\b.*)?\s*",
    re.ASCII,
)
_BOHR = re.compile(r"\bunits?\s*=?\s*\(?[^)\s]*\b(?:au|bohr)\b", re.IGNORECASE)


def read_gaussian_input(text: str) -> Structure:
    """The molecule of a Gaussian input file, in Å; InputError for what is not a single one in Cartesian coordinates.

    Written here because ASE's reader drops charge, multiplicity and `units=au`, which is what matters most.
    """
    if re.search(r"^\s*(?:--link1--|@\S)", text, re.IGNORECASE | re.MULTILINE):
        raise InputError("it has several steps or includes other files; give one with a single molecule.")
    sections = [block.split("\n") for block in re.split(r"\n[ \t]*(?:\n[ \t]*)+", text.strip())]
    route = [line for line in sections[0] if not line.lstrip().startswith(("%", "!"))]
    if not route or not route[0].lstrip().startswith("#"):
        raise InputError("it has no route (a line that begins with #); is this a Gaussian input file?")
    molecule = next((block for block in sections[1:4] if _CHARGE_LINE.fullmatch(block[0])), None)
    if molecule is None:
        raise InputError("it has no line of charge and multiplicity followed by atoms.")
    numbers = [int(number) for number in re.findall(r"[+-]?\d{1,4}", molecule[0])]
    if len(molecule) - 1 > MOST_ATOMS:
        raise InputError(f"it has {len(molecule) - 1} atoms; at most {MOST_ATOMS} can be read.")
    symbols, positions = [], []
    for line in molecule[1:]:
        match = _ATOM.fullmatch(line.split("!")[0])
        if not match:
            raise InputError(f"its line {line.strip()[:60]!r} is no atom in Cartesian coordinates.")
        symbols.append(_symbol(match[1]))
        positions.append([float(match[k].lower().replace("d", "e")) for k in (2, 3, 4)])
    if not symbols:
        raise InputError("it has no atoms.")
    atoms = Atoms(symbols, positions=positions)
    # With fragments, those of each follow those of the whole.
    charges, multiplicities = numbers[::2], numbers[1::2]
    atoms.info["charge"] = charges if len(charges) > 1 else charges[0]
    atoms.info["multiplicity"] = multiplicities if len(charges) > 1 else multiplicities[0]
    if _BOHR.search(" ".join(route)):
        atoms.positions *= BOHR_ANGSTROM
    return Structure(atoms, "")


def _symbol(name: str) -> str:
    if name.isdigit():
        number = int(name)
        symbol = chemical_symbols[number] if number < len(chemical_symbols) else name
    else:
        symbol = name.capitalize()
    if symbol not in atomic_numbers or symbol == "X":
        raise InputError(f"it has an unknown element {name!r}.")
    return symbol
