"""Energies that people bring to a campaign: stored as sets of a named method, measured against, learnt from.

A set is never mixed with the campaign's own labels: it has an identity where these have a recipe's hash.
"""

import hashlib
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.energy_files import Checked, require_whole
from nci_core.campaign.rounds.sampling import batch
from nci_core.errors import InputError, NCIError
from nci_core.metrics import summaries
from nci_core.store import energy_sets, evaluations, models
from nci_core.store.base import SetKind
from nci_core.store.energy_sets import HELD_OUT, ORIGIN, SetPoints
from nci_core.store.labels import LabelSet
from nci_core.store.schema import EnergySet, Metric, Model
from nci_core.switches import require_writable
from nci_core.visible import quoted

if TYPE_CHECKING:
    from nci_core.potentials.models import AnyModel

#: What precedes a set's name where a recipe's name can stand: "energies:smith-2020".
PREFIX = "energies:"
LONGEST_NAME, LONGEST_METHOD = 60, 300
#: Names that the choice of points has already.
RESERVED = {"training labels", "training set", "test labels", "test set", "frozen test set", "teacher", "student"}
#: Key of the details of sets that were made together, one a system: the name they share.
FAMILY = "family"
#: A fit learns at least so many.
FEWEST_LEARNT = 3
KINDS: dict[SetKind, str] = {"test": "outside test set", "labels": "training labels of another method"}


class OwnMethod(NamedTuple):
    """A set of labels where a recipe may stand in a fit."""

    name: str
    hash: str
    row: EnergySet


def import_energies(
    campaign: Campaign,
    checked: Checked,
    *,
    name: str,
    method: str,
    kind: SetKind,
    person: str,
    leave_out: bool = False,
    hold_out: int = 0,
    seed: int = 0,
) -> EnergySet:
    """Store checked energies as a set, all or nothing. Rows that cannot be used are left out only if somebody says so.

    Of labels, `hold_out` points drawn by `seed` are kept from every fit, to measure it: settled here for good.

    Raises InputError for a missing name or method or one that means something else, StoreError for a set that is there
    already.
    """
    require_writable()
    require_whole(checked, leave_out=leave_out)
    name, method = checked_words(campaign, name, method)
    if kind not in KINDS:
        raise InputError(f"Energies are imported as test or labels, not as {quoted(kind)}.")
    points, file = checked.points, checked.file
    details: dict[str, Any] = {
        "read_as": checked.choices.model_dump(mode="json") if file.table else {"layout": "frames"},
        "merged": checked.repeats,
        "left_out": [[line, what] for line, what in points.problems],
    }
    if hold_out or seed:
        if kind != "labels" or not 0 <= hold_out <= len(points) - FEWEST_LEARNT or not 0 <= seed < 2**31:
            raise InputError(
                f"Of {len(points):,} energies as labels, 0 to {max(len(points) - FEWEST_LEARNT, 0):,} can be held out; "
                "an outside test set holds out none."
            )
        details[HELD_OUT] = {"n": hold_out, "seed": seed}
    if len(campaign.systems) > 1:
        details["system"] = checked.system.name
    words: dict[str, Any] = {"name": name, "method": method, "kind": kind}
    said = orjson.dumps(words | {"file": file.sha256} | details, option=orjson.OPT_SORT_KEYS)
    row = EnergySet(
        **words,
        identity=hashlib.sha256(said).hexdigest()[:12],
        file_name=file.name,
        sha256=file.sha256,
        details=details,
        person=person,
    )
    places = batch(checked.system, checked.system.dimer.at(points.positions), origin=f"{ORIGIN}{name}", split="outside")
    number = energy_sets.add(campaign.store, row, places, points.energy_ev, points.lines.tolist())
    return energy_sets.get(campaign.store, number)


def checked_words(campaign: Campaign, name: str, method: str) -> tuple[str, str]:
    """A set's name and method without needless spaces; InputError for what is missing, too long or means something."""
    name, method = " ".join(name.split()), " ".join(method.split())
    for what, value, longest in (("name", name, LONGEST_NAME), ("method", method, LONGEST_METHOD)):
        if not value:
            raise InputError(f"Give the energies a {what}" + (", such as CCSD(T)/CBS." if what == "method" else "."))
        if len(value) > longest or not value.isprintable():
            raise InputError(f"The {what} {quoted(value, 40)} is longer than {longest} characters, or not plain text.")
    meant = RESERVED | {recipe.name.casefold() for recipe in campaign.settings.recipes}
    meant |= {str(row.details.get(FAMILY, "")).casefold() for row in energy_sets.fetch(campaign.store)}
    if name.casefold() in meant:
        raise InputError(f"{quoted(name)} already means something in this campaign; give the energies another name.")
    return name, method


def remove_energies(campaign: Campaign, set_id: int) -> None:
    """Delete a set whole; models that learnt from it stay."""
    require_writable()
    energy_sets.remove(campaign.store, set_id)


def own_method(campaign: Campaign, name: str) -> OwnMethod:
    """The set of labels of a name (behind PREFIX) to learn from; InputError for an unknown one, or a test set."""
    called, sets = name.removeprefix(PREFIX), energy_sets.fetch(campaign.store)
    row = next((row for row in sets if row.name == called), None)
    if row is None:
        has = ", ".join(row.name for row in sets) or "none"
        raise InputError(f"Campaign {campaign.name} has no energies called {quoted(called)} (it has {has}).")
    if row.kind != "labels":
        raise InputError(
            f"The energies {row.name} are an outside test set, which no fit may see; import them as labels."
        )
    return OwnMethod(PREFIX + row.name, row.identity, row)


def sets_called(campaign: Campaign, name: str) -> list[EnergySet]:
    """The sets of a name (behind PREFIX) that several were made under together, or the one of this name.

    One a system, and all of one method; InputError where there is none.
    """
    called, sets = name.removeprefix(PREFIX), energy_sets.fetch(campaign.store)
    found = [row for row in sets if row.details.get(FAMILY) == called] or [row for row in sets if row.name == called]
    if not found:
        has = ", ".join(dict.fromkeys(str(row.details.get(FAMILY, row.name)) for row in sets)) or "none"
        raise InputError(f"Campaign {campaign.name} has no energies called {quoted(called)} (it has {has}).")
    if len({row.method for row in found}) > 1:  # an archive may say anything
        raise InputError(f"The energies called {quoted(called)} are of several methods; name one of the sets.")
    return found


def labels_by_identity(campaign: Campaign, identity: str) -> LabelSet | None:
    """The labels of the set with this identity, None if there is none."""
    row = next((row for row in energy_sets.fetch(campaign.store) if row.identity == identity), None)
    return None if row is None else energy_sets.training(campaign.store, row)


def measured(campaign: Campaign, row: EnergySet, trained: set[int] | None = None) -> SetPoints:
    """The points of a set that errors are over.

    Of an outside test set those are left out whose geometry a fit may have seen. Of labels they are those held out;
    where none are, all but those of the frozen test set.
    """
    points = energy_sets.points(campaign.store, row.id)
    if row.kind == "test":
        seen = energy_sets.trained_ids(campaign.store) if trained is None else trained
        return points.take(~np.isin(points.configuration_ids, list(seen)))
    mine = energy_sets.held_out(row, points)
    return points.take(mine) if mine.any() else energy_sets.learnable(row, points)


def is_blind(row: EnergySet) -> bool:
    """Whether no fit has seen the points that errors against a set are over."""
    return row.kind == "test" or bool((row.details.get(HELD_OUT) or {}).get("n"))


def record_set_errors(
    campaign: Campaign, energies: dict[int, float], *, model_id: int | None = None, teacher: str | None = None
) -> dict[str, Any]:
    """Errors by region of stored energies (configuration id → eV) against every set, stored; returns them by set."""
    rows = energy_sets.fetch(campaign.store)
    trained = energy_sets.trained_ids(campaign.store) if rows else set()
    report = {}
    for row in rows:
        points = measured(campaign, row, trained)
        predicted = np.array([energies.get(number, np.nan) for number in points.configuration_ids.tolist()])
        known = np.isfinite(predicted)
        bounds = campaign.bounds.of(points.system_ids[known])
        found = summaries(predicted[known], points.energy_ev[known], bounds)
        split = "outside" if is_blind(row) else "pool"
        evaluations.record_metrics(
            campaign.store, found, split=split, recipe_hash=row.identity, model_id=model_id, teacher=teacher
        )
        report[f"{PREFIX}{row.name}"] = {name: item.as_dict() for name, item in found.items()}
    return report


def evaluate_set(campaign: Campaign, set_id: int) -> dict[str, Any]:
    """Predict every model at the points of a set where that is missing, and renew the errors against all sets.

    The model in use comes first. Returns the errors by model, and what kept a model from being read.
    """
    from nci_core.campaign.rounds.evaluation import renew_errors
    from nci_core.campaign.rounds.stored_models import energies_and_std, load_student

    points = energy_sets.points(campaign.store, set_id)
    active = campaign.active_model()
    rows = sorted(models.fetch(campaign.store, others=True), key=lambda row: active is None or row.id != active.id)
    problems = {}
    for row in rows:
        there = {each.configuration_id for each in evaluations.predictions(campaign.store, row.id)}
        lacking = ~np.isin(points.configuration_ids, list(there))
        if not lacking.any():
            continue
        try:
            model: AnyModel = load_student(campaign, row)
        except NCIError as error:
            problems[row.name] = str(error)
            continue
        energy, std = energies_and_std(campaign, model, points.system_ids[lacking], points.positions[lacking])
        said = np.isfinite(energy)
        numbers = points.configuration_ids[lacking][said]
        evaluations.record_predictions(campaign.store, row.id, numbers, energy[said], std[said])
    name = PREFIX + energy_sets.get(campaign.store, set_id).name
    errors = {model: report.get(name, {}) for model, report in renew_errors(campaign).items()}
    return {"energy_set": set_id, "errors": errors} | ({"problems": problems} if problems else {})


def error_against(campaign: Campaign, row: EnergySet, model_id: int | None) -> Metric | None:
    """The error of a model against a set below the campaign's energy limit; None before it was evaluated."""
    if model_id is None:
        return None
    found = evaluations.metrics(campaign.store, row.identity, model_id=model_id)
    return next((metric for metric in found if metric.region == "all"), None)


def outside_errors(campaign: Campaign, model: Model) -> list[tuple[EnergySet, Metric]]:
    """Each outside test set that a model was evaluated on with its error against it, oldest set first."""
    sets = [row for row in energy_sets.fetch(campaign.store) if row.kind == "test"]
    found = [(row, error_against(campaign, row, model.id)) for row in sets]
    return [(row, error) for row, error in found if error is not None]
