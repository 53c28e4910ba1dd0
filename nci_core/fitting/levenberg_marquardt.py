"""Levenberg–Marquardt for maximum a posteriori problems in whitened coordinates."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from nci_core.fitting.quadratic import Quadratic

#: Damping beyond which no step helps: the point is a minimum to rounding.
MAX_DAMPING = 1e12
#: Consecutive steps of little gain that end a fit; one such step may be a detour.
PATIENCE = 3


class LeastSquares(Protocol):
    """Σ_k ρ_k(z)² + Σ_j z_j², with residuals ρ and whitened parameters z = (θ − θ₀)/σ_θ."""

    def loss(self, z: Tensor) -> float:
        """The objective at z (p,)."""
        ...

    def about(self, z: Tensor) -> Quadratic:
        """The objective about z (p,), to second order."""
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


def log_evidence(here: Quadratic) -> float:
    """Laplace's approximation −½ loss − ½ ln det H, up to a constant of the data and prior."""
    return -0.5 * here.loss - 0.5 * here.log_determinant()


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
    here = problem.about(z)
    mu = mu or 1e-2 * here.mean_curvature()
    if on_step:
        on_step(Descent(z, begun.iteration, here.loss, mu, growth, idle, begun.done))
    if begun.done:
        return Minimum(z, here.loss, log_evidence(here), begun.iteration, True)
    for iteration in range(begun.iteration + 1, max_iterations + 1):
        loss, step = here.loss, here.step(mu)
        expected = -2.0 * float(step @ here.g) - here.along(step)
        there = z + step
        trial = problem.loss(there)
        gain = (loss - trial) / max(expected, 1e-300)
        # NaN compares false, so a step into overflow is rejected here too.
        if gain > 1e-4:
            idle = idle + 1 if loss - trial < tolerance * loss else 0
            z = there
            here = problem.about(z)
            mu *= max(0.1, 1.0 - (2.0 * gain - 1.0) ** 3)
            growth = 2.0
        else:
            mu *= growth
            growth *= 2.0
        loss = here.loss
        done = idle >= PATIENCE or mu > MAX_DAMPING or expected <= 1e-12 * loss
        if on_step:
            on_step(Descent(z, iteration, loss, mu, growth, idle, done))
        if done:
            return Minimum(z, here.loss, log_evidence(here), iteration, True, mu)
    return Minimum(z, here.loss, log_evidence(here), max_iterations, False, mu)
