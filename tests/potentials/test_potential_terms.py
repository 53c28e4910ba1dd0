"""Single terms against closed forms."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import gammainc

from nci_core.errors import InputError, ModelError
from nci_core.potentials import Ensemble, PairKind, Student, StudentConfig
from nci_core.potentials.correction import (
    HIDDEN,
    INPUTS,
    Correction,
    Network,
    fading,
)
from nci_core.potentials.damping import ORDERS, SERIES_BELOW, tang_toennies
from nci_core.potentials.device import resolve_device
from nci_core.potentials.pairs import angular_functions
from nci_core.potentials.parameters import layout
from nci_core.potentials.ruler import adaptive_ruler
from nci_core.potentials.terms import TERMS, Evaluated, Slopes, Term
from nci_core.potentials.terms.dispersion import undamped_dispersion
from nci_core.potentials.terms.repulsion import Exchange, curvature, repulsion
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.testing.terms import TermContract


class TestElectrostatics(TermContract):
    @pytest.fixture
    def term(self) -> Term:
        return TERMS["electrostatics"]


class TestExchange(TermContract):
    @pytest.fixture
    def term(self) -> Term:
        return TERMS["exchange"]


class TestInduction(TermContract):
    @pytest.fixture
    def term(self) -> Term:
        return TERMS["induction"]


class TestDispersion(TermContract):
    @pytest.fixture
    def term(self) -> Term:
        return TERMS["dispersion"]


class Blind(Evaluated[Any]):
    """Exchange at some configurations, with derivatives that lack something."""

    def __init__(self, there: Evaluated[Any]) -> None:
        self.there, self.energy = there, there.energy

    def slopes(self, weight: Any) -> Slopes[Any]:
        right = self.there.slopes(weight)
        return replace(right, q=right.q * (1.0 + 1e-6))

    def parameter_slopes(self, weight: Any) -> dict[str, Any]:
        return {name: 2.0 * values for name, values in self.there.parameter_slopes(weight).items()}


class Careless(Exchange):
    """Its sign changes with the correction, and its derivatives are wrong."""

    def evaluate(self, stored: Any, x: Any, q: Any, sums: Any, correction: Any) -> Any:
        there = super().evaluate(stored, x, q, sums, 0.0)
        return Blind(replace(there, energy=there.energy * (1.0 + 5.0 * correction)))


def test_the_contract_sees_what_is_broken() -> None:
    contract, term, at = (
        TestExchange(),
        Careless(),
        Dimer(builtin_monomer("ethylene"), Monomer.atom("He")).at([[0.4, 0.3, 3.1]]),
    )
    drawn = contract.draw(term, at)
    with pytest.raises(AssertionError):
        contract.test_a_correction_multiplies_by_its_exponential(term, drawn)
    with pytest.raises(AssertionError):
        contract.test_parameter_slopes_are_derivatives(term, drawn)
    with pytest.raises(AssertionError, match="slope by q"):
        contract.test_slopes_are_derivatives(term, drawn, corrected=False, shares=False)


@pytest.mark.parametrize("n", ORDERS)
def test_damping_is_the_incomplete_gamma_function(n: int) -> None:
    x = np.concatenate([np.geomspace(1e-6, 60.0, 400), [0.0, SERIES_BELOW, np.nextafter(SERIES_BELOW, 0.0)]])
    values, slopes = tang_toennies(x)
    # Above the switch the closed form loses at most 1e-16/f₁₀(2) = 1e-11.
    np.testing.assert_allclose(values[ORDERS.index(n)], gammainc(n + 1, x), rtol=3e-11, atol=0)
    np.testing.assert_allclose(slopes[ORDERS.index(n)], x**n * np.exp(-x) / math.factorial(n), rtol=1e-13)


@pytest.mark.parametrize("n", ORDERS)
def test_damping_limits(n: int) -> None:
    x = 1e-4
    near, far = tang_toennies(np.array([x, 100.0]))[0][ORDERS.index(n)]
    # The next term of the series is smaller by x(n+1)/(n+2) < 1e-4.
    assert near == pytest.approx(x ** (n + 1) / math.factorial(n + 1), rel=1e-4)
    # At x = 100 what is missing is e⁻¹⁰⁰·100¹⁰/10! < 1e-29.
    assert far == 1.0


def test_angular_functions_average_to_zero_over_the_sphere() -> None:
    random = np.random.default_rng(0).standard_normal((200_000, 3))
    random /= np.linalg.norm(random, axis=1)[:, None]
    # d and n at right angles, as for an atom of a planar host.
    Y = angular_functions(random[:, 0], random[:, 2] ** 2)
    # Means of 2e5 numbers of size 1 scatter by about 0.002.
    assert np.abs(Y.mean(-1)).max() < 0.01


def test_isotropic_repulsion_by_hand() -> None:
    q = np.array([3.0, 4.0])
    V = repulsion(q, curvature(q)[0], -4.0, 0.0, 4.0, 0.11)
    np.testing.assert_allclose(V, [math.exp(-4.0), math.exp(-4.0 - 4.0 - 0.11 / 1.1)], rtol=1e-14)


def test_undamped_dispersion_by_hand() -> None:
    none = np.zeros(1)
    parts = undamped_dispersion(np.array([5.0]), (5.0, 30.0, 200.0), (none, none, none))
    np.testing.assert_allclose(np.ravel(parts), [5.0 / 5**6, 30.0 / 5**8, 200.0 / 5**10], rtol=1e-14)


def test_adaptive_ruler_shrinks_where_lambda_points() -> None:
    Y = angular_functions(np.array([1.0]), np.array([0.0]))
    assert adaptive_ruler(np.array([3.0]), 0.1 * Y[0])[0] == pytest.approx(3.0 * math.exp(-0.1))


def test_correction_of_dispersion_stays_above_minus_one_and_fades() -> None:
    weights = [np.full(shape, 5.0) for shape in ((HIDDEN, INPUTS), (HIDDEN,))]
    network = Network(*weights, np.full((2, HIDDEN), -5.0), np.array([-3.0, -3.0]))
    q = np.linspace(0.5, 12.0, 50)
    near, fades = Correction.at(q, np.ones_like(q), np.ones_like(q), network, (False, True)).exponents()
    n2 = np.exp(fades) - 1.0
    assert (n2 >= -1.0).all()
    # The other term's does not fade.
    np.testing.assert_allclose(fades, near * fading(q)[0], rtol=1e-14)
    assert abs(near[-1]) > 1.0
    # exp[−(12/4.5)⁴] = 1e-22 times outputs of at most 43.
    assert abs(n2[-1]) < 1e-20


#: Models store their parameters in this order: blocks of a pair with their lengths, then how some of them change.
BLOCKS = {
    **{"e_a": 1, "e_A": 6, "e_ln_alpha": 1, "e_beta": 1},
    **{"a": 1, "A": 6, "ln_alpha": 1, "beta": 1},
    **{"charge": 1, "dipole": 1, "ln_b_field": 1},
    **{"ln_b": 1, "ln_C6": 1, "ln_C": 2, "gamma6": 2, "gamma8": 6, "gamma10": 6},
    **{"lam": 6, "W1": 56, "b1": 8, "W2": 24, "b2": 3},
}
CHANGING = ["e_a", "e_ln_alpha", "a", "ln_alpha", "charge", "dipole", "ln_b"]


def test_parameters_fill_the_vector_in_the_order_of_stored_models() -> None:
    config = StudentConfig()
    what = layout(config)
    lengths = BLOCKS | {f"{name}_by": 3 * BLOCKS[name] for name in CHANGING}
    assert list(what.blocks) == list(what.slices) == list(lengths)
    assert (what.own, what.size, config.size) == (136, 157, 157)
    ends = np.cumsum(list(lengths.values())).tolist()
    assert [(w.start, w.stop) for w in what.slices.values()] == list(zip([0, *ends], ends, strict=False))
    assert what.changing == tuple(CHANGING)
    assert what.corrected == (0, 1, 3), "induction is not corrected"
    assert what.angular == ("e_A", "A", "gamma6", "gamma8", "gamma10", "lam")


def test_config_rejects_what_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="rulr"):
        StudentConfig.model_validate({"rulr": "adaptive"})
    for terms in (["exchange", "magnetism"], ["exchange", "exchange"], ["dispersion", "repulsion"]):
        with pytest.raises(ValueError, match=f"no term '{terms[1]}', or it is named twice; choose electros"):
            StudentConfig.model_validate({"terms": terms})
    with pytest.raises(ValueError, match="terms"):
        StudentConfig(terms=())


def test_devices() -> None:
    assert resolve_device("auto").type in ("cpu", "cuda")
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="finds no CUDA device"):
            resolve_device("cuda")
    with pytest.raises(InputError, match="Unknown device 'gpu'"):
        resolve_device("gpu")
    with pytest.raises(InputError, match="float64"):
        resolve_device("mps")


def test_parameters_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ModelError, match="needs 1 × 157 parameters"):
        Student((PairKind("C", "He"),), StudentConfig(), torch.zeros(1, 3, dtype=torch.float64))


def test_a_student_without_dispersion_has_no_c6() -> None:
    config = StudentConfig(terms=("exchange",))
    wall = Student((PairKind("C", "He"), PairKind("H", "He")), config, torch.zeros(2, config.size, dtype=torch.float64))
    with pytest.raises(ModelError, match="no dispersion, and so no C₆; its terms: exchange"):
        wall.c6(Dimer(builtin_monomer("benzene"), Monomer.atom("He")), [[0.0, 0.0, 1.0]])


@pytest.mark.parametrize("ruler", ["adaptive", "fixed"])
def test_a_student_of_induction_alone_has_no_network(make_student: Callable[..., Student], ruler: Any) -> None:
    config, plain = (StudentConfig(ruler=ruler, network=network, terms=("induction",)) for network in (True, False))
    assert config.size == plain.size, "the network corrects no term, so it has no parameters"
    student = make_student(config)
    at = Dimer(builtin_monomer("ethylene"), Monomer.atom("He")).at([[0.0, 0.0, 3.1], [2.9, 0.4, 1.0]])
    energies, forces = student.energies_and_forces(at)
    assert (energies < 0.0).all()
    moved = [at.dimer.at(at.R + step * np.eye(3)[2]) for step in (1e-4, -1e-4)]
    differences = -(student.energies(moved[0]) - student.energies(moved[1])) / 2e-4
    # Central differences of 1e-4 Å leave a share of about (1e-4/3 Å)² = 1e-9, rounding 1e-16/1e-4 Å.
    np.testing.assert_allclose(forces.force[:, 2], differences, rtol=1e-6, atol=1e-11)
    assert student.jacobian(at)[1].shape == (2, 2 * config.size)


@pytest.mark.parametrize("weights", [(), (3.0, 1.0), (1.0,), (2.0, 0.0, 1.0)])
def test_ensemble_mean_std_and_channels(ensemble: Ensemble, weights: tuple[float, ...]) -> None:
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    at = dimer.at([[0.0, 0.0, 3.1], [4.0, 2.0, 1.0]])
    ensemble = replace(ensemble, weights=weights)
    members = np.array([student.energies(at) for student in ensemble.members])
    share = np.array(weights or np.ones(len(members)))
    share = share / share.sum()
    optima, displaced = members[: len(share)], members[len(share) :]
    mean = share @ optima
    within = 4.0 * ((displaced - members[0]) ** 2).mean(0) if len(displaced) else 0.0
    std = np.sqrt(share @ (optima - mean) ** 2 + within)
    np.testing.assert_allclose(ensemble.energies(at), mean, rtol=1e-12)
    np.testing.assert_allclose(ensemble.std(at), std, rtol=1e-9)
    np.testing.assert_allclose(sum(ensemble.channels(at).values()), mean, rtol=1e-12)
    energies, forces = ensemble.energies_and_forces(at)
    np.testing.assert_allclose(energies, mean, rtol=1e-12)
    each = [student.energies_and_forces(at)[1].force for student in ensemble.optima]
    # On the axis the components in the plane vanish but for rounding.
    np.testing.assert_allclose(forces.force, np.tensordot(share, np.array(each), 1), rtol=1e-10, atol=1e-15)
    d = np.array([[0.0, 0.6, 0.8]])
    np.testing.assert_allclose(ensemble.c6(dimer, d), share @ [s.c6(dimer, d) for s in ensemble.optima], rtol=1e-12)
    assert (Ensemble(ensemble.members[:1]).std(at) == 0.0).all()
    assert ensemble.with_metadata(round=2).metadata == {"recipe": "standard", "seed": 7, "round": 2}


def test_ensembles_refuse_nobody_and_strangers(ensemble: Ensemble) -> None:
    with pytest.raises(ModelError, match="at least one member"):
        Ensemble(())
    stranger = replace(ensemble.members[0], kinds=(PairKind("C", "Ne"), PairKind("H", "Ne")))
    with pytest.raises(ModelError, match="must share"):
        Ensemble((ensemble.members[0], stranger))
    for weights in ((0.0, 1.0), (1.0, -1.0), (1.0,) * 9):
        with pytest.raises(ModelError, match="one weight"):
            replace(ensemble, weights=weights)
