"""Levenberg–Marquardt for maximum a posteriori problems in whitened coordinates."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

#: Damping beyond which no step helps: the point is a minimum to rounding.
MAX_DAMPING = 1e12
#: Consecutive steps of little gain that end a fit; one such step may be a detour.
PATIENCE = 3


class LeastSquares(Protocol):
    """Σ_k ρ_k(z)² + Σ_j z_j², with residuals ρ and whitened parameters z = (θ − θ₀)/σ_θ."""

    def loss(self, z: Tensor) -> float:
        """The objective at z (p,)."""
        ...

    def normal_equations(self, z: Tensor) -> tuple[float, Tensor, Tensor]:
        """Objective, gradient half g = Jᵀρ + z (p,) and curvature half H = JᵀJ + 1 (p, p)."""
        ...


@dataclass(frozen=True)
class Descent:
    """A minimisation under way: all that its next step depends on.

    Attributes:
        z: (p,) whitened parameters.
        iteration: steps tried so far.
        loss: objective at z.
        mu: damping of the next step; 0 before the first, which chooses it.
        growth: factor of the damping after a failed step.
        idle: consecutive steps of little gain.
        done: no further step is needed.
    """

    z: Tensor
    iteration: int = 0
    loss: float = math.inf
    mu: float = 0.0
    growth: float = 2.0
    idle: int = 0
    done: bool = False


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation ended.

    Attributes:
        z: (p,) whitened parameters.
        loss: objective there.
        log_evidence: Laplace's approximation, see `log_evidence`.
        iterations: steps tried.
        converged: False if the iterations ran out.
        mu: damping of the step that would have been next.
    """

    z: Tensor
    loss: float
    log_evidence: float
    iterations: int
    converged: bool
    mu: float = 0.0

    @property
    def state(self) -> Descent:
        """Where a minimisation with more iterations goes on."""
        return Descent(self.z, self.iterations, self.loss, self.mu)


def log_evidence(loss: float, curvature: Tensor) -> float:
    """Laplace's approximation −½ loss − ½ ln det H, H (p, p), up to a constant of the data and prior."""
    return -0.5 * loss - 0.5 * float(torch.linalg.slogdet(curvature)[1])


def minimise(
    problem: LeastSquares,
    start: Tensor | Descent,
    max_iterations: int = 100,
    tolerance: float = 1e-4,
    on_step: Callable[[Descent], None] | None = None,
) -> Minimum:
    """Minimise with Nielsen's damping, (H + μ)δ = −g; DOI 10.1007/b98874, chapter 10.

    Args:
        problem: the objective; a step to where it is not finite counts as a failed step.
        start: (p,) parameters, or a minimisation under way, which then goes on as if never interrupted.
        max_iterations: steps to try.
        tolerance: relative decrease below which a step counts as little gain.
        on_step: called with the state after each step, and before the first.
    """
    begun = start if isinstance(start, Descent) else Descent(start)
    z, mu, growth, idle = begun.z, begun.mu, begun.growth, begun.idle
    loss, g, H = problem.normal_equations(z)
    mu = mu or 1e-2 * float(H.diagonal().mean())
    if on_step:
        on_step(Descent(z, begun.iteration, loss, mu, growth, idle, begun.done))
    if begun.done:
        return Minimum(z, loss, log_evidence(loss, H), begun.iteration, True)
    for iteration in range(begun.iteration + 1, max_iterations + 1):
        damped = H.clone()
        damped.diagonal().add_(mu)
        step = _solve(damped, -g)
        expected = -float(step @ g) * 2.0 - float(step @ (H @ step))
        there = z + step
        trial = problem.loss(there)
        gain = (loss - trial) / max(expected, 1e-300)
        # NaN compares false, so a step into overflow is rejected here too.
        if gain > 1e-4:
            idle = idle + 1 if loss - trial < tolerance * loss else 0
            z = there
            loss, g, H = problem.normal_equations(z)
            mu *= max(0.1, 1.0 - (2.0 * gain - 1.0) ** 3)
            growth = 2.0
        else:
            mu *= growth
            growth *= 2.0
        done = idle >= PATIENCE or mu > MAX_DAMPING or expected <= 1e-12 * loss
        if on_step:
            on_step(Descent(z, iteration, loss, mu, growth, idle, done))
        if done:
            return Minimum(z, loss, log_evidence(loss, H), iteration, True, mu)
    return Minimum(z, loss, log_evidence(loss, H), max_iterations, False, mu)


def _solve(matrix: Tensor, right: Tensor) -> Tensor:
    """Solution of a symmetric positive definite system (p, p), (p,)."""
    factor, info = torch.linalg.cholesky_ex(matrix)
    if int(info):
        least: Tensor = torch.linalg.lstsq(matrix, right[:, None]).solution[:, 0]
        return least
    solution: Tensor = torch.cholesky_solve(right[:, None], factor)[:, 0]
    return solution
