"""Energies of a teacher and a learnt difference, where hosts are too large for labels: sets of a method of their own.

What the labels of a recipe differ by from a teacher's energies is learnt on the hosts that have labels and added to the
teacher's energies of others (`fitting.delta`). The sum is neither a label nor a teacher's energy: it is stored as a set
of energies under its own name, with its error bars.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.own_energies import FAMILY, KINDS, checked_words, evaluate_set
from nci_core.campaign.rounds.origins import energies_sha256
from nci_core.campaign.rounds.stored_models import distilled_parent, load_student
from nci_core.campaign.systems import System
from nci_core.errors import InputError, StoreError
from nci_core.metrics import summarise
from nci_core.store import configurations, energy_sets, labels, teacher_labels
from nci_core.store.base import SetKind
from nci_core.store.labels import LabelSet
from nci_core.store.schema import EnergySet, Model
from nci_core.store.teachers import stored_name
from nci_core.switches import require_writable
from nci_core.visible import quoted

if TYPE_CHECKING:
    from nci_core.fitting import FitRun, FitSettings
    from nci_core.fitting.delta import DeltaStudent, Difference

FloatArray = npt.NDArray[np.float64]

#: Teachers as their methods are called.
METHODS = {"hf-mp2": "HF + MP2", "hf-d4": "HF + D4", "gfn2-xtb": "GFN2-xTB"}


@dataclass(frozen=True)
class Wanted:
    """A set that is to be made.

    Attributes:
        system: whose it is.
        kind, name: of the set.
        ids: (m,) configurations with an energy of the teacher, in pool and test set.
        positions: (m, 3) in Å.
        hashes: m of them.
        energy_ev: (m,) of the teacher.
        lacking: configurations of the system without an energy of the teacher.
    """

    system: System
    kind: SetKind
    name: str
    ids: list[int]
    positions: FloatArray
    hashes: list[str]
    energy_ev: FloatArray
    lacking: int


@dataclass(frozen=True)
class DeltaPlan:
    """What is to be learnt and made; all that can be wrong with it was looked at.

    Attributes:
        family: name that the sets share.
        teacher: what its energies are stored under.
        known: labels of the campaign's recipe, none of a test set.
        cheap: (n,) the teacher's energies at these, eV.
        parent: the distilled model that δ is learnt with.
        wanted: the sets.
        method: of all of them, in words.
        learnt: digest of all that decides δ.
    """

    family: str
    teacher: str
    known: LabelSet
    cheap: FloatArray
    parent: Model
    wanted: tuple[Wanted, ...]
    method: str
    learnt: str


def method_words(teacher: str, recipe: str, counts: Sequence[tuple[str, int]]) -> str:
    """What the energies are, for people; hosts by name where there are few.

    >>> method_words("hf-mp2:midbond", "focal-point", [("benzene", 24), ("naphthalene", 6)])
    'HF + MP2 (midbond) + δ[focal-point − it] by a student that learnt 24 labels of benzene and 6 of naphthalene'
    """
    name, _, basis = teacher.partition(":")
    cheap = METHODS.get(name, name) + (f" ({basis})" if basis else "")
    if len(counts) > 4:
        said = f"{sum(count for _, count in counts)} labels of {len(counts)} hosts"
    else:
        parts = [f"{count} of {host}" for host, count in counts]
        parts[0] = f"{counts[0][1]} labels of {counts[0][0]}"
        said = ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]
    return f"{cheap} + δ[{recipe} − it] by a student that learnt {said}"


def plan_delta(
    campaign: Campaign,
    name: str,
    *,
    teacher: str | None = None,
    systems: Sequence[str] = (),
    kind: str | None = None,
    seed: int | None = None,
) -> DeltaPlan:
    """Look at everything that a learnt difference needs, before anything is fitted.

    Args:
        campaign: whose.
        name: of the sets; in a campaign of several systems each has its host's name after it.
        teacher: the cheap method, as `nci teach` takes it; default the campaign's first.
        systems: whose sets; default all that have energies of the teacher.
        kind: of the sets; default labels for systems that are trained on and test for transfer systems.
        seed: of the fits; default the campaign's.

    Raises InputError or StoreError, one sentence, for what is missing, unknown or there already.
    """
    from nci_core.fitting.delta import FEWEST

    if kind is not None and kind not in KINDS:
        raise InputError(f"Energies are made as test or labels, not as {quoted(kind)}.")
    chosen = [campaign.system(each) for each in dict.fromkeys(systems)]
    spec = teacher or campaign.teacher_specs[0]
    stored, recipe = stored_name(campaign.store, spec), campaign.recipe
    parent = distilled_parent(campaign)
    if parent is None:
        raise InputError(f"Campaign {campaign.name} has no distilled student to learn with; run `nci distill` first.")
    known = labels.complete(campaign.store, recipe.hash, split="pool")
    if len(known) < FEWEST:
        raise InputError(
            f"A difference of two methods is learnt from {FEWEST} labels or more; campaign {campaign.name} has "
            f"{len(known)} {recipe.name} labels outside its test sets."
        )
    energies = {row.configuration_id: row.energy_ev for row in teacher_labels.fetch(campaign.store, stored)}
    how = f"`nci teach --campaign {campaign.folder} --teacher {spec}` computes them"
    missing = sum(number not in energies for number in known.configuration_ids.tolist())
    if missing:
        raise InputError(f"Teacher {spec} has no energy at {missing} of {len(known)} labelled configurations; {how}.")
    found = [_wanted(campaign, each, kind, name, energies) for each in chosen or campaign.systems]
    if lacking := [each.system.name for each in found if not each.ids and chosen]:
        raise InputError(f"Teacher {spec} has no energies of {', '.join(lacking)}; {how}.")
    names = {system.id: system.dimer.a.name for system in campaign.systems}
    counts = [(names[k], int((known.system_ids == k).sum())) for k in names if (known.system_ids == k).any()]
    cheap = np.array([energies[number] for number in known.configuration_ids.tolist()])
    told = energies_sha256(known.geometry_hashes, known.energy_ev.tolist(), cheap.tolist())
    settings = _settings(campaign, seed)
    words = [stored, recipe.hash, told, parent.sha256, settings.model_dump(mode="json", exclude={"device"})]
    plan = DeltaPlan(
        " ".join(name.split()),
        stored,
        known,
        cheap,
        parent,
        tuple(each for each in found if each.ids),
        method_words(stored, recipe.name, counts),
        hashlib.sha256(orjson.dumps(words, option=orjson.OPT_SORT_KEYS)).hexdigest(),
    )
    _check_names(campaign, plan)
    return plan


def _wanted(campaign: Campaign, system: System, kind: str | None, name: str, energies: dict[int, float]) -> Wanted:
    if kind == "labels" and system.role == "transfer":
        raise InputError(
            f"Nothing is trained on {system.name}, a transfer system; its energies can only be a test set."
        )
    rows = [row for row in configurations.fetch(campaign.store, system_id=system.id) if row.split != "outside"]
    there = [row for row in rows if row.id in energies]
    hosts = [each.dimer.a.name for each in campaign.systems]
    own = system.dimer.a.name if hosts.count(system.dimer.a.name) == 1 else system.name
    of: SetKind = "test" if kind == "test" or system.role == "transfer" else "labels"
    return Wanted(
        system,
        of,
        f"{name}-{own}" if len(hosts) > 1 else name,
        [row.id for row in there],
        np.array([row.position for row in there], dtype=float).reshape(-1, 3),
        [row.geometry_hash for row in there],
        np.array([energies[row.id] for row in there]),
        len(rows) - len(there),
    )


def _check_names(campaign: Campaign, plan: DeltaPlan) -> None:
    """InputError or StoreError for a name that is taken, or whose sets are of another fit."""
    rows = energy_sets.fetch(campaign.store)
    family = [row for row in rows if row.details.get(FAMILY) == plan.family]
    if other := next((row for row in family if row.details.get("learnt") != plan.learnt), None):
        raise StoreError(
            f"The energies {other.name} are of another fit ({other.method}), and sets of one name are of one method; "
            "choose another name, or remove them."
        )
    if not family:
        checked_words(campaign, plan.family, plan.method)
    there = {row.name for row in rows} - ({plan.family} if family else set())
    for each in plan.wanted:
        if each.name in there or plan.family in there:
            taken = each.name if each.name in there else plan.family
            raise StoreError(f"There is a set of energies called {taken!r} already; remove it, or choose another name.")
        if len(campaign.systems) > 1:
            checked_words(campaign, each.name, plan.method)


def _settings(campaign: Campaign, seed: int | None, device: str = "cpu") -> "FitSettings":
    from nci_core.fitting import FitSettings

    chosen = campaign.settings.seed if seed is None else seed
    return FitSettings(members=campaign.settings.members, seed=chosen, device=device)


def learn_delta(
    campaign: Campaign,
    plan: DeltaPlan,
    *,
    person: str,
    seed: int | None = None,
    device: str = "auto",
    run: "FitRun | None" = None,
) -> dict[str, Any]:
    """Learn δ, store the teacher's energies with it as the sets of a plan, and evaluate all students against them.

    Returns what was learnt and what was made: errors where labels and hosts were left out, and by set the number of
    energies, their median standard deviation, and the errors of the teacher alone and with δ against the labels of the
    system's test set, where there are such.
    """
    from nci_core.fitting.delta import fit_delta
    from nci_core.fitting.delta_errors import summary
    from nci_core.potentials.agreement import check_fits

    require_writable()
    settings = _settings(campaign, seed, device)
    base = load_student(campaign, plan.parent)
    for each in plan.wanted:
        check_fits(base, each.system.dimer, f"Model {plan.parent.name}")
    student = fit_delta(_differences(campaign, plan), base, teacher=plan.teacher, settings=settings, run=run)
    names = {system.dimer.name: system.dimer.a.name for system in campaign.systems}
    left_out = [entry | {"host": names[entry["host"]]} for entry in summary(student.left_out)]
    about: dict[str, Any] = {
        FAMILY: plan.family,
        "learnt": plan.learnt,
        "teacher": plan.teacher,
        "recipe": campaign.recipe.name,
        "recipe_hash": campaign.recipe.hash,
        "base": {"name": plan.parent.name, "sha256": plan.parent.sha256},
        "labels": {
            system.name: count
            for system in campaign.systems
            if (count := int((plan.known.system_ids == system.id).sum()))
        },
        "left_out": left_out,
        "settings": settings.model_copy(update={"sigma_cm1": student.sigma_cm1}).model_dump(mode="json"),
    }
    report: dict[str, Any] = {"method": plan.method, "labels": about["labels"], "left_out": left_out, "sets": []}
    for each in plan.wanted:
        row, made = _store(campaign, plan, each, student, about, person)
        evaluate_set(campaign, row.id)
        report["sets"].append(made)
    return report


def _differences(campaign: Campaign, plan: DeltaPlan) -> "list[Difference]":
    from nci_core.fitting.delta import Difference

    found = []
    for system in campaign.systems:
        mine = plan.known.system_ids == system.id
        at = system.dimer.at(plan.known.positions[mine])
        found.append(Difference(at, plan.known.energy_ev[mine], plan.cheap[mine], system.bounds))
    return found


def _store(
    campaign: Campaign, plan: DeltaPlan, wanted: Wanted, student: "DeltaStudent", about: dict[str, Any], person: str
) -> tuple[EnergySet, dict[str, Any]]:
    from nci_core.units import to_cm1

    system, bar = wanted.system, student.bar_of(wanted.system.dimer)
    delta, std = student.delta_and_std(system.dimer.at(wanted.positions))
    of_hosts = student.new is not None and bar is student.new
    details = about | {
        "error_bar": {
            "share": bar.share,
            "floor_cm1": float(to_cm1(bar.floor_ev)),
            "labels_left_out": bar.n,
            "from": "hosts left out whole" if of_hosts else "labels left out",
        }
    }
    if len(campaign.systems) > 1:
        details["system"] = system.name
    made_from = [plan.learnt, energies_sha256(wanted.hashes, wanted.energy_ev.tolist())]
    words: dict[str, Any] = {"name": wanted.name, "method": plan.method, "kind": wanted.kind}
    sha256 = hashlib.sha256(" ".join(made_from).encode()).hexdigest()
    said = orjson.dumps(words | {"file": sha256} | details, option=orjson.OPT_SORT_KEYS)
    row = EnergySet(
        **words,
        identity=hashlib.sha256(said).hexdigest()[:12],
        file_name="",
        sha256=sha256,
        details=details,
        person=person,
    )
    energies = wanted.energy_ev + delta
    number = energy_sets.add_at(campaign.store, row, wanted.ids, energies, std)
    inside = system.bounds.classify(energies) != "beyond"
    made: dict[str, Any] = {
        "id": number,
        "name": wanted.name,
        "system": system.name,
        "kind": wanted.kind,
        "n": len(energies),
        "lacking": wanted.lacking,
        "error_bar": details["error_bar"],
        "median_std_cm1": float(np.median(to_cm1(std[inside]))) if inside.any() else None,
    }
    return energy_sets.get(campaign.store, number), made | _against_labels(campaign, wanted, energies)


def _against_labels(campaign: Campaign, wanted: Wanted, energies: FloatArray) -> dict[str, Any]:
    """Mean absolute errors (cm⁻¹) below the limit against labels of the test set, which nothing here has seen."""
    tested = labels.complete(campaign.store, campaign.recipe.hash, split="test", system_id=wanted.system.id)
    place = {number: k for k, number in enumerate(wanted.ids)}
    inside = wanted.system.bounds.classify(tested.energy_ev) != "beyond"
    rows = [k for k, number in enumerate(tested.configuration_ids.tolist()) if number in place and inside[k]]
    mine = [place[int(tested.configuration_ids[k])] for k in rows]
    alone = summarise(wanted.energy_ev[mine], tested.energy_ev[rows])
    both = summarise(energies[mine], tested.energy_ev[rows])
    if alone is None or both is None:
        return {}
    return {"test_labels": {"n": both.n, "mae_teacher_cm1": alone.mae_cm1, "mae_cm1": both.mae_cm1}}
