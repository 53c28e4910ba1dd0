"""Large hosts: far pairs are evaluated by what is left there, and nothing of the energy is lost."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch

from nci_core.bench.graphene import flake, over
from nci_core.fitting.priors import general_prior
from nci_core.potentials import Ensemble, PairKind, Student, StudentConfig, far
from nci_core.potentials.parameters import layout
from nci_core.potentials.student import Prepared, prepare
from nci_core.potentials.terms import Exchange, Term
from nci_core.systems import Dimer, Monomer
from nci_core.units import to_cm1

KINDS = (PairKind("C", "He"), PairKind("H", "He"))


@pytest.fixture(scope="module")
def dimer() -> Dimer:
    return Dimer(flake(7), Monomer.atom("He"))


def students(config: StudentConfig) -> list[Student]:
    prior = general_prior(KINDS, config)
    noise = torch.randn((2, *prior.mean.shape), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return [Student(KINDS, config, prior.mean + 0.3 * prior.width * each) for each in noise]


@pytest.fixture(scope="module")
def places(dimer: Dimer) -> npt.NDArray[np.float64]:
    above = over(dimer.a, 150, (2.6, 6.0))
    return np.concatenate([above, above * [1.0, 1.0, -1.0], above + np.array([0.0, 0.0, 20.0]), [[60.0, 0.0, 0.0]]])


def plain(prepared: Prepared, positions: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    rows = [batch.evaluation for batch in prepared.batches(positions)]
    found: npt.NDArray[np.float64] = np.concatenate([row.channels for row in rows], axis=-1).swapaxes(0, 1)
    return found


@pytest.mark.parametrize("config", [StudentConfig(), StudentConfig(ruler="fixed", network=False)])
def test_channels_are_those_of_all_pairs(config: StudentConfig, dimer: Dimer, places: npt.NDArray[np.float64]) -> None:
    prepared = prepare(students(config), dimer)
    reach = far.reaches(prepared.parameters)
    assert len(reach) == len(dimer.a.symbols) >= far.LARGE
    assert reach.max() < 20.0, "most of a large host's pairs are far"
    # 336 pairs of FAR_ERROR are 3e-5 cm⁻¹ at most, and all but the nearest of them far less.
    np.testing.assert_allclose(
        to_cm1(far.channels(prepared.sites, prepared.parameters, places)), to_cm1(plain(prepared, places)), atol=1e-6
    )
    assert np.abs(plain(prepared, places)[:, -1, -1]).min() > 0.0


def test_the_order_of_positions_does_not_count(dimer: Dimer, places: npt.NDArray[np.float64]) -> None:
    model = Ensemble(tuple(students(StudentConfig())))
    order = np.random.default_rng(0).permutation(len(places))
    whole = model.energies(dimer.at(places))
    np.testing.assert_allclose(model.energies(dimer.at(places[order])), whole[order], rtol=1e-9, atol=1e-14)
    one = [float(model.energies(dimer.at(places[[k]]))[0]) for k in (0, 200, len(places) - 1)]
    np.testing.assert_allclose(one, whole[[0, 200, -1]], rtol=1e-9, atol=1e-14)
    assert model.energies(dimer.at(np.empty((0, 3)))).shape == (0,)


def test_forces_are_slopes_of_these_energies(dimer: Dimer) -> None:
    model, place, step = Ensemble(tuple(students(StudentConfig()))), np.array([1.3, 0.4, 3.4]), 1e-4
    ends = np.array([place + sign * step * axis for axis in np.eye(3) for sign in (1.0, -1.0)])
    energies = model.energies(dimer.at(ends)).reshape(3, 2)
    force = model.energies_and_forces(dimer.at(place[None]))[1].force[0]
    # Central differences of 1e-4 Å: errors of some 1e-8 of the largest slope.
    np.testing.assert_allclose(-(energies[:, 0] - energies[:, 1]) / (2.0 * step), force, rtol=1e-5, atol=1e-9)


def test_no_pair_is_far_by_a_ruler_that_stretches_too_much(dimer: Dimer) -> None:
    config = StudentConfig(network=False)
    student = students(config)[0]
    theta = student.theta.clone()
    theta[0, layout(config).slices["lam"]] = 0.3
    prepared = prepare([Student(KINDS, config, theta)], dimer)
    assert np.isinf(far.reaches(prepared.parameters)).sum() == dimer.a.symbols.count("C")


def test_no_pair_is_far_where_damping_never_ends(dimer: Dimer) -> None:
    config = StudentConfig()
    theta = students(config)[0].theta.clone()
    theta[0, layout(config).slices["ln_b"]] = np.log(0.3)
    reach = far.reaches(prepare([Student(KINDS, config, theta)], dimer).parameters)
    assert np.isfinite(reach).all()
    assert (reach > 1e6).sum() == dimer.a.symbols.count("C")


def test_terms_that_do_not_say_what_is_left_of_them_are_evaluated_whole() -> None:
    class Unaware(Exchange):
        name = "unaware"
        far = Term.far  # type: ignore[assignment]

    what = layout(StudentConfig())
    assert far.pays(what, far.LARGE, far.MANY)
    assert not far.pays(what, far.LARGE - 1, far.MANY)
    assert not far.pays(what, far.LARGE, far.MANY - 1)
    known = replace(what, terms=(*what.terms, Unaware()))
    assert not far.pays(known, far.LARGE, far.MANY)
