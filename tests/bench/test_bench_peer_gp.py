"""The Gaussian process: symmetric, with exact derivatives, and better with a teacher than without."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from peer_problem import energy, he_h2, labelled, made_problem, places

from nci_core.bench.peer_gp import PeerGP, free_atom_dispersion, log_jacobian, soft_minima
from nci_core.errors import InputError
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.dimer import same_dimer
from nci_core.units import to_cm1

BENZENE = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
needs_sklearn = pytest.mark.skipif(importlib.util.find_spec("sklearn") is None, reason="scikit-learn is not installed")


@pytest.fixture(scope="module")
def fitted() -> PeerGP:
    pytest.importorskip("sklearn")
    return PeerGP(labelled(places(40, 5)), restarts=0)


def test_features_are_as_symmetric_as_the_host() -> None:
    points = torch.tensor([[1.0, 2.0, 3.0], [3.9, 0.4, 0.2]])
    centre = torch.tensor(BENZENE.a.centre)
    here = soft_minima(BENZENE, points.double())
    assert here.shape == (2, 6)
    assert len(BENZENE.a.operations) == 24
    for operation in BENZENE.a.operations:
        there = soft_minima(BENZENE, (points - centre) @ torch.tensor(operation).T + centre)
        assert torch.allclose(here, there, atol=1e-3)  # the host itself is symmetric to 1e-4 Å


def test_features_tell_places_apart_that_one_distance_does_not() -> None:
    """Over an atom and over the centre, 3 Å from the nearest atom each: nearest distances agree, mean ones do not."""
    ring = float(np.linalg.norm(BENZENE.a.positions[0]))
    over_centre = [0.0, 0.0, np.sqrt(9.0 - ring**2)]
    over_atom = [*BENZENE.a.positions[0][:2], 3.0]
    phi = soft_minima(BENZENE, torch.tensor([over_centre, over_atom]).double())
    assert (phi[0] - phi[1]).abs().max() > 0.3


def test_one_atom_of_an_element_has_one_feature_its_distance() -> None:
    atoms = np.array([[0.0, 0.0, 0.117], [0.0, 0.757, -0.469], [0.0, -0.757, -0.469]])
    water = Dimer(Monomer("water", ("O", "H", "H"), atoms, source="a model"), Monomer.atom("He"))
    point = np.array([[0.0, 0.0, 4.0]])
    phi = soft_minima(water, torch.tensor(point))
    assert phi.shape == (1, 4)
    assert np.isclose(water.at(point).distances[:, :, 0][0, water.a.symbols.index("O")], phi[0, 3])


def test_free_atom_dispersion_is_the_sum_of_c6_far_away() -> None:
    far = torch.tensor([[0.0, 0.0, 40.0], [0.0, 0.0, 80.0]]).double()
    near, farther = free_atom_dispersion(BENZENE, far)
    assert near / farther == pytest.approx(64.0, rel=0.01)


def test_the_jacobian_is_that_of_the_target() -> None:
    E, D, h = np.array([0.01, -0.002]), np.array([0.003, 0.001]), 1e-7
    slope = (np.arcsinh((E + h) / D) - np.arcsinh((E - h) / D)) / (2 * h)
    assert log_jacobian(E, D) == pytest.approx(np.log(slope).sum(), abs=1e-6)


def test_it_predicts_what_scikit_learn_s_process_does(fitted: PeerGP) -> None:
    R = places(5, 6)
    y = fitted.process.predict(soft_minima(he_h2(), torch.tensor(R)).numpy())
    D = fitted.multiple * free_atom_dispersion(he_h2(), torch.tensor(R)).numpy()
    assert np.allclose(fitted.energies(he_h2().at(R)), D * np.sinh(y), rtol=1e-6, atol=1e-12)


def test_it_learns(fitted: PeerGP) -> None:
    held = places(200, 7)
    error = to_cm1(fitted.energies(he_h2().at(held)) - energy(he_h2(), held))
    assert np.abs(error).mean() < 0.5, "of energies of up to 1000 cm⁻¹"
    assert fitted.fit_seconds > 0


def test_more_labels_than_choose_are_all_fitted() -> None:
    pytest.importorskip("sklearn")
    labels = labelled(places(170, 8))
    found = PeerGP(labels, restarts=0)
    assert len(found.process.X_train_) == 170
    assert np.abs(to_cm1(found.energies(labels.configurations) - labels.energies)).mean() < 0.05


@needs_sklearn
def test_gradients_are_exact_also_of_a_correction(tmp_path: Path) -> None:
    problem = made_problem(tmp_path)
    labels, at = problem.observation(np.arange(15)), problem.dimer.at
    mean = problem.distilled(members=1, network=False)
    points, h = places(3, 9), 1e-4
    for found in (PeerGP(labels, restarts=0), PeerGP(labels, mean=mean, restarts=0)):
        energies, forces = found.energies_and_forces(at(points))
        assert np.allclose(energies, found.energies(at(points)), rtol=1e-12)
        for axis in range(3):
            step = h * np.eye(3)[axis]
            slope = (found.energies(at(points + step)) - found.energies(at(points - step))) / (2 * h)
            assert np.allclose(-forces.force[:, axis], slope, rtol=1e-4, atol=1e-8)


@needs_sklearn
def test_a_teacher_helps(tmp_path: Path) -> None:
    problem = made_problem(tmp_path)
    labels = problem.observation(np.arange(8))
    held, truth = problem.dimer.at(problem.positions[8:]), problem.energies[8:]
    mean = problem.distilled(members=1, network=False)
    alone = np.abs(PeerGP(labels).energies(held) - truth).mean()
    corrected = np.abs(PeerGP(labels, mean=mean).energies(held) - truth).mean()
    assert corrected < 0.5 * alone
    assert corrected < 0.5 * np.abs(mean.energies(held) - truth).mean()


@needs_sklearn
def test_no_positions_give_no_energies(fitted: PeerGP) -> None:
    assert fitted.energies(he_h2().at(np.zeros((0, 3)))).shape == (0,)


def test_without_scikit_learn_one_sentence_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.gaussian_process", None)
    with pytest.raises(InputError, match=r"needs scikit-learn; install it with pip install 'nci\[bench\]'"):
        PeerGP(labelled(places(5, 5)))


def test_a_host_is_the_same_whatever_the_order_of_its_atoms() -> None:
    host = BENZENE.a
    order = np.roll(np.arange(12), 3)
    turned = Monomer("other", tuple(host.symbols[i] for i in order), host.positions[order], source="the same")
    assert same_dimer(BENZENE, Dimer(turned, Monomer.atom("He")))
    assert not same_dimer(BENZENE, Dimer(turned, Monomer.atom("Ne")))
    moved = Monomer("other", host.symbols, host.positions * 1.01, source="a larger one")
    assert not same_dimer(BENZENE, Dimer(moved, Monomer.atom("He")))
