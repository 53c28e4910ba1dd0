"""Transfer between published dimers with one probe: hosts that no fit has seen, and hosts of which it saw five labels.

Teachers are energies of the same geometries: of the training hosts only, or of the unseen ones too, as anyone would
compute them whom labels are too costly for. Hosts of one formula are one host, so that no fold has a molecule on both
sides.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.bench.atlas_hosts import AtlasHost, read_atlas
from nci_core.bench.transfer import taken
from nci_core.bench.transfer_rows import (
    DIRECT,
    TAUGHT_ALL,
    TAUGHT_TRAINING,
    AtlasRow,
    TransferResults,
    digest,
    measured,
)
from nci_core.fitting import FitSettings, Lesson, distill_all, finetune
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.environments import pair_kinds
from nci_core.selection import Pool, SelectionRequest, select

FloatArray = npt.NDArray[np.float64]
Say = Callable[[str], None]

#: Folds of hosts; labels of an unseen host's own; and what a host must keep to be judged after them.
FOLDS, OWN, FEWEST_LEFT = 5, (0, 5), 3
#: Of the fits: five folds of four elements each are ten times the work of a campaign of hydrocarbons.
RESTARTS, MEMBERS = 2, 3
#: Energies are published to 0.001 kcal/mol = 0.35 cm⁻¹: the standard deviation of that rounding, 0.35/√12.
ROUNDING_CM1 = 0.1
#: Teachers made of these parts.
TEACHERS = ("hf-mp2", "hf-d4", DIRECT)
LIMIT_CM1 = 1000.0


def folds(hosts: Sequence[AtlasHost], seed: int, count: int = FOLDS) -> list[list[int]]:
    """Numbers of the hosts that are left out together, each host once; classes are dealt out in turn."""
    order = np.random.default_rng([seed, 17]).permutation(len(hosts))
    by_class = sorted(order.tolist(), key=lambda k: hosts[k].host_class)  # a stable sort: random within a class
    return [found for found in (by_class[start::count] for start in range(count)) if found]


def fitted(
    training: Sequence[AtlasHost], taught: Sequence[AtlasHost], teacher: str, seed: int
) -> tuple[Ensemble, Ensemble | None]:
    """The student of labels of the training hosts, and the one that it came from, distilled on those of `taught`."""
    settings = _settings(seed)
    labels = [each for host in training for each in host.labels]
    distilled = None
    if teacher != DIRECT:
        lessons = [each for host in taught for each in host.lessons.get(teacher, ())]
        distilled = distill_all([Lesson(teacher, lessons)], None, settings)
    return finetune(labels, distilled, settings=settings), distilled


def _settings(seed: int) -> FitSettings:
    return FitSettings(restarts=RESTARTS, averaged=RESTARTS, members=MEMBERS, seed=seed, device="cpu")


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

    energies: list[FloatArray] = field(default_factory=list)
    std: list[FloatArray] = field(default_factory=list)
    reference: list[FloatArray] = field(default_factory=list)
    teacher: list[FloatArray] = field(default_factory=list)
    hosts: int = 0

    def row(self) -> dict[str, Any]:
        """The error columns, and the teacher's own error."""
        energies, std, exact = map(np.concatenate, (self.energies, self.std, self.reference))
        found = measured(energies, std, exact, LIMIT_CM1)
        if sum(map(len, self.teacher)) == len(exact):
            own = measured(np.concatenate(self.teacher), std, exact, LIMIT_CM1)
            found["teacher_mae_cm1"] = own["mae_attractive_cm1"]
        return found


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
    seen = [each for host in hosts for each in (*host.labels, *chain.from_iterable(host.lessons.values()))]
    data = digest(part for each in seen for part in (each.configurations.R, each.energies))
    if quick:
        reference += ", one fold of hosts"
    for name in set(TEACHERS) - set(known):
        say(f"{name} is left out: some hosts have no Hartree–Fock and MP2 energies beside {path.name}.")
    for teacher in teachers or known:
        for taught in (TAUGHT_TRAINING,) if teacher == DIRECT else (TAUGHT_TRAINING, TAUGHT_ALL):
            for seed in seeds[:1] if quick else seeds:
                if results.has((reference, teacher, taught, "all", 0, seed), data):
                    continue
                start = time.process_time()
                found, size = _left_out(hosts, teacher, taught, seed, 1 if quick else FOLDS, say)
                # That of all classes without labels comes last: where it is, all of them are.
                for (name, n_labels), each in sorted(found.items(), key=lambda item: item[0] == ("all", 0)):
                    row = AtlasRow(
                        data=data,
                        reference=reference,
                        teacher=teacher,
                        taught=taught,
                        host_class=name,
                        hosts=each.hosts,
                        training_hosts=size,
                        n_labels=n_labels,
                        seed=seed,
                        seconds=time.process_time() - start,
                        **each.row(),
                    )
                    results.add(row)


def _left_out(
    hosts: Sequence[AtlasHost], teacher: str, taught: str, seed: int, count: int, say: Say
) -> tuple[dict[tuple[str, int], _Predicted], float]:
    """What students of each of `count` folds predict, by class and own labels; hosts that they had, on average."""
    found: dict[tuple[str, int], _Predicted] = {}
    sizes = []
    for out in folds(hosts, seed)[:count]:
        rest = [host for k, host in enumerate(hosts) if k not in out]
        sizes.append(len(rest))
        lessons = hosts if taught == TAUGHT_ALL else rest
        _fold(rest, [hosts[k] for k in out], lessons, teacher, seed, found, say)
        say(f"{teacher} on {taught}, seed {seed}: a fold of {len(out)} unseen hosts is done.")
    return found, float(np.mean(sizes))


def _fold(
    training: Sequence[AtlasHost],
    unseen: Sequence[AtlasHost],
    taught: Sequence[AtlasHost],
    teacher: str,
    seed: int,
    found: dict[tuple[str, int], _Predicted],
    say: Say,
) -> None:
    """Predict the unseen hosts without and with own labels, and add what was predicted to `found`."""
    model, distilled = fitted(training, taught, teacher, seed)
    labels = [each for host in training for each in host.labels]
    known = {kind.a for kind in pair_kinds(each.configurations.dimer for each in labels)}
    for host in unseen:
        own = {kind.a for kind in pair_kinds(each.configurations.dimer for each in host.labels)}
        missing = sorted(own - known)
        if missing:
            say(f"{host.formula} is left out of its fold: no training host has {', '.join(missing)}.")
            continue
        for n_labels in OWN:
            asked, tested = model, [np.arange(len(each)) for each in host.labels]
            if n_labels:
                if len(host) < n_labels + FEWEST_LEFT:
                    continue
                rows = _chosen(model, host, n_labels, seed)
                seen = [taken(each, some) for each, some in zip(host.labels, rows, strict=True) if len(some)]
                asked = finetune([*labels, *seen], distilled, settings=_settings(seed))
                tested = [np.setdiff1d(rest, some) for rest, some in zip(tested, rows, strict=True)]
            by_teacher = host.of_teacher(teacher)
            for k, left in enumerate(tested):
                if not len(left):
                    continue
                at = taken(host.labels[k], left)
                energies, std = asked.energies_and_std(at.configurations)
                for name in (host.host_class, "all"):
                    mine = found.setdefault((name, n_labels), _Predicted())
                    mine.energies.append(energies)
                    mine.std.append(std)
                    mine.reference.append(at.energies)
                    if by_teacher:
                        mine.teacher.append(by_teacher[k].energies[left])
            for name in (host.host_class, "all"):
                found[name, n_labels].hosts += 1
