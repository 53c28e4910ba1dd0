"""How far fine-tuning moves a distilled student: prior widths learned from labels of another dimer.

Empirical Bayes: the factors of the general widths, one for each part of the parameters, that make the
labels most probable. Each step is expectation–maximisation with Laplace's approximation (DOI
10.1162/neco.1992.4.3.415): with z the whitened change at the best fit and Σ its posterior covariance,
factor² ← mean over the block, and over the optima of distillation, of (z² + Σ_jj)·factor².
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from nci_core.fitting.levenberg_marquardt import Minimum, minimise
from nci_core.fitting.objective import MapObjective, make_targets
from nci_core.fitting.observations import Observation
from nci_core.fitting.priors import general_prior
from nci_core.fitting.settings import SIGMA_CM1, FitSettings
from nci_core.fitting.tiles import observe
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.parameters import layout, own_name
from nci_core.potentials.prior import DiagonalPrior

FloatArray = npt.NDArray[np.float64]
#: No factor falls below this, for a block that one dimer leaves alone may matter for the next; nor rises above
#: `Block.most`, beyond general physics.
LEAST = 0.02
#: Steps until the evidence gains less than one unit in ten of them.
STEPS = 25


@dataclass(frozen=True)
class LearntStep:
    """State after one step: log evidence of the labels at its start, mean over optima, and the new factors."""

    log_evidence: float
    factors: dict[str, float]


def best_fit(objective: MapObjective) -> tuple[Minimum, torch.Tensor]:
    """The minimum from the prior's centre, and the diagonal of its posterior covariance (p,)."""
    found = minimise(objective, torch.zeros(objective.prior.mean.numel(), dtype=torch.float64), 200, 1e-5)
    curvature = objective.normal_equations(found.z)[2]
    return found, torch.linalg.inv(curvature).diagonal()


def learn_factors(
    labels: Observation,
    distilled: Ensemble,
    *,
    steps: int = STEPS,
    start: Mapping[str, float] | None = None,
) -> Iterator[LearntStep]:
    """Factors of the general prior widths, step by step; the evidence never falls but for Laplace's error.

    Args:
        labels: of one dimer.
        distilled: the model from whose optima the change is counted, all of them and of all teachers alike.
        steps: how many.
        start: factors to begin with; 1 for blocks that are not named.
    """
    what = layout(distilled.config)
    together: dict[str, list[slice]] = {}
    for name, block in what.parts.items():
        together.setdefault(own_name(name), []).append(block)
    factors = dict.fromkeys(together, 1.0) | dict(start or {})
    general = general_prior(distilled.kinds, distilled.config).width
    seen = observe([labels], distilled.kinds)
    wall = FitSettings().wall_cm1
    targets = make_targets([labels], distilled.config.terms, SIGMA_CM1, wall, apart=False)
    for _ in range(steps):
        width = general.clone()
        for name, blocks in together.items():
            for block in blocks:
                width[:, block] *= factors[name]
        square, evidence = torch.zeros_like(width), 0.0
        for optimum in distilled.optima:
            found, variance = best_fit(
                MapObjective(seen, targets, DiagonalPrior(optimum.theta, width, links=what.links), distilled.config)
            )
            square += (found.z**2 + variance).reshape(width.shape) / len(distilled.optima)
            evidence += found.log_evidence / len(distilled.optima)
        factors = {
            name: min(
                what.most(name),
                # How a block changes with the surroundings, which one host hardly tells, takes part in its factor only.
                max(LEAST, factors[name] * float(square[:, blocks[0]].mean().sqrt())),
            )
            for name, blocks in together.items()
        }
        yield LearntStep(evidence, factors)
