"""Errors of the embedded campaigns on their frozen test sets, over several seeds of the fit.

    python benchmarks/embedded.py --seeds 5 [--campaign NAME] [--json] [--reference PATH.extxyz]

For each campaign in data/: the teacher, the distilled student and students fine-tuned on every label
of the pool, in cm⁻¹ below 1000 cm⁻¹. With --reference, the fine-tuned He–benzene student is also
compared with an independent set of interaction energies (another basis: the difference of the
recipes, not an error of the fit).
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import EMBEDDED, data_folder, import_campaign
from nci_core.campaign.rounds.evaluation import renew_errors
from nci_core.campaign.rounds.stored_models import distilled_parent
from nci_core.duplicates import unique_labels
from nci_core.extxyz import read_dataset
from nci_core.fitting import FitSettings, Observation, finetune
from nci_core.metrics import summaries
from nci_core.potentials.checkpoints import load_checkpoint
from nci_core.potentials.ensemble import Ensemble
from nci_core.store import labels


def refit(campaign: Campaign, seed: int) -> Ensemble:
    """A student fine-tuned on all pool labels from the campaign's distilled model."""
    known = labels.complete(campaign.store, campaign.recipe.hash, split="pool")
    parent = distilled_parent(campaign)
    prior = load_checkpoint(campaign.model_path(parent), dimer=campaign.chosen_system(None).dimer) if parent else None
    settings = FitSettings(members=campaign.settings.members, seed=seed)
    return finetune(
        [Observation(campaign.chosen_system(None).dimer.at(known.positions), known.energy_ev)], prior, settings=settings
    )


def errors_of(predicted: Any, reference: Any, campaign: Campaign) -> dict[str, Any]:
    """Errors by region, as plain dictionaries."""
    return {k: v.as_dict() for k, v in summaries(predicted, reference, campaign.chosen_system(None).bounds).items()}


def measure(name: str, folder: Path, seeds: int, reference: Path | None) -> list[dict[str, Any]]:
    """Rows of errors for one campaign."""
    campaign = import_campaign(data_folder() / name, folder / name)
    stored = renew_errors(campaign)
    parent = distilled_parent(campaign)
    rows: list[dict[str, Any]] = []
    for what, key in (("teacher", "teacher"), ("distilled", parent.name if parent else "")):
        if errors := stored.get(key, {}).get("test"):
            rows.append({"campaign": name, "what": what, "seeds": 1, **flat([errors])})
    test = labels.complete(campaign.store, campaign.recipe.hash, split="test")
    pool = labels.complete(campaign.store, campaign.recipe.hash, split="pool")
    models = [refit(campaign, seed) for seed in range(1, seeds + 1)]
    found = [
        errors_of(m.energies(campaign.chosen_system(None).dimer.at(test.positions)), test.energy_ev, campaign)
        for m in models
    ]
    rows.append({"campaign": name, "what": f"fine-tuned on {len(pool)}", "seeds": seeds, **flat(found)})
    if reference is not None and name == "he-benzene":
        group, _ = unique_labels(read_dataset(reference).only_group(), str(reference))
        other = [errors_of(m.energies(group.at), group.reference, campaign) for m in models]
        rows.append({"campaign": name, "what": "fine-tuned, against the reference", "seeds": seeds, **flat(other)})
    return rows


def flat(errors: list[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Mean and spread over seeds of the MAE, and by region."""
    mae = np.array([e["all"]["mae_cm1"] for e in errors])
    row: dict[str, Any] = {"n_test": errors[0]["all"]["n"], "mae_cm1": float(mae.mean())}
    row["sd_cm1"] = float(mae.std(ddof=1)) if len(mae) > 1 else 0.0
    for region in ("well", "tail", "wall"):
        if region in errors[0]:
            row[f"{region}_cm1"] = float(np.mean([e[region]["mae_cm1"] for e in errors]))
    return row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="seeds of the fit (1, 2, …)")
    parser.add_argument("--reference", type=Path, help="extxyz of independent He-benzene energies (eV)")
    parser.add_argument("--campaign", choices=EMBEDDED, help="one campaign only")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    chosen = (given.campaign,) if given.campaign else EMBEDDED
    with tempfile.TemporaryDirectory() as folder:
        rows = [r for name in chosen for r in measure(name, Path(folder), given.seeds, given.reference)]
    if given.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'campaign':12} {'what':34} {'n':>5} {'MAE ± sd':>16} {'well':>8} {'tail':>8} {'wall':>8}   (cm⁻¹)")
    for r in rows:
        regions = " ".join(f"{r.get(f'{k}_cm1', float('nan')):8.3f}" for k in ("well", "tail", "wall"))
        print(f"{r['campaign']:12} {r['what']:34} {r['n_test']:5d} {r['mae_cm1']:8.3f} ± {r['sd_cm1']:5.3f} {regions}")


if __name__ == "__main__":
    main()
