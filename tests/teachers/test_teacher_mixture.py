"""Mixtures of teachers: closed forms against brute force; weights by region."""

import numpy as np
import pytest

from nci_core.config import CampaignSettings
from nci_core.errors import InputError
from nci_core.regions import RegionBounds
from nci_core.teachers.mixture import TOTAL, alike, learn
from nci_core.teachers.weights import TeacherWeights
from nci_core.units import from_cm1


def _teachers(n: int, seed: int = 0) -> dict[str, dict[str, np.ndarray]]:
    draw = np.random.default_rng(seed)
    wall = draw.uniform(0.5, 2.0, n)
    return {
        "a": {"exchange": wall, "dispersion": -draw.uniform(0.5, 1.0, n)},
        "b": {"exchange": wall * draw.uniform(0.9, 1.1, n), "dispersion": -draw.uniform(0.5, 1.0, n)},
    }


SHARES = {"a": {"exchange": 0.7, "dispersion": 0.4}, "b": {"exchange": 0.1, "dispersion": 0.9}}


def _mixed(of: dict[str, dict[str, np.ndarray]]) -> np.ndarray:
    total: np.ndarray = np.sum([SHARES[name][key] * of[name][key] for name in of for key in of[name]], axis=0)
    return total


def test_shares_are_found_where_labels_are_a_mixture() -> None:
    known, elsewhere = _teachers(40), _teachers(15, seed=1)
    found = learn(known, _mixed(known), np.ones(40))
    parts = found.channels(elsewhere)
    assert list(parts) == ["exchange", "dispersion"], "a student learns each with its own terms"
    # The smallest ridge that is tried, 1e-6; the two exchanges are 90% alike, which magnifies what it moves.
    assert np.allclose(sum(parts.values()), _mixed(elsewhere), atol=1e-4)
    assert found.shares["b"]["dispersion"] == pytest.approx(0.9, abs=1e-3)


def test_left_out_labels_are_predicted_as_if_they_had_never_been_there() -> None:
    known, draw = _teachers(12), np.random.default_rng(2)
    labels, weights = _mixed(known) + 0.05 * draw.normal(size=12), draw.uniform(0.2, 1.0, 12)
    found = learn(known, labels, weights)
    assert np.isfinite(found.ridge)
    columns = np.stack([values for parts in known.values() for values in parts.values()], axis=1)
    size, half, row = np.sqrt((weights[:, None] * columns**2).mean(axis=0)), np.full(4, 0.5), 3
    keep = np.arange(12) != row
    Z, root = columns / size, np.sqrt(weights)
    lhs = (Z[keep] * root[keep, None]).T @ (Z[keep] * root[keep, None]) + found.ridge * 12 * np.eye(4)
    step = np.linalg.solve(lhs, (Z[keep] * root[keep, None]).T @ ((labels - columns @ half) * root)[keep])
    assert found.left_out[row] == pytest.approx(columns[row] @ half + Z[row] @ step, rel=1e-9)


def test_labels_that_are_the_equal_mixture_leave_it() -> None:
    known = _teachers(6)
    equal = 0.5 * sum(values for parts in known.values() for values in parts.values())
    found = learn(known, equal, np.ones(6))
    shares = [share for parts in found.shares.values() for share in parts.values()]
    assert np.allclose(shares, 0.5, rtol=1e-12), "to rounding"


def test_teachers_that_tell_other_channels_apart_are_mixed_as_wholes() -> None:
    known = _teachers(8) | {"c": {TOTAL: np.ones(8)}}
    assert {name: list(parts) for name, parts in alike(known).items()} == {"a": [TOTAL], "b": [TOTAL], "c": [TOTAL]}
    assert list(learn(known, _mixed(_teachers(8)), np.ones(8)).channels(known)) == [TOTAL]


def test_one_teacher_or_few_labels_are_refused() -> None:
    with pytest.raises(InputError, match="two teachers"):
        learn({"a": _teachers(8)["a"]}, np.ones(8), np.ones(8))
    with pytest.raises(InputError, match="at least 5 labels, and there are 4"):
        learn(_teachers(4), np.ones(4), np.ones(4))


def test_weights_by_region_and_what_is_no_weight() -> None:
    energies = from_cm1(np.array([-50.0, -1.0, 10.0, 9000.0]))
    found = TeacherWeights.parse("mace:small,weight=0.5,well=0.4,wall=0").shares(energies, RegionBounds())
    assert found.tolist() == [0.2, 0.5, 0.0, 0.0], "what is beyond the limit is the wall"
    for wrong in ("gfn2-xtb", "gfn2-xtb,wall=2", "gfn2-xtb,roof=1", "gfn2-xtb,weight=0", ",wall=0", "x,wall=0.1.2"):
        with pytest.raises(InputError, match="give TEACHER,REGION=SHARE"):
            TeacherWeights.parse(wrong)


def test_settings_keep_weights_of_the_campaigns_own_teachers_only() -> None:
    mine = {"teacher": "gfn2-xtb", "wall": 0.0}
    settings = CampaignSettings.create("water", teacher="hf-d4", more_teachers=["gfn2-xtb"], teacher_weights=[mine])
    assert settings.weights_of("hf-d4") is None
    assert settings.weights_of("gfn2-xtb") == TeacherWeights(teacher="gfn2-xtb", wall=0.0)
    for wrong in ([mine, mine], [{"teacher": "hf-mp2", "wall": 0.0}]):
        with pytest.raises(InputError, match="'teacher_weights' names teacher"):
            CampaignSettings.create("water", teacher="gfn2-xtb", teacher_weights=wrong)
    with pytest.raises(InputError, match="teaches nothing"):
        CampaignSettings.create("water", teacher_weights=[{"teacher": "hf-d4", "weight": 0.0}])
