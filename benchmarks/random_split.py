"""Learning curve on a published reference: fit a random fraction directly, evaluate on the rest.

    python benchmarks/random_split.py --data PATH/ccsdt.extxyz --fraction 0.1 --seeds 5 [--json]

The file holds host + probe structures with `REF_interaction_energy` in eV. Errors
are mean absolute errors in cm⁻¹ over the held-out points with E < 1000 cm⁻¹. Nothing is selected
on them: restarts are ranked by evidence.
"""

import argparse
import json
import time

import numpy as np

from nci_core.calibration import calibrate
from nci_core.duplicates import unique_labels
from nci_core.extxyz import read_dataset
from nci_core.fitting import FitSettings, Observation, finetune
from nci_core.metrics import by_region
from nci_core.potentials import StudentConfig
from nci_core.regions import RegionBounds
from nci_core.units import to_cm1

#: How errors compare with error bars, see `nci_core.calibration`.
CALIBRATION = ("rms_z", "within_1_sd", "within_2_sd")


def main() -> None:
    """Run the benchmark and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="extxyz file with REF_interaction_energy in eV")
    parser.add_argument("--fraction", type=float, default=0.1, help="share of the points that is fitted")
    parser.add_argument("--seeds", type=int, default=5, help="number of random splits")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--ruler", choices=("adaptive", "fixed"), default="adaptive")
    parser.add_argument("--no-network", action="store_true", help="physical terms only")
    parser.add_argument("--members", type=int, default=FitSettings().members)
    parser.add_argument("--restarts", type=int, default=FitSettings().restarts)
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args()
    group, _ = unique_labels(read_dataset(args.data).only_group(), str(args.data))
    dimer, positions, energies = group.dimer, group.at.R, group.reference
    config = StudentConfig(ruler=args.ruler, network=not args.no_network)
    count = round(args.fraction * len(energies))
    rows = []
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        order = np.random.default_rng(seed).permutation(len(energies))
        train, test = order[:count], order[count:]
        settings = FitSettings(seed=seed, members=args.members, restarts=args.restarts)
        start = time.process_time()
        seen = Observation(dimer.at(positions[train]), energies[train])
        model = finetune([seen], config=config, settings=settings)
        seconds = time.process_time() - start
        predicted, std = model.energies_and_std(dimer.at(positions[test]))
        total, regions = by_region(predicted, energies[test], RegionBounds())
        single, _ = by_region(model.members[0].energies(dimer.at(positions[test])), energies[test], RegionBounds())
        assert total is not None
        assert single is not None
        inside = RegionBounds().classify(energies[test]) != "beyond"
        row = {
            "seed": seed,
            "labels": count,
            "cpu_seconds": seconds,
            "mae_cm1": total.mae_cm1,
            "rmse_cm1": total.rmse_cm1,
        }
        row |= {"first_member_mae_cm1": single.mae_cm1, "std_mean_cm1": float(to_cm1(std[inside]).mean())}
        held = calibrate(predicted, std, energies[test], RegionBounds())[0]
        row |= {"rms_z": held.rms_z, "within_1_sd": held.within_1, "within_2_sd": held.within_2}
        row |= {f"{name}_mae_cm1": summary.mae_cm1 for name, summary in regions.items() if name != "beyond"}
        rows.append(row)
        if not args.json:
            print("  ".join(f"{k} {v:.3f}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items()), flush=True)
    maes = np.array([row["mae_cm1"] for row in rows])
    sd = float(maes.std(ddof=1)) if len(maes) > 1 else 0.0
    if args.json:
        print(json.dumps({"labels": count, "mean_mae_cm1": float(maes.mean()), "sd_mae_cm1": sd, "seeds": rows}))
    else:
        print(f"{count} labels: MAE {maes.mean():.3f} ± {sd:.3f} cm⁻¹ over {len(maes)} seeds, E < 1000 cm⁻¹")
        spans = [f"{min(r[name] for r in rows):.2f}–{max(r[name] for r in rows):.2f}" for name in CALIBRATION]
        print(f"error / error bar: RMS {spans[0]} (1 is right); within 1 sd {spans[1]} (0.68), 2 sd {spans[2]} (0.95)")


if __name__ == "__main__":
    main()
