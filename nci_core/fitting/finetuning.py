"""Fine-tuning: a distilled student learns from few reference labels; without a teacher, a direct fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy.typing as npt
from torch import Tensor

from nci_core.errors import ModelError
from nci_core.fitting.distillation import host_elements
from nci_core.fitting.members import Fitted, Problem, Progress, ShouldStop, error_bar_factor, fit_members
from nci_core.fitting.memory import FitMemory
from nci_core.fitting.objective import FloatArray, check_labels, make_targets, observe
from nci_core.fitting.priors import general_prior, prior_after
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.agreement import HOST, check_system, host_record
from nci_core.potentials.ensemble import Ensemble, Prior
from nci_core.potentials.parameters import StudentConfig
from nci_core.regions import RegionBounds
from nci_core.systems.dimer import Dimer


def check_prior(prior: Ensemble, dimer: Dimer, config: StudentConfig | None) -> None:
    """ModelError when a model cannot be the prior of a fit to this dimer."""
    check_system(prior, dimer, "The prior model")
    if config is not None and config != prior.config:
        raise ModelError(
            f"The prior model has the terms ({prior.config}), which a fit cannot change to ({config}); "
            "distil again with the new terms."
        )


@dataclass(frozen=True)
class Belief:
    """What a fit of reference labels starts from.

    Attributes:
        elements, config: of the student.
        centres: θ₀ (elements, size), starting points that take turns.
        widths: prior widths about them, see `Problem`.
        sources: for each centre the number of its teacher.
        prior: what the model remembers of it.
        bounds: of the regions that errors are reported by.
    """

    elements: tuple[str, ...]
    config: StudentConfig
    centres: list[Tensor]
    widths: list[Tensor]
    sources: tuple[int, ...]
    prior: Prior
    bounds: RegionBounds = field(default_factory=RegionBounds)

    def problem(self, dimer: Dimer, R: FloatArray, E: FloatArray, sigma_cm1: float, settings: FitSettings) -> Problem:
        """The fit to labels E (m,) in eV at R (m, 3) in Å with this noise."""
        return Problem(
            stage="finetune",
            seen=observe(dimer.a, self.elements, R, settings.device),
            targets=make_targets({"total": E}, sigma_cm1, settings.wall_cm1),
            centres=self.centres,
            widths=self.widths,
            config=self.config,
            sources=self.sources,
            bounds=self.bounds,
        )

    def ensemble(self, dimer: Dimer, found: Fitted, sigma_cm1: float, metadata: Mapping[str, Any]) -> Ensemble:
        """The model that a fit from here found."""
        members = found.students(dimer.b.symbols[0], self.elements, self.config)
        factor = error_bar_factor(found.record["scale"])
        about = {**metadata, HOST: host_record(dimer.a)}
        return Ensemble(members, self.prior, sigma_cm1, factor, about, found.weights)


def first_belief(
    dimer: Dimer,
    prior: Ensemble | None,
    config: StudentConfig | None,
    settings: FitSettings,
    bounds: RegionBounds | None = None,
) -> Belief:
    """From the optima of a distilled model, or from general physics; ModelError for a model that cannot be a prior."""
    if prior is None:
        config, elements = config or StudentConfig(), host_elements(dimer)
        base = general_prior(dimer.b.symbols[0], elements, config)
        return Belief(elements, config, [base.mean], [base.width], (0,), base, bounds or RegionBounds())
    check_prior(prior, dimer, config)
    prior = prior.to("cpu")
    base = prior_after(prior)
    centres = [student.theta for student in prior.optima[: settings.restarts]]
    sources = tuple(prior.metadata.get("source", ()))[: len(centres)]
    # Whatever the model was fitted to, independent widths: which parameters its labels tied together is its own.
    scaled = replace(base, mean=centres[0], scale=settings.kappa, root=None)
    widths = [scaled.width * scaled.scale]
    return Belief(prior.elements, prior.config, centres, widths, sources, scaled, bounds or RegionBounds())


def finetune(
    dimer: Dimer,
    positions: npt.ArrayLike,
    energies: npt.ArrayLike,
    prior: Ensemble | None = None,
    config: StudentConfig | None = None,
    settings: FitSettings | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    validation: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    metadata: Mapping[str, Any] | None = None,
    memory: FitMemory | None = None,
    bounds: RegionBounds | None = None,
) -> Ensemble:
    """Fit a student to reference labels of one recipe.

    Give as prior the distilled model, round after round, together with all labels so far: a prior
    that has already seen some of the labels would count them twice.

    Args:
        dimer: host and probe.
        positions: (m, 3) labelled probe positions in Å.
        energies: (m,) interaction energies in eV.
        prior: distilled model whose parameters are the prior's centre; its widths are those of `prior_after`,
            times settings.kappa;
            None fits directly, from general physics.
        config: terms of the student; those of the prior if there is one.
        settings: of the fit.
        progress: called with a dictionary after every step.
        should_stop: asked before every step; CancelledError follows a yes.
        validation: positions (k, 3) and energies (k,) whose errors progress reports; they are not fitted
            and choose nothing.
        metadata: kept with the model, after the prior's.
        memory: where a fit that is stopped remembers how far it came.
        bounds: of the regions that progress reports errors by.
    """
    settings = settings or FitSettings()
    R, E = check_labels(positions, energies, "label")
    belief = first_belief(dimer, prior, config, settings, bounds)
    sigma = settings.noise_cm1(len(E), direct=prior is None)
    problem = belief.problem(dimer, R, E, sigma, settings)
    if validation is not None:
        positions_v, energies_v = check_labels(*validation, "validation")
        held = (observe(dimer.a, belief.elements, positions_v, settings.device), energies_v)
        problem = replace(problem, validation=held)
    found = fit_members(problem, settings, prior is None, progress, should_stop, memory)
    about = {**(prior.metadata if prior else {}), "stage": "finetune", "labels": len(E), "seed": settings.seed}
    return belief.ensemble(dimer, found, sigma, {**about, "fit": found.record, **(metadata or {})})
