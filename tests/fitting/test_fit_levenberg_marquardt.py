"""The optimiser on problems with known solutions."""

import math

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from torch import Tensor

from nci_core.fitting.levenberg_marquardt import minimise
from nci_core.fitting.quadratic import ByParameters, ByResiduals


class Linear:
    """|Az − y|² + |z|²: ridge regression."""

    def __init__(self, A: Tensor, y: Tensor) -> None:
        self.A, self.y = A, y

    def loss(self, z: Tensor) -> float:
        return float(((self.A @ z - self.y) ** 2).sum() + z @ z)

    def about(self, z: Tensor) -> ByParameters:
        H = self.A.T @ self.A + torch.eye(len(z), dtype=z.dtype)
        return ByParameters(self.loss(z), self.A.T @ (self.A @ z - self.y) + z, H)


class Exponential:
    """w²(eᶻ − 2)² + z²: one label of a curve, and overflow for a bold step."""

    w = 30.0

    def loss(self, z: Tensor) -> float:
        return float((self.w * (z.exp() - 2.0)).square().sum() + z @ z)

    def about(self, z: Tensor) -> ByParameters:
        slope = self.w * z.exp()
        g = slope * self.w * (z.exp() - 2.0) + z
        return ByParameters(self.loss(z), g, (slope**2 + 1.0).reshape(1, 1))


@pytest.mark.parametrize("mu", [1e-6, 1.0, 1e6])
def test_fewer_residuals_than_parameters_give_the_same_steps(mu: float) -> None:
    generator = torch.Generator().manual_seed(0)
    # Labels weigh up to 1e6 times as much as the prior.
    J = torch.randn(8, 20, generator=generator, dtype=torch.float64) * torch.logspace(0, 3, 8)[:, None]
    rho, z = (torch.randn(n, generator=generator, dtype=torch.float64) for n in (8, 20))
    H = J.T @ J + torch.eye(20, dtype=torch.float64)
    one, two = ByParameters(float(rho @ rho + z @ z), J.T @ rho + z, H), ByResiduals(J, rho, z)
    step = one.step(mu)
    # H has a condition of 1e7, and so a step by H is known to 1e-9 of it.
    torch.testing.assert_close(two.step(mu), step, rtol=0.0, atol=1e-8 * float(step.abs().max()))
    torch.testing.assert_close(two.g, one.g, rtol=1e-12, atol=1e-9)
    found = [(each.loss, each.along(step), each.mean_curvature(), each.log_determinant()) for each in (one, two)]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-9)


def test_linear_problem_gives_ridge_regression_and_its_evidence() -> None:
    random = np.random.default_rng(0)
    A, y = random.standard_normal((30, 5)), 3.0 * random.standard_normal(30)
    found = minimise(Linear(torch.tensor(A), torch.tensor(y)), torch.zeros(5, dtype=torch.float64), tolerance=1e-12)
    H = A.T @ A + np.eye(5)
    assert found.converged
    # The stopping rule leaves a share of 1e-12 of the loss, a distance of 1e-6.
    np.testing.assert_allclose(found.z.numpy(), np.linalg.solve(H, A.T @ y), atol=1e-6)
    # For a linear model the evidence is Gaussian: y ~ N(0, 1 + AAᵀ), here without (n/2) ln 2π.
    C = np.eye(30) + A @ A.T
    exact = -0.5 * (y @ np.linalg.solve(C, y) + np.linalg.slogdet(C)[1])
    assert found.log_evidence == pytest.approx(exact, abs=1e-8)


@pytest.mark.parametrize("start", [-3.0, 0.0, 5.0])
def test_curved_problem_finds_its_root(start: float) -> None:
    found = minimise(Exponential(), torch.tensor([start], dtype=torch.float64), tolerance=1e-10)
    expected = brentq(lambda z: 900.0 * math.exp(z) * (math.exp(z) - 2.0) + z, 0.0, 1.0, xtol=1e-14)
    assert found.converged
    # The loss is stationary to 1e-10, hence z to about 1e-5/30.
    assert found.z.item() == pytest.approx(expected, abs=1e-6)


def test_iterations_are_limited_and_reported() -> None:
    seen: list[tuple[int, float]] = []
    start = torch.tensor([5.0], dtype=torch.float64)
    found = minimise(Exponential(), start, 3, on_step=lambda state: seen.append((state.iteration, state.loss)))
    assert not found.converged
    assert [i for i, _ in seen] == [0, 1, 2, 3]
    losses = [loss for _, loss in seen]
    assert losses == sorted(losses, reverse=True)
