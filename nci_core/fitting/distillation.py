"""Distillation: a student learns a cheap teacher."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.fitting.members import DISPLACEMENT, Problem, Progress, ShouldStop, fit_members
from nci_core.fitting.memory import FitMemory
from nci_core.fitting.objective import check_labels, make_targets, observe
from nci_core.fitting.priors import general_prior
from nci_core.fitting.settings import FitSettings
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.parameters import StudentConfig
from nci_core.potentials.student import Student
from nci_core.systems.dimer import Dimer


def host_elements(dimer: Dimer) -> tuple[str, ...]:
    """Elements of the host, sorted."""
    return tuple(sorted(set(dimer.host.symbols)))


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
    """
    config, settings = config or StudentConfig(), settings or FitSettings()
    R, E = check_labels(positions, energies, "teacher")
    labels = {"total": E}
    if channels is not None and set(channels) == {"repulsion", "dispersion"}:
        labels = {name: check_labels(R, channels[name], f"teacher's {name}")[1] for name in ("repulsion", "dispersion")}
        if not np.allclose(labels["repulsion"] + labels["dispersion"], E, rtol=1e-6, atol=1e-9):
            raise InputError("The teacher's repulsion and dispersion do not add up to its energy.")
    elements = host_elements(dimer)
    prior = general_prior(dimer.probe, elements, config)
    sigma = settings.teacher_sigma_cm1
    problem = Problem(
        stage="distill",
        seen=observe(dimer.host, elements, R),
        targets=make_targets(labels, sigma, settings.wall_cm1),
        centres=[prior.mean],
        width=prior.width,
        config=config,
    )
    thetas, record = fit_members(problem, settings, True, progress, should_stop, memory)
    members = tuple(Student(dimer.probe, elements, config, theta) for theta in thetas)
    about = {"stage": "distill", "labels": len(E), "seed": settings.seed, "fit": record, **(metadata or {})}
    return Ensemble(members, prior, sigma, 1.0 / DISPLACEMENT, about)
