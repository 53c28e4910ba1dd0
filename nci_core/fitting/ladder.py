"""Fine-tuning on a ladder of recipes: the cheap labels first, the costly ones last.

The parameters that the cheap labels leave behind, and how sure they make the student of them, are the prior of the
costly ones. With θ_c the parameters of the cheap recipe and θ of the costly one, θ = θ_c + δ: the prior of θ is a
Gaussian about the best fit to the cheap labels, of covariance Σ_c + D², where Σ_c is the posterior's (Laplace) and D
holds how far recipes move parameters apart (`priors.RECIPE_CHANGE`). Σ_c is kept whole: labels fix combinations of
parameters, hardly any of them alone.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from nci_core.errors import InputError
from nci_core.fitting.finetuning import Beginning, beginning, finetune, learnt_before, noise_cm1
from nci_core.fitting.levenberg_marquardt import minimise
from nci_core.fitting.members import SEARCH_ITERATIONS, Fitted, Optimum, fit_members
from nci_core.fitting.observations import Observation, check_observations
from nci_core.fitting.priors import recipe_change
from nci_core.fitting.problem import Problem
from nci_core.fitting.run import FitRun
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.device import resolve_device
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.parameters import StudentConfig, layout
from nci_core.potentials.prior import FullPrior

#: Multiples of RECIPE_CHANGE by which two recipes may differ, and the standard deviation of the multiple's logarithm.
DISTANCES = (0.125, 0.25, 0.5, 1.0, 2.0)
LN_DISTANCE_SD = 1.0

#: The problem that some labels pose to what a fit begins with.
Posed = Callable[[Beginning], Problem]


@dataclass(frozen=True)
class Rung:
    """Labels of one recipe, of one system or several.

    Attributes:
        recipe: its name.
        observations: the labels.
    """

    recipe: str
    observations: Sequence[Observation]

    def __len__(self) -> int:
        return sum(map(len, self.observations))


def posterior_covariance(optimum: Optimum, scale: float) -> Tensor:
    """(p, p) Laplace's covariance of the parameters at an optimum; a misfit `scale` above 1 widens it."""
    objective = optimum.objective
    H = objective.normal_equations(optimum.minimum.z)[2]
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(H))
    return (objective.prior.covariance_of(inverse) * max(1.0, scale) ** 2).cpu()


@dataclass(frozen=True)
class RungBelow:
    """What the rung below left: optima θ_c (kinds, size), Σ_c (p, p) and teacher of each, and the student's kind."""

    thetas: list[Tensor]
    covariances: list[Tensor]
    sources: tuple[int, ...]
    begin: Beginning

    @classmethod
    def of(cls, begin: Beginning, found: Fitted) -> "RungBelow":
        """Read from a finished fit."""
        scale = float(found.record["scale"])
        thetas = [each.objective.theta(each.minimum.z).cpu() for each in found.optima]
        covariances = [posterior_covariance(each, scale) for each in found.optima]
        return cls(thetas, covariances, tuple(each.source for each in found.optima), begin)

    def above(self, change: Tensor) -> Beginning:
        """What the next recipe's fit begins with, if recipes differ by a covariance D² `change` (p, p)."""
        covariances = [each + change for each in self.covariances]
        roots = [torch.linalg.cholesky(0.5 * (each + each.T)) for each in covariances]
        links = layout(self.begin.config).links
        priors = [FullPrior(theta, root, links=links) for theta, root in zip(self.thetas, roots, strict=True)]
        return replace(self.begin, priors=priors, sources=self.sources, kept=priors[0])


def _nearest(below: RungBelow, change: Tensor, pose: Posed, device: str) -> tuple[float, Beginning]:
    """The multiple of D that makes the next recipe's labels most probable, from the best optimum alone."""
    found: list[tuple[float, float, Beginning]] = []
    for factor in DISTANCES:
        begin = below.above(change * factor**2)
        objective = pose(begin).to(resolve_device(device)).objective(0)
        mean = objective.prior.mean
        start = torch.zeros(mean.numel(), dtype=mean.dtype, device=mean.device)
        evidence = minimise(objective, start, SEARCH_ITERATIONS, FitSettings().tolerance).log_evidence
        found.append((evidence - 0.5 * (math.log(factor) / LN_DISTANCE_SD) ** 2, factor, begin))
    _, factor, begin = max(found, key=lambda each: each[0])
    return factor, begin


def with_plain(climbed: Beginning, plain: Beginning, most: int) -> Beginning:
    """Starting points of both, half of each: optima of the ladder compete with those of plain fine-tuning by evidence.

    A cheap recipe that is farther from the costly one than the teacher is says little, and must not do harm.
    """
    first = min(len(climbed.priors), max(1, most // 2))
    rest = min(len(plain.priors), max(1, most - first))
    offset = max(climbed.sources, default=0) + 1
    sources = plain.sources or (0,) * len(plain.priors)
    return replace(
        climbed,
        priors=[*climbed.priors[:first], *plain.priors[:rest]],
        sources=(*climbed.sources[:first], *(offset + source for source in sources[:rest])),
    )


def finetune_ladder(
    rungs: Sequence[Rung],
    prior: Ensemble | None = None,
    config: StudentConfig | None = None,
    settings: FitSettings | None = None,
    run: FitRun | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Ensemble:
    """Fine-tune on the rungs in turn, the cheapest recipe first; the model is of the last one.

    One rung is plain fine-tuning. `metadata["ladder"]` lists recipe and number of labels of each rung, and by
    which multiple of RECIPE_CHANGE it was taken to differ from the one below. Other arguments as `finetune`.
    """
    if not rungs:
        raise InputError("Fine-tuning needs the labels of at least one recipe.")
    rungs = [replace(rung, observations=[each for each in rung.observations if len(each)]) for rung in rungs]
    settings, run = settings or FitSettings(), run or FitRun()
    for rung in rungs:
        check_observations(rung.observations, f"{rung.recipe} label")
    ladder: list[dict[str, Any]] = [{"recipe": rung.recipe, "labels": len(rung)} for rung in rungs]
    last = rungs[-1].observations
    if len(rungs) == 1:
        return finetune(last, prior, config, settings, run, metadata={"ladder": ladder, **(metadata or {})})
    plain = beginning([each for rung in rungs for each in rung.observations], prior, config, settings)
    change = recipe_change(plain.kinds, plain.config)
    noise = [noise_cm1(rung.observations, settings, direct=prior is None) for rung in rungs]
    begin, below = plain, None
    most = max(range(len(rungs)), key=lambda k: len(rungs[k]))
    choice = plain.choose(rungs[most].observations, noise[most], settings)
    settings = settings.model_copy(update={"device": choice.device})
    for k, rung in enumerate(rungs[:-1]):
        pose = _posing(rung, noise[k], settings)
        if below is not None:
            ladder[k]["distance"], begin = _nearest(below, change, pose, settings.device)
        # Only the last model needs error bars.
        alone = settings.model_copy(update={"members": 1})
        part = run.part(k, len(rungs))
        below = RungBelow.of(begin, fit_members(pose(begin), alone, part, direct=prior is None and k == 0))
    assert below is not None
    pose = _posing(rungs[-1], noise[-1], settings)
    ladder[-1]["distance"], begin = _nearest(below, change, pose, settings.device)
    start = begin if prior is None else with_plain(begin, plain, settings.restarts)
    found = fit_members(pose(start), settings, run.part(len(rungs) - 1, len(rungs)), direct=False).on(choice)
    ladder[-1]["share"] = _share_of_ladder(found, max(begin.sources, default=0))
    about = {**learnt_before(prior), "stage": "finetune", "labels": len(rungs[-1]), "seed": settings.seed}
    return start.ensemble(last, found, noise[-1], settings, run, {**about, "ladder": ladder, **(metadata or {})})


def _posing(rung: Rung, sigma_cm1: float, settings: FitSettings) -> Posed:
    """The problem that these labels, of this noise, pose to whatever a fit begins with."""
    return lambda begin: begin.problem(rung.observations, sigma_cm1, settings)


def _share_of_ladder(found: Fitted, last_source: int) -> float:
    """Weight of the optima that began where the cheap labels had led."""
    pairs = zip(found.optima, found.weights, strict=True)
    return round(sum(weight for each, weight in pairs if each.source <= last_source), 3)
