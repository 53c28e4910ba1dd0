"""Fine-tuning: a distilled student learns from few reference labels; without a teacher, a direct fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nci_core.errors import ModelError
from nci_core.fitting.devices import Choice, choose
from nci_core.fitting.left_out import ALONE, known_factor, unseen_factor
from nci_core.fitting.members import Fitted, error_bar_factor, fit_members
from nci_core.fitting.objective import make_targets
from nci_core.fitting.observations import Observation, by_host, check_observations, regions_of, systems_of
from nci_core.fitting.priors import direct_prior, prior_after
from nci_core.fitting.problem import Problem
from nci_core.fitting.run import FitRun
from nci_core.fitting.settings import FitSettings
from nci_core.fitting.tiles import Tiles, observe
from nci_core.potentials.agreement import check_pairs
from nci_core.potentials.device import resolve_device
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.environments import PairKind, pair_kinds
from nci_core.potentials.parameters import StudentConfig
from nci_core.potentials.prior import Prior
from nci_core.potentials.remembered import system_records
from nci_core.systems.dimer import Dimer


def check_prior(prior: Ensemble, dimers: Sequence[Dimer], config: StudentConfig | None) -> None:
    """ModelError when a model cannot be the prior of a fit to these dimers."""
    for dimer in dimers:
        check_pairs(prior, dimer, "The prior model")
    if config is not None and config != prior.config:
        raise ModelError(
            f"The prior model has the terms ({prior.config}), which a fit cannot change to ({config}); "
            "distil again with the new terms."
        )


@dataclass(frozen=True)
class Beginning:
    """What a fit of reference labels begins with.

    Attributes:
        kinds, config: of the student.
        priors: about each starting point, which take turns.
        sources: for each the number of its teacher.
        kept: what the model remembers as its prior.
        unseen: what error bars are multiplied by at other hosts.
    """

    kinds: tuple[PairKind, ...]
    config: StudentConfig
    priors: Sequence[Prior]
    sources: tuple[int, ...]
    kept: Prior
    unseen: float = ALONE

    def observe(self, observations: Sequence[Observation], settings: FitSettings) -> Tiles:
        """What the fit sees of these configurations."""
        count, students = len(self.kinds) * self.config.size, settings.restarts
        return observe(observations, self.kinds, settings.device, parameters=count, students=students)

    def choose(self, observations: Sequence[Observation], sigma_cm1: float, settings: FitSettings) -> Choice:
        """Where the fit to these observations runs."""
        count = len(self.kinds) * self.config.size
        return choose(observations, settings, count, lambda some, own: self.problem(some, sigma_cm1, own))

    def problem(self, observations: Sequence[Observation], sigma_cm1: float, settings: FitSettings) -> Problem:
        """The fit to labels with this noise."""
        return Problem(
            stage="finetune",
            seen=self.observe(observations, settings),
            targets=make_targets(observations, self.config.terms, sigma_cm1, settings.wall_cm1, apart=False),
            regions=regions_of(observations),
            priors=self.priors,
            config=self.config,
            sources=self.sources,
        )

    def error_bars(
        self, observations: Sequence[Observation], found: Fitted, sigma_cm1: float, settings: FitSettings, run: FitRun
    ) -> tuple[float, float, dict[str, Any]]:
        """What a fit's error bars are multiplied by, at its own hosts and, on top, at others; and what to remember.

        Those of one host are right as they are, and say nothing of others.
        """
        if len(by_host(observations)) < 2 or settings.members < 2:
            return 1.0, self.unseen, {}
        best = found.optima[0]

        def build(some: Sequence[Observation]) -> Problem:
            posed = self.problem(some, sigma_cm1, settings).to(resolve_device(settings.device))
            return replace(posed, priors=[best.objective.prior])

        known = known_factor(build(observations), best.objective, best.minimum.z)
        unseen, record = unseen_factor(observations, build, best.minimum.z, run, settings.tolerance)
        return known, max(1.0, unseen / known), {"known": round(known, 3), **record}

    def ensemble(
        self,
        observations: Sequence[Observation],
        found: Fitted,
        sigma_cm1: float,
        settings: FitSettings,
        run: FitRun,
        metadata: Mapping[str, Any],
    ) -> Ensemble:
        """The model that a fit from here found, with what `metadata` says beside what the fit does."""
        known, unseen, record = self.error_bars(observations, found, sigma_cm1, settings, run)
        factor = known * error_bar_factor(found.record["scale"])
        about = {"fit": {**found.record, **record}, **metadata, **system_records(systems_of(observations))}
        students = found.students(self.kinds, self.config)
        return Ensemble(students, self.kept, sigma_cm1, factor, about, found.weights, unseen)


def beginning(
    observations: Sequence[Observation], prior: Ensemble | None, config: StudentConfig | None, settings: FitSettings
) -> Beginning:
    """From the optima of a distilled model, or from general physics; ModelError for a model that cannot be a prior."""
    dimers = systems_of(observations)
    if prior is None:
        config, kinds = config or StudentConfig(), pair_kinds(dimers)
        general = direct_prior(kinds, config)
        return Beginning(kinds, config, [general], (0,), general)
    check_prior(prior, dimers, config)
    prior = prior.to("cpu")
    centres = [student.theta for student in prior.optima[: settings.restarts]]
    sources = tuple(prior.metadata.get("source", ()))[: len(centres)]
    # Whatever the model was fitted to, independent widths: which parameters its labels tied together is its own.
    scaled = replace(prior_after(prior).independent(), mean=centres[0], scale=settings.kappa)
    return Beginning(
        prior.kinds, prior.config, [scaled.at(centre) for centre in centres], sources, scaled, prior.unseen
    )


def noise_cm1(observations: Sequence[Observation], settings: FitSettings, *, direct: bool) -> float:
    """σ in cm⁻¹ of one of these labels, by how many there are and of how many hosts."""
    return settings.noise_cm1(sum(map(len, observations)), direct=direct, hosts=len(by_host(observations)))


def learnt_before(prior: Ensemble | None) -> dict[str, Any]:
    """What a model keeps of its prior's metadata: all but how that was fitted."""
    return {} if prior is None else {name: value for name, value in prior.metadata.items() if name != "fit"}


def finetune(
    observations: Sequence[Observation],
    prior: Ensemble | None = None,
    config: StudentConfig | None = None,
    settings: FitSettings | None = None,
    run: FitRun | None = None,
    validation: Sequence[Observation] = (),
    metadata: Mapping[str, Any] | None = None,
) -> Ensemble:
    """Fit a student to reference labels of one recipe, of all systems at once.

    Give as prior the distilled model, round after round, together with all labels so far: a prior
    that has already seen some of the labels would count them twice.

    Args:
        observations: the labels.
        prior: distilled model whose parameters are the prior's centre; its widths are those of `prior_after`,
            times settings.kappa; None fits directly, from general physics.
        config: terms of the student; those of the prior if there is one.
        settings: of the fit.
        run: who watches it, may stop it, and what it remembers.
        validation: energies whose errors progress reports; they are not fitted and choose nothing.
        metadata: kept with the model, after the prior's.

    Raises InputError for energies that are not numbers; ModelError for a prior that does not fit; CancelledError.
    """
    settings, run = settings or FitSettings(), run or FitRun()
    check_observations(observations, "label")
    observations = [each for each in observations if len(each)]
    begin = beginning(observations, prior, config, settings)
    labels = sum(map(len, observations))
    sigma = noise_cm1(observations, settings, direct=prior is None)
    choice = begin.choose(observations, sigma, settings)
    settings = settings.model_copy(update={"device": choice.device})
    problem = begin.problem(observations, sigma, settings)
    if validation:
        check_observations(validation, "validation")
        held = begin.observe(validation, settings)
        energies = np.concatenate([each.energies for each in validation])
        problem = replace(problem, validation=(held, energies, regions_of(validation)))
    found = fit_members(problem, settings, run, direct=prior is None).on(choice)
    about = {**learnt_before(prior), "stage": "finetune", "labels": labels, "seed": settings.seed}
    return begin.ensemble(observations, found, sigma, settings, run, {**about, **(metadata or {})})
