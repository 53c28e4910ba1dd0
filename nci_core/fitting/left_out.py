"""What error bars are worth at hosts that a fit has not seen, found by leaving out each host that it has seen.

A posterior knows what its energies leave open, and nothing of what no host among them could show. So each host is left
out in turn, the fit is followed from where it ended to its optimum without that host, and the errors at the host are
held against the error bars there. The root mean square of their ratios is by how much error bars are too small at
unseen hosts; it multiplies them there and nowhere else (`Ensemble.unseen`).
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nci_core.fitting.members import Problem, Reporter
from nci_core.fitting.objective import MapObjective, evaluations, joined
from nci_core.fitting.observations import Observation
from nci_core.fitting.run import FitRun
from nci_core.potentials.arrays import FloatArray
from nci_core.potentials.evaluation import jacobian
from nci_core.potentials.remembered import same_molecule

#: More hosts than this are left out several at a time.
FOLDS = 5
#: Steps of a fit that goes on without a host; it begins near its end.
STEPS = 30
#: A factor above this says that the student does not carry over at all; larger bars would say no more.
LARGEST = 20.0


def by_host(observations: Sequence[Observation]) -> list[list[int]]:
    """Which observations are of one host, hosts in their order."""
    groups: list[list[int]] = []
    for k, each in enumerate(observations):
        host = each.configurations.dimer.a
        for group in groups:
            if same_molecule(observations[group[0]].configurations.dimer.a, host):
                group.append(k)
                break
        else:
            groups.append([k])
    return groups


def folds(groups: Sequence[Sequence[int]]) -> list[set[int]]:
    """Observations that are left out together: each host by itself, or hosts dealt into FOLDS."""
    count = min(len(groups), FOLDS)
    return [{k for group in groups[first::count] for k in group} for first in range(count)]


def totals(problem: Problem, objective: MapObjective, z: Tensor) -> tuple[FloatArray, FloatArray]:
    """Energies (m,) of a problem's configurations at z, and their derivatives (m, p) by z; eV."""
    ones = [1.0] * problem.targets.mixing.shape[1]
    parameters, terms = evaluations(problem.seen, objective.theta(z), problem.config)
    kinds = len(objective.prior.mean)
    J = [
        objective.prior.by_z(torch.as_tensor(jacobian(x, e, p, kinds, ones)))
        for x, p, e in zip(problem.seen, parameters, terms, strict=True)
    ]
    return joined(terms).sum(0).cpu().numpy(), torch.cat(J).cpu().numpy()


def squared_ratios(
    observations: Sequence[Observation], problem: Problem, objective: MapObjective, z: Tensor, scale: float
) -> FloatArray:
    """(m,) squared errors of hosts that were left out by their variance; those inside the range of interest.

    The variance is Laplace's, s² J H⁻¹ Jᵀ with H the curvature of the objective that z minimises (MacKay, Neural
    Comput. 4, 448 (1992), DOI 10.1162/neco.1992.4.3.448), s² its misfit a label where that is above 1.
    """
    energies, J = totals(problem, objective, z)
    H = objective.normal_equations(z)[2].cpu().numpy()
    variance = max(1.0, scale) ** 2 * np.einsum("mp,pm->m", J, np.linalg.solve(H, J.T))
    known = np.concatenate([each.energies for each in observations])
    inside = problem.regions != "beyond"
    found: FloatArray = (energies - known)[inside] ** 2 / variance[inside]
    return found


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

    Without two hosts nothing can be said, and it is 1.
    """
    groups = by_host(observations)
    if len(groups) < 2:
        return 1.0, {}
    squared: list[float] = []
    count = min(len(groups), FOLDS)
    for number, out in enumerate(folds(groups)):
        left, rest = ([each for k, each in enumerate(observations) if (k in out) == there] for there in (True, False))
        fit, asked = build(rest), build(left)
        objective = fit.objective(0)
        on_step = Reporter(fit, count, run).watch(objective, number, "left out")
        found = run.memory.minimise(10_000 + number, objective, start, STEPS, tolerance, on_step)
        scale = math.sqrt(found.loss / fit.targets.energies.numel())
        ratios = squared_ratios(left, asked, objective, found.z, scale)
        if len(ratios):
            squared.append(float(ratios.mean()))
    factor = min(max(1.0, math.sqrt(float(np.mean(squared)))), LARGEST) if squared else 1.0
    return factor, {"left_out": [round(math.sqrt(value), 3) for value in squared]}
