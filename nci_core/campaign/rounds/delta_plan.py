"""What a learnt difference needs, looked at before anything is fitted: labels, a teacher's energies, names."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import orjson

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.own_energies import FAMILY, KINDS, checked_words
from nci_core.campaign.rounds.origins import energies_sha256
from nci_core.campaign.rounds.stored_models import distilled_parent
from nci_core.campaign.systems import System
from nci_core.errors import InputError, StoreError
from nci_core.store import configurations, energy_sets, labels, teacher_labels
from nci_core.store.base import SetKind
from nci_core.store.labels import LabelSet
from nci_core.store.schema import Model
from nci_core.store.teachers import stored_name
from nci_core.visible import quoted

if TYPE_CHECKING:
    from nci_core.fitting import FitSettings

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
    settings = delta_settings(campaign, seed)
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


def delta_settings(campaign: Campaign, seed: int | None, device: str = "cpu") -> "FitSettings":
    """Of all fits of a difference; without a seed by the campaign's."""
    from nci_core.fitting import FitSettings

    chosen = campaign.settings.seed if seed is None else seed
    return FitSettings(members=campaign.settings.members, seed=chosen, device=device)
