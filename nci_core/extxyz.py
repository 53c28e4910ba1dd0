"""Datasets: labelled dimer geometries in extended xyz, in eV and Å.

Keys of a frame: `REF_interaction_energy`, `teacher_interaction_energy`,
`student_interaction_energy`, the same with `_std`, `label_std` (standard error of the reference energy by its
recipe), `monomer_a` and `monomer_b` (slices such as "0:12"), `region`, `round`, `picked_by`, `method`, `basis`,
`bsse`, `config_type`, `nci_system` (place of the campaign's system, from 1), and the SAPT parts `elst exch ind disp`.
Never plain `energy` or `forces`: whose they are cannot be told from the file.
"""

import io
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from ase import Atoms

from nci_core.datasets.energies import check_energies
from nci_core.datasets.keys import PLAIN, REFERENCE, STRUCTURE, SYSTEM, in_internal_units, keys_of, python_value
from nci_core.errors import InputError, StoreError
from nci_core.files import write_atomically
from nci_core.systems import Configurations, Dimer, Monomer
from nci_core.systems.reading.checked import usable
from nci_core.systems.reading.monomers import divide
from nci_core.systems.reading.xyz import MOST_BYTES, MOST_FRAMES, read_text, xyz_frames
from nci_core.systems.rigid_hosts import RigidHosts

FloatArray = npt.NDArray[np.float64]

#: What a label is; labels that differ in one of these are different quantities.
LABEL_KEYS = ("method", "basis", "bsse")


class Row(NamedTuple):
    """One frame: its number, where its probe is (3,) in Å in its group's coordinates, and its keys."""

    frame: int
    probe: FloatArray
    info: dict[str, Any]


@dataclass(frozen=True)
class HostGroup:
    """Configurations of one dimer.

    Attributes:
        at: m of them; the host at the coordinates of its first frame in the file, to which the probe is moved where
            another frame has it elsewhere.
        reference: (m,) reference interaction energies in eV, NaN where there is none.
        frames: (m,) frame numbers in the file, from 0.
        columns: the frames' other keys → m values, None where a frame lacks the key.
    """

    at: Configurations
    reference: FloatArray
    frames: npt.NDArray[np.int64]
    columns: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def dimer(self) -> Dimer:
        """Host and probe."""
        return self.at.dimer


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
        return sum(len(group.at) for group in self.groups)

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
        path: the file. Which atom is the probe `systems.reading.monomers` tells: by `monomer_a` and `monomer_b` or
            `selection_a` and `selection_b`, or else by the bonds. Units that a frame states (`energy_unit`,
            `length_unit`, …) are converted; cells are undone; charges and spins are refused.
        method: take only frames with this method; needed where a file mixes methods, as are
        basis: and
        bsse: for theirs.
    """
    wanted = {k: v for k, v in zip(LABEL_KEYS, (method, basis, bsse), strict=True) if v is not None}
    return parse_dataset(read_text(Path(path), MOST_BYTES), Path(path), wanted)


def parse_dataset(text: str, path: Path, wanted: dict[str, str], only: Collection[int] | None = None) -> Dataset:
    """The same of a file's text: its frames with the `wanted` keys, of those numbered in `only` where this is given."""
    rigid: dict[str, RigidHosts] = {}
    members: dict[tuple[str, int], list[Row]] = {}
    hosts: dict[tuple[str, int], tuple[Atoms, str]] = {}
    labels: dict[tuple[str, ...], int] = {}
    for frame, atoms, info in _frames(text, path, wanted, only):
        host, probe = _split(path, frame, atoms)
        if REFERENCE in info:
            labels.setdefault(tuple(str(info.get(key, "")) for key in LABEL_KEYS), frame)
        system = str(info.get(SYSTEM, ""))
        number, position = rigid.setdefault(system, RigidHosts(str(path))).place(frame, host, probe)
        key = (system, number)
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
    for group in groups:
        try:
            check_energies(group.at, group.reference, kind.get("method", ""))
        except InputError as error:
            raise InputError(f"{path}, frames {group.frames[0]} to {group.frames[-1]}: {error}") from None
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
        for m in range(len(group.at)):
            atoms = group.at.atoms(m)
            for key, values in columns.items():
                value = python_value(values[m])
                if value is not None and not (isinstance(value, float) and not math.isfinite(value)):
                    atoms.info[key] = value
            frames.append(atoms)
    if not path.absolute().parent.is_dir():
        raise StoreError(f"{path} cannot be written (there is no folder {path.parent}); choose another place.")
    from ase.io import write  # here: it takes 0.3 s, and most processes write no file

    text = io.StringIO()
    write(text, frames, format="extxyz", columns=["symbols", "positions"])
    write_atomically(path, text.getvalue().encode())


def _frames(
    text: str, path: Path, wanted: dict[str, str], only: Collection[int] | None
) -> Iterator[tuple[int, Atoms, dict[str, Any]]]:
    """Number, atoms and keys of each wanted frame, in Å and eV; InputError names the file and the frame."""
    try:
        for frame, structure in xyz_frames(text, MOST_FRAMES, only):
            info = keys_of(frame, structure.atoms)
            if any(str(info.get(key, "")) != value for key, value in wanted.items()):
                continue
            try:
                atoms, stated = usable(structure)
            except InputError as error:
                raise InputError(f"frame {frame}: {error}") from None
            yield frame, atoms, in_internal_units(info, stated)
    except InputError as error:
        raise InputError(f"{path}, {error}") from None


def _split(path: Path, frame: int, atoms: Atoms) -> tuple[Atoms, Atoms]:
    """Host and probe."""
    try:
        division = divide(atoms.numbers, atoms.positions, atoms.info)
    except InputError as error:
        raise InputError(f"{path}, frame {frame}: {error}") from None
    return atoms[division.host], atoms[[division.probe]]


def _group(path: Path, host: Atoms, symbol: str, rows: list[Row], names: dict[str, int]) -> HostGroup:
    """The configurations of one host; `names` counts the hosts of each name so far."""
    frames = np.array([row.frame for row in rows], dtype=np.int64)
    infos = [row.info for row in rows]
    name = str(infos[0].get("config_type", "")).lower().removeprefix(f"{symbol.lower()}-")
    name = name if name and name != "default" else host.get_chemical_formula()
    names[name] = names.get(name, 0) + 1
    if names[name] > 1:
        name = f"{name}-{names[name]}"
    frame = int(frames[0])
    try:
        dimer = Dimer(
            Monomer(name, tuple(host.get_chemical_symbols()), host.positions, source=f"file {path.name}"),
            Monomer.atom(symbol),
        )
        at = dimer.at(np.array([row.probe for row in rows]))
        for number, frame in enumerate(frames.tolist()):  # noqa: B007
            at[[number]].checked()
    except InputError as error:
        raise InputError(f"{path}, frame {frame}: {error}") from None
    reference = np.array([info.get(REFERENCE, np.nan) for info in infos], dtype=float)
    keys = dict.fromkeys(key for info in infos for key in info if key not in (REFERENCE, *STRUCTURE))
    return HostGroup(at, reference, frames, {key: [info.get(key) for info in infos] for key in keys})
