"""Distillation: a student learns a cheap teacher, or several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from nci_core.fitting.devices import choose
from nci_core.fitting.left_out import unseen_factor
from nci_core.fitting.members import DISPLACEMENT, fit_members
from nci_core.fitting.objective import make_targets
from nci_core.fitting.observations import Observation, by_host, check_observations, regions_of, systems_of
from nci_core.fitting.priors import general_prior
from nci_core.fitting.problem import Problem
from nci_core.fitting.run import FitRun
from nci_core.fitting.settings import FitSettings
from nci_core.fitting.tiles import observe
from nci_core.potentials.device import resolve_device
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.environments import pair_kinds
from nci_core.potentials.parameters import StudentConfig
from nci_core.potentials.remembered import system_records


@dataclass(frozen=True)
class Lesson:
    """A teacher's energies of one system or several.

    Attributes:
        teacher: its name.
        observations: what it says.
    """

    teacher: str
    observations: Sequence[Observation]


def distill(
    observations: Sequence[Observation],
    config: StudentConfig | None = None,
    settings: FitSettings | None = None,
    run: FitRun | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Ensemble:
    """Fit a student to a teacher's energies, of all systems at once.

    Where all observations have channels of the names of the student's terms, each is learnt by its own term, in one
    fit with a common ruler; their sum alone would let errors of one hide in the other. Otherwise the total is learnt.

    Args:
        observations: the teacher's interaction energies.
        config: terms of the student.
        settings: of the fit.
        run: who watches it, may stop it, and what it remembers.
        metadata: kept with the model.

    Raises InputError for energies that are not numbers, or channels that do not add up to them; CancelledError.
    """
    config, settings, run = config or StudentConfig(), settings or FitSettings(), run or FitRun()
    check_observations(observations, "teacher")
    observations = [each for each in observations if len(each)]
    dimers, sigma = systems_of(observations), settings.teacher_noise_cm1(len(by_host(observations)))
    kinds = pair_kinds(dimers)
    prior = general_prior(kinds, config)
    count = prior.mean.numel()

    def pose(some: Sequence[Observation], settings: FitSettings) -> Problem:
        return Problem(
            stage="distill",
            seen=observe(some, kinds, settings.device, parameters=count, students=settings.restarts),
            targets=make_targets(some, config.terms, sigma, settings.wall_cm1, apart=True),
            regions=regions_of(some),
            priors=[prior],
            config=config,
        ).to(resolve_device(settings.device))

    choice = choose(observations, settings, count, pose)
    settings = settings.model_copy(update={"device": choice.device})

    def problem(some: Sequence[Observation]) -> Problem:
        return pose(some, settings)

    found = fit_members(problem(observations), settings, run, direct=True).on(choice)
    best = found.optima[0].minimum.z
    unseen, record = unseen_factor(observations, problem, best, run, settings.tolerance)
    labels = sum(map(len, observations))
    about = {"stage": "distill", "labels": labels, "seed": settings.seed, "fit": {**found.record, **record}}
    about |= {**(metadata or {}), **system_records(dimers)}
    students = found.students(kinds, config)
    return Ensemble(students, prior, sigma, 1.0 / DISPLACEMENT, about, found.weights, unseen)


def distill_all(
    lessons: Sequence[Lesson],
    config: StudentConfig | None = None,
    settings: FitSettings | None = None,
    run: FitRun | None = None,
) -> Ensemble:
    """Distil each teacher and put the students side by side; arguments as `distill`.

    Teachers err in different ways, and so do the students fine-tuned from them: their mean errs less than either.
    Which of them is right where only labels can tell, so all have the same weight here.
    """
    run = run or FitRun()
    students = [
        distill(lesson.observations, config, settings, run.part(k, len(lessons)), {"teachers": [lesson.teacher]})
        for k, lesson in enumerate(lessons)
    ]
    return side_by_side(students)


def side_by_side(students: Sequence[Ensemble]) -> Ensemble:
    """Students of different teachers as one model: their best optima in turn, displaced members of the first.

    `metadata["source"]` says for each optimum which teacher it is of.
    """
    first = students[0]
    ranks = range(max(len(student.optima) for student in students))
    order = [(k, rank) for rank in ranks for k, student in enumerate(students) if rank < len(student.optima)]
    optima = [students[k].members[rank] for k, rank in order]
    weights = tuple(students[k].weights[rank] / len(students) for k, rank in order)
    about = {
        **first.metadata,
        "teachers": list(chain.from_iterable(student.metadata["teachers"] for student in students)),
        "labels": sum(int(student.metadata["labels"]) for student in students),
        "source": [k for k, _ in order],
    }
    members = (*optima, *first.members[len(first.optima) :])
    unseen = max(student.unseen for student in students)
    return Ensemble(members, first.prior, first.sigma_cm1, first.spread, about, weights, unseen)
