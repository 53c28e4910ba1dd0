"""Fine-tuning a MACE network on a campaign's labels: a model beside the rounds of the student."""

import time
from typing import TYPE_CHECKING, Any

from nci_core.campaign.campaign import MODELS, Campaign
from nci_core.campaign.rounds.evaluation import evaluate_model
from nci_core.campaign.rounds.network_choice import NetworkChoice
from nci_core.campaign.rounds.origins import ORIGIN, labels_used, new_origin
from nci_core.campaign.rounds.outliers import set_outliers_aside
from nci_core.campaign.rounds.requests import ladder_recipes, training_labels
from nci_core.campaign.rounds.stored_models import observations
from nci_core.store import configurations, models, rounds
from nci_core.store.models import file_sha256
from nci_core.store.schema import Model
from nci_core.switches import require_writable
from nci_core.systems.configurations import Configurations

if TYPE_CHECKING:
    from nci_core.fitting import FitRun
    from nci_core.training import TrainingMemory, TrainSettings


def settings_of(campaign: Campaign, choice: NetworkChoice, seed: int | None, device: str) -> "TrainSettings":
    """What was chosen, and the rest as it is by default."""
    from nci_core.potentials.device import resolve_device
    from nci_core.training import TrainSettings

    resolve_device(device)  # a missing GPU is said before any work
    chosen = {name: value for name, value in choice.numbers().items() if value is not None}
    seed = campaign.settings.seed if seed is None else seed
    return TrainSettings(method=choice.method, seed=seed, device=device, **chosen)


def finetune_network_campaign(
    campaign: Campaign,
    choice: NetworkChoice,
    *,
    seed: int | None = None,
    device: str = "auto",
    run: "FitRun | None" = None,
    memory: "TrainingMemory | None" = None,
    notes: str = "",
) -> dict[str, Any]:
    """Fine-tune networks on all labels of the pool, store the model and evaluate it.

    It stands beside the student: it closes no round and does not become the model in use by itself. The test set is
    seen by nothing but the evaluation at the end. Raises as `finetune_network` and `open_foundation` do.
    """
    from nci_core.training import TrainingMemory, finetune_network, open_foundation

    memory = memory or TrainingMemory()
    settings = settings_of(campaign, choice, seed, device)
    foundation = open_foundation(
        choice.foundation, trusted=choice.trusted, sha256=choice.sha256, head=choice.head, device=device
    )
    set_aside = set_outliers_aside(campaign)
    (recipe,) = ladder_recipes(campaign, None)
    rows = training_labels(campaign, recipe)
    labels = observations(campaign, rows.system_ids, rows.positions, rows.energy_ev)
    # What the foundation says at the whole pool is what it must not forget.
    places = pool(campaign) if choice.method == "replay" else []
    about = {"recipe": recipe.name, "recipe_hash": recipe.hash}
    start = time.perf_counter()
    model = finetune_network(labels, foundation, settings, run, memory, places=places, metadata=about)
    seconds = time.perf_counter() - start + memory.seconds_before
    require_writable()  # before the file is
    number = rounds.last_number(campaign.store) or 0
    count = sum(models.is_network(row) for row in models.fetch(campaign.store))
    name = f"mace-{count + 1}"
    path = campaign.folder / MODELS / f"{name}.pt"
    campaign.store.require_in_place()
    origin = new_origin(settings, model.config, labels=[labels_used(recipe, rows)])
    known: dict[str, Any] = {"campaign": campaign.name, "model": name, ORIGIN: origin.model_dump(mode="json")}
    from nci_core.potentials.networks.files import save_network

    known["dimer"] = campaign.training_systems[0].dimer.name
    save_network(model.with_metadata(**known), path, below=campaign.folder)
    row = Model(
        name=name,
        kind="finetuned",
        path=f"{MODELS}/{path.name}",
        sha256=file_sha256(path),
        recipe_hash=recipe.hash,
        teacher=campaign.teacher,
        round_number=number,
        n_labels=len(rows),
        settings={
            models.STUDENT: models.NETWORK,
            "foundation": foundation.name,
            "method": choice.method,
            "members": settings.seeds,
            "weights": model.parameters,
            "notes": notes,
            ORIGIN: origin.brief(),
        },
        seed=settings.seed,
        seconds=seconds,
        device=str(model.metadata["fit"]["device"]),
    )
    models.add(campaign.store, row, activate=False)
    errors = evaluate_model(campaign, row, model)
    done = {"model": row.name, "model_id": row.id, "errors": errors, "n_labels": len(rows), "seconds": seconds}
    done |= {"foundation": foundation.name, "method": choice.method, "weights": model.parameters}
    return done | ({"set_aside": set_aside} if set_aside else {})


def pool(campaign: Campaign) -> "list[Configurations]":
    """The places of the pool, of every system that is trained on."""
    found = []
    for system in campaign.training_systems:
        _, positions = configurations.positions(campaign.store, split="pool", system_id=system.id)
        found.append(system.dimer.at(positions))
    return found
