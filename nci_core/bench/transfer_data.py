"""What transfer is measured on: the hosts of a campaign, each with teachers' energies and with a reference.

The reference is what a student should predict: complete labels of the campaign's recipe where unseen hosts have
them, else the energies of one of the teachers, under that teacher's name. The second says how a student's shape
carries over from host to host, and nothing of CCSD(T). Sets of energies of one method may be asked for by name.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.archive import import_campaign
from nci_core.campaign.exchange.own_energies import PREFIX, sets_called
from nci_core.campaign.systems import System
from nci_core.errors import InputError, TeacherError
from nci_core.fitting import Observation
from nci_core.regions import RegionBounds
from nci_core.store import DATABASE_NAME, configurations, energy_sets, labels, teacher_labels
from nci_core.store.base import Split
from nci_core.systems import Configurations, Dimer
from nci_core.teachers.d4 import D4Dispersion
from nci_core.teachers.registry import find_teacher
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]
Say = Callable[[str], None]

#: The word for the labels of the campaign's recipe where a reference is chosen.
LABELS = "labels"
#: With fewer labels of its test set than this an unseen host says nothing: two wrong ones would be a fifth of them.
FEWEST = 10
#: Evaluated here, at the places of the stored teacher.
GFN2 = "gfn2-xtb"


@dataclass(frozen=True)
class Host:
    """A host, and what is known of the probe around it.

    Attributes:
        name: of the host, or of the system where two systems have one host.
        dimer: it and the probe.
        role: "train", or "transfer" where nothing is trained on it.
        lessons: teacher → its energies of the pool.
        pool, test: reference energies, None where there are none.
        taught_from: teacher → where its energies are from, unless they are stored.
    """

    name: str
    dimer: Dimer
    role: str
    lessons: Mapping[str, Observation]
    pool: Observation | None
    test: Observation | None
    taught_from: Mapping[str, str] = field(default_factory=dict)

    @property
    def heavy_atoms(self) -> int:
        """Atoms of the host beyond helium."""
        return int((self.dimer.a.numbers > 2).sum())


@dataclass(frozen=True)
class TransferProblem:
    """The hosts of a campaign in its order, and what they are judged against.

    Attributes:
        hosts: those with a reference or a teacher.
        reference: 'labels by RECIPE', 'energies of TEACHER' or 'energies NAME: METHOD'.
        teacher: the one whose energies the reference is; empty where it is labels or sets of energies.
        bounds: energy regions.
        brought: whether the reference is sets of energies.
    """

    hosts: Sequence[Host]
    reference: str
    teacher: str
    bounds: RegionBounds
    brought: bool = False

    @property
    def labels(self) -> bool:
        """Whether the reference is labels of a recipe."""
        return not self.teacher and not self.brought

    @property
    def teachers(self) -> list[str]:
        """Teachers with energies of the pool of at least one host that is trained on, in order."""
        return list(dict.fromkeys(name for host in self.hosts if host.role == "train" for name in host.lessons))


@contextmanager
def opened(folder: Path) -> Iterator[Campaign]:
    """A campaign's folder, or an exported one, for reading."""
    if (folder / DATABASE_NAME).exists():
        campaign = Campaign.open(folder, read_only=True)
        try:
            yield campaign
        finally:
            campaign.store.close()
        return
    with tempfile.TemporaryDirectory() as where:
        campaign = import_campaign(folder, Path(where) / "campaign")
        try:
            yield campaign
        finally:
            campaign.store.close()


def open_transfer(folder: Path, against: str = "", say: Say = lambda text: None) -> TransferProblem:
    """Read a campaign's hosts.

    Args:
        folder: a campaign, or an exported one.
        against: "labels", the name of a teacher whose energies are the reference, or "energies:" and the name of
            sets (`own_energies.sets_called`); empty: labels where at least FEWEST of a host's test set and some of
            a pool are complete, else the first teacher with energies.
        say: told what is left out or made here.

    Raises InputError where there is no such reference, or fewer than two hosts have one.
    """
    with opened(folder) as campaign:
        reference = against or _best_reference(campaign)
        stored = teacher_labels.names(campaign.store)
        sets: dict[int, int] = {}
        words = f"labels by {campaign.recipe.name}" if reference == LABELS else f"energies of {reference}"
        if reference.startswith(PREFIX):
            rows = sets_called(campaign, reference)
            words = f"energies {reference.removeprefix(PREFIX)}: {rows[0].method}"
            of = energy_sets.systems(campaign.store)
            sets = {of[row.id]: row.id for row in rows}
            _say_errors(campaign, sets, say)
        elif reference != LABELS and reference not in stored:
            raise InputError(
                f"Campaign {campaign.name} has no energies of teacher {reference!r} to measure against; "
                f"it has {', '.join(stored) or 'none'}. Or give --against labels."
            )
        several = [system.dimer.a.name for system in campaign.systems]
        hosts = [
            _host(campaign, system, several.count(system.dimer.a.name) > 1, reference, stored, sets)
            for system in campaign.systems
        ]
        # Only the limit is used, which hosts of one probe share unless their wells are deep.
        bounds = campaign.systems[0].bounds
    kept = [host for host in hosts if host.test is not None or host.pool is not None]
    for host in hosts:
        if host not in kept:
            say(f"{host.name} is left out: it has no {words}.")
    if len(kept) < 2:
        raise InputError(
            f"{folder} has {words} of {len(kept)} host{'' if len(kept) == 1 else 's'}; transfer needs two or more."
        )
    return TransferProblem(kept, words, reference if reference in stored else "", bounds, bool(sets))


def _say_errors(campaign: Campaign, sets: Mapping[int, int], say: Say) -> None:
    """How sure the reference itself is: errors against it that are smaller mean nothing."""
    known = energy_sets.median_std(campaign.store)
    for system_id, number in sets.items():
        if number in known:
            name = campaign.system(system_id).name
            say(f"The reference of {name} is itself only known to ± {to_cm1(known[number]):.2g} cm⁻¹ (median, 1 sd).")


def _best_reference(campaign: Campaign) -> str:
    """Labels where they are enough to train on one host and to judge another; else a stored teacher."""
    found = {split: labels.complete(campaign.store, campaign.recipe.hash, split=split) for split in ("pool", "test")}
    tested = {number for number in found["test"].system_ids if (found["test"].system_ids == number).sum() >= FEWEST}
    if any(tested - {number} for number in set(found["pool"].system_ids)):
        return LABELS
    stored = teacher_labels.names(campaign.store)
    first = next((name for name in campaign.teachers if name in stored), None)
    if first is None:
        raise InputError(f"Campaign {campaign.name} has neither labels of several hosts nor a teacher's energies.")
    return first


def _host(
    campaign: Campaign,
    system: System,
    named_by_system: bool,
    reference: str,
    stored: Sequence[str],
    sets: Mapping[int, int],
) -> Host:
    taught = {name: found for name in stored if (found := _of_teacher(campaign, system, name, "pool")) is not None}
    splits: tuple[Split, ...] = ("pool", "test")
    if sets:
        pool, test = (_of_set(campaign, system, sets.get(system.id), split) for split in splits)
    elif reference == LABELS:
        pool, test = (_of_recipe(campaign, system, split) for split in splits)
    else:
        pool, test = (_of_teacher(campaign, system, reference, split) for split in splits)
    lessons, origin = with_d4(system.dimer, taught)
    return Host(
        system.name if named_by_system else system.dimer.a.name, system.dimer, system.role, lessons, pool, test, origin
    )


def _of_recipe(campaign: Campaign, system: System, split: Split) -> Observation | None:
    known = labels.complete(campaign.store, campaign.recipe.hash, split=split, system_id=system.id)
    return Observation(system.dimer.at(known.positions), known.energy_ev) if len(known) else None


def _of_set(campaign: Campaign, system: System, number: int | None, split: Split) -> Observation | None:
    """Energies of a set; places of no split of the campaign are tested on, for nothing else can be fitted to them."""
    if number is None:
        return None
    found = energy_sets.points(campaign.store, number)
    found = found.take(np.array([(each == "pool") == (split == "pool") for each in found.splits], dtype=bool))
    return Observation(system.dimer.at(found.positions), found.energy_ev) if len(found) else None


def _of_teacher(campaign: Campaign, system: System, teacher: str, split: Split) -> Observation | None:
    rows = teacher_labels.fetch(campaign.store, teacher, split=split, system_id=system.id)
    if not rows:
        return None
    places = configurations.fetch(campaign.store, ids=[row.configuration_id for row in rows])
    positions = np.array([[each.x_angstrom, each.y_angstrom, each.z_angstrom] for each in places])
    channels = {name: np.array([row.channels_ev[name] for row in rows]) for name in rows[0].channels_ev}
    return Observation(system.dimer.at(positions), np.array([row.energy_ev for row in rows]), channels)


def with_d4(dimer: Dimer, taught: Mapping[str, Observation]) -> tuple[dict[str, Observation], dict[str, str]]:
    """A host's lessons, and among them HF + D4 made of the Hartree–Fock channels of a stored HF + MP2.

    Both teachers compute the same Hartree–Fock energy; D4 takes milliseconds. A stored HF + D4 of as many places is
    taken as it is.
    """
    lessons, origin = dict(taught), dict[str, str]()
    for name, found in taught.items():
        kind, _, basis = name.partition(":")
        twin = f"hf-d4:{basis}" if basis else "hf-d4"
        if kind != "hf-mp2" or len(taught.get(twin, ())) >= len(found):
            continue
        try:
            D4Dispersion.check(dimer)
        except TeacherError:
            continue
        parts = {channel: values for channel, values in found.channels.items() if channel != "dispersion"}
        parts["dispersion"] = D4Dispersion(dimer).energies(found.configurations.R)
        lessons[twin] = Observation(found.configurations, np.sum(list(parts.values()), axis=0), parts)
        origin[twin] = f"Hartree–Fock of {name}, D4 added"
    return lessons, origin


def with_gfn2(problem: TransferProblem, say: Say = lambda text: None) -> TransferProblem:
    """The same with GFN2-xTB, evaluated at the places of each training host's first lesson; seconds to minutes."""
    if GFN2 in problem.teachers:
        return problem
    try:
        teacher = find_teacher(GFN2)
        hosts = []
        for host in problem.hosts:
            lessons, origin = dict(host.lessons), dict(host.taught_from)
            if host.role == "train" and lessons:
                places: Configurations = next(iter(lessons.values())).configurations
                say(f"GFN2-xTB at {len(places)} places of {host.dimer.name} ...")
                found = teacher.evaluate(places)
                lessons[GFN2] = Observation(places, found.energy, found.channels)
                origin[GFN2] = "evaluated here"
            hosts.append(Host(host.name, host.dimer, host.role, lessons, host.pool, host.test, origin))
    except TeacherError as error:
        say(f"GFN2-xTB is left out: {error}")
        return problem
    return replace(problem, hosts=hosts)
