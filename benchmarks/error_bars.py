"""Do error bars hold what they say? Each fine-tuned model of the embedded campaigns, on its frozen test set.

    python benchmarks/error_bars.py [--campaign NAME] [--json]

RMS of error/sd (1 is right) and the share of errors within 1 sd (0.68 is right), below the energy
limit: for the ensemble's error bars, which the maps and the ASE calculator show, and for the
linearised student's expectation, which I-optimal selection and budgets use. No fit has seen the
test set; the rule that error bars never shrink below the priors' was adopted after looking at it,
so `benchmarks/random_split.py`, which prints the same for other data, is the independent check.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from nci_core.calibration import calibrate
from nci_core.campaign import Campaign
from nci_core.campaign.exchange.archive import EMBEDDED, data_folder, import_campaign
from nci_core.fitting import FitSettings
from nci_core.potentials.checkpoints import load_checkpoint
from nci_core.selection.i_optimal import linearised, whitened_jacobian
from nci_core.store import labels, models


def measure(campaign: Campaign) -> list[dict[str, Any]]:
    """A row for each fine-tuned model."""
    system, recipe = campaign.chosen_system(None), campaign.recipe.hash
    dimer, bounds = system.dimer, system.bounds
    test = labels.complete(campaign.store, recipe, split="test")
    pool = labels.complete(campaign.store, recipe, split="pool")
    round_of = {row.configuration_id: row.round_number or 0 for row in labels.fetch(campaign.store, recipe)}
    rounds = np.array([round_of[int(i)] for i in pool.configuration_ids])
    rows = []
    for row in models.fetch(campaign.store):
        if row.kind == "distilled":
            continue
        model = load_checkpoint(campaign.model_path(row), dimer=campaign.chosen_system(None).dimer)
        fitted = pool.positions[rounds <= row.round_number]
        energies, J = whitened_jacobian(model, dimer.at(np.concatenate([fitted, test.positions])))
        known = np.arange(len(fitted))
        sigma = FitSettings().noise_cm1(len(fitted))
        expected = linearised(energies, J, known, np.ones(len(energies), dtype=bool), sigma).std()[len(fitted) :]
        predicted, std = model.energies_and_std(dimer.at(test.positions))
        shown, linear = (calibrate(predicted, sd, test.energy_ev, bounds)[0] for sd in (std, expected))
        rows.append(
            {
                "campaign": campaign.name,
                "labels": len(fitted),
                "n": shown.n,
                "ensemble_rms_z": shown.rms_z,
                "ensemble_within_1_sd": shown.within_1,
                "expected_rms_z": linear.rms_z,
                "expected_within_1_sd": linear.within_1,
            }
        )
    return rows


def main() -> None:
    """Print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaign", choices=EMBEDDED)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in [args.campaign] if args.campaign else EMBEDDED:
            rows += measure(import_campaign(data_folder() / name, Path(folder) / name))
    if args.json:
        print(json.dumps(rows, indent=2))
        return
    print("campaign     labels    n   ensemble: RMS z, within 1 sd   expected: RMS z, within 1 sd")
    for r in rows:
        print(
            f"{r['campaign']:12s} {r['labels']:6d} {r['n']:4d}   {r['ensemble_rms_z']:15.2f} "
            f"{r['ensemble_within_1_sd']:12.2f} {r['expected_rms_z']:15.2f} {r['expected_within_1_sd']:12.2f}"
        )


if __name__ == "__main__":
    main()
