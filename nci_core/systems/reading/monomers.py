"""Which atom of a dimer is the probe: what a file declares, in the forms people write, and what the bonds say."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from ase.data import chemical_symbols

from nci_core.errors import InputError
from nci_core.systems.bonds import bonded, fragments

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Pairs of keys that name host and probe. `monomer_*` are ours; `selection_*` those of the Non-Covalent Interactions
#: Atlas (DOI 10.1021/acs.jctc.9b01265), which counts from 1.
KEYS = (("monomer_a", "monomer_b"), ("selection_a", "selection_b"))
_SLICE = re.compile(r"(-?\d{1,7})?:(-?\d{1,7})?(?::(\d{1,7}))?", re.ASCII)
_RANGE = re.compile(r"(\d{1,7})(?:-|\.\.)(\d{1,7})", re.ASCII)
_INDEX = re.compile(r"-?\d{1,7}", re.ASCII)


class Division(NamedTuple):
    """Atoms of the host, the probe's atom, and whether the file said so."""

    host: list[int]
    probe: int
    declared: bool


class Convention(NamedTuple):
    """From which number atoms are counted, and whether the end of a slice a:b belongs to it."""

    first: int
    inclusive: bool


#: Python's, as in our own files, first.
CONVENTIONS = (Convention(0, False), Convention(1, True), Convention(1, False), Convention(0, True))


def divide(numbers: IntArray, positions: FloatArray, info: Mapping[str, Any]) -> Division:
    """Host and probe of a structure with (n,) atomic numbers and (n, 3) positions in Å.

    `monomer_a` and `monomer_b` are slices (0:12), ranges (1-3), lists or single atoms, counted from 0 or from 1,
    whichever divides the atoms into two parts of which one is a single atom without bonds; `selection_a` and
    `selection_b` are counted from 1. Of two single atoms, b is the probe. Without such keys the probe is the one atom
    that is not bonded to any other.

    Raises InputError where the keys make no sense or two senses, where the probe is bonded, and where nothing tells.
    """
    n = len(numbers)
    if n < 2:
        raise InputError("a dimer needs a host and a probe, but it has a single atom.")
    bonds = bonded(numbers, positions)
    found: list[Division] = []
    for keys in KEYS:
        texts = {key: info[key] for key in keys if info.get(key) is not None}
        if texts:
            found.append(_declared(texts, keys, numbers, positions, bonds))
    if len({division.probe for division in found}) > 1:
        raise InputError("monomer_a and selection_a name different parts; keep the right ones.")
    return found[0] if found else _by_bonds(numbers, positions, bonds)


def _declared(
    texts: dict[str, Any],
    keys: tuple[str, str],
    numbers: IntArray,
    positions: FloatArray,
    bonds: npt.NDArray[np.bool_],
) -> Division:
    n = len(numbers)
    said = ", ".join(f"{key}={str(value)[:40]}" for key, value in texts.items())
    parts = {key: _items(key, value) for key, value in texts.items()}
    conventions = CONVENTIONS if keys == KEYS[0] else CONVENTIONS[1:3]
    divisions: dict[tuple[int, ...], list[int]] = {}
    for convention in conventions:
        a, b = (_atoms(parts[key], n, convention) if key in parts else None for key in keys)
        if (a is None and keys[0] in parts) or (b is None and keys[1] in parts):
            continue
        a = a if a is not None else sorted(set(range(n)) - set(b or ()))
        b = b if b is not None else sorted(set(range(n)) - set(a))
        if a and b and sorted(a + b) == list(range(n)):
            divisions[tuple(b)] = a
    if not divisions:
        raise InputError(f"{said} do not divide its {n} atoms into two parts.")
    single = {
        (b[0] if len(b) == 1 else a[0]): (a if len(b) == 1 else list(b))
        for b, a in divisions.items()
        if len(b) == 1 or len(a) == 1
    }
    if not single:
        raise InputError(f"{said}: the probe must be a single atom, but both parts have several.")
    free = [probe for probe in single if not bonds[probe].any()]
    if not free:
        raise InputError(f"{said}: {_bond(next(iter(single)), numbers, positions, bonds)}, so it is no probe.")
    if len(free) > 1:
        raise InputError(f"{said} may count from 0 or from 1, and both make sense; write slices such as 0:{n - 1}.")
    return Division(single[free[0]], free[0], declared=True)


def _by_bonds(numbers: IntArray, positions: FloatArray, bonds: npt.NDArray[np.bool_]) -> Division:
    n = len(numbers)
    pieces = fragments(bonds)
    alone = [piece[0] for piece in pieces if len(piece) == 1]
    if n == 2 and numbers[0] == numbers[1] and len(alone) == 2:
        return Division([0], 1, declared=False)
    if len(alone) == 1:
        probe = alone[0]
        if len(pieces) > 2:
            raise InputError(
                f"beside atom {probe + 1} ({_symbol(numbers[probe])}) it holds {len(pieces) - 1} molecules; a host is "
                "one molecule, unless monomer_a and monomer_b say what belongs together."
            )
        return Division([i for i in range(n) if i != probe], probe, declared=False)
    if alone:
        names = ", ".join(f"{i + 1} ({_symbol(numbers[i])})" for i in alone[:4])
        raise InputError(
            f"atoms {names}{', …' if len(alone) > 4 else ''} are not bonded to any other, so that the probe cannot be "
            "told; name it by monomer_a and monomer_b such as 0:1 and 1:2, or check the unit of the coordinates (Å)."
        )
    raise InputError(
        f"{_bond(n - 1, numbers, positions, bonds)}, and no other atom stands alone, so it has no probe; "
        "a probe is a single atom without bonds."
    )


def _symbol(number: int) -> str:
    return str(chemical_symbols[number])


def _bond(atom: int, numbers: IntArray, positions: FloatArray, bonds: npt.NDArray[np.bool_]) -> str:
    """'atom 4 (H) is bonded to atom 1 (C), 1.09 Å away', with atoms counted from 1."""
    distance = np.linalg.norm(positions - positions[atom], axis=1)
    other = int(np.argmin(np.where(bonds[atom], distance, np.inf)))
    return (
        f"atom {atom + 1} ({_symbol(numbers[atom])}) is bonded to atom {other + 1} ({_symbol(numbers[other])}), "
        f"{distance[other]:.2f} Å away"
    )


def _items(key: str, value: Any) -> list[re.Match[str]]:
    """The slices, ranges and single atoms that a value lists."""
    text = str(value.tolist() if isinstance(value, np.ndarray | np.generic) else value)
    parts = re.findall(r"[^\s,;\[\](){}'\"]+", text)
    found = [_SLICE.fullmatch(part) or _RANGE.fullmatch(part) or _INDEX.fullmatch(part) for part in parts]
    if not found or isinstance(value, bool) or not all(found):
        raise InputError(f"{key} is {str(value)[:40]!r}, not a slice such as 0:12 or a list of atoms.")
    return [match for match in found if match]


def _atoms(items: Iterable[re.Match[str]], n: int, convention: Convention) -> list[int] | None:
    """Atoms (from 0) under one convention; None where it names none, one twice or one that is not there."""
    chosen: list[int] = []
    first, inclusive = convention
    for item in items:
        step = 1
        if item.re is _INDEX:
            start = int(item[0]) - first
            start += n if start < 0 and first == 0 else 0
            stop = start + 1
        elif item.re is _RANGE:
            start, stop = int(item[1]) - first, int(item[2]) - first + 1
        else:
            start = int(item[1]) - first if item[1] else 0
            stop = int(item[2]) - first + inclusive if item[2] else n
            if first == 0 and not inclusive:  # as Python counts
                start, stop = (place + n if place < 0 else place for place in (start, stop))
            step = int(item[3] or 1)
        if not 0 <= start < stop <= n or step < 1:
            return None
        chosen += range(start, stop, step)
    return chosen if len(set(chosen)) == len(chosen) else None
