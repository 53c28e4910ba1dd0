"""Hosts of the Non-Covalent Interactions Atlas with one probe: published energies, and teachers made of their parts.

Data: Řezáč, Phys. Chem. Chem. Phys. 24, 14780 (2022), DOI 10.1039/D2CP01602H, and the sets before, with Hartree–Fock
and MP2 energies of the same geometries.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.bench.dimers import ReferenceDimer, chosen, read_dimers
from nci_core.errors import InputError
from nci_core.fitting import Observation
from nci_core.systems import Configurations
from nci_core.systems.superposition import RIGID_TOLERANCE, superpose
from nci_core.teachers.d4 import D4Dispersion
from nci_core.units import CM1_EV

FloatArray = npt.NDArray[np.float64]

#: Classes (`dimers.host_class`) whose elements many hosts share.
CLASSES = ("hydrocarbon", "N", "O", "N and O")
#: Columns (cm⁻¹) of the table of parts: Hartree–Fock and MP2 correlation near the basis-set limit.
HARTREE_FOCK, MP2 = ("HF/aQZ_cm1", "HF/a5Z_cm1", "HF/aTZ_cm1"), ("corr_MP2/CBS(aTQZ)_cm1", "corr_MP2/aTZ_cm1")
#: Largest difference (cm⁻¹) of one energy in both files: the rounding of the geometries' file and of the table.
SAME_CM1 = 0.5


@dataclass(frozen=True)
class AtlasHost:
    """All geometries of one molecule; each with a host of its own coordinates.

    Attributes:
        formula: of the host.
        host_class: see `dimers.host_class`.
        labels: its published energies, one observation for each set of the host's coordinates.
        lessons: teacher → its energies at the same places, where all parts are published.
    """

    formula: str
    host_class: str
    labels: Sequence[Observation]
    lessons: Mapping[str, Sequence[Observation]]

    def __len__(self) -> int:
        return sum(map(len, self.labels))

    def of_teacher(self, teacher: str) -> Sequence[Observation]:
        """A teacher's energies beside each observation of `labels`, at all of its places; empty where some lack."""
        found = self.lessons.get(teacher, ())
        return found if list(map(len, found)) == list(map(len, self.labels)) else ()


def read_parts(path: Path) -> list[tuple[float, float | None, float | None]]:
    """Published energy, Hartree–Fock and MP2 correlation in cm⁻¹ of each row; InputError for another table."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if not rows or "gold_cm1" not in rows[0]:
        raise InputError(f"{path} is no table of the Atlas: it has no column gold_cm1.")

    def first(row: Mapping[str, str], names: Sequence[str]) -> float | None:
        return next((float(row[name]) for name in names if row.get(name)), None)

    return [(float(row["gold_cm1"]), first(row, HARTREE_FOCK), first(row, MP2)) for row in rows]


def read_atlas(path: Path, probe: str = "He", classes: Sequence[str] = CLASSES) -> list[AtlasHost]:
    """Hosts of the classes in the order of the file, with teachers where a table `.csv` of parts lies beside it.

    Raises InputError where the file cannot be read, has no such dimers, or the table is of other rows.
    """
    if not path.is_file():
        raise InputError(f"{path} is not here; the Atlas part of this benchmark needs its file of dimers.")
    dimers = [one for one in chosen(read_dimers(path)[0], probes=[probe]) if one.host_class in classes]
    if not dimers:
        raise InputError(f"{path} has no {probe} beside hosts of the classes {', '.join(classes)}.")
    table = path.with_suffix(".csv")
    parts = read_parts(table) if table.is_file() else []
    for one in dimers:
        if parts and (one.frame >= len(parts) or abs(parts[one.frame][0] - one.energy / CM1_EV) > SAME_CM1):
            raise InputError(f"{table} is not of the same rows as {path.name}: see frame {one.frame}.")
    found: dict[str, list[ReferenceDimer]] = {}
    for one in dimers:
        found.setdefault(one.formula, []).append(one)
    return [_host(formula, members, parts) for formula, members in found.items()]


def _host(
    formula: str, members: Sequence[ReferenceDimer], parts: Sequence[tuple[float, float | None, float | None]]
) -> AtlasHost:
    labels: list[Observation] = []
    lessons: dict[str, list[Observation]] = {}
    for group, at in _same_coordinates(members):
        labels.append(Observation(at, np.array([one.energy for one in group])))
        known = [k for k, one in enumerate(group) if parts and None not in parts[one.frame]]
        if not known:
            continue
        columns = np.array([parts[group[k].frame][1:] for k in known], dtype=float) * CM1_EV
        places = at[np.array(known)]
        by = {"hf-mp2": columns[:, 1], "hf-d4": D4Dispersion(at.dimer).energies(places.R)}
        for name, dispersion in by.items():
            channels = {"repulsion": columns[:, 0], "dispersion": dispersion}
            lessons.setdefault(name, []).append(Observation(places, columns[:, 0] + dispersion, channels))
    return AtlasHost(formula, members[0].host_class, labels, lessons)


def _same_coordinates(members: Sequence[ReferenceDimer]) -> Iterator[tuple[list[ReferenceDimer], Configurations]]:
    """The geometries in their order, in the coordinates of the first host of each rigid shape.

    Frames lie anywhere, and configurations of one dimer are asked about together.
    """
    left = list(members)
    while left:
        first, places, others = left[0], list[FloatArray](), list[ReferenceDimer]()
        for one in left:
            same = one.dimer.a.symbols == first.dimer.a.symbols
            pose = superpose(first.dimer.a.positions, one.dimer.a.positions) if same else None
            if pose is None or pose.displacement > RIGID_TOLERANCE:
                others.append(one)
            else:
                places.append(pose.place(one.at.R))
        yield [one for one in left if all(one is not other for other in others)], first.dimer.at(np.vstack(places))
        left = others
