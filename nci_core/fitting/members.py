"""From one objective to an ensemble: restarts find the optimum, perturbed fits its spread."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nci_core.fitting.devices import Choice
from nci_core.fitting.levenberg_marquardt import Minimum
from nci_core.fitting.objective import MapObjective
from nci_core.fitting.problem import Problem
from nci_core.fitting.reporting import Reporter
from nci_core.fitting.run import FitRun, one_core
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.device import resolve_device
from nci_core.potentials.environments import PairKind
from nci_core.potentials.parameters import StudentConfig, layout
from nci_core.potentials.student import Student

#: Starting points scatter about the prior's centre by this share of its width.
START_SPREAD = 0.3
#: Network weights start this far out: at exactly zero a network has no gradient.
NETWORK_SPREAD = 0.3
#: Share of a posterior standard deviation by which members are displaced. At a whole one the wall, an
#: exponential, is no longer linear in it, and the mean over members would be worse than the best fit.
DISPLACEMENT = 0.5


def start_point(problem: Problem, random: np.random.Generator, restart: int, direct: bool) -> Tensor:
    """Whitened start (p,): the centre of every prior first, then scattered about them; networks always scattered."""
    what = layout(problem.config)
    spread = np.full(what.size, START_SPREAD if restart >= len(problem.priors) else 0.0)
    if direct:
        for name in {"W1", "b1", "W2"} & set(what.slices):
            spread[what.slices[name]] = NETWORK_SPREAD
    centre = problem.priors[0].mean
    z = random.standard_normal((len(centre), what.size)) * spread
    return torch.tensor(z, device=centre.device).flatten()


def perturbed(objective: MapObjective, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Noise for the labels (k, m) in eV, of their own σ/√W, and for the prior's centre, of its width."""
    targets, mean = objective.targets, objective.prior.mean
    noise = torch.tensor(random.standard_normal(targets.energies.shape), device=mean.device)
    shift = torch.tensor(random.standard_normal(tuple(mean.shape)), device=mean.device)
    # What does not count has no width of its own, and must not make all else not a number.
    roots = targets.weights.sqrt()
    noise = torch.where(roots > 0.0, noise / roots, 0.0)
    return noise, objective.prior.displacement(shift.flatten())


def displacements(objective: MapObjective, random: np.random.Generator, step: float, count: int) -> list[MapObjective]:
    """`count` objectives whose labels and prior are displaced by `step` of their widths, in pairs of opposite ones."""
    found: list[MapObjective] = []
    noise, shift = torch.zeros(0), torch.zeros(0)
    for member in range(count):
        sign = -1.0 if member % 2 else 1.0
        if member % 2 == 0:
            noise, shift = (step * part for part in perturbed(objective, random))
        targets = replace(objective.targets, energies=objective.targets.energies + sign * noise)
        prior = objective.prior.at(objective.prior.mean + sign * shift)
        found.append(MapObjective(objective.seen, targets, prior, objective.config))
    return found


#: Steps after which the starting points of fine-tuning are ranked: most of the way, in half of the time.
SEARCH_ITERATIONS = 30
#: Laplace's evidence of a model that is never quite right is too sure of the best optimum: weights are
#: exp(Δ/10), Δ its logarithm's distance from the best. Chosen among 1, 3, 10 and ∞ on He–benzene, random splits
#: and I-optimal labels of seeds from 100 on.
TEMPERATURE = 10.0


def pooled(log_evidence: Sequence[float], sources: Sequence[int], averaged: int) -> list[float]:
    """Weights of optima, best evidence first; they add up to 1. As many of each source count, the best of each.

    >>> [round(weight, 3) for weight in pooled([-10.0, -10.0, -20.0, -20.0], [0, 0, 0, 0], 3)]
    [0.422, 0.422, 0.155, 0.0]
    >>> [round(weight, 3) for weight in pooled([-10.0, -10.0, -20.0, -20.0], [0, 0, 0, 1], 2)]
    [0.731, 0.0, 0.0, 0.269]
    """
    share = max(1, averaged // len(set(sources)))
    counts = [list(sources[:k]).count(source) < share for k, source in enumerate(sources)]
    size = [
        math.exp((value - log_evidence[0]) / TEMPERATURE) if count else 0.0
        for value, count in zip(log_evidence, counts, strict=True)
    ]
    return [value / sum(size) for value in size]


@dataclass(frozen=True)
class Optimum:
    """Where one starting point led, in which objective, and the number of its teacher."""

    minimum: Minimum
    objective: MapObjective
    source: int


def ranked(found: Sequence[Optimum], averaged: int) -> tuple[list[Optimum], list[float]]:
    """Optima by evidence, the best first, and their weights."""
    order = sorted(found, key=lambda each: -each.minimum.log_evidence)
    return order, pooled([each.minimum.log_evidence for each in order], [each.source for each in order], averaged)


@dataclass(frozen=True)
class Fitted:
    """What a fit found.

    Attributes:
        thetas: parameters (kinds, size): optima from the best down, then the best one displaced.
        weights: of the optima.
        record: what to remember of the fit.
        optima: the optima again, with the objective that each is of.
    """

    thetas: list[Tensor]
    weights: tuple[float, ...]
    record: Mapping[str, Any]
    optima: Sequence[Optimum] = ()

    def on(self, choice: Choice) -> "Fitted":
        """The same with a record of where it was computed."""
        return replace(self, record={**self.record, **choice.record})

    def students(self, kinds: tuple[PairKind, ...], config: StudentConfig) -> tuple[Student, ...]:
        """The members of the ensemble."""
        return tuple(Student(kinds, config, theta) for theta in self.thetas)


def error_bar_factor(scale: float) -> float:
    """What turns a displacement of members into a standard deviation, given the s of `fit_members`.

    s is the maximum-likelihood estimate of a common factor in noise and prior widths, and above 1 it
    says that both were too small. Below 1 it is not believed: with fewer labels than parameters the
    fit meets its labels whatever the rest of the surface does, and labels by design sit where the
    prior is widest. So members displaced by s stand for max(1, s).
    """
    return max(1.0, scale) / (scale * DISPLACEMENT)


@one_core()
def fit_members(problem: Problem, settings: FitSettings, run: FitRun, *, direct: bool) -> Fitted:
    """Find optima and displace the best one.

    Optima from several starting points are ranked by Laplace's evidence, never by held-out errors, and
    the best few are averaged (Bayesian model averaging, DOI 10.1214/ss/1009212519; see `pooled`). With few labels
    many optima meet them equally well, and their mean errs less than any of them. Fine-tuning ranks them after
    SEARCH_ITERATIONS and follows only those to the end; a distilled model keeps all, since each is a starting
    point of fine-tuning. The displaced members are draws
    from the posterior about the best by randomised maximum a posteriori (perturb labels by their noise
    and the centre by the prior, minimise again; DOI 10.1137/140964023) in pairs of opposite perturbations,
    half-size, scaled back by Ensemble.spread. The perturbations are scaled by s,
    s² = (objective at the best fit)/(number of labels), so that they stay as small as the misfit:
    see `error_bar_factor`.
    """
    device = resolve_device(settings.device)
    memory = run.memory
    memory.begin(problem.fingerprint(settings, direct))
    problem = problem.to(device)
    random = np.random.default_rng(settings.seed)
    polished = problem.stage != "distill"
    total = settings.restarts + settings.members - 1 + (min(settings.averaged, settings.restarts) if polished else 0)
    reporter = Reporter(problem, total, run)
    limits = settings.max_iterations, settings.tolerance
    first = min(limits[0], SEARCH_ITERATIONS) if polished else limits[0]
    restarts = range(settings.restarts)
    objectives = [problem.objective(restart) for restart in restarts]
    starts = [start_point(problem, random, restart, direct) for restart in restarts]
    searched = memory.minimise(
        restarts, reporter.together(objectives), starts, first, limits[1], reporter.watch("search")
    )
    found = [
        Optimum(minimum, objective, problem.sources[k % len(problem.sources)] if problem.sources else 0)
        for k, (minimum, objective) in enumerate(zip(searched, objectives, strict=True))
    ]
    found, weights = ranked(found, settings.averaged)
    if polished:
        found = [each for each, weight in zip(found, weights, strict=True) if weight > 0.0]
        going = [k for k, each in enumerate(found) if not each.minimum.converged and limits[0] > first]
        if going:
            together = reporter.together([found[k].objective for k in going])
            states = [found[k].minimum.state for k in going]
            numbers = [settings.restarts + k for k in going]
            for k, minimum in zip(
                going, memory.minimise(numbers, together, states, *limits, reporter.watch("search")), strict=True
            ):
                found[k] = replace(found[k], minimum=minimum)
        found, weights = ranked(found, settings.averaged)
    best, objective = found[0].minimum, found[0].objective
    thetas = [each.objective.theta(each.minimum.z) for each in found]
    # A misfit of exactly zero would leave no spread to scale back.
    scale = max(math.sqrt(best.loss / problem.targets.energies.numel()), 1e-3)
    displaced = displacements(objective, random, DISPLACEMENT * scale, settings.members - 1)
    if displaced:
        starts = [moved.prior.whiten(thetas[0]) for moved in displaced]
        numbers = [*range(total - settings.members + 1, total)]
        minima = memory.minimise(numbers, reporter.together(displaced), starts, *limits, reporter.watch("spread"))
        thetas += [moved.theta(each.z) for moved, each in zip(displaced, minima, strict=True)]
    record = {
        "log_evidence": [round(each.minimum.log_evidence, 3) for each in found],
        "iterations": [each.minimum.iterations for each in found],
        "converged": best.converged,
        "scale": float(f"{scale:.6g}"),
        "device": device.type,
    }
    return Fitted([theta.cpu() for theta in thetas], tuple(weights), record, found)
