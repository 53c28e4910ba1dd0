"""The noise that labels of several hosts are given: how nearly one set of parameters can meet all of them.

Labels of one host are met to what they are converged to. Those of several are not: what a host has of its own, no
parameter that it shares with others can say, and a fit that is told to meet it all the same bends elsewhere. So σ is
the one that makes all labels most probable together, by Laplace's evidence (MacKay, Neural Comput. 4, 415 (1992), DOI
10.1162/neco.1992.4.3.415).
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nci_core.fitting.left_out import by_host
from nci_core.fitting.members import SEARCH_ITERATIONS, Problem, Reporter, start_point
from nci_core.fitting.observations import Observation
from nci_core.fitting.run import FitRun, one_core
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.device import resolve_device

#: Tried from the largest down, and last of all what labels of one host are given; cm⁻¹.
SIGMAS_CM1 = (10.0, 3.0, 1.0, 0.3, 0.1)


@one_core()
def noise_of_hosts(
    observations: Sequence[Observation],
    problem: Problem,
    sigma_cm1: float,
    settings: FitSettings,
    run: FitRun,
    *,
    direct: bool,
) -> float:
    """σ in cm⁻¹ for labels of several hosts; `sigma_cm1`, which `problem` was posed with, for those of one.

    ln p(labels|σ) = ln Z(σ) − N ln σ + const., with ln Z from the first starting point's optimum. Each fit begins
    where that of the next larger σ ended, and no smaller σ is tried once the evidence falls.
    """
    if len(by_host(observations)) < 2:
        return sigma_cm1
    tried = [*(each for each in SIGMAS_CM1 if each > sigma_cm1), sigma_cm1]
    run.memory.begin("noise " + problem.fingerprint(settings, direct))
    problem = problem.to(resolve_device(settings.device))
    reporter = Reporter(problem, len(tried), run)
    z = start_point(problem, np.random.default_rng(settings.seed), 0, direct)
    best, highest = tried[0], -math.inf
    for number, sigma in enumerate(tried):
        weights = problem.targets.weights * (sigma_cm1 / sigma) ** 2
        objective = replace(problem, targets=replace(problem.targets, weights=weights)).objective(0)
        on_step = reporter.watch(objective, number, "noise")
        found = run.memory.minimise(number, objective, z, SEARCH_ITERATIONS, settings.tolerance, on_step)
        z = found.z
        evidence = found.log_evidence - problem.targets.energies.numel() * math.log(sigma)
        if evidence < highest:
            break
        best, highest = sigma, evidence
    return best
