"""The prediction error of a recipe: floor and shares fitted to labels whose errors are known, tried on hosts left out.

    .venv/bin/python benchmarks/calibrate_recipe_error.py --rows bench/recipe_labels.jsonl --recipe NAME
        [--parts delta step] [--most 2]

The rows are those that `nci bench recipes --data FILE --recipe NAME --labels FOLDER --out bench` writes of its labels.
Without --parts every choice of at most --most of the parts that all labels have is tried and listed, the best on hosts
left out first; with it the error is fitted to all labels and printed as a recipe has it. Coverage is always that of
each host by a fit to the others.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from typing import get_args

import numpy as np

from nci_core.bench.recipe_errors import LabelRow, read_rows
from nci_core.calibration import Calibration
from nci_core.errors import InputError, NCIError
from nci_core.labels.error_calibration import (
    KnownError,
    LeftOut,
    compare_parts,
    coverage,
    fit_prediction_error,
    leave_hosts_out,
)
from nci_core.labels.prediction_error import Part, PredictionError


def known_errors(rows: list[LabelRow], recipe: str) -> list[KnownError]:
    """Labels of a recipe with their errors; raises InputError where there are none."""
    found = [
        KnownError(host=row.host, probe=row.probe, parts=row.parts_cm1, error_cm1=row.error_cm1)
        for row in rows
        if row.recipe == recipe and row.error_cm1 is not None
    ]
    if not found:
        raise InputError(f"No finished label of recipe {recipe} is among the rows.")
    return found


def line(name: str, found: Calibration, rms_error: float, rms_std: float) -> str:
    """A row of the table of coverage."""
    shares = f"{found.within_1:8.0%} {found.within_2:8.0%} {found.rms_z:7.2f}"
    return f"{name:12} {found.n:5} {rms_error:11.3f} {rms_std:9.3f} {shares}  {found.verdict}"


def say_coverage(rows: list[KnownError], left_out: LeftOut) -> None:
    """Coverage on hosts left out: of all rows, and of each probe's."""
    members: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        members["all"].append(number)
        members[row.probe].append(number)
    errors = np.array([row.error_cm1 for row in rows])
    print("probe            n  RMS error   RMS std  within 1 within 2   RMS z   (cm⁻¹; hosts left out)")
    for name, which in members.items():
        found = coverage(errors[which], left_out.std_cm1[which], name)
        if found is not None:
            rms = (float(np.sqrt(np.mean(each[which] ** 2))) for each in (errors, left_out.std_cm1))
            print(line(name, found, *rms))


def as_code(error: PredictionError) -> str:
    """The error as a recipe in code has it, rounded up to two digits."""
    shares = ", ".join(f'"{part}": {rounded(share):g}' for part, share in error.shares.items())
    return f"PredictionError(floor_cm1={rounded(error.floor_cm1):g}, shares={{{shares}}})"


def rounded(value: float) -> float:
    """Up, to two digits: an error bar errs on the large side."""
    unit = 10.0 ** (np.floor(np.log10(value)) - 1)
    return float(f"{np.ceil(value / unit - 1e-9) * unit:.2g}")


def main() -> None:
    """Read, fit, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=Path, required=True, help="recipe_labels.jsonl of the benchmark")
    parser.add_argument("--recipe", required=True, help="of the labels that count")
    parser.add_argument("--parts", nargs="*", choices=get_args(Part), help="parts that the error follows")
    parser.add_argument("--most", type=int, default=2, help="parts of a choice at most, without --parts")
    asked = parser.parse_args()
    try:
        rows = known_errors(read_rows(asked.rows), asked.recipe)
        hosts = len({row.host for row in rows})
        print(f"{len(rows)} rows, {hosts} hosts")
        if asked.parts is None:
            choices = compare_parts(rows, asked.most)
            print("log likelihood a row, hosts left out, by parts:")
            for choice in choices:
                found = choice.calibration
                shares = f"{found.within_1:.0%} / {found.within_2:.0%}, RMS z {found.rms_z:.2f}"
                print(f"{choice.score:9.3f}   {', '.join(choice.parts) or 'floor alone':28} {shares}")
            parts: list[Part] = list(choices[0].parts)
            best = choices[0]
        else:
            parts = list(dict.fromkeys(asked.parts))
            best = leave_hosts_out(rows, parts)
        say_coverage(rows, best)
        print(as_code(fit_prediction_error(rows, parts)))
    except NCIError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
