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
from nci_core.fitting.finetuning import Belief, finetune, first_belief
from nci_core.fitting.levenberg_marquardt import minimise
from nci_core.fitting.members import SEARCH_ITERATIONS, Fitted, Optimum, Problem, Progress, ShouldStop, fit_members
from nci_core.fitting.memory import FitMemory
from nci_core.fitting.objective import FloatArray, check_labels, is_root
from nci_core.fitting.priors import recipe_change
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.device import resolve_device
from nci_core.potentials.ensemble import Ensemble, Prior
from nci_core.potentials.parameters import StudentConfig
from nci_core.regions import RegionBounds
from nci_core.systems.dimer import Dimer

#: Multiples of RECIPE_CHANGE by which two recipes may differ, and the standard deviation of the multiple's logarithm.
DISTANCES = (0.125, 0.25, 0.5, 1.0, 2.0)
LN_DISTANCE_SD = 1.0

#: The problem that some labels pose to what is believed before them.
Posed = Callable[[Belief], Problem]


@dataclass(frozen=True)
class Rung:
    """Labels of one recipe.

    Attributes:
        recipe: its name.
        positions: (m, 3) probe positions in Å.
        energies: (m,) interaction energies in eV.
    """

    recipe: str
    positions: FloatArray
    energies: FloatArray


def posterior_covariance(optimum: Optimum, scale: float) -> Tensor:
    """(p, p) Laplace's covariance of the parameters at an optimum; a misfit `scale` above 1 widens it."""
    objective, z = optimum.objective, optimum.minimum.z
    _, _, H = objective.normal_equations(z)
    root = objective.width if is_root(objective.width, z) else torch.diag(objective.width.flatten())
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(H))
    return (root @ inverse @ root.T * max(1.0, scale) ** 2).cpu()


@dataclass(frozen=True)
class Below:
    """What the rung below left: optima θ_c (elements, size), Σ_c (p, p) and teacher of each, and the student's kind."""

    thetas: list[Tensor]
    covariances: list[Tensor]
    sources: tuple[int, ...]
    belief: Belief

    @classmethod
    def of(cls, belief: Belief, found: Fitted) -> "Below":
        """Read from a finished fit."""
        scale = float(found.record["scale"])
        thetas = [each.objective.theta(each.minimum.z).cpu() for each in found.optima]
        covariances = [posterior_covariance(each, scale) for each in found.optima]
        return cls(thetas, covariances, tuple(each.source for each in found.optima), belief)

    def above(self, change: Tensor) -> Belief:
        """What is believed of the next recipe, if recipes differ by a covariance D² `change` (p, p)."""
        covariances = [each + change for each in self.covariances]
        roots = [torch.linalg.cholesky(0.5 * (each + each.T)) for each in covariances]
        width = covariances[0].diagonal().sqrt().reshape(self.thetas[0].shape)
        prior = Prior(self.thetas[0], width, 1.0, roots[0])
        return replace(self.belief, centres=self.thetas, widths=roots, sources=self.sources, prior=prior)


def _nearest(below: Below, change: Tensor, pose: Posed, device: str) -> tuple[float, Belief]:
    """The multiple of D that makes the next recipe's labels most probable, from the best optimum alone; the belief."""
    found: list[tuple[float, float, Belief]] = []
    for factor in DISTANCES:
        belief = below.above(change * factor**2)
        objective = pose(belief).to(resolve_device(device)).objective(0)
        start = torch.zeros(objective.mean.numel(), dtype=objective.mean.dtype, device=objective.mean.device)
        evidence = minimise(objective, start, SEARCH_ITERATIONS, FitSettings().tolerance).log_evidence
        found.append((evidence - 0.5 * (math.log(factor) / LN_DISTANCE_SD) ** 2, factor, belief))
    _, factor, belief = max(found, key=lambda each: each[0])
    return factor, belief


def with_plain(belief: Belief, plain: Belief, most: int) -> Belief:
    """Starting points of both, half of each: optima of the ladder compete with those of plain fine-tuning by evidence.

    A cheap recipe that is farther from the costly one than the teacher is says little, and must not do harm.
    """
    first = min(len(belief.centres), max(1, most // 2))
    rest = min(len(plain.centres), max(1, most - first))
    offset = max(belief.sources, default=0) + 1
    sources = plain.sources or (0,) * len(plain.centres)
    return replace(
        belief,
        centres=[*belief.centres[:first], *plain.centres[:rest]],
        widths=[*belief.widths[:first], *(plain.widths * len(plain.centres))[:rest]],
        sources=(*belief.sources[:first], *(offset + source for source in sources[:rest])),
    )


def finetune_ladder(
    dimer: Dimer,
    rungs: Sequence[Rung],
    prior: Ensemble | None = None,
    config: StudentConfig | None = None,
    settings: FitSettings | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    metadata: Mapping[str, Any] | None = None,
    memory: FitMemory | None = None,
    bounds: RegionBounds | None = None,
) -> Ensemble:
    """Fine-tune on the rungs in turn, the cheapest recipe first; the model is of the last one.

    One rung is plain fine-tuning. `metadata["ladder"]` lists recipe and number of labels of each rung, and by
    which multiple of RECIPE_CHANGE it was taken to differ from the one below. Other arguments as `finetune`.
    """
    if not rungs:
        raise InputError("Fine-tuning needs the labels of at least one recipe.")
    settings = settings or FitSettings()
    known = [check_labels(rung.positions, rung.energies, f"{rung.recipe} label") for rung in rungs]
    ladder: list[dict[str, Any]] = [{"recipe": rung.recipe, "labels": len(rung.energies)} for rung in rungs]
    if len(rungs) == 1:
        return finetune(
            dimer,
            *known[0],
            prior,
            config,
            settings,
            progress,
            should_stop,
            None,
            {"ladder": ladder, **(metadata or {})},
            memory,
            bounds,
        )
    plain = first_belief(dimer, prior, config, settings, bounds)
    change = recipe_change(dimer.b.symbols[0], plain.elements, plain.config)
    memory = memory or FitMemory()
    belief, below = plain, None
    for k, (R, E) in enumerate(known[:-1]):
        pose = _posing(dimer, R, E, prior, settings)
        if below is not None:
            ladder[k]["distance"], belief = _nearest(below, change, pose, settings.device)
        # Only the last model needs error bars.
        alone = settings.model_copy(update={"members": 1})
        report = _part(progress, k, len(known))
        found = fit_members(pose(belief), alone, prior is None and k == 0, report, should_stop, memory)
        below = Below.of(belief, found)
    assert below is not None
    R, E = known[-1]
    pose = _posing(dimer, R, E, prior, settings)
    ladder[-1]["distance"], belief = _nearest(below, change, pose, settings.device)
    start = belief if prior is None else with_plain(belief, plain, settings.restarts)
    report = _part(progress, len(known) - 1, len(known))
    found = fit_members(pose(start), settings, direct=False, progress=report, should_stop=should_stop, memory=memory)
    ladder[-1]["share"] = _share_of_ladder(found, max(belief.sources, default=0))
    about = {**(prior.metadata if prior else {}), "stage": "finetune", "labels": len(E), "seed": settings.seed}
    about |= {"fit": found.record, "ladder": ladder, **(metadata or {})}
    return start.ensemble(dimer, found, _noise(E, prior, settings), about)


def _noise(E: FloatArray, prior: Ensemble | None, settings: FitSettings) -> float:
    return settings.noise_cm1(len(E), direct=prior is None)


def _posing(dimer: Dimer, R: FloatArray, E: FloatArray, prior: Ensemble | None, settings: FitSettings) -> Posed:
    """The problem that these labels pose to whatever is believed before them."""
    return lambda belief: belief.problem(dimer, R, E, _noise(E, prior, settings), settings)


def _share_of_ladder(found: Fitted, last_source: int) -> float:
    """Weight of the optima that began where the cheap labels had led."""
    pairs = zip(found.optima, found.weights, strict=True)
    return round(sum(weight for each, weight in pairs if each.source <= last_source), 3)


def _part(progress: Progress | None, k: int, parts: int) -> Progress | None:
    """Progress of the k-th of several fits, as if all were one."""
    if progress is None:
        return None

    def report(event: dict[str, Any]) -> None:
        total = event["members"]
        progress({**event, "member": k * total + event["member"], "members": parts * total})

    return report
