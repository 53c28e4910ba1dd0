"""What error bars of a fit to several hosts are worth, found by leaving out hosts and labels that it has seen.

A posterior knows what its energies leave open, and nothing of what no host among them could show. So each host is left
out in turn, the fit is followed from where it ended to its optimum without that host, and the errors at the host are
held against the error bars there. The root mean square of their ratios is by how much error bars are too small at
unseen hosts; it multiplies them there and nowhere else (`Ensemble.unseen`).

Hosts that the fit knows are not met exactly either, and what is missed is no noise: it is alike at neighbouring places.
By how much error bars are too small there, labels left out one by one tell (`known_factor`).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from nci_core.fitting.objective import MapObjective, linear_model
from nci_core.fitting.observations import Observation, by_host
from nci_core.fitting.problem import Problem
from nci_core.fitting.reporting import Reporter
from nci_core.fitting.run import FitRun
from nci_core.potentials.arrays import FloatArray

#: What error bars of a model of one host are multiplied by at others, where nothing can be left out: for students of
#: benzene alone at naphthalene, anthracene and pyrene the root mean square of their ratios is 1.3 to 9.4, its median 4
#: (four kinds of fits, seeds 0–2; `benchmarks/host_noise.py --alone`).
ALONE = 4.0
#: More hosts than this are left out several at a time.
FOLDS = 5
#: Steps of a fit that goes on without a host; it begins near its end.
STEPS = 30
#: A factor above this says that the student does not carry over at all; larger bars would say no more.
LARGEST = 20.0
#: Number of the first of these fits among all that a run remembers.
FIRST_NUMBER = 10_000
#: Least 1 − h of a label: below it others say so little of it that rounding decides.
LEAST_LEFT = 1e-6


def folds(groups: Sequence[Sequence[int]]) -> list[set[int]]:
    """Observations that are left out together: each host by itself, or hosts dealt into FOLDS."""
    count = min(len(groups), FOLDS)
    return [{k for group in groups[first::count] for k in group} for first in range(count)]


def squared_ratios(
    observations: Sequence[Observation], problem: Problem, objective: MapObjective, z: Tensor, scale: float
) -> FloatArray:
    """(m,) squared errors of hosts that were left out by their variance; those inside the range of interest.

    The variance is Laplace's, s² J H⁻¹ Jᵀ with H the curvature of the objective that z minimises (MacKay, Neural
    Comput. 4, 448 (1992), DOI 10.1162/neco.1992.4.3.448), s² its misfit a label where that is above 1.
    """
    energies, J = (part.cpu().numpy() for part in linear_model(problem.seen, objective, z))
    H = objective.normal_equations(z)[2].cpu().numpy()
    variance = max(1.0, scale) ** 2 * np.einsum("mp,pm->m", J, np.linalg.solve(H, J.T))
    known = np.concatenate([each.energies for each in observations])
    inside = problem.regions != "beyond"
    found: FloatArray = (energies - known)[inside] ** 2 / variance[inside]
    return found


def known_factor(problem: Problem, objective: MapObjective, z: Tensor) -> float:
    """By how much error bars are too small at labels left out one by one, at least 1.

    About the optimum z the model is linear, so that without label i its error there is r_i/(1 − h_i) and its variance
    s² v_i/(1 − h_i), with r_i the residual, v_i = J_i H⁻¹ J_iᵀ, h_i = w_i v_i and w_i the label's weight (Allen,
    Technometrics 16, 125 (1974), DOI 10.1080/00401706.1974.10489157); s² is the misfit a label where that is above 1.
    The factor is the root mean square of their ratios inside the range of interest.
    """
    energies, J = (part.cpu().numpy() for part in linear_model(problem.seen, objective, z))
    loss, _, curvature = objective.normal_equations(z)
    H = curvature.cpu().numpy()
    known, weights = (each[-1].cpu().numpy() for each in (problem.targets.energies, problem.targets.weights))
    variance = np.einsum("mp,pm->m", J, np.linalg.solve(H, J.T))
    left = np.maximum(1.0 - weights * variance, LEAST_LEFT)
    scale = max(1.0, math.sqrt(loss / len(known)))
    squared = (energies - known) ** 2 / (left * variance * scale**2)
    inside = (problem.regions != "beyond") & (weights > 0.0)
    return bounded(float(squared[inside].mean())) if inside.any() else 1.0


def bounded(mean_square: float) -> float:
    """A factor of error bars from the mean square of ratios of errors to them: 1 to LARGEST.

    >>> bounded(0.5), bounded(9.0), bounded(1e6)
    (1.0, 3.0, 20.0)
    """
    return min(max(1.0, math.sqrt(mean_square)), LARGEST)


def unseen_factor(
    observations: Sequence[Observation],
    build: Callable[[Sequence[Observation]], Problem],
    start: Tensor,
    run: FitRun,
    tolerance: float,
) -> tuple[float, dict[str, Any]]:
    """By how much error bars are too small at hosts left out, at least 1, and what to remember of it.

    Args:
        observations: all that the fit has seen.
        build: the same fit to some of them.
        start: (p,) whitened parameters where it ended.
        run: of the fit.
        tolerance: of the fits.

    Without two hosts nothing can be left out, and it is ALONE.
    """
    groups = by_host(observations)
    if len(groups) < 2:
        return ALONE, {}
    squared: list[float] = []
    count = min(len(groups), FOLDS)
    for number, out in enumerate(folds(groups)):
        left, rest = ([each for k, each in enumerate(observations) if (k in out) == there] for there in (True, False))
        fit, asked = build(rest), build(left)
        objective = fit.objective(0)
        reporter, numbered = Reporter(fit, count, run), FIRST_NUMBER + number
        (found,) = run.memory.minimise(
            [numbered],
            reporter.together([objective]),
            [start],
            STEPS,
            tolerance,
            reporter.watch("left out", FIRST_NUMBER),
        )
        scale = math.sqrt(found.loss / fit.targets.energies.numel())
        ratios = squared_ratios(left, asked, objective, found.z, scale)
        if len(ratios):
            squared.append(float(ratios.mean()))
    factor = bounded(float(np.mean(squared))) if squared else 1.0
    return factor, {"left_out": [round(math.sqrt(value), 3) for value in squared]}
