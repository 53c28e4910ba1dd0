"""Transfer between published dimers with one probe: hosts that no fit has seen, and hosts of which it saw five labels.

Data: the Non-Covalent Interactions Atlas (Řezáč, Phys. Chem. Chem. Phys. 24, 14780 (2022), DOI 10.1039/D2CP01602H, and
the sets before), with its Hartree–Fock and MP2 energies of the same geometries as teachers: of the training hosts
only. Hosts of one formula are one host, so that no fold has a molecule on both sides.
"""

import csv
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.bench.dimers import ReferenceDimer, chosen, read_dimers
from nci_core.bench.transfer import taken
from nci_core.bench.transfer_rows import DIRECT, AtlasRow, TransferResults, digest, measured
from nci_core.errors import InputError
from nci_core.fitting import FitSettings, Lesson, Observation, distill_all, finetune
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.environments import pair_kinds
from nci_core.selection import Pool, SelectionRequest, select
from nci_core.systems import Configurations
from nci_core.systems.superposition import RIGID_TOLERANCE, superpose
from nci_core.teachers.d4 import D4Dispersion
from nci_core.units import CM1_EV

FloatArray = npt.NDArray[np.float64]
Say = Callable[[str], None]

#: Folds of hosts; labels of an unseen host's own; and what a host must keep to be judged after them.
FOLDS, OWN, FEWEST_LEFT = 5, (0, 5), 3
#: Of the fits: five folds of four elements each are ten times the work of a campaign of hydrocarbons.
RESTARTS, MEMBERS = 2, 3
#: Classes (`dimers.host_class`) whose elements many hosts share.
CLASSES = ("hydrocarbon", "N", "O", "N and O")
#: Energies are published to 0.001 kcal/mol = 0.35 cm⁻¹: the standard deviation of that rounding, 0.35/√12.
ROUNDING_CM1 = 0.1
#: Columns (cm⁻¹) of the table of parts: Hartree–Fock and MP2 correlation near the basis-set limit.
HARTREE_FOCK, MP2 = ("HF/aQZ_cm1", "HF/a5Z_cm1", "HF/aTZ_cm1"), ("corr_MP2/CBS(aTQZ)_cm1", "corr_MP2/aTZ_cm1")
#: Largest difference (cm⁻¹) of one energy in both files: the rounding of the geometries' file and of the table.
SAME_CM1 = 0.5
#: Teachers made of these parts.
TEACHERS = ("hf-mp2", "hf-d4", DIRECT)
LIMIT_CM1 = 1000.0


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


def folds(hosts: Sequence[AtlasHost], seed: int, count: int = FOLDS) -> list[list[int]]:
    """Numbers of the hosts that are left out together, each host once; classes are dealt out in turn."""
    order = np.random.default_rng([seed, 17]).permutation(len(hosts))
    by_class = sorted(order.tolist(), key=lambda k: hosts[k].host_class)  # a stable sort: random within a class
    return [found for found in (by_class[start::count] for start in range(count)) if found]


def fitted(training: Sequence[AtlasHost], teacher: str, seed: int) -> tuple[Ensemble, Ensemble | None]:
    """The student of the training hosts, and the distilled one that it came from, if any."""
    settings = _settings(seed)
    labels = [each for host in training for each in host.labels]
    distilled = None
    if teacher != DIRECT:
        lessons = [each for host in training for each in host.lessons.get(teacher, ())]
        distilled = distill_all([Lesson(teacher, lessons)], None, settings)
    return finetune(labels, distilled, settings=settings), distilled


def _settings(seed: int) -> FitSettings:
    return FitSettings(
        restarts=RESTARTS, averaged=RESTARTS, members=MEMBERS, seed=seed, device="cpu", sigma_cm1=ROUNDING_CM1
    )


def _chosen(model: Ensemble, host: AtlasHost, count: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """Rows of each of the host's observations, `count` in all, by I-optimal design."""
    pools = [Pool(each.configurations) for each in host.labels]
    energies = np.concatenate([model.energies(pool.configurations) for pool in pools])
    asked = SelectionRequest(pools, count, energies=energies, ensemble=model, sigma_cm1=ROUNDING_CM1, seed=seed)
    rows = np.sort(np.asarray(select("i-optimal", asked).indices))
    ends = np.cumsum([len(pool) for pool in pools])
    starts = ends - [len(pool) for pool in pools]
    return [rows[(rows >= low) & (rows < high)] - low for low, high in zip(starts, ends, strict=True)]


@dataclass
class _Predicted:
    """Predictions of one class, collected over folds."""

    energies: list[FloatArray]
    std: list[FloatArray]
    reference: list[FloatArray]
    hosts: int = 0


def atlas(
    path: Path,
    results: TransferResults[AtlasRow],
    *,
    seeds: Sequence[int],
    quick: bool,
    say: Say,
    teachers: Sequence[str] = (),
) -> None:
    """Measure each teacher over all folds: one row a class, number of own labels and seed, and one of all classes."""
    hosts = read_atlas(path)
    reference = f"published energies of {path.stem}, {hosts[0].labels[0].configurations.dimer.b.symbols[0]}"
    known = [name for name in TEACHERS if name == DIRECT or all(name in host.lessons for host in hosts)]
    data = digest(part for host in hosts for each in host.labels for part in (each.configurations.R, each.energies))
    if quick:  # of one fold: a whole run measures again
        data += " quick"
    for name in set(TEACHERS) - set(known):
        say(f"{name} is left out: some hosts have no Hartree–Fock and MP2 energies beside {path.name}.")
    for teacher in teachers or known:
        for seed in seeds[:1] if quick else seeds:
            groups = folds(hosts, seed)[: 1 if quick else None]
            if results.has((reference, teacher, "all", 0, seed), data):
                continue
            start = time.process_time()
            found: dict[tuple[str, int], _Predicted] = {}
            sizes = []
            for out in groups:
                rest = [host for k, host in enumerate(hosts) if k not in out]
                sizes.append(len(rest))
                _fold(rest, [hosts[k] for k in out], teacher, seed, found, say)
                say(f"{teacher}, seed {seed}: a fold of {len(out)} unseen hosts is done.")
            seconds = time.process_time() - start
            for (name, n_labels), each in found.items():
                energies, std, exact = map(np.concatenate, (each.energies, each.std, each.reference))
                row = AtlasRow(
                    data=data,
                    reference=reference,
                    teacher=teacher,
                    host_class=name,
                    hosts=each.hosts,
                    training_hosts=float(np.mean(sizes)),
                    n_labels=n_labels,
                    seed=seed,
                    seconds=seconds,
                    **measured(energies, std, exact, LIMIT_CM1),
                )
                results.add(row)


def _fold(
    training: Sequence[AtlasHost],
    unseen: Sequence[AtlasHost],
    teacher: str,
    seed: int,
    found: dict[tuple[str, int], _Predicted],
    say: Say,
) -> None:
    """Predict the unseen hosts without and with own labels, and add what was predicted to `found`."""
    model, distilled = fitted(training, teacher, seed)
    labels = [each for host in training for each in host.labels]
    known = {kind.a for kind in model.kinds}
    for host in unseen:
        own = {kind.a for kind in pair_kinds(each.configurations.dimer for each in host.labels)}
        missing = sorted(own - known)
        if missing:
            say(f"{host.formula} is left out of its fold: no training host has {', '.join(missing)}.")
            continue
        for n_labels in OWN:
            asked, tested = model, list(host.labels)
            if n_labels:
                if len(host) < n_labels + FEWEST_LEFT:
                    continue
                rows = _chosen(model, host, n_labels, seed)
                seen = [taken(each, some) for each, some in zip(host.labels, rows, strict=True) if len(some)]
                asked = finetune([*labels, *seen], distilled, settings=_settings(seed))
                tested = [
                    taken(each, np.setdiff1d(np.arange(len(each)), some))
                    for each, some in zip(host.labels, rows, strict=True)
                ]
            for each in filter(len, tested):
                energies, std = asked.energies_and_std(each.configurations)
                for name in (host.host_class, "all"):
                    mine = found.setdefault((name, n_labels), _Predicted([], [], []))
                    mine.energies.append(energies)
                    mine.std.append(std)
                    mine.reference.append(each.energies)
            for name in (host.host_class, "all"):
                found[name, n_labels].hosts += 1
