"""Datasets: labelled dimer geometries in extended xyz, in eV and Å.

Keys of a frame: `REF_interaction_energy`, `teacher_interaction_energy`,
`student_interaction_energy`, the same with `_std`, `monomer_a` and `monomer_b` (slices such as
"0:12"), `region`, `round`, `picked_by`, `method`, `basis`, `bsse`, `config_type`, and the SAPT parts
`elst exch ind disp`. Never plain `energy` or `forces`: whose they are cannot be told from the file.
"""

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.io import write
from ase.io.extxyz import read_xyz

from nci_core.errors import InputError, StoreError
from nci_core.files import write_atomically
from nci_core.systems import Dimer, Host
from nci_core.systems.rigid_hosts import RigidHosts

FloatArray = npt.NDArray[np.float64]

REFERENCE = "REF_interaction_energy"
#: What a label is; labels that differ in one of these are different quantities.
LABEL_KEYS = ("method", "basis", "bsse")
#: Keys (with or without _std) whose values must be finite numbers.
NUMBERS = (REFERENCE, "teacher_interaction_energy", "student_interaction_energy", "elst", "exch", "ind", "disp")
#: Keys that ASE and other programs give a meaning of their own.
PLAIN = ("energy", "forces", "free_energy", "stress", "virial")
#: Keys that the geometry says already.
STRUCTURE = ("monomer_a", "monomer_b", "config_type")


class Row(NamedTuple):
    """One frame: its number, the probe's position (3,) in Å in its group's frame and its keys."""

    frame: int
    position: FloatArray
    info: dict[str, Any]


@dataclass(frozen=True)
class HostGroup:
    """Configurations of one dimer.

    Attributes:
        dimer: host, at the coordinates of its first frame in the file, and probe.
        positions: (m, 3) of the probe in Å, moved with the host where a frame has it elsewhere.
        reference: (m,) reference interaction energies in eV, NaN where there is none.
        frames: (m,) frame numbers in the file, from 0.
        columns: the frames' other keys → m values, None where a frame lacks the key.
    """

    dimer: Dimer
    positions: FloatArray
    reference: FloatArray
    frames: npt.NDArray[np.int64]
    columns: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Dataset:
    """What a file holds, by host.

    Attributes:
        groups: one per rigid host, in the order of the file.
        label: method, basis and bsse of all reference energies, where the file says them.
        source: the file.
    """

    groups: tuple[HostGroup, ...]
    label: dict[str, str]
    source: str = ""

    def __len__(self) -> int:
        return sum(len(group.positions) for group in self.groups)

    @property
    def labelled(self) -> int:
        """How many configurations have a reference energy."""
        return sum(int(np.isfinite(group.reference).sum()) for group in self.groups)

    def describe(self) -> str:
        """One line for people, such as '2063 configurations, 2063 with CCSD(T)'."""
        text = f"{len(self)} configurations, {self.labelled} with {self.label.get('method', 'a reference energy')}"
        return text if len(self.groups) == 1 else f"{text}, {len(self.groups)} hosts"

    def only_group(self) -> HostGroup:
        """The one host's configurations; InputError if the file has several hosts."""
        if len(self.groups) != 1:
            names = ", ".join(group.dimer.name for group in self.groups[:5])
            raise InputError(f"{self.source} holds {len(self.groups)} host geometries ({names}); one is needed here.")
        return self.groups[0]


def read_dataset(
    path: str | Path, *, method: str | None = None, basis: str | None = None, bsse: str | None = None
) -> Dataset:
    """Read an extxyz file; InputError, with the frame number, for anything that cannot be used.

    Args:
        path: the file. The host is the slice `monomer_a`, the probe `monomer_b`; without them the
            probe is the last atom.
        method: take only frames with this method; needed where a file mixes methods, as are
        basis: and
        bsse: for theirs.
    """
    path = Path(path)
    wanted = {k: v for k, v in zip(LABEL_KEYS, (method, basis, bsse), strict=True) if v is not None}
    rigid = RigidHosts(str(path))
    members: dict[int, list[Row]] = {}
    hosts: dict[int, tuple[Atoms, str]] = {}
    labels: dict[tuple[str, ...], int] = {}
    for frame, atoms in _frames(path):
        info = _checked_info(path, frame, atoms)
        if any(str(info.get(key, "")) != value for key, value in wanted.items()):
            continue
        host, probe = _split(path, frame, atoms)
        if REFERENCE in info:
            labels.setdefault(tuple(str(info.get(key, "")) for key in LABEL_KEYS), frame)
        key, position = rigid.place(frame, host, probe)
        hosts.setdefault(key, (host, probe.get_chemical_symbols()[0]))
        members.setdefault(key, []).append(Row(frame, position, info))
    if not members:
        which = ", ".join(f"{k} {v}" for k, v in wanted.items())
        raise InputError(f"{path} has no frames with {which}." if wanted else f"{path} is empty.")
    if len(labels) > 1:
        kinds = "; ".join(f"{' '.join(k for k in kind if k) or 'unnamed'} (frame {n})" for kind, n in labels.items())
        raise InputError(f"{path} mixes labels of different kinds: {kinds}; choose one by method, basis or bsse.")
    kind = dict(zip(LABEL_KEYS, next(iter(labels), ()), strict=False))
    names: dict[str, int] = {}
    groups = tuple(_group(path, *hosts[key], rows, names) for key, rows in members.items())
    return Dataset(groups, {k: v for k, v in kind.items() if v}, str(path))


def write_dataset(path: str | Path, groups: Sequence[HostGroup]) -> None:
    """Write configurations; the file appears only when it is complete.

    Values that are None or not finite are left out of their frame. Raises InputError for plain keys.
    """
    path = Path(path)
    frames: list[Atoms] = []
    for group in groups:
        plain = sorted(set(group.columns) & set(PLAIN))
        if plain:
            raise InputError(f"A dataset has no plain {plain[0]!r}; use {REFERENCE} or another key that says whose.")
        columns: dict[str, Sequence[Any]] = {REFERENCE: list(group.reference), **group.columns}
        for m, position in enumerate(group.positions):
            atoms = group.dimer.atoms(position)
            for key, values in columns.items():
                value = _python(values[m])
                if value is not None and not (isinstance(value, float) and not math.isfinite(value)):
                    atoms.info[key] = value
            frames.append(atoms)
    if not path.absolute().parent.is_dir():
        raise StoreError(f"{path} cannot be written (there is no folder {path.parent}); choose another place.")
    text = io.StringIO()
    write(text, frames, format="extxyz", columns=["symbols", "positions"])
    write_atomically(path, text.getvalue().encode())


def _frames(path: Path) -> Iterator[tuple[int, Atoms]]:
    """Frame number and structure of each frame; split here, so that errors can name the frame."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}; give the path of an extxyz file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not a text file that can be read ({type(error).__name__}).") from None
    line, frame = 0, 0
    while line < len(lines):
        if not lines[line].strip():
            line += 1
            continue
        try:
            n = int(lines[line])
        except ValueError:
            raise InputError(
                f"{path}, frame {frame}: line {line + 1} should be a number of atoms; is this an extxyz file?"
            ) from None
        chunk = lines[line : line + n + 2]
        if n < 1 or len(chunk) < n + 2:
            raise InputError(f"{path}, frame {frame} is cut off: {n} atoms expected, {max(len(chunk) - 2, 0)} found.")
        yield frame, _parse(path, frame, chunk)
        line += n + 2
        frame += 1


def _parse(path: Path, frame: int, chunk: list[str]) -> Atoms:
    try:
        return next(iter(read_xyz(io.StringIO("".join(chunk)), index=slice(0, 1))))
    except KeyError as error:
        raise InputError(f"{path}, frame {frame}: unknown element or missing column {error}.") from None
    except Exception as error:  # ASE's parser raises anything
        reason = " ".join(str(error).split())
        raise InputError(f"{path}, frame {frame} cannot be read ({type(error).__name__}: {reason}).") from None


def _checked_info(path: Path, frame: int, atoms: Atoms) -> dict[str, Any]:
    """The frame's keys as Python values; ASE moves some of them to a calculator or to arrays."""
    info = {key: _python(value) for key, value in atoms.info.items()}
    plain = set(PLAIN) & {*info, *atoms.arrays, *(atoms.calc.results if atoms.calc is not None else ())}
    for key in ("energy", "REF_energy"):
        if REFERENCE not in info and (key in plain or key in info):
            raise InputError(
                f"{path}, frame {frame} has {key!r} but no {REFERENCE!r}; a total energy is no interaction energy, "
                f"so rename the key if it is E_AB − E_A − E_B in eV."
            )
    for key in list(info):
        if key in PLAIN:
            del info[key]
        elif key.removesuffix("_std") in NUMBERS:
            value = info[key]
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise InputError(f"{path}, frame {frame}: {key} is {value!r}, not a finite number.")
            info[key] = float(value)
    return info


def _python(value: Any) -> Any:
    """Numpy scalars and arrays as Python values."""
    return value.tolist() if isinstance(value, np.generic | np.ndarray) else value


def _split(path: Path, frame: int, atoms: Atoms) -> tuple[Atoms, Atoms]:
    """Host and probe."""
    n = len(atoms)
    a, b = atoms.info.get("monomer_a"), atoms.info.get("monomer_b")
    host = _indices(path, frame, "monomer_a", a, n) if a is not None else None
    probe = _indices(path, frame, "monomer_b", b, n) if b is not None else None
    if probe is None:
        probe = [n - 1] if host is None else sorted(set(range(n)) - set(host))
    if host is None:
        host = sorted(set(range(n)) - set(probe))
    if sorted(host + probe) != list(range(n)) or not host:
        raise InputError(f"{path}, frame {frame}: monomer_a and monomer_b do not divide its {n} atoms into two parts.")
    if len(probe) != 1:
        raise InputError(f"{path}, frame {frame}: monomer_b has {len(probe)} atoms; the probe must be a single atom.")
    return atoms[host], atoms[probe]


def _indices(path: Path, frame: int, key: str, value: Any, n: int) -> list[int]:
    """Atoms of a slice such as '0:12', or of one index."""
    try:
        parts = [int(part) if part.strip() else None for part in str(value).split(":")]
        return [range(n)[parts[0] or 0]] if len(parts) == 1 else list(range(n))[slice(*parts)]
    except (ValueError, TypeError, IndexError):
        raise InputError(f"{path}, frame {frame}: {key} is {value!r}, not a slice such as 0:12.") from None


def _group(path: Path, host: Atoms, symbol: str, rows: list[Row], names: dict[str, int]) -> HostGroup:
    """The configurations of one host; `names` counts the hosts of each name so far."""
    frames = np.array([row.frame for row in rows], dtype=np.int64)
    positions = np.array([row.position for row in rows])
    infos = [row.info for row in rows]
    name = str(infos[0].get("config_type", "")).lower().removeprefix(f"{symbol.lower()}-")
    name = name if name and name != "default" else host.get_chemical_formula()
    names[name] = names.get(name, 0) + 1
    if names[name] > 1:
        name = f"{name}-{names[name]}"
    frame = int(frames[0])
    try:
        dimer = Dimer(Host(name, tuple(host.get_chemical_symbols()), host.positions, f"file {path.name}"), symbol)
        for frame, position in zip(frames, positions, strict=True):  # noqa: B007
            dimer.check(position)
    except InputError as error:
        raise InputError(f"{path}, frame {frame}: {error}") from None
    reference = np.array([info.get(REFERENCE, np.nan) for info in infos], dtype=float)
    keys = dict.fromkeys(key for info in infos for key in info if key not in (REFERENCE, *STRUCTURE))
    return HostGroup(dimer, positions, reference, frames, {key: [info.get(key) for info in infos] for key in keys})
