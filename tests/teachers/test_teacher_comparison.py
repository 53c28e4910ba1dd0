"""Errors of teachers, what is absurd in stored energies, and when a teacher hurts."""

import numpy as np
import pytest

from nci_core.metrics import correlation
from nci_core.regions import RegionBounds
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.teachers.comparison import NOBODY, CurvePoint, judge, worse
from nci_core.teachers.sanity import most_attraction, stored_doubt
from nci_core.units import from_cm1


def test_a_teacher_is_judged_by_region_sector_and_correlation() -> None:
    labels = from_cm1(np.array([-50.0, -60.0, -5.0, 100.0, 5000.0]))
    sectors = np.array(["face", "edge", "face", "edge", "face"])
    found = judge(labels + from_cm1(2.0), labels, sectors, RegionBounds())
    assert {name: (each.n, round(each.mae_cm1, 9)) for name, each in found.regions.items()} == {
        "all": (4, 2.0),
        "well": (2, 2.0),
        "tail": (1, 2.0),
        "wall": (1, 2.0),
        "beyond": (1, 2.0),
    }
    assert {name: each.n for name, each in found.sectors.items()} == {"face": 2, "edge": 2}, "none beyond the limit"
    assert found.correlation == 1.0
    assert correlation(labels[:2], labels[:2]) is None, "two points lie on a line whatever they are"


def _points(errors: dict[str, dict[int, list[float]]]) -> list[CurvePoint]:
    return [
        CurvePoint(teacher, n, seed, value)
        for teacher, sizes in errors.items()
        for n, values in sizes.items()
        for seed, value in enumerate(values)
    ]


def test_a_teacher_hurts_where_it_is_worse_than_none_beyond_the_spread() -> None:
    (found,) = worse(_points({NOBODY: {10: [1.0, 1.2, 0.9]}, "bad": {10: [3.0, 3.3, 2.8]}}))
    assert found.hurts
    assert (found.teacher, found.other, found.n) == ("bad", NOBODY, 10)
    assert found.sentence.startswith("Teacher bad hurts: with 10 labels its student errs by 3.0 ± 0.3 cm⁻¹")


def test_else_it_may_be_worse_than_another_teacher_where_that_is_clearest() -> None:
    errors = {
        NOBODY: {5: [8.0, 9.0, 7.0], 10: [2.0, 2.0, 2.0]},
        "good": {5: [1.0, 1.1, 0.9], 10: [0.9, 1.1, 1.0]},
        "fair": {5: [4.0, 4.2, 4.1], 10: [1.9, 1.7, 1.8]},
    }
    (found,) = worse(_points(errors))
    assert (found.teacher, found.other, found.n, found.hurts) == ("fair", "good", 5, False)


@pytest.mark.parametrize("bad", [[3.0, 0.5, 1.0], [3.0, 3.0]])
def test_nothing_is_said_within_the_spread_or_of_two_seeds(bad: list[float]) -> None:
    assert worse(_points({NOBODY: {10: [1.0, 1.2, 0.9][: len(bad)]}, "bad": {10: bad}})) == []


def test_stored_energies_are_absurd_where_physics_forbids_them() -> None:
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    at = dimer.at(np.array([[0.0, 0.0, 1.2], [0.0, 0.0, 3.2], [0.0, 0.0, 7.0]]))
    sane = np.array([0.5, 1.0, 1.0]) * np.where([True, False, False], 1.0, most_attraction(at))
    assert stored_doubt(at, sane) is None
    for row, value, what in ((0, -1e-4, "no wall"), (1, 8.0 * sane[1], "deep"), (2, from_cm1(10.0), "repulsive")):
        wrong = sane.copy()
        wrong[row] = value
        found = stored_doubt(at, wrong)
        assert found is not None
        assert found.what == what
