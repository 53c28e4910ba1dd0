"""Derivatives written by hand against autograd's, and numpy against torch: the formulas are the same code."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
import torch

from nci_core.potentials import Ensemble, Student, StudentConfig
from nci_core.potentials.arrays import to_numpy
from nci_core.potentials.damping import SERIES_BELOW, tang_toennies
from nci_core.potentials.features import angular_functions, angular_slopes, atom_frames, features
from nci_core.potentials.student import of_atoms, prepare
from nci_core.potentials.terms import evaluate, jacobian
from nci_core.systems import Monomer, builtin_host

FloatArray = npt.NDArray[np.float64]
Shell = Callable[..., FloatArray]


@pytest.fixture(params=["benzene", "ethylene"])
def host(request: pytest.FixtureRequest) -> Monomer:
    return builtin_host(request.param)


@pytest.fixture(params=range(3))
def drawn(config: StudentConfig, make_student: Callable[..., Student], request: pytest.FixtureRequest) -> Student:
    return make_student(config, request.param)


def in_torch(student: Student, host: Monomer, R: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    """(2, m) channels by torch on the CPU, differentiable by R and theta."""
    frames = atom_frames(host, student.elements, torch.device("cpu"))
    arrays = {name: torch.as_tensor(getattr(frames, name)) for name in ("positions", "outward", "normal")}
    x = features(replace(frames, **arrays), R)
    return evaluate(x, of_atoms(theta[None], x.elements, student.config)).channels[:, 0]


def test_energies_and_gradients_are_autograds(drawn: Student, host: Monomer, shell: Shell) -> None:
    R = torch.tensor(shell(host, 200, nearest=(1.2, 9.0)), requires_grad=True)
    channels = in_torch(drawn, host, R, drawn.theta)
    (expected,) = torch.autograd.grad(channels.sum(), R)
    found = drawn.channels(host, R.detach().numpy())
    size = to_numpy(channels[0] - channels[1])
    for k, name in enumerate(("repulsion", "dispersion")):
        np.testing.assert_allclose(found[name], to_numpy(channels[k]), rtol=1e-13)
    _, gradients = drawn.energies_and_gradients(host, R.detach().numpy())
    # What cancels are slopes of a few Å⁻¹ times the channels.
    assert (np.abs(gradients - expected.numpy()).max(axis=1) < 1e-12 * size).all()


@pytest.mark.parametrize("weights", [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0)])
def test_jacobians_are_autograds(drawn: Student, host: Monomer, shell: Shell, weights: tuple[float, float]) -> None:
    R = shell(host, 12, nearest=(1.2, 9.0))
    expected = torch.autograd.functional.jacobian(
        lambda theta: torch.tensor(weights, dtype=torch.float64) @ in_torch(drawn, host, torch.tensor(R), theta),
        drawn.theta,
    )
    (batch,) = prepare([drawn], host).batches(R)
    found = jacobian(batch.features, batch.terms, batch.parameters, drawn.config, 2, weights)
    scale = np.abs(to_numpy(batch.terms.channels)).sum(axis=(0, 1))
    assert (np.abs(found - expected.flatten(1).numpy()).max(axis=1) < 1e-11 * scale).all()
    if weights == (1.0, 1.0):
        np.testing.assert_array_equal(found, drawn.jacobian(host, R)[1])


def test_numpy_and_torch_give_the_same_jacobian(make_student: Callable[..., Student], shell: Shell) -> None:
    student, host = make_student(StudentConfig()), builtin_host("ethylene")
    (batch,) = prepare([student], host).batches(shell(host, 30))
    x = replace(
        batch.features,
        **{
            name: torch.as_tensor(getattr(batch.features, name)) for name in ("r", "u", "c", "Y", "direction", "facing")
        },
    )
    p = of_atoms(student.theta[None], x.elements, student.config)
    found = jacobian(x, evaluate(x, p), p, student.config, 2)
    np.testing.assert_allclose(found.numpy(), student.jacobian(host, shell(host, 30))[1], rtol=1e-10, atol=1e-15)


def test_gradients_of_members_are_averaged(ensemble: Ensemble, host: Monomer, shell: Shell) -> None:
    R = shell(host, 700)  # more than one batch
    mean, gradients = ensemble.energies_and_gradients(host, R)
    each = [student.energies_and_gradients(host, R) for student in ensemble.members]
    np.testing.assert_allclose(mean, np.mean([e for e, _ in each], axis=0), rtol=1e-10, atol=1e-15)
    np.testing.assert_allclose(gradients, np.mean([g for _, g in each], axis=0), rtol=1e-9, atol=1e-13)


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
