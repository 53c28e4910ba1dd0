"""How far recipes move a student's parameters apart: widths learned from labels of two recipes of one dimer.

A student fitted to the cheap labels has parameters θ_c and posterior Σ_c; those of the costly recipe are θ_c + δ. The
widths of δ, for each block of parameters one of every element by itself and one of all elements together, make the
costly labels most probable. The student is taken as linear in δ about the best fit, which is renewed a few times.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.fitting import FitRun, FitSettings, Observation
from nci_core.fitting.finetuning import beginning
from nci_core.fitting.ladder import RungBelow
from nci_core.fitting.levenberg_marquardt import minimise
from nci_core.fitting.members import fit_members
from nci_core.fitting.objective import MapObjective, linear_model, make_targets
from nci_core.fitting.priors import change_covariance, general_prior
from nci_core.fitting.settings import SIGMA_CM1
from nci_core.fitting.tiles import observe
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.parameters import layout
from nci_core.potentials.prior import DiagonalPrior
from nci_core.systems.configurations import Configurations

FloatArray = npt.NDArray[np.float64]
#: A factor without evidence stays near the first; the second is the standard deviation of its logarithm.
TYPICAL, LN_SD = 0.1, 1.5
#: Linearisations, and gradient steps of each.
STEPS, CLIMBS = 4, 60


@dataclass(frozen=True)
class LearntChange:
    """State after one step: log evidence of the costly labels, mean over optima; block → factors (own, common)."""

    log_evidence: float
    factors: dict[str, tuple[float, float]]


def learn_recipe_change(
    at: Configurations, cheap: FloatArray, costly: FloatArray, distilled: Ensemble, steps: int = STEPS
) -> Iterator[LearntChange]:
    """Factors of RECIPE_CHANGE, step by step.

    Args:
        at: m configurations of one dimer; cheap, costly: (m,) energies of the two recipes there, in eV.
        distilled: the model from which the cheap labels are learned.
        steps: how many.
    """
    settings = FitSettings(members=1)
    lower, upper = [Observation(at, cheap)], [Observation(at, costly)]
    begin = beginning(lower, distilled, None, settings)
    below = RungBelow.of(
        begin, fit_members(begin.problem(lower, SIGMA_CM1, settings), settings, FitRun(), direct=False)
    )
    config, kinds = begin.config, begin.kinds
    seen = observe(upper, kinds)
    targets = make_targets(upper, config.terms, SIGMA_CM1, settings.wall_cm1, apart=False)
    labels, noise = targets.energies[0], 1.0 / targets.weights[0]
    width = general_prior(kinds, config).width
    blocks = layout(config).parts
    logs = torch.full((2, len(blocks)), math.log(TYPICAL), dtype=torch.float64, requires_grad=True)

    def change() -> Tensor:
        shares = dict(zip(blocks, logs.exp().T, strict=True))
        return change_covariance(width, blocks, lambda name: (shares[name][0], shares[name][1]))

    def linear(theta: Tensor) -> tuple[Tensor, Tensor]:
        objective = MapObjective(seen, targets, DiagonalPrior(theta, torch.ones_like(theta)), config)
        return linear_model(seen, objective, torch.zeros(theta.numel(), dtype=theta.dtype))

    here = list(below.thetas)
    for _ in range(steps):
        lines = []
        for theta, start, covariance in zip(here, below.thetas, below.covariances, strict=True):
            energies, J = linear(theta)
            misfit = labels - energies + J @ (theta - start).flatten()
            lines.append((misfit, J, torch.diag(noise) + J @ covariance @ J.T))
        climber = torch.optim.Adam([logs], lr=0.1)
        for _ in range(CLIMBS):
            climber.zero_grad()
            spread = change()
            loss = 0.5 * (((logs - math.log(TYPICAL)) / LN_SD) ** 2).sum()
            for misfit, J, known in lines:
                root = torch.linalg.cholesky(known + J @ spread @ J.T)
                white = torch.linalg.solve_triangular(root, misfit[:, None], upper=False)
                loss = loss + (0.5 * (white**2).sum() + root.diagonal().log().sum()) / len(lines)
            loss.backward()
            climber.step()
        with torch.no_grad():
            above, evidence = below.above(change()), 0.0
            for k, prior in enumerate(above.priors):
                objective = MapObjective(seen, targets, prior, config)
                found = minimise(objective, prior.whiten(here[k]), 60, 1e-4)
                here[k] = objective.theta(found.z)
                evidence += found.log_evidence / len(here)
        factors = logs.detach().exp().T.tolist()
        yield LearntChange(evidence, {name: (own, common) for name, (own, common) in zip(blocks, factors, strict=True)})
