"""Floor and shares of a recipe's error come back from made-up labels that were given them."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nci_core.bench.recipe_errors import LabelRow, write_lines
from nci_core.errors import InputError
from nci_core.labels.error_calibration import (
    KnownError,
    compare_parts,
    coverage,
    fit_prediction_error,
    leave_hosts_out,
)
from nci_core.labels.prediction_error import PredictionError

GIVEN = PredictionError(floor_cm1=0.2, shares={"delta": 0.08})
SCRIPT = Path(__file__).parents[2] / "benchmarks" / "calibrate_recipe_error.py"


def made(n: int, error: PredictionError, seed: int = 3) -> list[KnownError]:
    """Labels over 20 hosts whose errors are drawn from a model; `step` has no part in it."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(n):
        parts = {"delta": float(random.normal(0, 8)), "step": float(random.normal(0, 8)), "mean_field": 30.0}
        std = error.std_cm1(parts)
        assert std is not None
        label = {"host": f"host {number % 20}", "probe": "He", "parts": parts, "error_cm1": random.normal(0, std)}
        rows.append(KnownError.model_validate(label))
    return rows


def test_a_fit_finds_floor_and_shares_and_no_share_of_what_has_none() -> None:
    found = fit_prediction_error(made(600, GIVEN), ["delta", "step"], "made up")
    # 600 errors: the standard error of a share is 4%, of the floor 8%.
    assert found.floor_cm1 == pytest.approx(0.2, rel=0.25)
    assert found.shares["delta"] == pytest.approx(0.08, rel=0.12)
    assert found.shares.get("step", 0.0) < 0.015
    assert found.source == "made up"


def test_hosts_left_out_are_covered_as_they_should_be_and_the_right_part_wins() -> None:
    rows = made(300, GIVEN)
    best, *others = compare_parts(rows, most=1)
    assert best.parts == ("delta",)
    assert best.calibration.verdict == "fair"
    assert 0.60 <= best.calibration.within_1 <= 0.76
    assert best.calibration.within_2 >= 0.9
    floor = next(one for one in others if not one.parts)
    assert floor.score < best.score - 0.1


def test_a_host_is_judged_by_the_others_alone() -> None:
    rows = made(60, GIVEN)
    # One host that errs a hundred times more: its own rows do not widen its own error bars.
    wild = [row.model_copy(update={"error_cm1": 100.0}) if row.host == "host 0" else row for row in rows]
    before, after = leave_hosts_out(rows, ["delta"]), leave_hosts_out(wild, ["delta"])
    of_it = np.array([row.host == "host 0" for row in rows])
    np.testing.assert_allclose(after.std_cm1[of_it], before.std_cm1[of_it])
    assert (after.std_cm1[~of_it] > 2 * before.std_cm1[~of_it]).any()


def test_errors_that_are_all_zero_and_parts_that_are_zero_have_a_fit() -> None:
    rows = [KnownError(host=str(n), probe="He", parts={"delta": 0.0}, error_cm1=0.0) for n in range(10)]
    assert fit_prediction_error(rows, ["delta"]).floor_cm1 < 0.01


@pytest.mark.parametrize(
    ("rows", "parts", "says"),
    [
        (made(3, GIVEN), ["delta"], "too few"),
        (made(30, GIVEN), ["triples"], "30 of 30 rows have no triples"),
    ],
)
def test_what_cannot_be_fitted_is_said(rows, parts, says) -> None:
    with pytest.raises(InputError, match=says):
        fit_prediction_error(rows, parts)


def test_coverage_leaves_out_what_has_no_error_bar() -> None:
    found = coverage([1.0, 5.0, 9.0], [2.0, 2.0, np.nan])
    assert found is not None
    assert (found.n, found.n_without, found.within_1, found.within_2) == (2, 1, 0.5, 0.5)
    assert coverage([1.0], [0.0]) is None


def test_the_command_reads_a_file_and_prints_what_a_recipe_needs(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    of_the_label = {"reference": "", "system": "", "elements": [], "heavy_atoms": 0, "host_class": "", "region": ""}
    write_lines(
        path,
        [
            LabelRow(
                recipe="mine",
                frame=0,
                geometry_hash="",
                reference_cm1=0.0,
                host=row.host,
                probe=row.probe,
                parts_cm1=row.parts,
                error_cm1=row.error_cm1,
                **of_the_label,
            )
            for row in made(80, GIVEN)
        ],
    )

    def run(recipe: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(SCRIPT), "--rows", str(path), "--parts", "delta", "--recipe", recipe]
        return subprocess.run(command, capture_output=True, text=True)

    done = run("mine")
    assert done.returncode == 0, done.stderr
    assert re.search(r'PredictionError\(floor_cm1=0\.\d+, shares={"delta": 0\.0\d+}\)', done.stdout)
    assert re.search(r"^He +80 ", done.stdout, re.MULTILINE)
    assert "No finished label of recipe other" in run("other").stderr
