"""The difference of two methods is learnt on one host, holds on another, and knows how wrong it is."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.errors import CancelledError, InputError
from nci_core.fitting import FitRun, FitSettings, Observation, distill
from nci_core.fitting.delta import SIGMA_CM1 as SIGMA_OF_DELTA
from nci_core.fitting.delta import (
    SIGMAS_CM1,
    DeltaStudent,
    Difference,
    Pairs,
    fit_delta,
    learn,
    starting_points,
)
from nci_core.fitting.delta_errors import ErrorBar, LeftOut, error_bar, folds, mean_error, summary
from nci_core.fitting.distillation import side_by_side
from nci_core.fitting.settings import SIGMA_CM1
from nci_core.potentials import Ensemble, StudentConfig
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import from_cm1, to_cm1

FloatArray = npt.NDArray[np.float64]
CONFIG = StudentConfig(network=False)
QUICK = FitSettings(members=3, restarts=2, averaged=2, max_iterations=40, device="cpu")
ETHYLENE, BENZENE = (Dimer(builtin_monomer(name), Monomer.atom("He")) for name in ("ethylene", "benzene"))
#: Born–Mayer repulsion (eV, 1/Å) and C6 (eV Å⁶) of every atom, and the share of attraction that the costly method adds.
A, ALPHA, C6, MORE = 20.0, 3.0, 2.4, 0.15

Methods = Callable[[Dimer, int, int], Difference]


@pytest.fixture(scope="module")
def methods(shell: Callable[..., FloatArray]) -> Methods:
    """Places of a host with energies of a cheap method in closed form, and of one with more attraction."""

    def at_places(dimer: Dimer, m: int, seed: int) -> Difference:
        at = dimer.at(shell(dimer.a, m, seed, (2.8, 6.0)))
        r = at.distances[:, :, 0]
        repulsion, attraction = (A * np.exp(-ALPHA * r)).sum(axis=1), (C6 / (r**6 + 30.0)).sum(axis=1)
        return Difference(at, repulsion - (1.0 + MORE) * attraction, repulsion - attraction)

    return at_places


@pytest.fixture(scope="module")
def base(methods: Methods) -> Ensemble:
    """A student of the cheap method on both hosts, as far as its terms can follow the closed form."""
    known = [methods(dimer, 40, 9) for dimer in (ETHYLENE, BENZENE)]
    seen = [Observation(each.configurations, each.cheap) for each in known]
    return distill(seen, CONFIG, QUICK, metadata={"teachers": ["cheap"]})


@pytest.fixture(scope="module")
def learnt(methods: Methods, base: Ensemble) -> tuple[DeltaStudent, Difference, Difference]:
    known = methods(ETHYLENE, 20, 0)
    return fit_delta([known], base, teacher="cheap", settings=QUICK), known, methods(BENZENE, 40, 1)


def mae(predicted: FloatArray, true: FloatArray) -> float:
    return float(np.abs(to_cm1(predicted - true)).mean())


def test_a_difference_carries_to_another_host_where_atoms_make_it(
    learnt: tuple[DeltaStudent, Difference, Difference],
) -> None:
    found, _, other = learnt
    delta, std = found.delta_and_std(other.configurations)
    # The student's terms are not those of the closed form, and 20 labels of the smaller host do not tell carbon from
    # hydrogen: 0.28 of δ was left when this was written.
    assert mae(delta, other.delta) < 0.5 * float(np.abs(to_cm1(other.delta)).mean())
    # Of 40 normal errors 95% lie within two sd, and fewer than 85% with a probability below 1%.
    assert np.mean(np.abs(delta - other.delta) <= 2.0 * std) >= 0.85


def test_what_the_student_of_the_cheap_method_errs_by_is_no_part_of_it(methods: Methods, base: Ensemble) -> None:
    known = methods(ETHYLENE, 20, 0)
    wrong = replace(base, members=tuple(replace(s, theta=s.theta + 0.1) for s in base.members))
    asked = methods(ETHYLENE, 40, 2)
    pairs = learn([known], starting_points(wrong, "cheap", 2), QUICK.model_copy(update={"sigma_cm1": 1.0}))
    delta, _ = pairs.delta_and_spread(asked.configurations)
    own = mae(wrong.energies(asked.configurations), asked.cheap)
    # The labels are met to about their σ; the student itself is wrong by several times as much.
    assert mae(delta, asked.delta) < 1.0 < 0.5 * own


def test_without_another_host_nothing_is_said_of_a_new_one(
    learnt: tuple[DeltaStudent, Difference, Difference],
) -> None:
    found, known, other = learnt
    assert (found.new, found.sigma_cm1) == (None, SIGMA_OF_DELTA)
    assert found.bar_of(other.configurations.dimer) == found.known
    assert [each.whole for each in found.left_out] == [False] * 5
    assert sum(len(each.delta) for each in found.left_out) == len(known)
    assert found.known.floor_ev >= from_cm1(SIGMA_CM1) * (1 - 1e-12), "no surer than a label is converged"
    (entry,) = summary(found.left_out)
    assert (entry["host"], entry["left_out"]) == ("he-ethylene", "labels")
    assert entry["mae_cm1"] < entry["mae_cheap_cm1"]


def test_hosts_are_left_out_whole_where_the_rest_is_enough(methods: Methods, base: Ensemble) -> None:
    known = [methods(ETHYLENE, 9, 0), methods(BENZENE, 6, 0)]
    found = fit_delta(known, base, teacher="cheap", settings=QUICK.model_copy(update={"members": 1}))
    whole = [each for each in found.left_out if each.whole]
    assert [(each.host, each.learnt) for each in whole] == [("he-benzene", 9)], "six labels are too few to learn from"
    assert found.sigma_cm1 in SIGMAS_CM1
    assert found.new is not None
    assert found.new.share >= found.known.share
    assert found.new.floor_ev >= found.known.floor_ev
    assert found.bar_of(BENZENE) == found.known
    assert found.bar_of(Dimer(builtin_monomer("methane"), Monomer.atom("He"))) == found.new


def test_without_a_difference_nothing_is_learnt(base: Ensemble, shell: Callable[..., FloatArray]) -> None:
    at = ETHYLENE.at(shell(ETHYLENE.a, 10))
    energies = base.energies(at)
    pairs = learn([Difference(at, energies, energies)], starting_points(base, "cheap", 2), QUICK)
    delta, _ = pairs.delta_and_spread(BENZENE.at(shell(BENZENE.a, 20)))
    # Each student begins where its labels already are, so the fit ends at its first step.
    np.testing.assert_allclose(to_cm1(delta), 0.0, atol=1e-6)


def test_students_of_other_teachers_are_not_started_from(base: Ensemble) -> None:
    other = replace(base, metadata={**base.metadata, "teachers": ["other"]})
    both = side_by_side([other, base])
    mine = starting_points(both, "cheap", 8)
    assert [each.members[0] for each in mine] == list(base.optima)
    assert len(starting_points(both, "a third", 8)) == 4, "of one that is unknown here, all"
    assert len(starting_points(both, "cheap", 1)) == 1


def test_too_few_labels_and_a_stop_end_it(methods: Methods, base: Ensemble) -> None:
    with pytest.raises(InputError, match="8 labels or more; there are 7"):
        fit_delta([methods(ETHYLENE, 7, 0)], base, settings=QUICK)
    known = [methods(ETHYLENE, 8, 0)]
    with pytest.raises(CancelledError):
        fit_delta(known, base, settings=QUICK, run=FitRun(should_stop=lambda: True))


def residuals(share: float, floor_cm1: float, m: int = 4000) -> LeftOut:
    random = np.random.default_rng(7)
    predicted, spread = random.uniform(-60.0, 60.0, m), np.full(m, 0.2)
    sd = np.sqrt(spread**2 + (share * predicted) ** 2 + floor_cm1**2)
    true = predicted + sd * random.normal(size=m)
    columns = (from_cm1(each) for each in (true, predicted, spread))
    return LeftOut("he-x", False, m, *columns, np.ones(m, dtype=bool))


@pytest.mark.parametrize(("share", "floor_cm1"), [(0.1, 0.5), (0.02, 2.0)])
def test_share_and_floor_are_those_that_made_the_residuals(share: float, floor_cm1: float) -> None:
    found = error_bar([residuals(share, floor_cm1)])
    assert found is not None
    # 4,000 residuals tell a standard deviation to 1–2%, and values that are tried are 12–17% apart.
    assert found.share == pytest.approx(share, rel=0.2)
    assert to_cm1(found.floor_ev) == pytest.approx(floor_cm1, rel=0.2)
    assert found.n == 4000


def test_every_host_counts_as_much_in_the_mean_error() -> None:
    far = np.array([True, False])
    one = LeftOut("he-x", True, 9, np.zeros(2), np.array([1.0, 9.0]), np.zeros(2), far)
    two = LeftOut("he-y", True, 9, np.zeros(2), np.array([3.0, 3.0]), np.zeros(2), ~far)
    assert mean_error([one, two]) == 2.0
    assert mean_error([replace(one, inside=np.zeros(2, dtype=bool)), two]) == np.inf


def test_few_labels_of_hosts_left_out_say_nothing() -> None:
    few = residuals(0.1, 0.5, 4)
    assert error_bar([replace(few, whole=True)]) is None
    assert error_bar([few]) is not None
    assert error_bar([]) is None
    assert ErrorBar(0.1, 2.0, 3).at_least(ErrorBar(0.2, 1.0, 9)) == ErrorBar(0.2, 2.0, 3)


def test_folds_are_even_over_all_hosts() -> None:
    parts = folds([7, 3, 5], 5, seed=3)
    assert np.bincount(np.concatenate(parts)).tolist() == [3] * 5
    assert max(np.bincount(parts[0], minlength=5)) == 2
    assert [part.tolist() for part in parts] == [part.tolist() for part in folds([7, 3, 5], 5, seed=3)]


def test_a_host_that_lies_elsewhere_is_the_one_with_labels() -> None:
    known, new = ErrorBar(0.1, 0.001, 9), ErrorBar(0.3, 0.002, 9)
    student = DeltaStudent(Pairs((), (), ()), (ETHYLENE,), (), known, new, 1.0)
    moved = replace(ETHYLENE.a, positions=ETHYLENE.a.positions + 0.01)
    assert student.bar_of(Dimer(moved, ETHYLENE.b)) is known
    assert student.bar_of(BENZENE) is new
    assert student.bar_of(Dimer(ETHYLENE.a, Monomer.atom("Ne"))) is new
