"""Fine-tuning: a distilled student learns from few reference labels; without a teacher, a direct fit."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy.typing as npt

from nci_core.errors import ModelError
from nci_core.fitting.distillation import host_elements
from nci_core.fitting.members import Problem, Progress, ShouldStop, error_bar_factor, fit_members
from nci_core.fitting.memory import FitMemory
from nci_core.fitting.objective import check_labels, make_targets, observe
from nci_core.fitting.priors import general_prior, prior_after
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.parameters import StudentConfig
from nci_core.systems.dimer import Dimer


def check_prior(prior: Ensemble, dimer: Dimer, config: StudentConfig | None) -> None:
    """ModelError when a model cannot be the prior of a fit to this dimer."""
    if prior.probe != dimer.probe:
        raise ModelError(f"The prior model is for {prior.probe}, but the probe here is {dimer.probe}.")
    unknown = sorted(set(dimer.host.symbols) - set(prior.elements))
    if unknown:
        raise ModelError(
            f"The prior model has not learnt {', '.join(unknown)} of host {dimer.host.name!r}; "
            f"it knows {', '.join(prior.elements)}."
        )
    if config is not None and config != prior.config:
        raise ModelError(
            f"The prior model has the terms ({prior.config}), which a fit cannot change to ({config}); "
            "distil again with the new terms."
        )


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
    """
    settings = settings or FitSettings()
    R, E = check_labels(positions, energies, "label")
    if prior is None:
        config, elements = config or StudentConfig(), host_elements(dimer)
        base = general_prior(dimer.probe, elements, config)
        centres, sources = [base.mean], (0,)
        scaled = base
    else:
        check_prior(prior, dimer, config)
        prior = prior.to("cpu")
        config, elements = prior.config, prior.elements
        base = prior_after(prior)
        centres = [student.theta for student in prior.optima[: settings.restarts]]
        sources = tuple(prior.metadata.get("source", ()))[: len(centres)]
        scaled = replace(base, mean=centres[0], scale=settings.kappa)
    sigma = settings.noise_cm1(len(E), direct=prior is None)
    held = None
    if validation is not None:
        positions_v, energies_v = check_labels(*validation, "validation")
        held = (observe(dimer.host, elements, positions_v), energies_v)
    problem = Problem(
        stage="finetune",
        seen=observe(dimer.host, elements, R),
        targets=make_targets({"total": E}, sigma, settings.wall_cm1),
        centres=centres,
        width=scaled.width * scaled.scale,
        config=config,
        sources=sources,
        validation=held,
    )
    found = fit_members(problem, settings, prior is None, progress, should_stop, memory)
    members, record = found.students(dimer.probe, elements, config), found.record
    about = {**(prior.metadata if prior else {}), "stage": "finetune", "labels": len(E), "seed": settings.seed}
    about = {**about, "fit": record, **(metadata or {})}
    return Ensemble(members, scaled, sigma, error_bar_factor(record["scale"]), about, found.weights)
