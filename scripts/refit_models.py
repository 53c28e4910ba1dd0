"""Fit the models of an exported campaign again to the labels they had: after a change of the fit or of the teachers.

    python scripts/refit_models.py data/he-ethylene [data/he-benzene …]

Distilled students are distilled again from the labels of all teachers, and every fine-tuned one starts
from it. Labels, picks and rounds stay what they were: they were chosen by the students of their day. Errors,
cuts, physics gates and proposals of the models are renewed.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import export_campaign, import_campaign
from nci_core.campaign.rounds.evaluation import evaluate_model
from nci_core.campaign.rounds.learning import keep_proposals, lessons
from nci_core.campaign.rounds.stored_models import distilled_parent
from nci_core.fitting import FitSettings, Observation, distill_all, finetune
from nci_core.potentials.checkpoints import load_checkpoint, save_checkpoint
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.parameters import StudentConfig
from nci_core.store import labels, models
from nci_core.store.schema import Model


def labels_of(campaign: Campaign, model: Model) -> Observation:
    """The pool's labels of the rounds up to a model's own.

    SystemExit if they are not as many as the model says.
    """
    known = labels.complete(campaign.store, campaign.recipe.hash, split="pool")
    rounds = {row.configuration_id: row.round_number for row in labels.fetch(campaign.store, campaign.recipe.hash)}
    then = np.array([(rounds[int(i)] or 0) <= model.round_number for i in known.configuration_ids])
    if int(then.sum()) != model.n_labels:
        sys.exit(f"{campaign.name}: {model.name} was fitted to {model.n_labels} labels, but {then.sum()} are found.")
    return Observation(campaign.chosen_system(None).dimer.at(known.positions[then]), known.energy_ev[then])


def fit(campaign: Campaign, model: Model) -> Ensemble:
    """The model, fitted again."""
    settings = FitSettings(members=campaign.settings.members, seed=model.seed)
    parent = distilled_parent(campaign)
    if model.kind == "distilled":
        return distill_all(lessons(campaign), StudentConfig(ruler=campaign.settings.ruler), settings)
    return finetune(
        [labels_of(campaign, model)],
        load_checkpoint(campaign.model_path(parent), dimer=campaign.chosen_system(None).dimer) if parent else None,
        settings=settings,
        metadata={"recipe": campaign.recipe.name, "recipe_hash": campaign.recipe.hash},
    )


def refit(campaign: Campaign, model: Model) -> None:
    """Replace one checkpoint and everything that was measured of it."""
    path = campaign.model_path(model)
    start = time.perf_counter()
    fitted = fit(campaign, model).with_metadata(
        campaign=campaign.name, model=model.name, dimer=campaign.chosen_system(None).dimer.name
    )
    seconds = time.perf_counter() - start
    save_checkpoint(fitted, path)
    models.refitted(campaign.store, model.id, sha256=models.file_sha256(path), seconds=seconds)
    errors = evaluate_model(campaign, models.get(campaign.store, model.id), fitted)
    print(model.name, errors["test"]["all"] if "test" in errors else errors, flush=True)


def main() -> None:
    """Refit every campaign that is named."""
    for folder in map(Path, sys.argv[1:]):
        with tempfile.TemporaryDirectory() as where:
            campaign = import_campaign(folder, Path(where) / folder.name)
            for model in models.fetch(campaign.store):
                if model.kind in ("finetuned", "distilled"):
                    refit(campaign, model)
            active = models.active(campaign.store)
            if active is not None:
                keep_proposals(campaign, active.id)
            export_campaign(campaign, folder)
            campaign.store.close()


if __name__ == "__main__":
    main()
