"""Transfer: students of nested sets of hosts, measured on hosts that they have not seen.

A student learns a teacher on the training hosts, then few reference energies of each of them, drawn at random and the
same for all teachers, and is asked about another host: as it is, and after so many reference energies of that host as
well, chosen I-optimally. Where the reference is the teacher itself, the distilled student is asked as it is: what it
lacks is transfer alone.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from nci_core.bench.transfer_data import Host, Say, TransferProblem
from nci_core.bench.transfer_rows import DIRECT, TransferResults, TransferRow, digest, measured
from nci_core.errors import ModelError
from nci_core.fitting import FitSettings, Lesson, Observation, distill_all, finetune
from nci_core.potentials.agreement import check_fits
from nci_core.potentials.ensemble import Ensemble
from nci_core.selection import Pool, SelectionRequest, select
from nci_core.systems import Configurations

IntArray = npt.NDArray[np.int64]

#: Numbers of labels of the unseen host's own.
OWN = (0, 5, 20)
#: Reference energies of each training host.
PER_HOST = 40
#: Of the fits: fewer starting points than a campaign has, for there are hundreds of fits.
RESTARTS, MEMBERS = 4, 5
#: Parts of a test set that take turns where labels come from the others.
PARTS = 4


@dataclass(frozen=True)
class Candidates:
    """Which reference energies of an unseen host may be fitted, and which errors are of.

    Attributes:
        pool: those that labels are chosen from; None where there are none.
        test: those that errors are of.
        tested: which these are, in words.
    """

    pool: Observation | None
    test: Observation
    tested: str


def taken(observation: Observation, rows: npt.ArrayLike) -> Observation:
    """Some rows of an observation, without channels: labels have none."""
    rows = np.asarray(rows, dtype=np.int64)
    return Observation(observation.configurations[rows], observation.energies[rows])


def candidates(host: Host, n_labels: int, seed: int) -> list[Candidates]:
    """Labels come from the pool, and errors are of the frozen test set.

    Where no label is wanted, errors are of all that is known of the host, for nothing of it is fitted. A transfer
    system has no pool: with labels, its test set is cut into PARTS, drawn by the seed, each of which is predicted in
    turn by fits whose labels come from the others. Empty where that leaves too few.
    """
    if not n_labels:
        known = [each for each in (host.pool, host.test) if each is not None]
        at = Configurations.joined([each.configurations for each in known])
        everything = Observation(at, np.concatenate([each.energies for each in known]))
        return [Candidates(None, everything, "test set" if len(known) == 1 and host.test else "pool and test set")]
    if host.test is None:
        return []
    if host.pool is not None and host.role == "train":
        return [Candidates(host.pool, host.test, "test set")] if len(host.pool) >= n_labels else []
    parts = np.array_split(np.random.default_rng([seed, 11]).permutation(len(host.test)), PARTS)
    if len(host.test) - len(parts[0]) < n_labels or not len(parts[-1]):
        return []
    rests = [np.concatenate([*parts[:k], *parts[k + 1 :]]) for k in range(PARTS)]
    return [
        Candidates(taken(host.test, rest), taken(host.test, part), "parts of the test set in turn")
        for rest, part in zip(rests, parts, strict=True)
    ]


@dataclass(frozen=True)
class Trained:
    """A student of some hosts and a teacher, made when it is first asked for.

    Attributes:
        problem: hosts and reference.
        hosts: those trained on.
        teacher: its name, or `DIRECT`.
        per_host: reference energies of each at most.
        seed: of the fits, and of which reference energies.
    """

    problem: TransferProblem
    hosts: Sequence[Host]
    teacher: str
    per_host: int
    seed: int

    @cached_property
    def settings(self) -> FitSettings:
        """Of all fits."""
        return FitSettings(restarts=RESTARTS, averaged=RESTARTS, members=MEMBERS, seed=self.seed, device="cpu")

    @cached_property
    def labels(self) -> list[Observation]:
        """Reference energies below the limit of the training hosts: the same for all teachers."""
        found = []
        for k, host in enumerate(self.hosts):
            if host.pool is None or not self.per_host:
                continue
            inside = np.flatnonzero(self.problem.bounds.classify(host.pool.energies) != "beyond")
            order = np.random.default_rng([self.seed, 13, k]).permutation(inside)
            if len(order):
                found.append(taken(host.pool, order[: self.per_host]))
        return found

    @cached_property
    def seen(self) -> list[npt.NDArray[np.float64]]:
        """Places and energies of all that is fitted, for `digest`."""
        lessons = [] if self.teacher == DIRECT else [host.lessons[self.teacher] for host in self.hosts]
        return [part for each in (*lessons, *self.labels) for part in (each.configurations.R, each.energies)]

    @cached_property
    def distilled(self) -> Ensemble | None:
        """The student of the teacher alone; None for a direct fit."""
        if self.teacher == DIRECT:
            return None
        lesson = Lesson(self.teacher, [host.lessons[self.teacher] for host in self.hosts])
        return distill_all([lesson], None, self.settings)

    @cached_property
    def student(self) -> Ensemble:
        """What is asked about hosts without a label of theirs."""
        if self.distilled is not None and (self.teacher == self.problem.teacher or not self.labels):
            return self.distilled
        return finetune(self.labels, self.distilled, settings=self.settings)

    def with_own(self, pool: Observation, count: int) -> tuple[Ensemble, IntArray]:
        """The student after so many labels of an unseen host as well, and which rows of its pool they are."""
        chosen = self.chosen(pool, count)
        return finetune([*self.labels, taken(pool, chosen)], self.distilled, settings=self.settings), chosen

    def chosen(self, pool: Observation, count: int) -> IntArray:
        """Rows of the pool by I-optimal design for this host, given the labels of the others; energies are not seen."""
        pools = [Pool(each.configurations) for each in self.labels]
        known = np.arange(sum(map(len, self.labels)))
        parts = [*(each.configurations for each in self.labels), pool.configurations]
        request = SelectionRequest(
            [*pools, Pool(pool.configurations)],
            count,
            labelled=known,
            excluded=known,
            energies=np.concatenate([self.student.energies(part) for part in parts]),
            ensemble=self.student,
            bounds=self.problem.bounds,
            seed=self.seed,
        )
        rows: IntArray = np.asarray(select("i-optimal", request).indices) - len(known)
        return rows


def training_sets(problem: TransferProblem, teacher: str) -> Iterator[list[Host]]:
    """Nested sets in the campaign's order: its first host to train on, the first two, …"""
    usable = [
        host
        for host in problem.hosts
        if host.role == "train" and (host.pool is not None if teacher == DIRECT else teacher in host.lessons)
    ]
    for count in range(1, len(usable) + 1):
        yield usable[:count]


def transfer(
    problem: TransferProblem,
    results: TransferResults[TransferRow],
    *,
    seeds: Sequence[int],
    quick: bool,
    say: Say,
    teachers: Sequence[str] = (),
    own: Sequence[int] = OWN,
    per_host: int = PER_HOST,
) -> None:
    """Measure every training set and teacher on every host that is not in it.

    Labels of its own are given to hosts of the role "transfer", or to the last host where there is none.
    """
    last = [host for host in problem.hosts if host.role == "transfer"] or [problem.hosts[-1]]
    if quick:
        seeds, own = seeds[:1], tuple(own)[:2]
    for teacher in teachers or (*problem.teachers, DIRECT):
        for hosts in list(training_sets(problem, teacher))[: 2 if quick else None]:
            for seed in seeds:
                trained = Trained(problem, hosts, teacher, per_host, seed)
                for host in problem.hosts:
                    for n_labels in own if host in last else (0,):
                        if host not in hosts:
                            _measure(trained, host, n_labels, results, say)


def _measure(trained: Trained, host: Host, n_labels: int, results: TransferResults[TransferRow], say: Say) -> None:
    problem, names = trained.problem, tuple(each.name for each in trained.hosts)
    group = (problem.reference, trained.teacher, names, trained.per_host, host.name, n_labels)
    among = candidates(host, n_labels, trained.seed)
    if not among:
        return
    known = [each for part in among for each in (part.pool, part.test) if each is not None]
    data = digest([*trained.seen, *(part for each in known for part in (each.configurations.R, each.energies))])
    if results.has((*group, trained.seed), data):
        return
    start = time.process_time()
    try:
        check_fits(trained.student, host.dimer)
    except ModelError as error:
        say(f"{host.name} cannot be asked about: {error}")
        return
    found = []
    for part in among:
        model = trained.student if part.pool is None else trained.with_own(part.pool, n_labels)[0]
        found.append((*model.energies_and_std(part.test.configurations), part.test.energies))
    seconds = time.process_time() - start
    predicted, std, exact = map(np.concatenate, zip(*found, strict=True))
    row = TransferRow(
        data=data,
        reference=problem.reference,
        labels=problem.labels,
        teacher=trained.teacher,
        taught_from=trained.hosts[0].taught_from.get(trained.teacher, ""),
        training=names,
        labels_per_host=trained.per_host,
        host=host.name,
        heavy_atoms=host.heavy_atoms,
        tested=among[0].tested,
        n_labels=n_labels,
        seed=trained.seed,
        seconds=seconds,
        **measured(predicted, std, exact, problem.bounds.limit_cm1),
    )
    results.add(row)
    mae = "—" if row.mae_attractive_cm1 is None else f"{row.mae_attractive_cm1:.2f}"
    say(
        f"{trained.teacher}, trained on {', '.join(names)}, seed {trained.seed}: {host.name} with {n_labels} labels, "
        f"MAE {mae} cm⁻¹ on {row.n_attractive} attractive points."
    )
