"""The factors of the recipe `composite`: a fit to published CCSD(T)/CBS energies of He–benzene, and its error.

    .venv/bin/python benchmarks/calibrate_composite.py --data he-benzene-reference.extxyz [--compute FILE]

The parts at 19 points (14 attractive, 5 below 400 cm⁻¹; drawn at random, seed 5) are kept in
data/benchmarks/composite_calibration.jsonl, in cm⁻¹; `--compute` computes them anew (half an hour of one core, goes
on where it was). The kept ones are of the same functions with AutoAux fitting sets, 0.03 cm⁻¹ away. Five factors are
fitted by least squares, weight 1/(0.3 + max(E, 0)/100 cm⁻¹) a point, and drawn weakly towards MP2 with a
correction to CCSD(T), in which (T) makes up for its small basis. Errors are those of each point by the other 18.
The recipe's own factors came from the same fit with the reference's HF/aug-cc-pVQZ in place of the computed
Hartree–Fock; labels by them and by what is printed here differ by less than 0.1 cm⁻¹ in the well.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.extxyz import read_dataset
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]
KEPT = Path(__file__).parents[1] / "data" / "benchmarks" / "composite_calibration.jsonl"
PARTS = ("mp2_larger", "mp2", "ccsd", "triples", "mean_field")
#: Factors in the order of PARTS where nothing is known, the last beyond 1, and how far they may go from there.
PRIOR, WIDTH = np.array([1.0, -1.0, 1.0, 1.6, 0.0]), np.array([0.3, 1.0, 1.0, 3.0, 0.03])
ATTRACTIVE, WALL, WALL_BELOW_CM1, SEED, POINTS = 20, 6, 400.0, 5, 19


def drawn(energies_cm1: FloatArray) -> list[int]:
    """Rows of the reference: attractive ones and some of the wall in turn, the first POINTS."""
    random = np.random.default_rng(SEED)
    low = random.permutation(np.flatnonzero(energies_cm1 < 0))[:ATTRACTIVE].tolist()
    high = random.permutation(np.flatnonzero((energies_cm1 >= 0) & (energies_cm1 < WALL_BELOW_CM1)))[:WALL].tolist()
    return [*low[:8], *high[:3], *low[8:14], *high[3:], *low[14:]][:POINTS]


def fit(parts: FloatArray, missing: FloatArray, weights: FloatArray) -> FloatArray:
    """Factors (5,) of parts (m, 5) for what Hartree–Fock misses (m,), maximum a posteriori."""
    left = np.vstack([parts * weights[:, None], np.diag(1 / WIDTH)])
    right = np.concatenate([missing * weights, PRIOR / WIDTH])
    return np.asarray(np.linalg.lstsq(left, right, rcond=None)[0])


def compute(data: Path, rows: list[int], file: Path) -> None:
    """Append the parts of the rows that the file lacks."""
    from nci_core.labels.ccsdt import compute_label
    from nci_core.labels.results import difference

    group = read_dataset(data).only_group()
    done = {json.loads(line)["row"] for line in file.read_text().splitlines()} if file.exists() else set()
    for row in rows:
        if row in done:
            continue
        label = compute_label(group.at[[row]], find_recipe("composite"))
        if label.larger is None:
            raise SystemExit("the recipe composite has no larger functions any more")
        found = {"row": row, "mean_field": difference(label.larger, "hf_hartree")}
        found |= {"mp2_larger": difference(label.larger, "mp2_hartree")}
        found |= {name: difference(label.fragments, f"{name}_hartree") for name in ("mp2", "ccsd", "triples")}
        line = {name: value if name == "row" else round(float(to_cm1(value)), 6) for name, value in found.items()}
        with file.open("a") as stream:
            stream.write(json.dumps(line) + "\n")
        print(f"row {row}: {label.cpu_seconds:.0f} CPU s", flush=True)


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="published reference, extxyz")
    parser.add_argument("--compute", type=Path, help="file of parts computed anew")
    given = parser.parse_args()
    energies = np.asarray(to_cm1(read_dataset(given.data).only_group().reference))
    rows = drawn(energies)
    if given.compute:
        compute(given.data, rows, given.compute)
    lines = [json.loads(line) for line in (given.compute or KEPT).read_text().splitlines()]
    if [line["row"] for line in lines] != rows:
        raise SystemExit("the kept parts are of other rows; is this the reference they were computed for?")
    parts = np.array([[line[name] for name in PARTS] for line in lines])
    reference = energies[rows]
    missing, weights = reference - parts[:, -1], 1 / (0.3 + np.maximum(reference, 0) / 100)
    factors = fit(parts, missing, weights)
    errors = np.array(
        [parts[k] @ fit(np.delete(parts, k, 0), np.delete(missing, k), np.delete(weights, k)) for k in range(len(rows))]
    )
    errors = np.abs(errors - missing)
    for name, factor in zip(PARTS, factors, strict=True):
        print(f"{name:11s} {factor + (name == 'mean_field'):+.3f}")
    below = reference < 0
    print(f"each by the others: MAE {errors[below].mean():.3f} cm⁻¹ on {below.sum()} attractive points ", end="")
    print(f"(largest {errors[below].max():.2f}), {errors.mean():.3f} on all {len(rows)} (largest {errors.max():.2f})")


if __name__ == "__main__":
    main()
