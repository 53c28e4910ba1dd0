"""What every teacher offers: supermolecular interaction energies of a dimer, point by point."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from nci_core.errors import TeacherError
from nci_core.systems import Configurations, Dimer, RigidForces
from nci_core.teachers.identity import Identity

FloatArray = npt.NDArray[np.float64]

#: Of teachers that compute Hartree–Fock, where the specification names none.
DEFAULT_BASIS = "aug-cc-pvdz"

#: Called with (done, total) after each finished point.
Progress = Callable[[int, int], None]

#: Channels may miss the energy by this much (eV), the rounding of a sum of Hartree totals.
SUM_TOLERANCE = 1e-9


@dataclass(frozen=True)
class TeacherPoint:
    """The teacher's result for one configuration.

    Attributes:
        index: row of the configuration among those that were asked for.
        energy: supermolecular interaction energy in eV.
        channels: name → eV; their sum is `energy`.
        force: (3,) in eV/Å on b, or None when the teacher has no forces.
        seconds: wall time of this point; points of one batch share the batch's time evenly.
        torque: (3,) in eV about b's centre; zero where there is a force and none is given, as for an atom.
    """

    index: int
    energy: float
    channels: dict[str, float]
    force: FloatArray | None
    seconds: float
    torque: FloatArray | None = None

    def __post_init__(self) -> None:
        if self.force is not None and self.torque is None:
            object.__setattr__(self, "torque", np.zeros(3))


#: Called with each point as soon as it is finished, so that the caller can store it.
OnPoint = Callable[[TeacherPoint], None]


@dataclass(frozen=True)
class TeacherLabels:
    """The teacher's results for m configurations.

    Attributes:
        energy: (m,) supermolecular interaction energies in eV.
        channels: name → (m,) eV; their sum is `energy`.
        forces: on b, with their torques, or None when the teacher has no forces.
        seconds: wall time of all points together.

    Raises TeacherError if a number is not finite or the channels do not add up, so that a bad
    label cannot be stored unseen.
    """

    energy: FloatArray
    channels: dict[str, FloatArray]
    forces: RigidForces | None
    seconds: float

    def __post_init__(self) -> None:
        total = np.zeros_like(self.energy)
        for name, values in self.channels.items():
            if values.shape != self.energy.shape:
                raise TeacherError(
                    f"Channel {name!r} has {values.shape} values for {self.energy.shape} energies of the teacher."
                )
            total = total + values
        pulls = () if self.forces is None else (("force", self.forces.force), ("torque", self.forces.torque))
        for what, array in (("energy", self.energy), *pulls):
            if not np.isfinite(array).all():
                row = int(np.argwhere(~np.isfinite(array))[0, 0])
                raise TeacherError(f"The teacher's {what} at position {row} is not a number.")
        if not np.allclose(total, self.energy, rtol=1e-9, atol=SUM_TOLERANCE):
            raise TeacherError(f"The teacher's channels {', '.join(self.channels)} do not add up to its energy.")


@runtime_checkable
class Teacher(Protocol):
    """A cheap potential.

    Attributes:
        name: stable, for people.
        channels: ("total",), or names of the student's terms and of their sums (`fitting.observations.SUMS`).
    """

    name: str
    channels: tuple[str, ...]

    def check(self, dimer: Dimer) -> None:
        """Raise TeacherError, in one sentence, if this teacher cannot treat the dimer."""
        ...

    def identity(self) -> Identity:
        """Which teacher this is, asked after `check`: its labels are stored under this name."""
        ...

    def evaluate(
        self,
        configurations: Configurations,
        *,
        progress: Progress | None = None,
        on_point: OnPoint | None = None,
    ) -> TeacherLabels:
        """Labels of m configurations; `on_point` gets each point as soon as it is finished."""
        ...


class TeacherBase(ABC):
    """Gives a teacher `evaluate` from an iterator over points.

    A caller that stores points as they come, and resumes later, either passes `on_point` or
    loops over `points` itself with the configurations that are still missing. An exception raised
    by a callback (CancelledError, say) ends the run; the points before it have been handed over.
    """

    name: str
    channels: tuple[str, ...] = ("total",)

    @abstractmethod
    def check(self, dimer: Dimer) -> None:
        """Raise TeacherError, in one sentence, if this teacher cannot treat the dimer."""

    def identity(self) -> Identity:
        """Which teacher this is: its name says all, unless a file or another program decides what it computes."""
        return Identity(self.name)

    @abstractmethod
    def points(self, configurations: Configurations) -> Iterator[TeacherPoint]:
        """Yield one TeacherPoint for each configuration, in their order."""

    def evaluate(
        self,
        configurations: Configurations,
        *,
        progress: Progress | None = None,
        on_point: OnPoint | None = None,
    ) -> TeacherLabels:
        """Labels of m configurations; `on_point` gets each point as soon as it is finished.

        Raises InputError for molecules as probes, which no teacher treats yet, and for atoms that overlap.
        """
        configurations.dimer.check_computable()
        configurations.checked()
        self.check(configurations.dimer)
        start = time.perf_counter()
        return collect(self.points(configurations), len(configurations), start, progress, on_point, self.channels)


def finite_point(
    index: int, channels: Mapping[str, float], force: FloatArray | None, seconds: float, name: str
) -> TeacherPoint:
    """A TeacherPoint whose energy is the sum of its channels (eV); TeacherError if a number is not finite."""
    if not np.isfinite(list(channels.values())).all() or not (force is None or np.isfinite(force).all()):
        raise TeacherError(f"Teacher {name} gave no finite energy at position {index}.")
    parts = {name: float(value) for name, value in channels.items()}
    return TeacherPoint(index, sum(parts.values()), parts, force, seconds)


def collect(
    points: Iterable[TeacherPoint],
    total: int,
    start: float,
    progress: Progress | None,
    on_point: OnPoint | None,
    channels: tuple[str, ...],
) -> TeacherLabels:
    """Gather points into labels, calling back after each one."""
    done: list[TeacherPoint] = []
    for point in points:
        done.append(point)
        if on_point is not None:
            on_point(point)
        if progress is not None:
            progress(len(done), total)
    pulled = [(p.force, p.torque) for p in done if p.force is not None]
    return TeacherLabels(
        energy=np.array([p.energy for p in done]),
        channels={name: np.array([p.channels[name] for p in done]) for name in channels},
        forces=RigidForces(*np.array(pulled).transpose(1, 0, 2)) if pulled and len(pulled) == len(done) else None,
        seconds=time.perf_counter() - start,
    )
