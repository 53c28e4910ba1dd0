"""Levenberg–Marquardt for maximum a posteriori problems in whitened coordinates, several minimisations at once."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from nci_core.fitting.quadratic import Quadratic

#: Damping beyond which no step helps: the point is a minimum to rounding.
MAX_DAMPING = 1e12
#: Consecutive steps of little gain that end a fit; one such step may be a detour.
PATIENCE = 3


class LeastSquares(Protocol):
    """K objectives Σ_k ρ_k(z)² + Σ_j z_j², with residuals ρ and whitened parameters z = (θ − θ₀)/σ_θ."""

    def about(self, z: Tensor, rows: Sequence[int]) -> Quadratic:
        """The objectives of these rows about z (rows, p), one point for each, to second order."""
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
        told: what the problem tells of z besides.
    """

    z: Tensor
    iteration: int = 0
    loss: float = math.inf
    mu: float = 0.0
    growth: float = 2.0
    idle: int = 0
    done: bool = False
    told: tuple[float, ...] = ()

    def after(self, trial: float, expected: float, tolerance: float, told: tuple[float, ...]) -> tuple["Descent", bool]:
        """The state after a step that promised to lower the objective by `expected`, and whether it was taken.

        Nielsen's damping; DOI 10.1007/b98874, chapter 10. z is left to whoever has it.
        """
        loss, mu, growth, idle = self.loss, self.mu, self.growth, self.idle
        gain = (loss - trial) / max(expected, 1e-300)
        # NaN compares false, so a step into overflow is rejected here too.
        taken = gain > 1e-4
        if taken:
            idle = idle + 1 if loss - trial < tolerance * loss else 0
            mu *= max(0.1, 1.0 - (2.0 * gain - 1.0) ** 3)
            growth, loss = 2.0, trial
        else:
            mu *= growth
            growth *= 2.0
            told = self.told
        done = idle >= PATIENCE or mu > MAX_DAMPING or expected <= 1e-12 * loss
        return Descent(self.z, self.iteration + 1, loss, mu, growth, idle, done, told), taken


@dataclass(frozen=True)
class Minimum:
    """Where a minimisation ended.

    Attributes:
        z: (p,) whitened parameters.
        loss: objective there.
        log_evidence: Laplace's approximation −½ loss − ½ ln det H, up to a constant of the data and prior.
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


#: Called with the states of those minimisations that are under way, by their numbers.
OnStep = Callable[[Sequence[tuple[int, Descent]]], None]


def minimise_all(
    problem: LeastSquares,
    starts: Sequence[Tensor | Descent],
    max_iterations: int = 100,
    tolerance: float = 1e-4,
    on_step: OnStep | None = None,
) -> list[Minimum]:
    """Minimise K objectives side by side, each by its own steps (H + μ)δ = −g, as if it were alone.

    The host waits for the device once a step, for what decides of all steps together.

    Args:
        problem: the objectives; a step to where one is not finite counts as a failed step.
        starts: (p,) parameters, or a minimisation under way, which then goes on as if never interrupted.
        max_iterations: steps to try.
        tolerance: relative decrease below which a step counts as little gain.
        on_step: called after each step, and before the first.
    """
    states = [start if isinstance(start, Descent) else Descent(start) for start in starts]
    active, z = list(range(len(states))), torch.stack([state.z for state in states])
    here = problem.about(z, active)
    told = torch.column_stack([here.loss, here.mean_curvature(), here.told]).tolist()
    for k, (loss, curvature, *rest) in enumerate(told):
        states[k] = replace(states[k], loss=loss, mu=states[k].mu or 1e-2 * curvature, told=tuple(rest))
    determinants: dict[int, Tensor] = {}
    while active:
        for row, k in enumerate(active):
            states[k] = replace(states[k], z=z[row])
        if on_step:
            on_step([(k, states[k]) for k in active])
        going = [row for row, k in enumerate(active) if not states[k].done and states[k].iteration < max_iterations]
        if len(going) < len(active):
            ended = [row for row in range(len(active)) if row not in going]
            for row, value in zip(ended, here.take(ended).log_determinant(), strict=True):
                determinants[active[row]] = value
            if not going:
                break
            active, z, here = [active[row] for row in going], z[going], here.take(going)
        mu = torch.tensor([states[k].mu for k in active], dtype=z.dtype).to(z.device)
        step = here.step(mu)
        expected = -2.0 * (step * here.g).sum(-1) - here.along(step)
        aims = z + step
        there = problem.about(aims, active)
        # The one place where the host waits.
        told = torch.column_stack([expected, there.loss, there.told]).tolist()
        taken = []
        for k, (promised, trial, *rest) in zip(active, told, strict=True):
            states[k], accepted = states[k].after(trial, promised, tolerance, tuple(rest))
            taken.append(accepted)
        here = here.moved(there, taken)
        z = torch.where(torch.tensor(taken, device=z.device)[:, None], aims, z)
    values = torch.stack([determinants[k] for k in range(len(states))]).tolist()
    return [
        Minimum(state.z, state.loss, -0.5 * state.loss - 0.5 * value, state.iteration, state.done, state.mu)
        for state, value in zip(states, values, strict=True)
    ]


def minimise(
    problem: LeastSquares,
    start: Tensor | Descent,
    max_iterations: int = 100,
    tolerance: float = 1e-4,
    on_step: Callable[[Descent], None] | None = None,
) -> Minimum:
    """Minimise one objective; see `minimise_all`."""
    watch: OnStep | None = (lambda states: on_step(states[0][1])) if on_step else None
    return minimise_all(problem, [start], max_iterations, tolerance, watch)[0]
