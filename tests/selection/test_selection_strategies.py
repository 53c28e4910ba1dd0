"""Strategies: what they may not choose, determinism, and that they beat chance."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import torch

from nci_core.errors import InputError, ModelError
from nci_core.fitting.priors import general_prior
from nci_core.potentials import Ensemble, PairKind, Student, StudentConfig, load_checkpoint, save_checkpoint
from nci_core.selection import STRATEGIES, Pool, SelectionRequest, select
from nci_core.selection.design import add_label, greedy_i_optimal, posterior_covariance, total_variance_reduction
from nci_core.selection.farthest_point import invariant_features
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import from_cm1, to_cm1

FloatArray = npt.NDArray[np.float64]


@pytest.fixture(scope="module")
def dimer() -> Dimer:
    return Dimer(builtin_monomer("benzene"), Monomer.atom("He"))


@pytest.fixture(scope="module")
def model() -> Ensemble:
    config = StudentConfig()
    kinds = (PairKind("C", "He"), PairKind("H", "He"))
    prior = general_prior(kinds, config)
    noise = torch.randn(prior.mean.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    student = Student(kinds, config, prior.mean + 0.3 * prior.width * noise)
    return Ensemble((student,), prior)


@pytest.fixture(scope="module")
def pool(dimer: Dimer, shell: Callable[..., FloatArray]) -> FloatArray:
    return shell(dimer.a, 200, nearest=(2.0, 7.0))


def request(dimer: Dimer, model: Ensemble, pool: FloatArray, count: int = 12, **changes: object) -> SelectionRequest:
    energies = model.energies(dimer.at(pool))
    base = {"labelled": [0, 3], "excluded": list(range(50, 120)), "energies": energies, "ensemble": model}
    return SelectionRequest([Pool(dimer.at(pool))], count, **{**base, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_choices_are_new_distinct_and_never_test_points(
    strategy: str, dimer: Dimer, model: Ensemble, pool: FloatArray
) -> None:
    asked = request(dimer, model, pool)
    found = select(strategy, asked)
    assert len(found.indices) == len(found.scores) == 12
    assert len(set(found.indices.tolist())) == 12
    assert not set(found.indices.tolist()) & ({0, 3} | set(range(50, 120)))
    assert (to_cm1(model.energies(dimer.at(pool[found.indices]))) < 1000.0).all()
    again = select(strategy, asked)
    assert (again.indices == found.indices).all()


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_a_pool_that_runs_out_gives_fewer(strategy: str, dimer: Dimer, model: Ensemble, pool: FloatArray) -> None:
    free = [7, 20, 30]
    used = [i for i in range(len(pool)) if i not in free]
    energies = np.zeros(len(pool))
    found = select(strategy, request(dimer, model, pool, labelled=used, excluded=[], energies=energies))
    assert set(found.indices.tolist()) <= set(free)


def test_seeds_matter_to_random_choices_only(dimer: Dimer, model: Ensemble, pool: FloatArray) -> None:
    for strategy in STRATEGIES:
        one, two = (select(strategy, request(dimer, model, pool, seed=seed)).indices for seed in (1, 2))
        assert (one.tolist() == two.tolist()) == (strategy in ("i-optimal", "farthest-point"))


def test_stratified_choice_fills_every_region(dimer: Dimer, model: Ensemble, pool: FloatArray) -> None:
    energies = from_cm1(np.tile([-50.0, -1.0, 50.0, 5000.0], 50))
    asked = request(dimer, model, pool, count=9, energies=energies)
    chosen = asked.bounds.classify(energies[select("stratified", asked).indices])
    assert all((chosen == name).sum() == 3 for name in ("well", "tail", "wall"))
    with pytest.raises(InputError, match="needs predicted energies"):
        select("stratified", request(dimer, model, pool, energies=None))


def test_farthest_points_spread_and_see_symmetry(dimer: Dimer, model: Ensemble, pool: FloatArray) -> None:
    images = np.einsum("gab,b->ga", dimer.a.operations, pool[5] - dimer.a.centre) + dimer.a.centre
    x = invariant_features(dimer.at(images))
    # The built-in geometry is symmetric to about 1e-7 Å.
    np.testing.assert_allclose(x, np.broadcast_to(x[0], x.shape), atol=1e-6)
    found = select("farthest-point", request(dimer, model, np.vstack([pool, images])))
    assert sum(i >= len(pool) or i == 5 for i in found.indices) <= 1
    assert (np.diff(found.scores) <= 1e-12).all()
    fresh = select("farthest-point", request(dimer, model, pool, labelled=[]))
    assert np.isfinite(fresh.scores).all()


def test_rank_one_updates_equal_the_definition() -> None:
    random = np.random.default_rng(0)
    J, variance = random.standard_normal((40, 6)), random.uniform(0.5, 2.0, 40)
    covariance = posterior_covariance(J[:5], variance[:5])
    for k in range(5, 9):
        covariance = add_label(covariance, J[k], variance[k])
    # Float64 inverses of well-conditioned 6 × 6 matrices.
    np.testing.assert_allclose(covariance, posterior_covariance(J[:9], variance[:9]), rtol=1e-10, atol=1e-12)


def test_score_is_the_fall_of_the_summed_variance() -> None:
    random = np.random.default_rng(1)
    J, variance = random.standard_normal((30, 5)), random.uniform(0.5, 2.0, 30)
    covariance = posterior_covariance(J[:3], variance[:3])
    target = J.T @ J
    falls = total_variance_reduction(J, variance, covariance, target)
    for k in (4, 17):
        after = add_label(covariance, J[k], variance[k])
        direct = np.trace(J @ covariance @ J.T) - np.trace(J @ after @ J.T)
        assert falls[k] == pytest.approx(direct, rel=1e-9)


def test_i_optimal_lowers_the_variance_more_than_chance_on_a_linear_toy() -> None:
    x = np.linspace(-1.0, 1.0, 101)
    J, variance = np.stack([x**k for k in range(5)], axis=1) * 10.0, np.ones(101)
    everything = np.ones(101, dtype=bool)
    chosen, scores = greedy_i_optimal(J, variance, np.eye(5), everything, everything, 8)
    assert (np.diff(scores) <= 1e-9).all()

    def total(rows: npt.ArrayLike) -> float:
        rows = np.asarray(rows)
        return float(np.trace(J @ posterior_covariance(J[rows], variance[rows]) @ J.T))

    random = np.random.default_rng(0)
    by_chance = [total(random.choice(101, 8, replace=False)) for _ in range(200)]
    # Greedy choice is not the optimum, so a lucky draw of 200 may match it.
    assert total(chosen) < np.quantile(by_chance, 0.02)


def test_i_optimal_lowers_the_models_variance_and_works_from_a_checkpoint(
    dimer: Dimer, model: Ensemble, pool: FloatArray, tmp_path: object
) -> None:
    loaded = load_checkpoint(save_checkpoint(model, f"{tmp_path}/m.pt"))
    found = select("i-optimal", request(dimer, loaded, pool))
    assert found.std is not None
    assert found.std.shape == (len(pool),)
    assert (np.diff(found.scores) <= 1e-12).all()
    random = select("random", request(dimer, loaded, pool))
    left = []
    for rows in (found.indices, random.indices):
        after = select("i-optimal", request(dimer, loaded, pool, count=1, labelled=[0, 3, *rows]))
        assert after.std is not None
        inside = request(dimer, loaded, pool).inside()
        left.append(float((after.std[inside] ** 2).sum()))
        # New labels never make a point less certain (both fits assume the same noise here).
        assert (after.std <= found.std + 1e-12).all()
    assert left[0] < left[1]


def test_i_optimal_needs_a_fitted_model(dimer: Dimer, model: Ensemble, pool: FloatArray) -> None:
    with pytest.raises(InputError, match="needs a model"):
        select("i-optimal", request(dimer, model, pool, ensemble=None))
    with pytest.raises(ModelError, match="keeps no prior widths"):
        select("i-optimal", request(dimer, model, pool, ensemble=Ensemble(model.members)))


def test_bad_requests_are_one_sentence(dimer: Dimer, model: Ensemble, pool: FloatArray) -> None:
    with pytest.raises(InputError, match="Unknown selection strategy 'best'; choose i-optimal"):
        select("best", request(dimer, model, pool))
    with pytest.raises(InputError, match="at least 1"):
        request(dimer, model, pool, count=0)
    with pytest.raises(InputError, match="beyond the pool of 200"):
        request(dimer, model, pool, labelled=[200])
    with pytest.raises(InputError, match="1 energies for a pool"):
        request(dimer, model, pool, energies=np.zeros(1))
