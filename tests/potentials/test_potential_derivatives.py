"""Derivatives written by hand against autograd's, and numpy against torch: the formulas are the same code."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from nci_core.potentials import Ensemble, Student, StudentConfig
from nci_core.potentials.arrays import to_numpy
from nci_core.potentials.damping import SERIES_BELOW, tang_toennies
from nci_core.potentials.evaluation import evaluate, jacobian
from nci_core.potentials.pairs import PairFeatures, angular_functions, angular_slopes, pair_features, pair_sites
from nci_core.potentials.student import parameters_of, prepare
from nci_core.systems import Dimer

FloatArray = npt.NDArray[np.float64]
Shell = Callable[..., FloatArray]


@pytest.fixture(params=range(3))
def drawn(config: StudentConfig, make_student: Callable[..., Student], request: pytest.FixtureRequest) -> Student:
    return make_student(config, request.param)


def in_torch(student: Student, dimer: Dimer, R: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    """(4, m) channels by torch on the CPU, differentiable by R and theta."""
    sites: Any = pair_sites(dimer, student.kinds, torch.device("cpu"))
    arrays = {name: torch.as_tensor(getattr(sites, name)) for name in ("positions", "outward", "normal")}
    x = pair_features(replace(sites, atoms=sites.atoms.each(torch.as_tensor), **arrays), R)
    return evaluate(x, parameters_of(theta[None], x.atoms, student.config)).channels[:, 0]


def test_energies_and_gradients_are_autograds(drawn: Student, dimer: Dimer, shell: Shell) -> None:
    at = dimer.at(shell(dimer.a, 200, nearest=(1.2, 9.0)))
    R = torch.tensor(at.R, requires_grad=True)
    channels = in_torch(drawn, dimer, R, drawn.theta)
    (expected,) = torch.autograd.grad(channels.sum(), R)
    found = drawn.channels(at)
    size = np.abs(to_numpy(channels)).sum(axis=0)
    for name, values in zip(drawn.config.terms, to_numpy(channels), strict=True):
        # The same sums; fields of a neutral host's charges cancel to a hundredth and less, and are squared.
        np.testing.assert_allclose(found[name], values, rtol=1e-11 if name == "induction" else 1e-13, err_msg=name)
    _, forces = drawn.energies_and_forces(at)
    # What cancels are slopes of a few Å⁻¹ times the channels.
    assert (np.abs(forces.force + expected.numpy()).max(axis=1) < 1e-12 * size).all()
    assert not forces.torque.any()


@pytest.mark.parametrize("weights", [(1.0,) * 4, *np.eye(4).tolist()], ids=["sum", *StudentConfig().terms])
def test_jacobians_are_autograds(drawn: Student, dimer: Dimer, shell: Shell, weights: Sequence[float]) -> None:
    R = shell(dimer.a, 12, nearest=(1.2, 9.0))
    expected = torch.autograd.functional.jacobian(
        lambda theta: torch.tensor(weights, dtype=torch.float64) @ in_torch(drawn, dimer, torch.tensor(R), theta),
        drawn.theta,
    )
    prepared = prepare([drawn], dimer)
    (batch,) = prepared.batches(R)
    (found,) = jacobian(batch.features, batch.evaluation, prepared.parameters, len(drawn.kinds), weights).swapaxes(1, 2)
    scale = np.abs(to_numpy(batch.evaluation.channels)).sum(axis=(0, 1))
    assert (np.abs(found - expected.flatten(1).numpy()).max(axis=1) < 1e-11 * scale).all()
    if sum(weights) == 4.0:
        before = R.copy()
        np.testing.assert_array_equal(found, drawn.jacobian(dimer.at(R))[1])
        assert (before == R).all()
        assert (np.abs(found).max(axis=0) > 0.0).mean() > 0.9


def test_numpy_and_torch_give_the_same_jacobian(
    make_student: Callable[..., Student], dimer: Dimer, shell: Shell
) -> None:
    student, R = make_student(StudentConfig()), shell(dimer.a, 30)
    (batch,) = prepare([student], dimer).batches(R)
    atoms = batch.features.atoms.each(torch.as_tensor)
    x: Any = PairFeatures.of(atoms, [torch.as_tensor(part) for part in batch.features.arrays])
    p = parameters_of(student.theta[None], x.atoms, student.config)
    (found,) = jacobian(x, evaluate(x, p), p, 2, [1.0] * 4)
    np.testing.assert_allclose(found.T.numpy(), student.jacobian(dimer.at(R))[1], rtol=1e-10, atol=1e-15)


def test_gradients_of_members_are_averaged(ensemble: Ensemble, dimer: Dimer, shell: Shell) -> None:
    at = dimer.at(shell(dimer.a, 700))  # more than one batch
    mean, forces = ensemble.energies_and_forces(at)
    each = [student.energies_and_forces(at) for student in ensemble.members]
    np.testing.assert_allclose(mean, np.mean([e for e, _ in each], axis=0), rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(forces.force, np.mean([f.force for _, f in each], axis=0), rtol=1e-9, atol=1e-13)


def test_damping_and_its_derivative_pass_gradcheck_on_both_sides_of_the_switch() -> None:
    x = torch.tensor([0.3, 1.0, SERIES_BELOW - 0.01, SERIES_BELOW + 0.01, 3.0, 9.0], dtype=torch.float64)
    for n in range(3):
        assert torch.autograd.gradcheck(lambda v, n=n: tang_toennies(v)[0][n], x.requires_grad_())
        (slope,) = torch.autograd.grad(tang_toennies(x)[0][n].sum(), x)
        # The closed form's polynomial cancels in autograd, not in the formula.
        np.testing.assert_allclose(to_numpy(tang_toennies(x)[1][n]), slope.numpy(), rtol=1e-8)


def test_angular_slopes_are_autograds() -> None:
    generator = torch.Generator().manual_seed(0)
    u, c = (torch.rand(2, 20, generator=generator, dtype=torch.float64)).requires_grad_().unbind(0)
    G = torch.randn(6, 20, generator=generator, dtype=torch.float64)
    expected = torch.autograd.grad((G * angular_functions(u, c)).sum(), (u, c))
    for found, right in zip(angular_slopes(u, c, G), expected, strict=True):
        torch.testing.assert_close(found, right, rtol=1e-13, atol=1e-14)
