"""Distillation: a student learns a cheap teacher, or several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.fitting.members import DISPLACEMENT, Problem, Progress, ShouldStop, fit_members
from nci_core.fitting.memory import FitMemory
from nci_core.fitting.objective import check_labels, make_targets, observe
from nci_core.fitting.priors import general_prior
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.agreement import HOST, host_record
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.parameters import StudentConfig
from nci_core.regions import RegionBounds
from nci_core.systems.dimer import Dimer


@dataclass(frozen=True)
class Lesson:
    """A teacher's energies at configurations of a dimer.

    Attributes:
        teacher: its name.
        positions: (m, 3) probe positions in Å.
        energies: (m,) in eV.
        channels: name → (m,) in eV, whose sum is the energy.
    """

    teacher: str
    positions: npt.NDArray[np.float64]
    energies: npt.NDArray[np.float64]
    channels: Mapping[str, npt.NDArray[np.float64]]


def host_elements(dimer: Dimer) -> tuple[str, ...]:
    """Elements of the host, sorted."""
    return tuple(sorted(set(dimer.a.symbols)))


def distill(
    dimer: Dimer,
    positions: npt.ArrayLike,
    energies: npt.ArrayLike,
    channels: Mapping[str, npt.ArrayLike] | None = None,
    config: StudentConfig | None = None,
    settings: FitSettings | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    metadata: Mapping[str, Any] | None = None,
    memory: FitMemory | None = None,
    bounds: RegionBounds | None = None,
) -> Ensemble:
    """Fit a student to a teacher's energies.

    With channels "repulsion" and "dispersion" each is learnt by its own terms, in one fit with a
    common ruler; their sum alone would let errors of one hide in the other. Any other set of
    channels means that the total is learnt.

    Args:
        dimer: host and probe.
        positions: (m, 3) probe positions in Å.
        energies: (m,) teacher's interaction energies in eV.
        channels: name → (m,) in eV, whose sum is the energy.
        config: terms of the student.
        settings: of the fit.
        progress: called with a dictionary after every step.
        should_stop: asked before every step; CancelledError follows a yes.
        metadata: kept with the model.
        memory: where a fit that is stopped remembers how far it came.
        bounds: of the regions that progress reports errors by.
    """
    config, settings = config or StudentConfig(), settings or FitSettings()
    R, E = check_labels(positions, energies, "teacher")
    labels = {"total": E}
    if channels is not None and set(channels) == {"repulsion", "dispersion"}:
        labels = {name: check_labels(R, channels[name], f"teacher's {name}")[1] for name in ("repulsion", "dispersion")}
        if not np.allclose(labels["repulsion"] + labels["dispersion"], E, rtol=1e-6, atol=1e-9):
            raise InputError("The teacher's repulsion and dispersion do not add up to its energy.")
    elements = host_elements(dimer)
    prior = general_prior(dimer.b.symbols[0], elements, config)
    sigma = settings.teacher_sigma_cm1
    problem = Problem(
        stage="distill",
        seen=observe(dimer.a, elements, R, settings.device),
        targets=make_targets(labels, sigma, settings.wall_cm1),
        centres=[prior.mean],
        widths=[prior.width],
        config=config,
        bounds=bounds or RegionBounds(),
    )
    found = fit_members(problem, settings, True, progress, should_stop, memory)
    members = found.students(dimer.b.symbols[0], elements, config)
    about = {"stage": "distill", "labels": len(E), "seed": settings.seed, "fit": found.record, **(metadata or {})}
    about |= {HOST: host_record(dimer.a)}
    return Ensemble(members, prior, sigma, 1.0 / DISPLACEMENT, about, found.weights)


def distill_all(
    dimer: Dimer,
    lessons: Sequence[Lesson],
    config: StudentConfig | None = None,
    settings: FitSettings | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    memory: FitMemory | None = None,
    bounds: RegionBounds | None = None,
) -> Ensemble:
    """Distil each teacher and put the students side by side; arguments as `distill`.

    Teachers err in different ways, and so do the students fine-tuned from them: their mean errs less than either.
    Which of them is right where only labels can tell, so all have the same weight here.
    """
    memory = memory or FitMemory()
    students = []
    for k, lesson in enumerate(lessons):

        def report(event: dict[str, Any], k: int = k) -> None:
            if progress is not None:
                total = event["members"]
                progress({**event, "member": k * total + event["member"], "members": len(lessons) * total})

        labels = lesson.positions, lesson.energies, lesson.channels
        about = {"teachers": [lesson.teacher]}
        students.append(distill(dimer, *labels, config, settings, report, should_stop, about, memory, bounds))
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
    return Ensemble(members, first.prior, first.sigma_cm1, first.spread, about, weights)
