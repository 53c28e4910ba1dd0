"""Calibration of error bars against errors of known size."""

import numpy as np
import pytest

from nci_core.calibration import FEWEST, WITHIN_1, WITHIN_2, calibrate, summarise_z, z_scores
from nci_core.errors import InputError
from nci_core.regions import RegionBounds
from nci_core.units import CM1_EV


def normal(n: int, scale: float, seed: int = 4) -> np.ndarray:
    return scale * np.random.default_rng(seed).standard_normal(n)


@pytest.mark.parametrize(
    ("scale", "verdict", "words"),
    [(1.0, "fair", "agree"), (3.0, "too small", "about 3"), (1 / 3, "too large", "times too large")],
)
def test_the_verdict_follows_the_size_of_the_errors(scale: float, verdict: str, words: str) -> None:
    found = summarise_z(normal(400, scale))
    assert found is not None
    assert found.verdict == verdict
    assert words in found.sentence
    # The standard error of an RMS of n normal values is 1/√(2n) = 3.5%; three of them.
    assert found.rms_z == pytest.approx(scale, rel=0.11)


def test_expected_shares_are_those_of_a_normal_distribution() -> None:
    found = summarise_z(normal(20_000, 1.0))
    assert found is not None
    assert found.low_1 < WITHIN_1 < found.high_1
    assert found.low_2 < WITHIN_2 < found.high_2
    # Shares of 20,000: standard error below 0.0034; four of them.
    assert found.within_1 == pytest.approx(WITHIN_1, abs=0.014)


def test_few_points_are_shown_and_not_judged() -> None:
    found = summarise_z(normal(FEWEST - 1, 5.0))
    assert found is not None
    assert found.verdict == "too few"
    assert "9 points" in found.sentence
    assert summarise_z(normal(FEWEST, 5.0)).verdict == "too small"  # type: ignore[union-attr]


def test_one_outlier_does_not_condemn_all_error_bars() -> None:
    z = normal(60, 0.7)
    z[0] = 15.0
    found = summarise_z(z)
    assert found is not None
    assert found.verdict == "outliers"


def test_regions_are_those_of_the_reference_and_missing_error_bars_are_counted() -> None:
    reference = np.array([-50.0, -50.0, -5.0, 500.0, 5000.0]) * CM1_EV
    std = np.array([1.0, 0.0, 2.0, np.nan, 1.0]) * CM1_EV
    predicted = reference + np.array([1.5, 1.0, -1.0, 1.0, 100.0]) * CM1_EV
    found = {item.region: item for item in calibrate(predicted, std, reference, RegionBounds())}
    assert set(found) == {"all", "well", "tail", "beyond"}
    assert (found["all"].n, found["all"].n_without) == (2, 2)
    assert (found["well"].n, found["well"].within_1, found["well"].within_2) == (1, 0.0, 1.0)
    assert found["tail"].rms_z == pytest.approx(0.5)
    assert found["all"].rms_z == pytest.approx(np.sqrt((1.5**2 + 0.5**2) / 2))
    assert calibrate(predicted[3:4], std[3:4], reference[3:4], RegionBounds()) == []


def test_unequal_shapes_are_said() -> None:
    with pytest.raises(InputError, match="error bars"):
        z_scores(np.zeros(2), np.ones(3), np.zeros(2))
