"""Frames of extended xyz that people bring, from one file or many, on the campaign's host.

A published set mixes dimers. Frames of other atoms are left aside by their elements, so that a folder or a file of a
whole atlas can be given for one dimer; what is left is read strictly.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from ase.data import atomic_numbers

from nci_core.datasets.energy_tables import Points
from nci_core.datasets.energy_tables.points import overlaps
from nci_core.datasets.energy_tables.table import MOST_ROWS
from nci_core.errors import InputError
from nci_core.extxyz import HostGroup, parse_dataset
from nci_core.systems import Dimer
from nci_core.systems.reading.xyz import text_of
from nci_core.systems.superposition import RIGID_TOLERANCE, superpose

FloatArray = npt.NDArray[np.float64]

#: Keys of a frame that may name it in a table of energies.
NAMES = ("name", "system", "label", "id", "config_type")
_COUNT = re.compile(r"\s*[0-9]{1,4}\s*")


@dataclass(frozen=True)
class Frames:
    """Frames of the campaign's dimer.

    Attributes:
        points: positions and energies, NaN where a frame has none and a table is to say it.
        names: m sets of what may name a frame in a table.
        total: how many frames were given, whatever their dimer; `points.lines` count among these.
        starts: number of the first frame of each file, and the file's name.
        method: as the frames say, where they do.
    """

    points: Points
    names: tuple[frozenset[str], ...]
    total: int
    starts: tuple[tuple[int, str], ...]
    method: str


class _Frame(NamedTuple):
    """One frame.

    Attributes:
        number: among all.
        problem: why it is of no use; "" for nothing, and the rest holds only then.
        sentence: the same for people who gave no other file, where the reader said it.
        position: (3,) of the probe in Å, on the campaign's host.
        energy_ev: NaN for none.
        names: what may name it in a table.
        method: of the energy.
    """

    number: int
    problem: str
    sentence: str = ""
    position: FloatArray | None = None
    energy_ev: float = np.nan
    names: frozenset[str] = frozenset()
    method: str = ""


def read_frames(dimer: Dimer, files: Sequence[tuple[str, bytes]], *, with_table: bool) -> Frames:
    """The frames of the dimer in files of name and content.

    Raises InputError where there is none, and, for a single file, for whatever is wrong in it. Of several files those
    that cannot be read are left out with what is wrong. `with_table`: energies are elsewhere.
    """
    frames: list[_Frame] = []
    methods: dict[str, str] = {}
    total, starts = 0, []
    for name, content in files:
        starts.append((total, name))
        inside = _frames_in(dimer, name, text_of(content, name))
        for frame in inside:
            if np.isfinite(frame.energy_ev):
                methods.setdefault(frame.method, name)
        frames += [frame._replace(number=total + frame.number) for frame in inside]
        total += max(len(inside), 1)
    problems = {frame.number: frame.problem for frame in frames if frame.problem}
    found = [frame for frame in frames if not frame.problem]
    if not found:
        said = problems.get(min(problems, default=0), "it is empty")
        about = f"{files[0][0]}: {said}, like all {total:,} frames; the campaign is about {dimer.name}."
        raise InputError(next((frame.sentence for frame in frames if frame.sentence), about))
    if len(methods) > 1 and not with_table:
        said = "; ".join(f"{method or 'none named'} ({name})" for method, name in methods.items())
        raise InputError(f"The files mix methods: {said}; import those of one method at a time.")
    if not (methods or with_table):
        raise InputError(f"{files[0][0]} has no REF_interaction_energy in any of its {len(found)} frames.")
    energies = np.array([frame.energy_ev for frame in found])
    numbers = np.array([frame.number for frame in found])
    if not with_table:
        problems |= dict.fromkeys(numbers[~np.isfinite(energies)].tolist(), "it has no REF_interaction_energy")
    points = Points(np.array([frame.position for frame in found]), energies, numbers)
    points = points.without(problems | overlaps(dimer, points.positions, numbers))
    if len(points) > MOST_ROWS:
        raise InputError(f"There are {len(points):,} frames; at most {MOST_ROWS:,} energies can be imported at once.")
    names = {frame.number: frame.names for frame in found}
    named = tuple(names[number] for number in points.lines.tolist())
    return Frames(points, named, total, tuple(starts), next(iter(methods), ""))


def _frames_in(dimer: Dimer, name: str, text: str) -> list[_Frame]:
    """Every frame of a file, numbered from 0."""
    elements = list(_first_words(text))
    others = {k: symbols for k, symbols in enumerate(elements) if not _may_be(dimer, symbols)}
    found = [_Frame(k, f"it holds {_formula(symbols)}, not {dimer.name}") for k, symbols in others.items()]
    mine = [k for k in range(len(elements)) if k not in others]

    def refused(numbers: list[int], error: InputError) -> list[_Frame]:
        return [_Frame(k, _without(name, str(error)), str(error)) for k in numbers]

    try:
        groups = parse_dataset(text, Path(name), {}, frozenset(mine)).groups if mine else ()
    except InputError as error:
        return found + refused(mine, error)
    for group in groups:
        numbers = group.frames.tolist()
        try:
            positions = _on_host(dimer, group, f"{name}, frame {numbers[0]}")
        except InputError as error:
            found += refused(numbers, error)
            continue
        for row, number in enumerate(numbers):
            keys = {key: values[row] for key, values in group.columns.items() if values[row]}
            names = _names(keys, {Path(name).stem} if len(elements) == 1 else set())
            method = " ".join(str(keys[key]) for key in ("method", "basis") if key in keys)
            found.append(_Frame(number, "", "", positions[row], float(group.reference[row]), names, method))
    return found


def _without(name: str, sentence: str) -> str:
    """A reason without the file and the frame that it begins with."""
    return re.sub(r"^,? ?(?:frames? \d+(?: (?:and|to) \d+)?)?:? ?", "", sentence.removeprefix(name)).rstrip(".")


def _first_words(text: str) -> Iterator[list[str]]:
    """First words of the lines of atoms of each frame; where the form is broken, of all that is left."""
    lines = text.split("\n")
    row = 0
    while row < len(lines):
        if not lines[row].strip():
            row += 1
            continue
        count = int(lines[row]) if _COUNT.fullmatch(lines[row]) else len(lines)
        yield [line.split()[0] if line.split() else "" for line in lines[row + 2 : row + 2 + count]]
        row += 2 + count


def _may_be(dimer: Dimer, symbols: list[str]) -> bool:
    """Whether a frame has the dimer's elements, or says them in another way, which the reader then judges."""
    if any(symbol not in atomic_numbers for symbol in symbols):
        return True
    return sorted(symbols) == sorted([*dimer.a.symbols, dimer.b.symbols[0]])


def _formula(symbols: list[str]) -> str:
    counts = {symbol: symbols.count(symbol) for symbol in sorted(symbols)}
    return "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in counts.items())[:60] or "nothing"


def _names(keys: dict[str, Any], alone: set[str]) -> frozenset[str]:
    """What may name a frame: its file where it is alone there, its keys, and those of a scan with the distance."""
    said = {str(keys[key]) for key in NAMES if key in keys}
    if isinstance(scaling := keys.get("scaling"), int | float):
        # The NCI Atlas numbers the points of a scan so: 1.01.01_095.
        said |= {f"{name}_{round(100 * scaling):03d}" for name in said}
    return frozenset(name.casefold() for name in said | alone)


def _on_host(dimer: Dimer, group: HostGroup, where: str) -> FloatArray:
    """(m, 3) positions of a group in the campaign's frame; InputError for another host."""
    other, host = group.dimer, dimer.a
    if other.b.symbols[0] != dimer.b.symbols[0] or sorted(other.a.symbols) != sorted(host.symbols):
        raise InputError(f"{where}: it holds {other.name}, but the campaign is about {dimer.name}.")
    if other.a.symbols != host.symbols:
        raise InputError(f"{where}: the atoms of {host.name} come in another order than in the campaign; reorder them.")
    pose = superpose(host.positions, other.a.positions)
    if pose.displacement > RIGID_TOLERANCE:
        away = np.linalg.norm(pose.place(other.a.positions) - host.positions, axis=1)
        raise InputError(
            f"{where}: its {host.name} is not the campaign's: after superposition atoms lie "
            f"{np.sqrt((away**2).mean()):.3f} Å apart (RMSD), atom {pose.atom + 1} ({host.symbols[pose.atom]}) "
            f"{pose.displacement:.3f} Å; energies of another geometry would not be comparable."
        )
    return pose.place(group.at.R)
