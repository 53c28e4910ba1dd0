"""What labels are expected to bring: facts about any Gaussian posterior, and a budget that is kept."""

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.errors import InputError
from nci_core.selection.budget import Linearised, random_paths, spend
from nci_core.selection.design import (
    REFRESH,
    Falls,
    add_label,
    greedy_i_optimal,
    posterior_covariance,
    total_variance_reduction,
)

FloatArray = npt.NDArray[np.float64]
N, P = 80, 7
KNOWN = [0, 1, 2]


@pytest.fixture
def model() -> Linearised:
    random = np.random.default_rng(5)
    # Points differ in size, as walls and tails do, so that choice matters.
    J = random.standard_normal((N, P)) * random.uniform(0.2, 3.0, (N, 1))
    variance = random.uniform(0.5, 2.0, N)
    targets = np.arange(N) % 4 != 0
    return Linearised(J, variance, posterior_covariance(J[KNOWN], variance[KNOWN]), targets)


@pytest.fixture
def free() -> npt.NDArray[np.bool_]:
    mask = np.ones(N, dtype=bool)
    mask[KNOWN] = False
    mask[50:60] = False
    return mask


def test_a_label_never_makes_any_point_less_certain(model: Linearised) -> None:
    for row in range(N):
        # Rounding of standard deviations of order one.
        assert (model.with_labels([row]).std() <= model.std() + 1e-12).all()
    assert model.with_labels([10]).std()[10] < model.std()[10]


def test_labels_in_any_order_equal_all_labels_at_once(model: Linearised) -> None:
    basket = [40, 7, 23, 66, 12, 31]
    everything = KNOWN + basket
    direct = posterior_covariance(model.J[everything], model.variance[everything])
    expected = np.sqrt(np.einsum("np,pq,nq->n", model.J, direct, model.J))
    # Six rank-one updates of a well-conditioned 7 × 7 matrix in double precision.
    np.testing.assert_allclose(model.with_labels(basket).std(), expected, rtol=1e-10)
    np.testing.assert_allclose(model.with_labels(basket[::-1]).std(), expected, rtol=1e-10)
    assert model.falls(basket).sum() == pytest.approx(model.falls(basket[::-1]).sum(), rel=1e-10)


def test_falls_add_up_to_the_variance_that_is_gone(model: Linearised) -> None:
    basket = [40, 7, 23, 66]
    before, after = (float((m.std()[m.targets] ** 2).sum()) for m in (model, model.with_labels(basket)))
    assert model.falls(basket).sum() == pytest.approx(before - after, rel=1e-10)
    path = model.rms_along(model.falls(basket))
    assert path[0] == pytest.approx(model.rms(), rel=1e-12)
    assert path[-1] == pytest.approx(model.with_labels(basket).rms(), rel=1e-10)
    assert (np.diff(path) < 0).all()


@pytest.mark.parametrize("budget", [0.0, 0.35, 3.0, 11.7, 1e6])
def test_the_budget_is_kept_and_used(model: Linearised, free: npt.NDArray[np.bool_], budget: float) -> None:
    cost = np.random.default_rng(1).uniform(0.4, 2.5, N)
    found = spend(model, budget, cost, free, most=N)
    assert cost[found.rows].sum() <= budget
    assert len(set(found.rows.tolist())) == len(found.rows)
    assert free[found.rows].all()
    np.testing.assert_allclose(found.minutes, np.cumsum(cost[found.rows]))
    left = free.copy()
    left[found.rows] = False
    # It stops only when nothing that is left can be paid.
    assert not left.any() or cost[left].min() > budget - cost[found.rows].sum()


def test_falls_of_spending_are_those_of_its_rows_in_order(model: Linearised, free: npt.NDArray[np.bool_]) -> None:
    cost = np.random.default_rng(2).uniform(0.4, 2.5, N)
    found = spend(model, 12.0, cost, free, most=N)
    np.testing.assert_allclose(found.falls, model.falls(found.rows), rtol=1e-9)
    gain = model.falls([int(found.rows[0])])[0] / cost[found.rows[0]]
    assert all(gain >= model.falls([row])[0] / cost[row] - 1e-12 for row in np.flatnonzero(free))


def test_equal_costs_give_the_order_of_i_optimal_selection(model: Linearised, free: npt.NDArray[np.bool_]) -> None:
    chosen, scores = greedy_i_optimal(model.J, model.variance, model.covariance, model.targets, free, 9)
    found = spend(model, 9 * 0.25, 0.25, free, most=50)
    assert found.rows.tolist() == chosen
    assert found.falls.tolist() == scores
    assert len(spend(model, 1e9, 0.25, free, most=4).rows) == 4


def test_spending_beats_random_orders_of_the_same_cost(model: Linearised, free: npt.NDArray[np.bool_]) -> None:
    found = spend(model, 8.0, 1.0, free, most=N)
    greedy = model.rms_along(found.falls)
    random = random_paths(model, free, np.arange(9.0), 1.0, range(100))
    assert random.shape == (100, 9)
    # The first step is the best of all by construction; later ones are greedy, so a lucky order may match them.
    assert (greedy[1] <= random[:, 1] + 1e-12).all()
    assert (greedy[1:] < np.quantile(random[:, 1:], 0.05, axis=0)).all()
    one, again = (random_paths(model, free, np.arange(4.0), 1.0, [seed])[0] for seed in (4, 4))
    assert one.tolist() == again.tolist()


def test_dear_labels_are_left_when_two_cheap_ones_bring_more() -> None:
    J = np.diag([2.0, 1.9, 1.9])
    model = Linearised(J, np.ones(3), np.eye(3), np.ones(3, dtype=bool))
    found = spend(model, 2.0, np.array([2.0, 1.0, 1.0]), np.ones(3, dtype=bool), most=3)
    assert sorted(found.rows.tolist()) == [1, 2]


@pytest.mark.parametrize("budget", [-1.0, float("nan"), float("inf")])
def test_impossible_budgets_are_one_sentence(model: Linearised, free: npt.NDArray[np.bool_], budget: float) -> None:
    with pytest.raises(InputError, match="cannot be spent"):
        spend(model, budget, 1.0, free, most=3)


@pytest.mark.parametrize("cost", [0.0, -0.1, float("nan")])
def test_impossible_costs_are_one_sentence(model: Linearised, free: npt.NDArray[np.bool_], cost: float) -> None:
    with pytest.raises(InputError, match="positive number of minutes"):
        spend(model, 1.0, cost, free, most=3)


def test_nothing_free_and_nothing_to_know(model: Linearised) -> None:
    nothing = spend(model, 5.0, 1.0, np.zeros(N, dtype=bool), most=3)
    assert len(nothing.rows) == len(nothing.falls) == 0
    assert model.rms_along(nothing.falls).tolist() == [model.rms()]
    assert model.rms(np.zeros(N, dtype=bool)) == 0.0


def test_falls_that_are_kept_up_to_date_are_those_computed_afresh(model: Linearised) -> None:
    G = model.J[model.targets].T @ model.J[model.targets]
    falls, covariance = Falls(model.J, model.variance, model.covariance, G), model.covariance
    for row in range(REFRESH + 10):  # past a refresh
        falls.label(row)
        covariance = add_label(covariance, model.J[row], float(model.variance[row]))
        expected = total_variance_reduction(model.J, model.variance, covariance, G)
        # Each update leaves rounding of the falls at the beginning, which are at most 1e4 times larger.
        np.testing.assert_allclose(falls.values(), expected, rtol=1e-9)
