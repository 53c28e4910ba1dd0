"""Evaluating a model or a teacher on a campaign: predictions, cuts and errors, stored for the app."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.exchange.own_energies import record_set_errors
from nci_core.campaign.queries.error_map_file import renew_all_maps
from nci_core.campaign.rounds.gates import check_campaign_model
from nci_core.campaign.rounds.sampling import cut_directions, cut_end, cut_points
from nci_core.campaign.rounds.stored_models import energies_and_std, known_systems, load_for
from nci_core.campaign.systems import System
from nci_core.metrics import ErrorSummary, summaries
from nci_core.store import configurations, evaluations, labels, models, teacher_labels
from nci_core.store.base import Split
from nci_core.store.evaluations import Cut
from nci_core.store.labels import LabelSet
from nci_core.store.schema import Model, Prediction, TeacherLabel
from nci_core.units import to_cm1

if TYPE_CHECKING:
    from nci_core.potentials.models import AnyModel

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

#: Points of a drawn cut.
CUT_STEPS = 160
#: Cuts start where the student's energy reaches this (cm⁻¹), or at 1.5 Å from the centre.
CUT_TOP_CM1 = 1500.0


def student_cuts(system: System, model: "AnyModel") -> list[Cut]:
    """The model's dense curves along the principal axes of a system's host."""
    dimer, found = system.dimer, []
    for name, direction in cut_directions(dimer).items():
        end = cut_end(dimer, direction)
        scan = np.arange(1.5, end, 0.02)
        high = np.flatnonzero(to_cm1(model.energies(dimer.at(cut_points(dimer, direction, scan)))) > CUT_TOP_CM1)
        start = float(scan[high[-1]]) if len(high) else 1.5
        distances = np.linspace(start, end, CUT_STEPS)
        points = cut_points(dimer, direction, distances)
        energies, std = model.energies_and_std(dimer.at(points))
        found.append(Cut(system.id, name, distances, points, energies, std, model.channels(dimer.at(points))))
    return found


def _errors(
    campaign: Campaign, predict: Callable[[LabelSet], tuple[FloatArray, BoolArray]]
) -> Iterator[tuple[Split, int | None, dict[str, ErrorSummary]]]:
    """Errors against the labels of the campaign's recipe: split, system (None: all training systems), by region.

    The test set and the labelled pool are kept apart. In a campaign of several systems there are the errors in each
    too, and those in transfer systems only so: they say how far a student carries, not how good it is. `predict` gives
    energies (n,) in eV, and (n,) where it has some.
    """
    groups: dict[int | None, list[int]] = {None: [system.id for system in campaign.training_systems]}
    if len(campaign.systems) > 1:
        groups |= {system.id: [system.id] for system in campaign.systems}
    splits: tuple[Split, ...] = ("test", "pool")
    for split in splits:
        known = labels.complete(campaign.store, campaign.recipe.hash, split=split)
        predicted, there = predict(known)
        for system_id, members in groups.items():
            rows = there & np.isin(known.system_ids, members)
            bounds = campaign.bounds.of(known.system_ids[rows])
            yield split, system_id, summaries(predicted[rows], known.energy_ev[rows], bounds)


def _plain(found: Mapping[str, ErrorSummary]) -> dict[str, Any]:
    return {name: item.as_dict() for name, item in found.items()}


def _record_errors(campaign: Campaign, rows: Sequence[TeacherLabel | Prediction], **owner: Any) -> dict[str, Any]:
    """Store the errors of energies of a model or a teacher, named as `record_metrics` takes it.

    They are against the labels of the campaign's recipe, and against energies that people brought. Returns them by
    split (or set) and region, in all training systems together.
    """
    energies = {row.configuration_id: row.energy_ev for row in rows}

    def predict(known: LabelSet) -> tuple[FloatArray, BoolArray]:
        said = np.array([energies.get(number, np.nan) for number in known.configuration_ids.tolist()])
        return said, np.isfinite(said)

    report, mine = {}, campaign.recipe.hash
    for split, system_id, errors in _errors(campaign, predict):
        evaluations.record_metrics(campaign.store, errors, split=split, recipe_hash=mine, system_id=system_id, **owner)
        if system_id is None:
            report[str(split)] = _plain(errors)
    return report | record_set_errors(campaign, energies, **owner)


def checkpoint_errors(campaign: Campaign, path: Path, device: str) -> dict[str, Any]:
    """Errors of any checkpoint against the campaign's labels, by split and region; nothing is stored.

    Raises ModelError for one that says nothing about the campaign's dimer.
    """
    model = load_for(campaign, path, f"Model {path.name}", device)
    trained = [system.id for system in campaign.training_systems]

    def predict(known: LabelSet) -> tuple[FloatArray, BoolArray]:
        said = energies_and_std(campaign, model, known.system_ids, known.positions)[0]
        return said, np.isin(known.system_ids, trained)

    found = _errors(campaign, predict)
    return {split: _plain(errors) for split, system_id, errors in found if system_id is None}


def renew_errors(campaign: Campaign) -> dict[str, dict[str, Any]]:
    """Errors of the teacher and of every model, from their stored energies and all labels there are now.

    Returns name → errors by split and region; the teacher comes first.
    """
    taught = teacher_labels.fetch(campaign.store, campaign.teacher)
    report = {"teacher": _record_errors(campaign, taught, teacher=campaign.teacher)}
    for model in models.fetch(campaign.store, others=True):
        said = evaluations.predictions(campaign.store, model.id)
        report[model.name] = _record_errors(campaign, said, model_id=model.id)
    return report


def evaluate_model(campaign: Campaign, row: Model, model: "AnyModel") -> dict[str, Any]:
    """Store the model's predictions everywhere, its cuts and its physics gates; renew all errors and the error maps.

    Returns the model's errors by split and region.
    """
    known = known_systems(campaign, model)
    for system in known:
        ids, positions = configurations.positions(campaign.store, system_id=system.id)
        if len(ids):
            energies, std = model.energies_and_std(system.dimer.at(positions))
            evaluations.record_predictions(campaign.store, row.id, ids, energies, std)
    cuts = [cut for system in known for cut in student_cuts(system, model)]
    evaluations.record_cuts(campaign.store, cuts, model_id=row.id)
    check_campaign_model(campaign, row, model)
    found: dict[str, Any] = renew_errors(campaign)[row.name]
    renew_all_maps(campaign)
    return found
