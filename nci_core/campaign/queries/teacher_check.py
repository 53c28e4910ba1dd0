"""A teacher looked at before it teaches: loaded for real on a dimer, in a process of its own."""

import importlib.metadata
import importlib.util
import resource
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from nci_core.campaign.queries.teacher_trial import Trial, trial_points, try_teacher
from nci_core.files import MB
from nci_core.jobs.predictor import Predictor
from nci_core.systems.dimer import Dimer
from nci_core.teachers.catalogue import Preset
from nci_core.teachers.downloads import Source, folder, is_here

#: Seconds that a check may take: Hartree–Fock of a large host needs minutes.
SECONDS = 3600.0
#: Networks are measured with so many points at once; teachers slower than SLOW_S a point with those of the trial.
MEASURED, SLOW_S = 64, 0.5
LATE = "The teacher did not answer within {seconds:.0f} s; the machine may be busy, or the host too large."


@dataclass(frozen=True)
class TeacherCheck:
    """What was found.

    Attributes:
        trial: its energies at five points, and what looks wrong in them; the `problem` if it cannot be used.
        identity: the name that its labels would be stored under.
        details: digests and versions behind that name.
        labels_per_s: wall time, points one after the other or in batches as the teacher has them.
        memory_mb: the most that its process has had.
    """

    trial: Trial
    identity: str = ""
    details: Mapping[str, str] = field(default_factory=dict)
    labels_per_s: float = 0.0
    memory_mb: float = 0.0

    @property
    def good(self) -> bool:
        """Whether it can teach this dimer and nothing looks wrong."""
        return not self.trial.problem and not self.trial.doubts


def check_teacher(
    dimer: Dimer, spec: str, *, trusted: bool = False, sha256: str | None = None, device: str = "auto"
) -> TeacherCheck:
    """Load a teacher in another process, which ends afterwards, and look at it there; raises JobError if that dies."""
    process = Predictor(SECONDS, LATE)
    try:
        return process.ask(partial(_look, trusted=trusted, sha256=sha256, device=device), (dimer, spec))
    finally:
        process.close()


def _look(dimer: Dimer, spec: str, *, trusted: bool, sha256: str | None, device: str) -> TeacherCheck:
    trial = try_teacher(dimer, spec, trusted=trusted, sha256=sha256, device=device)
    if trial.problem:
        return TeacherCheck(trial)
    from nci_core.teachers.registry import find_teacher

    teacher = find_teacher(spec, trusted=trusted, sha256=sha256, device=device)
    teacher.check(dimer)
    found, speed = teacher.identity(), 1.0 / max(trial.seconds, 1e-9)
    if trial.seconds < SLOW_S:
        _, places = trial_points(dimer)
        at = dimer.at(places[[k % len(places) for k in range(MEASURED)]])
        teacher.evaluate(at)  # which makes ready
        start = time.perf_counter()
        teacher.evaluate(at)
        speed = MEASURED / (time.perf_counter() - start)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MB
    return TeacherCheck(replace(trial), found.name, dict(found.details), speed, most)


def is_installed(preset: Preset) -> str:
    """The version of a preset's package; empty where it is not installed. Imports nothing."""
    try:
        return importlib.metadata.version(preset.package) if importlib.util.find_spec(preset.module) else ""
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return ""


def weights_in_words(preset: Preset) -> str:
    """Where the weights of a preset are now, in a few words."""
    if preset.weights == "none":
        return "none needed"
    if preset.weights == "wheel":
        return "in its package"
    if preset.weights == "package":
        return "fetched by its package"
    return "here" if is_here(Source.of(preset)) else "to download"


def where(preset: Preset) -> str:
    """Where the file of a preset is, or is to be put."""
    return str(folder() / preset.file_name) if preset.weights == "download" else ""
