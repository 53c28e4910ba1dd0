"""Distilling and fine-tuning a campaign's student. Torch is imported where it is used."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nci_core.campaign.campaign import MODELS, Campaign
from nci_core.campaign.exchange.own_energies import OwnMethod
from nci_core.campaign.rounds.evaluation import evaluate_model
from nci_core.campaign.rounds.origins import ORIGIN, LabelsUsed, TeacherUsed, labels_used, lesson, new_origin, rung
from nci_core.campaign.rounds.outliers import set_outliers_aside
from nci_core.campaign.rounds.picking import propose
from nci_core.campaign.rounds.requests import ladder_recipes, training_labels
from nci_core.campaign.rounds.stored_models import distilled_parent, load_terms
from nci_core.store import models, rounds
from nci_core.store.base import ModelKind
from nci_core.store.models import file_sha256
from nci_core.store.schema import EnergySet, Model
from nci_core.store.teacher_curves import warnings
from nci_core.store.teachers import stored_name
from nci_core.switches import require_writable

if TYPE_CHECKING:
    from nci_core.fitting import FitRun, FitSettings, Lesson
    from nci_core.potentials.ensemble import Ensemble

#: What a job says of where its fit ran.
WHERE = ("device", "device_name", "device_why", "memory_gb")
#: Proposals kept with each model, for the app's ranking.
N_PROPOSALS = 60


def _prepared(campaign: Campaign, seed: int | None, device: str, run: "FitRun | None") -> "tuple[FitSettings, FitRun]":
    """What a fit of a campaign's student is given; a missing GPU is said here, before any work."""
    from nci_core.fitting import FitRun, FitSettings
    from nci_core.potentials.device import resolve_device

    resolve_device(device)
    chosen = campaign.settings.seed if seed is None else seed
    settings = FitSettings(members=campaign.settings.members, seed=chosen, device=device)
    return settings, run or FitRun()


def _kept(
    campaign: Campaign,
    model: "Ensemble",
    settings: "FitSettings",
    *,
    round_number: int,
    seconds: float,
    teachers: Sequence[TeacherUsed] = (),
    labels: Sequence[LabelsUsed] = (),
    parent: Model | None = None,
    brought: EnergySet | None = None,
) -> dict[str, Any]:
    """Write a checkpoint and its row, both with where the model comes from, and evaluate it; what a job says of it.

    It becomes the active model, and the pool is ranked with it. One that learnt energies that somebody `brought` has a
    name of its own and neither becomes active nor ranks: it is of another method.
    """
    from nci_core.potentials.checkpoints import save_checkpoint

    require_writable()  # before the file is
    kind: ModelKind = "distilled" if teachers else "finetuned" if parent else "direct"
    learnt = labels[-1] if labels else None
    name = f"round-{round_number}-{kind}"
    count = sum(row.round_number == round_number for row in models.fetch(campaign.store))
    if brought is not None:  # whose name may hold anything, and a file's may not
        name = f"energies-{brought.identity}"
        count = sum(row.recipe_hash == brought.identity for row in models.fetch(campaign.store, others=True))
    name += f"-{count + 1}" if count else ""
    path = campaign.folder / MODELS / f"{name}.pt"
    campaign.store.require_in_place()
    origin = new_origin(settings, model.config, teachers=teachers, labels=labels, parent=parent)
    about: dict[str, Any] = {"campaign": campaign.name, "model": name, "dimer": campaign.training_systems[0].dimer.name}
    about[ORIGIN] = origin.model_dump(mode="json")
    save_checkpoint(model.with_metadata(**about), path, below=campaign.folder)
    row = Model(
        name=name,
        kind=kind,
        path=f"{MODELS}/{path.name}",
        sha256=file_sha256(path),
        recipe_hash=learnt.recipe_hash if learnt else None,
        teacher=campaign.teacher,
        round_number=round_number,
        parent_id=parent.id if parent else None,
        n_labels=learnt.count if learnt else 0,
        settings={
            "ruler": campaign.settings.ruler,
            "members": campaign.settings.members,
            **_climbed(model),
            ORIGIN: origin.brief(),
            **({models.OTHER_METHOD: {"set": brought.name, "method": brought.method}} if brought else {}),
        },
        seed=settings.seed,
        seconds=seconds,
        device=model.metadata["fit"]["device"],
    )
    models.add(campaign.store, row, activate=brought is None)
    errors = evaluate_model(campaign, row, model)
    done = {"model": row.name, "model_id": row.id, "errors": errors, "seconds": seconds}
    return done | {name: value for name, value in model.metadata["fit"].items() if name in WHERE} | _climbed(model)


def _climbed(model: "Ensemble") -> dict[str, Any]:
    """The recipes a model was fine-tuned on one after the other, where there are several."""
    ladder = model.metadata.get("ladder", [])
    return {"ladder": ladder} if len(ladder) > 1 else {}


def keep_proposals(campaign: Campaign, model_id: int) -> None:
    """Rank the pool with the new model and keep the ranking in the model's notes."""
    ranking = [asdict(proposal) for proposal in propose(campaign, "i-optimal", N_PROPOSALS)]
    models.update_notes(campaign.store, model_id, {"proposals": ranking})


def lessons(campaign: Campaign) -> "tuple[Lesson, ...]":
    """Labels of the pool, never of the test set, of each of the campaign's teachers; InputError where one has none."""
    weights = map(campaign.settings.weights_of, campaign.teacher_specs)
    return tuple(lesson(campaign, name, None, of)[0] for name, of in zip(campaign.teachers, weights, strict=True))


def distill_campaign(
    campaign: Campaign,
    *,
    seed: int | None = None,
    device: str = "auto",
    run: "FitRun | None" = None,
    teachers: Sequence[str] = (),
) -> dict[str, Any]:
    """Fit a student to the teachers' labels of the pool (never of the test set) and evaluate it.

    Without a seed by the campaign's. `run`: who watches and may stop it, and where it remembers how far it came.
    `teachers`: by their specifications, others than the campaign's; "mixture" is what `rounds.mixing` has stored.
    "warnings" of the result say which of them hurts, where that is known.
    """
    from nci_core.fitting import distill_all
    from nci_core.potentials.parameters import StudentConfig

    settings, run = _prepared(campaign, seed, device, run)
    specs = tuple(teachers) or campaign.teacher_specs
    names = [stored_name(campaign.store, spec) for spec in specs]
    weights = map(campaign.settings.weights_of, specs)
    taught, used = zip(
        *(lesson(campaign, name, None, of) for name, of in zip(names, weights, strict=True)), strict=True
    )
    start = time.perf_counter()
    model = distill_all(taught, StudentConfig(ruler=campaign.settings.ruler), settings, run)
    seconds = time.perf_counter() - start + run.memory.seconds_before
    if rounds.last_number(campaign.store) is None:
        notes = f"teacher {' + '.join(specs)}"
        rounds.begin(campaign.store, "distill", number=0, picked_by="teacher", notes=notes)
        rounds.finish(campaign.store, 0)
    done = _kept(campaign, model, settings, round_number=0, seconds=seconds, teachers=used)
    keep_proposals(campaign, done["model_id"])
    return done | {"n_teacher_labels": model.metadata["labels"], "warnings": warnings(campaign.store, specs)}


def finetune_campaign(
    campaign: Campaign,
    *,
    seed: int | None = None,
    device: str = "auto",
    run: "FitRun | None" = None,
    notes: str = "",
    recipes: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Fit the student to all labels of the pool, store and evaluate it, and close the open round.

    With `recipes` it climbs from the labels of the first to those of the last, the target (`fitting.ladder`). A name
    such as "energies:smith" stands for labels that somebody brought; the last one is what the student becomes. One of
    another method than the campaign's is kept apart: it ends no round and is not made the active one.

    The test set is seen by nothing but the evaluation at the end. Seed and run are as in `distill_campaign`; a fit goes
    on where it was stopped provided that the labels are still the same. Labels that the present student finds
    impossible are set aside first; "set_aside" names their configurations.
    """
    from nci_core.fitting import finetune_ladder
    from nci_core.potentials.parameters import StudentConfig

    settings, run = _prepared(campaign, seed, device, run)
    set_aside = set_outliers_aside(campaign)
    ladder = ladder_recipes(campaign, recipes)
    found = [training_labels(campaign, source) for source in ladder]
    target, known = ladder[-1], found[-1]
    rungs = [rung(campaign, recipe.name, rows) for recipe, rows in zip(ladder, found, strict=True)]
    parent = distilled_parent(campaign)
    prior = load_terms(campaign, parent, "a prior") if parent else None
    config = prior.config if prior else StudentConfig(ruler=campaign.settings.ruler)
    start = time.perf_counter()
    about = {"recipe": target.name, "recipe_hash": target.hash}
    model = finetune_ladder(rungs, prior, config, settings, run, about)
    seconds = time.perf_counter() - start + run.memory.seconds_before
    brought = target.row if isinstance(target, OwnMethod) else None
    number = campaign.open_round("nobody") if brought is None else rounds.last_number(campaign.store) or 0
    used = [labels_used(recipe, rows) for recipe, rows in zip(ladder, found, strict=True)]
    done = _kept(
        campaign, model, settings, round_number=number, seconds=seconds, labels=used, parent=parent, brought=brought
    )
    if brought is None:
        if notes:
            rounds.update(campaign.store, number, notes=notes)
        rounds.finish(campaign.store, number)
        keep_proposals(campaign, done["model_id"])
    done |= {"n_labels": len(known), "round": number}
    return done | ({"set_aside": set_aside} if set_aside else {})
