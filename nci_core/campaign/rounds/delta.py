"""Energies of a teacher and a learnt difference, where hosts are too large for labels: sets of a method of their own.

What the labels of a recipe differ by from a teacher's energies is learnt on the hosts that have labels and added to the
teacher's energies of others (`fitting.delta`). The sum is neither a label nor a teacher's energy: it is stored as a set
of energies under its own name, with its error bars.
"""

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.own_energies import FAMILY, evaluate_set
from nci_core.campaign.rounds.delta_plan import DeltaPlan, Wanted, delta_settings
from nci_core.campaign.rounds.origins import energies_sha256
from nci_core.campaign.rounds.stored_models import load_terms
from nci_core.metrics import summarise
from nci_core.store import energy_sets, labels
from nci_core.store.schema import EnergySet
from nci_core.switches import require_writable
from nci_core.units import to_cm1

if TYPE_CHECKING:
    from nci_core.fitting import FitRun
    from nci_core.fitting.delta import DeltaStudent, Difference

FloatArray = npt.NDArray[np.float64]


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
    settings = delta_settings(campaign, seed, device)
    base = load_terms(campaign, plan.parent, "a difference")
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
