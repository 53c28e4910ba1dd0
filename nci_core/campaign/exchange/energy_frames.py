"""Frames of extended xyz that people bring, from one file or many, on the campaign's host.

A published set mixes dimers. Frames of other atoms are left aside by their elements, so that a folder or a file of a
whole atlas can be given for one dimer; what is left is read strictly.
"""

import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ase.data import atomic_numbers

from nci_core.datasets.energy_tables import Points
from nci_core.datasets.energy_tables.points import overlaps
from nci_core.datasets.energy_tables.table import MOST_ROWS
from nci_core.errors import InputError
from nci_core.extxyz import Dataset, HostGroup, read_dataset
from nci_core.systems import Dimer
from nci_core.systems.reading.xyz import text_of
from nci_core.systems.superposition import RIGID_TOLERANCE, superpose

FloatArray = npt.NDArray[np.float64]

#: Keys of a frame that may name it in a table of energies.
NAMES = ("name", "system", "label", "id", "config_type")
_NUMBERED = re.compile(r"\b(frames?) (\d+)(?: (and|to) (\d+))?")
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


def read_frames(dimer: Dimer, files: Sequence[tuple[str, bytes]], *, with_table: bool) -> Frames:
    """The frames of the dimer in files of name and content.

    Raises InputError where there is none, and, for a single file, for whatever is wrong in it. Of several files those
    that cannot be read are left out with what is wrong. `with_table`: energies are elsewhere.
    """
    start, starts = 0, []
    found = _Found({}, [], [], [], [], [], {})
    for name, content in files:
        starts.append((start, name))
        start += _gather(dimer, name, text_of(content, name), start, found, strict=len(files) == 1)
    problems, methods = found.problems, found.methods
    if not found.places:
        said = problems.get(min(problems, default=0), "it is empty")
        raise InputError(
            next(iter(found.errors), "")
            or f"{files[0][0]}: {said}, like all {start:,} frames; the campaign is about {dimer.name}."
        )
    if len(methods) > 1 and not with_table:
        said = "; ".join(f"{method or 'none named'} ({name})" for method, name in methods.items())
        raise InputError(f"The files mix methods: {said}; import those of one method at a time.")
    position, energy = np.concatenate(found.places), np.concatenate(found.energies)
    number = np.concatenate(found.numbers)
    if not with_table:
        if not np.isfinite(energy).any():
            raise InputError(f"{files[0][0]} has no REF_interaction_energy in any of its {len(energy)} frames.")
        problems |= {int(k): "it has no REF_interaction_energy" for k in number[~np.isfinite(energy)]}
    problems |= overlaps(dimer, position, number)
    kept = ~np.isin(number, list(problems))
    if kept.sum() > MOST_ROWS:
        raise InputError(f"There are {kept.sum():,} frames; at most {MOST_ROWS:,} energies can be imported at once.")
    points = Points(position[kept], energy[kept], number[kept], tuple(sorted(problems.items())))
    named = tuple(each for each, keep in zip(found.names, kept, strict=True) if keep)
    return Frames(points, named, start, tuple(starts), next(iter(methods), ""))


@dataclass
class _Found:
    """What files gave so far: problems by number of the frame, whole sentences, and arrays of each group."""

    problems: dict[int, str]
    errors: list[str]
    places: list[FloatArray]
    energies: list[FloatArray]
    numbers: list[npt.NDArray[np.int64]]
    names: list[frozenset[str]]
    methods: dict[str, str]


def _gather(dimer: Dimer, name: str, text: str, start: int, found: _Found, *, strict: bool) -> int:
    """Add the frames of a file, numbered from `start`; returns how many there are. `strict`: raise what is wrong."""
    frames = list(_frames(text))
    mine = [k for k, (symbols, _) in enumerate(frames) if _may_be(dimer, symbols)]
    others = sorted(set(range(len(frames))) - set(mine))
    found.problems |= {start + k: f"it holds {_formula(frames[k][0])}, not {dimer.name}" for k in others}

    def refuse(rows: list[int], error: InputError) -> None:
        found.errors.append(str(error))
        found.problems |= dict.fromkeys((start + k for k in rows), _without(name, str(error)))

    try:
        data = _read(name, [frames[k][1] for k in mine], mine) if mine else None
    except InputError as error:
        if strict:
            raise
        refuse(mine, error)
        data = None
    for group in data.groups if data else ():
        rows = [mine[int(k)] for k in group.frames]
        try:
            found.places.append(_on_host(dimer, group, f"{name}, frame {rows[0]}"))
        except InputError as error:
            refuse(rows, error)
            continue
        found.energies.append(group.reference)
        found.numbers.append(start + np.array(rows, dtype=np.int64))
        found.names += [_names(name, group, row, len(frames)) for row in range(len(rows))]
        if data is not None and np.isfinite(group.reference).any():
            found.methods.setdefault(" ".join(filter(None, map(data.label.get, ("method", "basis")))), name)
    return max(len(frames), 1)


def _without(name: str, sentence: str) -> str:
    """A reason without the file and the frame that it begins with."""
    return re.sub(r"^,? ?(?:frames? \d+(?: (?:and|to) \d+)?)?:? ?", "", sentence.removeprefix(name)).rstrip(".")


def _frames(text: str) -> Iterator[tuple[list[str], str]]:
    """First words of the lines of atoms, and text, of each frame; where the form is broken, all that is left."""
    lines = text.split("\n")
    row = 0
    while row < len(lines):
        if not lines[row].strip():
            row += 1
            continue
        count = int(lines[row]) if _COUNT.fullmatch(lines[row]) else len(lines)
        block = lines[row : row + 2 + count]
        yield [line.split()[0] if line.split() else "" for line in block[2:]], "\n".join(block)
        row += 2 + count


def _may_be(dimer: Dimer, symbols: list[str]) -> bool:
    """Whether a frame has the dimer's elements, or says them in another way, which the reader then judges."""
    if any(symbol not in atomic_numbers for symbol in symbols):
        return True
    return sorted(symbols) == sorted([*dimer.a.symbols, dimer.b.symbols[0]])


def _formula(symbols: list[str]) -> str:
    counts = {symbol: symbols.count(symbol) for symbol in sorted(symbols)}
    return "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in counts.items())[:60] or "nothing"


def _read(name: str, frames: list[str], numbers: list[int]) -> Dataset:
    """What the reader of datasets makes of frames; its errors name the file, and frames by their numbers in it."""
    with tempfile.TemporaryDirectory(prefix="nci-energies-") as folder:
        path = Path(folder) / "frames.extxyz"
        path.write_text("\n".join(frames) + "\n", encoding="utf-8")
        try:
            return read_dataset(path)
        except InputError as error:
            said = str(error).replace(str(path), name)
            raise InputError(_NUMBERED.sub(lambda found: _renumbered(found, numbers), said)) from None


def _renumbered(found: "re.Match[str]", numbers: list[int]) -> str:
    def number(text: str) -> str:
        return str(numbers[int(text)]) if int(text) < len(numbers) else text

    more = f" {found[3]} {number(found[4])}" if found[3] else ""
    return f"{found[1]} {number(found[2])}{more}"


def _names(file: str, group: HostGroup, row: int, count: int) -> frozenset[str]:
    """What may name a frame: its file where it is alone there, its keys, and those of a scan with the distance."""
    said = {str(group.columns[key][row]) for key in NAMES if group.columns.get(key) and group.columns[key][row]}
    scaling = group.columns.get("scaling")
    if scaling and isinstance(scaling[row], int | float):
        # The NCI Atlas numbers the points of a scan so: 1.01.01_095.
        said |= {f"{name}_{round(100 * scaling[row]):03d}" for name in said}
    if count == 1:
        said.add(Path(file).stem)
    return frozenset(name.casefold() for name in said)


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
