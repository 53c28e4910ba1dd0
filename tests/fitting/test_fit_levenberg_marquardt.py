"""The optimiser on problems with known solutions."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from scipy.optimize import brentq
from torch import Tensor

from nci_core.fitting.levenberg_marquardt import Descent, minimise, minimise_all
from nci_core.fitting.quadratic import ByParameters, ByResiduals, solved


class Linear:
    """|Az − y|² + |z|²: ridge regression."""

    def __init__(self, A: Tensor, y: Tensor) -> None:
        self.A, self.y = A, y

    def about(self, z: Tensor, rows: Sequence[int]) -> ByParameters:
        H = self.A.T @ self.A + torch.eye(z.shape[1], dtype=z.dtype)
        rho = z @ self.A.T - self.y
        return ByParameters(
            rho.square().sum(1) + z.square().sum(1), rho @ self.A + z, H.expand(len(z), -1, -1), z.new_zeros(len(z), 0)
        )


class Exponential:
    """w²(eᶻ − 2)² + z²: one label of a curve, and overflow for a bold step; what is told is z."""

    w = 30.0

    def __init__(self) -> None:
        self.asked: list[list[int]] = []

    def about(self, z: Tensor, rows: Sequence[int]) -> ByParameters:
        self.asked.append(list(rows))
        slope, rho = self.w * z.exp(), self.w * (z.exp() - 2.0)
        return ByParameters((rho**2 + z**2)[:, 0], slope * rho + z, (slope**2 + 1.0)[..., None], z)


@pytest.mark.parametrize("mu", [1e-6, 1.0, 1e6])
def test_fewer_residuals_than_parameters_give_the_same_steps(mu: float) -> None:
    generator = torch.Generator().manual_seed(0)
    # Labels weigh up to 1e6 times as much as the prior.
    J = torch.randn(8, 20, generator=generator, dtype=torch.float64) * torch.logspace(0, 3, 8)[:, None]
    rho, z = (torch.randn(n, generator=generator, dtype=torch.float64) for n in (8, 20))
    H = J.T @ J + torch.eye(20, dtype=torch.float64)
    none = torch.empty(1, 0)
    one = ByParameters((rho @ rho + z @ z)[None], (J.T @ rho + z)[None], H[None], none)
    two, damping = ByResiduals(J[None], rho[None], z[None], none), torch.tensor([mu], dtype=torch.float64)
    step = one.step(damping)
    # H has a condition of 1e7, and so a step by H is known to 1e-9 of it.
    torch.testing.assert_close(two.step(damping), step, rtol=0.0, atol=1e-8 * float(step.abs().max()))
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


def test_minimisations_side_by_side_are_those_alone_and_leave_when_they_end() -> None:
    starts = [torch.tensor([start], dtype=torch.float64) for start in (-3.0, 0.69, 5.0)]
    seen: list[tuple[int, Descent]] = []
    problem = Exponential()
    together = minimise_all(problem, starts, 60, 1e-10, seen.extend)
    for number, (start, found) in enumerate(zip(starts, together, strict=True)):
        path: list[Descent] = []
        alone = minimise(Exponential(), start, 60, 1e-10, path.append)
        # Systems of one unknown are solved alike, whatever stands beside them.
        assert found == alone
        assert [state for k, state in seen if k == number] == path
        assert path[-1].told == (alone.z.item(),)
    assert len({found.iterations for found in together}) == 3
    assert {len(rows) for rows in problem.asked} == {1, 2, 3}, "what has ended is not computed"


def test_a_state_goes_on_as_if_it_had_not_been_interrupted() -> None:
    start, path = torch.tensor([5.0], dtype=torch.float64), []  # type: Tensor, list[Descent]
    whole = minimise(Exponential(), start, 60, 1e-10, path.append)
    again = minimise_all(Exponential(), [path[4], path[-1]], 60, 1e-10)
    assert again == [whole, whole]


def test_an_indefinite_system_is_a_failed_step_of_its_own() -> None:
    matrices = torch.stack([torch.eye(3), torch.diag(torch.tensor([1.0, -1.0, 1.0]))]).double()
    found = solved(matrices, torch.ones(2, 3, dtype=torch.float64))
    assert found[0].tolist() == [1.0, 1.0, 1.0]
    assert bool(found[1].isnan().all())
