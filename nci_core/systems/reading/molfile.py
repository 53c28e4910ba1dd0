"""MDL molfiles and sdf files (V2000), with their formal charges and radicals."""

import re

from ase import Atoms
from ase.data import atomic_numbers

from nci_core.errors import InputError
from nci_core.systems.reading.xyz import Structure

#: Charge of the codes in an atom's line of V2000; 4 is a doublet radical.
_CODES = {"0": 0, "1": 3, "2": 2, "3": 1, "4": 0, "5": -1, "6": -2, "7": -3}


def sdf_blocks(text: str) -> list[str]:
    """The molecules of an sdf file, each as a molfile's text."""
    return [block for block in re.split(r"^\$\$\$\$.*\n?", text, flags=re.MULTILINE) if block.strip()]


def read_molfile(text: str) -> Structure:
    """The one molecule of a molfile, in Å; InputError for several molecules, other versions and damaged lines.

    Written here because ASE's reader drops charges and radicals. Charges of opposite atoms, as in a nitro group, may
    cancel: their sum counts.
    """
    blocks = sdf_blocks(text)
    if len(blocks) != 1:
        raise InputError(f"it holds {len(blocks)} structures; give a file with one molecule.")
    lines = blocks[0].split("\n")
    counts = re.fullmatch(r"([ \d]{2}\d)([ \d]{2}\d).*?(V\d000)?\s*", lines[3] if len(lines) > 3 else "", re.ASCII)
    if not counts or counts[3] == "V3000":
        raise InputError("its fourth line is not the counts of a V2000 molfile.")
    n = int(counts[1])
    if n < 1 or len(lines) < 4 + n:
        raise InputError(f"it is cut off: {n} atoms expected, {max(len(lines) - 4, 0)} lines found.")
    symbols, positions, charges, radicals = [], [], [0] * n, [0] * n
    for atom, line in enumerate(lines[4 : 4 + n]):
        try:
            positions.append([float(line[k : k + 10]) for k in (0, 10, 20)])
        except ValueError:
            raise InputError(f"its line {line.strip()[:60]!r} is no atom of a molfile.") from None
        symbol = line[31:34].strip()
        if symbol not in atomic_numbers or symbol == "X":
            raise InputError(f"it has an unknown element {symbol!r}.")
        symbols.append(symbol)
        code = line[36:39].strip() or "0"
        charges[atom], radicals[atom] = _CODES.get(code, 0), int(code == "4")
    properties = [line for line in lines[4 + n :] if line.startswith(("M  CHG", "M  RAD"))]
    if properties:  # they replace all codes of the atoms' lines
        charges, radicals = [0] * n, [0] * n
    for line in properties:
        numbers = [int(word) for word in re.findall(r"-?\d{1,4}", line[9:])]
        for atom, value in zip(numbers[::2], numbers[1::2], strict=False):
            if not 1 <= atom <= n:
                raise InputError(f"its line {line.strip()[:60]!r} names an atom that is not there.")
            (charges if line.startswith("M  CHG") else radicals)[atom - 1] = value
    # Radicals: 1 is a singlet (carbene), 2 a doublet, 3 a triplet.
    unpaired = [value for value in radicals if value > 1 or (not properties and value)]
    atoms = Atoms(symbols, positions=positions)
    atoms.info["charge"] = sum(charges)
    atoms.info["unpaired_electrons"] = len(unpaired)
    return Structure(atoms, "")
