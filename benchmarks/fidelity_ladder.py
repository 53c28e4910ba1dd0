"""What cheap labels of another recipe are worth: MAE against the number of costly labels, with and without them.

    python benchmarks/fidelity_ladder.py --data PATH.extxyz [--cheap adz atz] [--seeds 5] [--json]

The file holds He-benzene structures with `REF_interaction_energy` in eV (the costly recipe); the CSV of the same
name beside it has the same rows with the energies of smaller basis sets (hf_adz_cm1 + ccsd_adz_cm1 + t_adz_cm1 and
so on): a cheap recipe. Students distilled from the embedded campaign's teachers are fine-tuned on the costly
labels alone, and on the cheap ones first. A pool of 400 random points holds all labels; errors (cm-1, E < 1000
cm-1) are of the points outside it. Costly labels are random points or the I-optimal ones of the distilled student,
cheap ones random. The settings of the ladder were chosen on seeds from 100 on.
"""

import argparse
import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nci_core.bench.problem import Problem, open_problem
from nci_core.errors import InputError
from nci_core.fitting import FitSettings, Rung, finetune_ladder
from nci_core.metrics import by_region
from nci_core.potentials.ensemble import Ensemble
from nci_core.selection import SelectionRequest, select
from nci_core.units import from_cm1, to_cm1

POOL = 400


def cheap_energies(problem: Problem, path: Path, basis: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(m,) energies in eV of a smaller basis, row by row those of the problem; InputError if they are not."""
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    places = np.array([[float(row[key]) for key in ("x_A", "y_A", "z_A")] for row in rows])
    if places.shape != problem.positions.shape or np.abs(places - problem.positions).max() > 1e-4:
        raise InputError(f"{path} does not have the rows of the extxyz file beside it.")
    return from_cm1(np.array([sum(float(row[f"{part}_{basis}_cm1"]) for part in ("hf", "ccsd", "t")) for row in rows]))


def mae(problem: Problem, model: Ensemble, rows: np.ndarray[Any, Any]) -> float:
    """Mean absolute error in cm-1 on these rows below the limit."""
    predicted = model.energies(problem.dimer.at(problem.positions[rows]))
    total, _ = by_region(predicted, problem.energies[rows], problem.bounds)
    assert total is not None
    return total.mae_cm1


def measure(
    problem: Problem, cheap: dict[str, Any], seed: int, counts: list[int], n_cheap: int, members: int
) -> list[dict[str, Any]]:
    """Rows of one seed: cheap recipe ('none' without), choice of costly labels, their number, MAE."""
    inside = np.flatnonzero(problem.inside)
    pool = np.random.default_rng(seed).permutation(inside)[:POOL]
    held_out = np.setdiff1d(np.arange(len(problem.energies)), pool)
    distilled = problem.distilled(seed=seed)
    request = SelectionRequest(problem.dimer, problem.positions[pool], max(counts), ensemble=distilled, seed=seed)
    orders = {"random": pool, "i-optimal": pool[select("i-optimal", request).indices]}
    settings = FitSettings(seed=seed, members=members)
    rows = []
    for choice, order in orders.items():
        for n in counts:
            costly = Rung("CBS", problem.positions[order[:n]], problem.energies[order[:n]])
            for name in (None, *cheap):
                chosen = pool[:n_cheap]
                below = [Rung(name, problem.positions[chosen], cheap[name][chosen])] if name else []
                model = finetune_ladder(problem.dimer, [*below, costly], distilled, settings=settings)
                last = model.metadata["ladder"][-1]
                row = {"seed": seed, "choice": choice, "costly": n, "cheap": name or "none"}
                row |= {"mae_cm1": mae(problem, model, held_out)}
                rows.append(row | {key: last[key] for key in ("distance", "share") if key in last})
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="extxyz of the costly recipe, its CSV beside it")
    parser.add_argument("--cheap", nargs="+", default=["adz", "atz"], help="bases of the cheap recipes in the CSV")
    parser.add_argument("--cheap-labels", type=int, default=100)
    parser.add_argument("--counts", type=int, nargs="+", default=[5, 10, 20], help="costly labels")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--members", type=int, default=1, help="1: no error bars, which the MAE does not need")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        problem = open_problem(given.data, Path(folder))
        cheap = {name: cheap_energies(problem, given.data.with_suffix(".csv"), name) for name in given.cheap}
        rows = []
        for seed in range(given.first_seed, given.first_seed + given.seeds):
            rows += measure(problem, cheap, seed, given.counts, given.cheap_labels, given.members)
    apart = {name: float(np.abs(to_cm1(cheap[name] - problem.energies))[problem.inside].mean()) for name in cheap}
    if given.json:
        print(json.dumps({"cheap_minus_costly_mae_cm1": apart, "rows": rows}, indent=2))
        return
    for name, value in apart.items():
        print(f"{name}: {given.cheap_labels} cheap labels, {value:.1f} cm-1 from the costly recipe on average")
    print(f"{'costly labels':20}" + "".join(f"{name:>18}" for name in ("none", *cheap)))
    for choice, n in dict.fromkeys((row["choice"], row["costly"]) for row in rows):
        line = f"{f'{n} {choice}':20}"
        for name in ("none", *cheap):
            found = [r["mae_cm1"] for r in rows if (r["choice"], r["costly"], r["cheap"]) == (choice, n, name)]
            spread = np.std(found, ddof=1) if len(found) > 1 else 0.0
            line += f"{np.mean(found):10.3f} ± {spread:5.3f}"
        print(line)
    print(f"MAE / cm-1, mean ± sd over {given.seeds} seeds")


if __name__ == "__main__":
    main()
