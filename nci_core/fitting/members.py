"""From one objective to an ensemble: restarts find the optimum, perturbed fits its spread."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.errors import CancelledError
from nci_core.fitting.levenberg_marquardt import Descent, Minimum
from nci_core.fitting.memory import fingerprint
from nci_core.fitting.objective import MapObjective, Seen, Targets, evaluations, joined
from nci_core.fitting.run import FitRun, one_core
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.arrays import FloatArray
from nci_core.potentials.device import resolve_device
from nci_core.potentials.environments import PairKind
from nci_core.potentials.parameters import StudentConfig, layout
from nci_core.potentials.prior import Prior
from nci_core.potentials.student import Student
from nci_core.units import to_cm1

#: Starting points scatter about the prior's centre by this share of its width.
START_SPREAD = 0.3
#: Network weights start this far out: at exactly zero a network has no gradient.
NETWORK_SPREAD = 0.3
#: Share of a posterior standard deviation by which members are displaced. At a whole one the wall, an
#: exponential, is no longer linear in it, and the mean over members would be worse than the best fit.
DISPLACEMENT = 0.5


@dataclass(frozen=True)
class Problem:
    """A fit: labels, and what is believed before them.

    Attributes:
        stage: 'distill' or 'finetune', for progress reports.
        seen: features of the labelled configurations.
        targets: labels.
        regions: (m,) that each label is in, for reports of errors.
        priors: one or several; starting points take them in turn.
        config: terms of the student.
        sources: for each prior the number of its teacher; empty: all of one.
        validation: features, energies (m,) in eV and regions of what is reported but never fitted.
    """

    stage: str
    seen: Seen
    targets: Targets
    regions: npt.NDArray[np.str_]
    priors: Sequence[Prior]
    config: StudentConfig
    sources: tuple[int, ...] = ()
    validation: tuple[Seen, FloatArray, npt.NDArray[np.str_]] | None = None

    def to(self, device: torch.device) -> "Problem":
        """The same problem on another device."""

        def moved(seen: Seen) -> Seen:
            return [x.to(device) for x in seen]

        held = self.validation
        return replace(
            self,
            seen=moved(self.seen),
            targets=self.targets.to(device),
            priors=[prior.to(device) for prior in self.priors],
            validation=None if held is None else (moved(held[0]), *held[1:]),
        )

    def fingerprint(self, settings: FitSettings, direct: bool) -> str:
        """Hash of all that decides the fit's result."""
        tensors = [self.targets.mixing, self.targets.energies, self.targets.weights]
        tensors += [tensor for prior in self.priors for tensor in prior.tensors]
        # Distances and angles of every chunk say where the labels are and on what host.
        tensors += [torch.as_tensor(part) for x in self.seen for part in x.arrays]
        return fingerprint(tensors, f"{self.stage} {direct} {self.config} {settings.model_dump_json()}")

    def objective(self, k: int) -> MapObjective:
        """The objective with the k-th prior; they take turns."""
        return MapObjective(self.seen, self.targets, self.priors[k % len(self.priors)], self.config)


def mae_by_region(predicted: FloatArray, reference: FloatArray, region: npt.NDArray[np.str_]) -> dict[str, float]:
    """Mean absolute errors (cm⁻¹) in the range of interest ('lt_limit') and by region (m,); energies (m,) in eV."""
    error = np.abs(to_cm1(predicted - reference))
    chosen = {"lt_limit": region != "beyond", **{name: region == name for name in ("well", "tail", "wall")}}
    return {name: float(error[rows].mean()) for name, rows in chosen.items() if rows.any()}


class Reporter:
    """Turns optimiser steps into progress dictionaries, and a stop request into CancelledError."""

    def __init__(self, problem: Problem, total: int, run: FitRun) -> None:
        self.problem, self.total, self.run = problem, total, run

    def watch(self, objective: MapObjective, fit: int, phase: str) -> Callable[[Descent], None]:
        """The callback for one minimisation, the `fit`-th of `total`."""

        def on_step(state: Descent) -> None:
            if self.run.should_stop is not None and self.run.should_stop():
                raise CancelledError(f"The {self.problem.stage} fit was stopped at fit {fit + 1} of {self.total}.")
            if self.run.progress is not None:
                head = {"stage": self.problem.stage, "phase": phase, "member": fit, "members": self.total}
                now = {"iteration": state.iteration, "loss": state.loss}
                self.run.progress({**head, **now, **self.errors(objective, state.z)})

        return on_step

    def errors(self, objective: MapObjective, z: Tensor) -> dict[str, Any]:
        """Errors of the current parameters on the labels and on the validation points."""
        mixing, labels = self.problem.targets.mixing[-1], self.problem.targets.energies[-1].cpu().numpy()
        # Channels fitted apart are judged by their sum, as total energies are.
        predicted = (mixing @ objective.channels(z)).cpu().numpy()
        found: dict[str, Any] = {"train_mae_cm1": mae_by_region(predicted, labels, self.problem.regions)}
        if self.problem.validation is not None:
            seen, energies, regions = self.problem.validation
            held = joined(evaluations(seen, objective.theta(z), self.problem.config)[1]).sum(0)
            found["validation_mae_cm1"] = mae_by_region(held.cpu().numpy(), energies, regions)
        return found


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
    return noise / targets.weights.sqrt(), objective.prior.displacement(shift.flatten())


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
    found: list[Optimum] = []
    for restart in range(settings.restarts):
        objective = problem.objective(restart)
        start = start_point(problem, random, restart, direct)
        on_step = reporter.watch(objective, restart, "search")
        source = problem.sources[restart % len(problem.sources)] if problem.sources else 0
        minimum = memory.minimise(restart, objective, start, first, limits[1], on_step)
        found.append(Optimum(minimum, objective, source))
    found, weights = ranked(found, settings.averaged)
    if polished:
        found = [each for each, weight in zip(found, weights, strict=True) if weight > 0.0]
        for k, each in enumerate(found):
            number = settings.restarts + k
            if not each.minimum.converged and limits[0] > first:
                on_step = reporter.watch(each.objective, number, "search")
                minimum = memory.minimise(number, each.objective, each.minimum.state, *limits, on_step)
                found[k] = replace(each, minimum=minimum)
        found, weights = ranked(found, settings.averaged)
    best, objective = found[0].minimum, found[0].objective
    thetas = [each.objective.theta(each.minimum.z) for each in found]
    # A misfit of exactly zero would leave no spread to scale back.
    scale = max(math.sqrt(best.loss / problem.targets.energies.numel()), 1e-3)
    step = DISPLACEMENT * scale
    noise, shift = torch.zeros(0), torch.zeros(0)
    for member in range(1, settings.members):
        sign = 1.0 if member % 2 else -1.0
        if member % 2:
            noise, shift = (step * part for part in perturbed(objective, random))
        targets = replace(problem.targets, energies=problem.targets.energies + sign * noise)
        prior = objective.prior.at(objective.prior.mean + sign * shift)
        moved = MapObjective(problem.seen, targets, prior, problem.config)
        number = total - settings.members + member
        on_step = reporter.watch(moved, number, "spread")
        thetas.append(moved.theta(memory.minimise(number, moved, prior.whiten(thetas[0]), *limits, on_step).z))
    record = {
        "log_evidence": [round(each.minimum.log_evidence, 3) for each in found],
        "iterations": [each.minimum.iterations for each in found],
        "converged": best.converged,
        "scale": float(f"{scale:.6g}"),
        "device": device.type,
    }
    return Fitted([theta.cpu() for theta in thetas], tuple(weights), record, found)
