"""What the engine's jobs run: each takes a JobContext and returns the job's result."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.rounds.stored_models import load_student
from nci_core.errors import CancelledError, NCIError, StoreError
from nci_core.jobs.context import JobContext
from nci_core.labels.label_errors import recipe_std_cm1
from nci_core.store import configurations, journal, labels
from nci_core.store import jobs as queue
from nci_core.store.fragments import FragmentFiles
from nci_core.store.journal import RESULTS


def fit_memory(campaign_dir: Path, job_id: int) -> Path:
    """The file in which a fit remembers how far it came; it exists while there is something to go on from."""
    return campaign_dir / "fits" / f"job-{job_id}.pt"


def run_label(context: JobContext) -> dict[str, Any]:
    """Compute one label or what is left of it, check it, journal it, record it.

    Payload: label_id, tightening (the settings of a retry, if it is one).
    """
    from nci_core.campaign.rounds.label_checks import require_closed_shells, with_doubts
    from nci_core.labels.ccsdt import compute_label
    from nci_core.labels.geometry import fragments
    from nci_core.labels.recipes import Recipe
    from nci_core.labels.tightening import Tightening

    campaign = Campaign.open(context.campaign_dir)
    label = labels.get(context.store, int(context.payload["label_id"]))
    configuration = configurations.fetch(context.store, ids=[label.configuration_id])[0]
    pieces = FragmentFiles(context.campaign_dir / RESULTS, configuration.geometry_hash, label.recipe_hash)
    if label.status == "complete":
        pieces.clear()  # an earlier start was killed between recording the label and this
        return {"label_id": label.id, "already_complete": True}
    recipe: Recipe = campaign.settings.find_recipe(label.recipe)
    if recipe.hash != label.recipe_hash:
        reason = f"Recipe {label.recipe!r} has changed since this label was asked for; ask for it again."
        labels.set_error(context.store, label.id, reason)
        raise NCIError(reason)
    known = journal.find_result(context.campaign_dir, configuration.geometry_hash, recipe.hash)
    if known is None:
        pieces.clear_half_written()
        labels.set_running(context.store, label.id)

        def report(share: float, message: str) -> None:
            context.progress(share, message)
            context.stop_if_asked()

        settings = context.payload.get("tightening")
        tighter = {"tightening": Tightening.model_validate(settings)} if settings else {}
        try:
            dimer = campaign.system(configuration.system_id).dimer
            at = dimer.at(configuration.position, configuration.pose)
            fragments(at, recipe)  # a basis that lacks an element is said first
            require_closed_shells(campaign, [configuration.system_id])
            found = compute_label(at, recipe, report, pieces, **tighter)
        except CancelledError:
            raise
        except NCIError as error:
            with suppress(StoreError):  # it follows the job's state; the reason must not be lost over this
                labels.set_error(context.store, label.id, str(error))
            raise
        known = with_doubts(campaign, configuration, found).model_dump(mode="json")
    context.surely(partial(journal.record_label, context.store, label.id, known, folder=context.campaign_dir))
    pieces.clear()
    if configuration.split == "test":
        from nci_core.campaign.rounds.evaluation import renew_errors

        renew_errors(campaign)
    doubts = [doubt["sentence"] for doubt in known.get("doubts") or ()]
    done = {"label_id": label.id, "energy_ev": known["energy_ev"], "cpu_seconds": known["cpu_seconds"]}
    done["recipe_std_cm1"] = recipe_std_cm1(label.recipe_hash, known)
    return done | ({"set_aside": doubts} if doubts else {})


def run_teach(context: JobContext) -> dict[str, Any]:
    """Evaluate the teacher on every configuration that lacks its label.

    Payload: teacher, device, trusted, outside, trust_teacher (all optional); then: "distill" queues a distillation
    once all energies are there. It is queued once, however often this job is started again.
    """
    from nci_core.campaign.rounds.teaching import teach

    device = context.payload.get("device", "auto")
    done = teach(
        Campaign.open(context.campaign_dir),
        teacher=context.payload.get("teacher"),
        device=device,
        trusted=bool(context.payload.get("trusted", False)),
        outside=bool(context.payload.get("outside", False)),
        trust_teacher=bool(context.payload.get("trust_teacher", False)),
        progress=lambda done, total: context.progress(done / max(total, 1), f"{done} of {total} energies"),
        should_stop=context.should_stop,
    )
    if context.payload.get("then") == "distill":
        queue.add_following(context.store, context.job_id, "distill", {"seed": None, "device": device})
    return done


def _remembering(context: JobContext, fit: Callable[..., dict[str, Any]], **options: Any) -> dict[str, Any]:
    """Run a fit with live curves; one that was stopped, or whose process died, goes on where it was."""
    from nci_core.fitting import FitRun
    from nci_core.fitting.memory import FitMemory

    def step(event: dict[str, Any]) -> None:
        context.event(event)
        done, of = event["finished"], event["members"]
        context.progress(done / of, f"{done} of {of} minimisations done, step {event['iteration']} of the others")

    memory = FitMemory(fit_memory(context.campaign_dir, context.job_id), lambda finished: context.keep_events())
    result = fit(
        Campaign.open(context.campaign_dir),
        seed=context.payload.get("seed"),
        device=context.payload.get("device", "auto"),
        run=FitRun(step, context.should_stop, memory),
        **options,
    )
    memory.forget()
    return result


def run_distill(context: JobContext) -> dict[str, Any]:
    """Fit a student to the teacher. Payload: seed, device."""
    from nci_core.campaign.rounds.learning import distill_campaign

    return _remembering(context, distill_campaign)


def run_finetune(context: JobContext) -> dict[str, Any]:
    """Fine-tune on all labels so far, evaluate, close the round. Payload: seed, device, notes, recipes.

    With "network", a `NetworkChoice`, a MACE network is fine-tuned instead, and no round is closed.
    """
    if "network" in context.payload:
        return _train_network(context)
    from nci_core.campaign.rounds.learning import finetune_campaign

    options = {"notes": context.payload.get("notes", ""), "recipes": context.payload.get("recipes")}
    return _remembering(context, finetune_campaign, **options)


def _train_network(context: JobContext) -> dict[str, Any]:
    """Fine-tune networks with live curves; a training that was stopped, or whose process died, goes on."""
    from nci_core.campaign.rounds.network_choice import NetworkChoice
    from nci_core.campaign.rounds.networks import finetune_network_campaign
    from nci_core.fitting import FitRun
    from nci_core.training import TrainingMemory

    def step(event: dict[str, Any]) -> None:
        context.event(event)
        at = f"network {event['member'] + 1} of {event['members']}, {event['phase']} {event['iteration']}"
        context.progress(event["member"] / event["members"], at)

    path = fit_memory(context.campaign_dir, context.job_id)
    memory = TrainingMemory(path, lambda finished: context.keep_events())
    result = finetune_network_campaign(
        Campaign.open(context.campaign_dir),
        NetworkChoice.checked(**context.payload["network"]),
        seed=context.payload.get("seed"),
        device=context.payload.get("device", "auto"),
        notes=context.payload.get("notes", ""),
        run=FitRun(step, context.should_stop),
        memory=memory,
    )
    memory.forget()
    return result


def run_select(context: JobContext) -> dict[str, Any]:
    """Rank the pool. Payload: strategy, n, seed."""
    from nci_core.campaign.rounds.picking import propose

    campaign, payload = Campaign.open(context.campaign_dir), context.payload
    found = propose(campaign, payload.get("strategy", "i-optimal"), int(payload["n"]), payload.get("seed"))
    return {"proposals": [asdict(proposal) for proposal in found]}


def run_evaluate(context: JobContext) -> dict[str, Any]:
    """Renew the predictions, cuts and metrics of a model, or what all models say at the points of a set of energies.

    Payload: model_id or energy_set.
    """
    from nci_core.campaign.exchange.own_energies import evaluate_set
    from nci_core.campaign.rounds.evaluation import evaluate_model
    from nci_core.store import models

    campaign = Campaign.open(context.campaign_dir)
    if "energy_set" in context.payload:
        return evaluate_set(campaign, int(context.payload["energy_set"]))
    model = models.get(context.store, int(context.payload["model_id"]))
    return evaluate_model(campaign, model, load_student(campaign, model))
