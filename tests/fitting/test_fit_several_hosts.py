"""One student fitted to several hosts at once."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
import torch

from nci_core.errors import ModelError
from nci_core.fitting import FitSettings, Observation, distill, finetune
from nci_core.fitting.objective import MapObjective, make_targets
from nci_core.fitting.priors import general_prior
from nci_core.fitting.settings import SIGMA_CM1, SIGMA_HOSTS_CM1
from nci_core.fitting.tiles import observe
from nci_core.potentials import Ensemble, PairKind, Student, StudentConfig
from nci_core.potentials.agreement import fitted_systems
from nci_core.selection import Pool, SelectionRequest, select
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]
CONFIG = StudentConfig(network=False)
KINDS = (PairKind("C", "He"), PairKind("H", "He"))
QUICK = FitSettings(members=1, restarts=2, averaged=1, max_iterations=40)
DIMERS = [Dimer(builtin_monomer(name), Monomer.atom("He")) for name in ("ethylene", "benzene")]


@pytest.fixture(scope="module")
def truth() -> Student:
    prior = general_prior(KINDS, CONFIG)
    noise = torch.randn(prior.mean.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return Student(KINDS, CONFIG, prior.mean + 0.3 * prior.width * noise)


@pytest.fixture(scope="module")
def labels(truth: Student, shell: Callable[..., FloatArray]) -> list[Observation]:
    places = [dimer.at(shell(dimer.a, 40, nearest=(2.6, 6.0))) for dimer in DIMERS]
    return [Observation(at, truth.energies(at)) for at in places]


def mae(model: Ensemble, seen: Observation) -> float:
    return float(to_cm1(np.abs(model.energies(seen.configurations) - seen.energies)).mean())


def test_a_fit_to_two_hosts_is_right_on_both(labels: list[Observation], truth: Student) -> None:
    few = [Observation(each.configurations[:12], each.energies[:12]) for each in labels]
    both, alone = finetune(few, None, CONFIG, QUICK), finetune(few[:1], None, CONFIG, QUICK)
    # Labels of benzene tell of benzene: more than ethylene's alone do.
    assert mae(both, labels[1]) < mae(alone, labels[1])
    assert mae(both, labels[0]) < 1.0
    assert [dimer.a.name for dimer in fitted_systems(both)] == ["ethylene", "benzene"]
    assert both.metadata["labels"] == 24


def test_labels_beside_those_of_other_hosts_are_met_less_closely(labels: list[Observation]) -> None:
    few = [Observation(each.configurations[:6], each.energies[:6]) for each in labels]
    model = distill(few, CONFIG, QUICK)
    quick = QUICK.model_copy(update={"restarts": 1, "max_iterations": 5})
    both, one = finetune(few, model, settings=quick), finetune(few[:1], model, settings=quick)
    other = Observation(few[1].configurations[:0], few[1].energies[:0])
    assert (both.sigma_cm1, one.sigma_cm1) == (SIGMA_HOSTS_CM1, SIGMA_CM1)
    assert finetune([few[0], other], model, settings=quick).sigma_cm1 == SIGMA_CM1, "a host without labels is none"
    given = quick.model_copy(update={"sigma_cm1": 0.2})
    assert finetune(few, model, settings=given).sigma_cm1 == 0.2


def test_the_objective_is_the_sum_over_hosts(labels: list[Observation]) -> None:
    prior = general_prior(KINDS, CONFIG)

    def objective(seen: list[Observation]) -> MapObjective:
        targets = make_targets(seen, CONFIG.terms, 0.3, 100.0, apart=False)
        return MapObjective(observe(seen, KINDS), targets, prior, CONFIG)

    z = torch.full((prior.mean.numel(),), 0.1, dtype=torch.float64)
    loss, g, H = objective(labels).normal_equations(z)
    parts = [objective([each]).normal_equations(z) for each in labels]
    # The prior counts once.
    assert loss + float(z @ z) == pytest.approx(sum(part[0] for part in parts), rel=1e-12)
    torch.testing.assert_close(g + z, parts[0][1] + parts[1][1], rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(H + torch.eye(len(z)), parts[0][2] + parts[1][2], rtol=1e-9, atol=1e-9)


def test_weights_of_labels_count(labels: list[Observation]) -> None:
    at, energies = labels[0].configurations, labels[0].energies
    half = Observation(at, energies, weights=np.full(len(at), 0.25))
    whole, less = (make_targets([each], CONFIG.terms, 0.3, 100.0, apart=False).weights for each in (labels[0], half))
    np.testing.assert_allclose(less.numpy(), 0.25 * whole.numpy(), rtol=1e-14)


def test_a_host_of_unknown_elements_is_named(labels: list[Observation]) -> None:
    model = distill(labels[:1], CONFIG, QUICK)
    other = Observation(Dimer(builtin_monomer("ethylene"), Monomer.atom("Ne")).at([[0.0, 0.0, 3.5]]), np.zeros(1))
    with pytest.raises(ModelError, match="was fitted for the probe He, but the probe here is Ne"):
        finetune([*labels, other], model)


def test_i_optimal_choice_goes_through_all_pools_and_minds_their_prices(labels: list[Observation]) -> None:
    model = distill(labels, CONFIG, QUICK)
    pools = [each.configurations for each in labels]

    def chosen(dear: float) -> int:
        prices = [np.ones(40), np.full(40, dear)]
        asked = [Pool(at, price) for at, price in zip(pools, prices, strict=True)]
        found = select("i-optimal", SelectionRequest(asked, 10, ensemble=model))
        return int((found.indices >= 40).sum())

    # Of ten labels fewer are of benzene when one costs as much as a thousand of ethylene.
    assert chosen(1.0) > chosen(1000.0)
    free = SelectionRequest([Pool(at) for at in pools], 12, ensemble=model)
    for name in ("farthest-point", "random"):
        rows = select(name, free).indices
        assert len(set(rows.tolist())) == 12
        assert 0 < (rows >= 40).sum() < 12
