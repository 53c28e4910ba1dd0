"""Factors and prediction error of the recipe `focal-point`, from labels at published dimers; each host is left out.

    nci bench recipes --data ATLAS.extxyz --recipe focal-point --labels FOLDER --out bench      # hours
    .venv/bin/python benchmarks/calibrate_focal_point.py --rows bench/recipe_labels.jsonl --probe He --factor mean_field

What MP2 in the larger functions still lacks is where electrons overlap, as is Hartree–Fock's repulsion, and what
CCSD(T) in the smaller ones adds is some percent off: a factor of `mean_field` or of `delta` makes up for part of it.
It is fitted by least squares, weight 1/(0.2² + (2% of Hartree–Fock)²) a label and the same for all hosts together, to
labels of many hosts, and judged at each host by a fit to the others and at each element by a fit to the hosts without
it. Without --factor all are 1. The prediction error is then that of maximum likelihood for the errors that are left
(`calibrate_recipe_error.py`).

--out keeps the figures at hosts left out, and which dimers the labels are of, without their published energies.
"""

import argparse
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.bench.recipe_errors import FittedFactor, LabelRow, group_errors, read_rows
from nci_core.errors import NCIError
from nci_core.labels.error_calibration import KnownError, compare_parts, fit_prediction_error
from nci_core.labels.prediction_error import Part

FloatArray = npt.NDArray[np.float64]
FLOOR_CM1, OF_REPULSION = 0.2, 0.02
#: Elements that nearly every host has: leaving them out leaves nothing to fit to.
COMMON = {"H", "C"}
ERROR_PARTS: tuple[Part, ...] = ("mean_field", "delta", "step", "triples")


def column(rows: list[LabelRow], part: Part) -> FloatArray:
    """(n,) cm⁻¹."""
    return np.array([row.parts_cm1[part] for row in rows])


def plain_errors(rows: list[LabelRow]) -> FloatArray:
    """(n,) cm⁻¹ with all factors 1: HF_L + MP2_L + δ less the published energy."""
    published = np.array([row.reference_cm1 for row in rows])
    return column(rows, "mean_field") + column(rows, "mp2_larger") + column(rows, "delta") - published


def fitted(rows: list[LabelRow], factors: list[Part]) -> FloatArray:
    """(k,) factors less 1."""
    of_host = Counter(row.host for row in rows)
    weight = np.array([of_host[row.host] ** -0.5 for row in rows])
    weight /= np.hypot(FLOOR_CM1, OF_REPULSION * column(rows, "mean_field"))
    parts = np.stack([column(rows, part) for part in factors], axis=1)
    return np.asarray(np.linalg.lstsq(weight[:, None] * parts, -weight * plain_errors(rows), rcond=None)[0])


def left_out(rows: list[LabelRow], factors: list[Part], judge: Callable[[LabelRow], str]) -> FloatArray:
    """(n,) errors in cm⁻¹, each by a fit to the rows for which `judge` says something else."""
    errors = plain_errors(rows)
    if not factors:
        return errors
    names = np.array([judge(row) for row in rows])
    for name in set(names.tolist()):
        out = names == name
        found = fitted([row for row, away in zip(rows, out, strict=True) if not away], factors)
        errors[out] += np.stack([column(rows, part)[out] for part in factors], axis=1) @ found
    return errors


def without_element(rows: list[LabelRow], factors: list[Part]) -> FloatArray:
    """(m,) errors at hosts with each element but the commonest, by a fit to the hosts without it."""
    found: list[FloatArray] = []
    for element in sorted({symbol for row in rows for symbol in row.elements} - COMMON):
        errors = left_out(rows, factors, lambda row, symbol=element: str(symbol in row.elements))
        found.append(errors[[element in row.elements for row in rows]])
    return np.concatenate(found)


def say(name: str, errors: FloatArray, rows: list[LabelRow] | None = None) -> None:
    """A line: over all, and where the rows are given over wells and walls."""
    line = f"{name:22} n {len(errors):3}  MAE {np.abs(errors).mean():6.2f}  max {np.abs(errors).max():6.2f} cm⁻¹"
    if rows:
        published, repulsion = np.array([row.reference_cm1 for row in rows]), column(rows, "mean_field")
        well = published < 0
        if well.any():
            share = np.abs(errors[well] / published[well])
            line += (
                f"; attractive {well.sum()}: {np.abs(errors[well]).mean():.2f}, max {np.abs(errors[well]).max():.2f}"
            )
            line += f" ({share.mean():.1%} of |E|)"
        if not well.all():
            share = np.abs(errors[~well]) / repulsion[~well]
            line += f"; repulsive {(~well).sum()}: {np.abs(errors[~well]).mean():.2f} ({share.mean():.2%} of HF)"
    print(line)


def kept(rows: list[LabelRow], factors: list[Part], errors: FloatArray) -> FittedFactor:
    """What is kept of labels and of the errors at hosts left out."""
    judged = [
        row.model_copy(update={"error_cm1": float(error), "energy_cm1": row.reference_cm1 + float(error)})
        for row, error in zip(rows, errors, strict=True)
    ]
    return FittedFactor(
        probe=", ".join(sorted({row.probe for row in rows})),
        factors={part: 1 + float(value) for part, value in zip(factors, fitted(rows, factors), strict=True)},
        hosts=len({row.host for row in rows}),
        left_out=[group for group in group_errors(judged) if group.by == "sign"],
        dimers=sorted(" ".join(f"{row.system} {row.scaling or ''} {row.geometry_hash}".split()) for row in rows),
    )


def main() -> None:
    """Fit, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, nargs="+", required=True, help="recipe_labels.jsonl of the benchmark")
    parser.add_argument("--probe", nargs="+", default=["He"], help="labels of these probes alone")
    parser.add_argument("--factor", nargs="*", choices=["mean_field", "delta", "step"], default=[])
    parser.add_argument("--recipe", default="focal-point")
    parser.add_argument("--out", type=Path, help="JSON file of figures and dimers")
    asked = parser.parse_args()
    try:
        every = [row for path in asked.rows for row in read_rows(path)]
    except NCIError as error:
        raise SystemExit(str(error)) from None
    chosen = {(row.geometry_hash, row.recipe): row for row in every if row.recipe == asked.recipe and row.parts_cm1}
    rows = [row for row in chosen.values() if row.probe in asked.probe]
    factors: list[Part] = list(dict.fromkeys(asked.factor))
    print(f"{len(rows)} labels of {', '.join(asked.probe)} over {len({row.host for row in rows})} hosts")
    say("all factors 1", plain_errors(rows), rows)
    if factors:
        values = ", ".join(
            f"{part} {1 + value:.4f}" for part, value in zip(factors, fitted(rows, factors), strict=True)
        )
        print(f"factors by all labels: {values}")
    errors = left_out(rows, factors, lambda row: row.host)
    say("hosts left out", errors, rows)
    say("elements left out", without_element(rows, factors))
    if asked.out:
        asked.out.write_text(kept(rows, factors, errors).model_dump_json(indent=1) + "\n")
    known = [
        KnownError(
            host=row.host,
            probe=row.probe,
            parts={part: row.parts_cm1[part] for part in ERROR_PARTS},
            error_cm1=float(error),
        )
        for row, error in zip(rows, errors, strict=True)
    ]
    for choice in compare_parts(known, 2)[:4]:
        found = choice.calibration
        coverage = f"{found.within_1:.0%} / {found.within_2:.0%} within 1 / 2 σ, RMS z {found.rms_z:.2f}"
        name = ", ".join(choice.parts) or "floor alone"
        print(f"{name:24} {coverage}, score {choice.score:.3f}: {fit_prediction_error(known, choice.parts)}")


if __name__ == "__main__":
    main()
