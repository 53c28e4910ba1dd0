"""A teacher tried on a new dimer at a few points: does it cover the elements, how fast is it, is it sane?"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.errors import NCIError, TeacherError
from nci_core.sampling import as_guide, sample
from nci_core.systems.dimer import Dimer
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]

#: Points from which the deepest one of the guide is taken, and their seed.
LOOKED_AT, SEED = 200, 1
#: Beyond the well (Å) a teacher's energy must have vanished, to within this (cm⁻¹).
FAR, GONE_CM1 = 15.0, 0.5
#: Guide energy (cm⁻¹) of the point close in; the guide is off by up to a factor of two there.
CLOSE_CM1 = 1500.0
#: Distances (Å) beyond the guide's well at which attraction is looked for.
AROUND_WELL = (0.0, 0.4, 1.0)


@dataclass(frozen=True)
class Trial:
    """What came of it.

    Attributes:
        spec: the teacher's specification.
        problem: why it cannot teach this dimer, one sentence; empty if it can.
        seconds: measured CPU time of one configuration, without the first, which makes ready: what a busy machine
            does beside does not count.
        doubts: sentences on what looks wrong in its energies.
        distances: (k,) in Å from the host's centre, from close in to far away.
        energies_cm1: (k,) in cm⁻¹ there.
    """

    spec: str
    problem: str = ""
    seconds: float = 0.0
    doubts: tuple[str, ...] = ()
    distances: tuple[float, ...] = ()
    energies_cm1: tuple[float, ...] = ()

    @property
    def deepest_cm1(self) -> float:
        """The lowest energy that was found, in cm⁻¹."""
        return min(self.energies_cm1, default=0.0)


def trial_points(dimer: Dimer) -> tuple[FloatArray, FloatArray]:
    """Distances (k,) from the host's centre and positions (k, 3), in Å, on the ray through the guide's deepest point.

    The first lies on the wall, the last far away. Raises InputError where the guide lacks an element.
    """
    guide = as_guide(dimer, None)
    found = sample(dimer, LOOKED_AT, SEED)
    deepest = found.positions[int(found.energies.argmin())]
    well = float(np.linalg.norm(deepest - dimer.a.centre))
    direction = (deepest - dimer.a.centre) / well
    inward = np.arange(well, 0.5, -0.02)
    wall = to_cm1(guide(dimer.a.centre + inward[:, None] * direction)) > CLOSE_CM1
    close = float(inward[wall.argmax()]) if wall.any() else 0.7 * well
    distances = np.array([close, *(well + more for more in AROUND_WELL), well + FAR])
    return distances, dimer.a.centre + distances[:, None] * direction


def try_teacher(
    dimer: Dimer, spec: str, *, trusted: bool = False, sha256: str | None = None, device: str = "auto"
) -> Trial:
    """Check a teacher's cover and evaluate it at five points; what it cannot do is in the result, not raised."""
    from nci_core.teachers.registry import find_teacher
    from nci_core.teachers.sanity import doubt

    seconds: list[float] = []
    try:
        teacher = find_teacher(spec, trusted=trusted, sha256=sha256, device=device)
        teacher.check(dimer)
        distances, positions = trial_points(dimer)
        wall, cpu = time.perf_counter(), _cpu_seconds()
        labels = teacher.evaluate(dimer.at(positions), on_point=lambda point: seconds.append(point.seconds))
        share = (_cpu_seconds() - cpu) / max(time.perf_counter() - wall, 1e-6)
        absurd = doubt(teacher, dimer)
    except NCIError as error:
        return Trial(spec, problem=f"{'' if isinstance(error, TeacherError) else 'It cannot be tried: '}{error}")
    energies = to_cm1(labels.energy)
    return Trial(
        spec,
        seconds=share * float(np.median(seconds[1:])),
        doubts=(*doubts(energies), *([f"{absurd}."] if absurd else ())),
        distances=tuple(distances.tolist()),
        energies_cm1=tuple(energies.tolist()),
    )


def _cpu_seconds() -> float:
    """Of this process and of those it waited for."""
    return sum(os.times()[:4])


def doubts(energies_cm1: Sequence[float] | FloatArray) -> list[str]:
    """What is wrong with energies (k,) in cm⁻¹ along a ray, close in first and far away last; one sentence each.

    >>> doubts([800.0, -20.0, -15.0, 0.0]), len(doubts([-800.0, 20.0, 15.0, 3.0]))
    ([], 3)
    """
    close, *between, far = (float(value) for value in energies_cm1)
    found = []
    if close <= 0:
        found.append(f"It attracts close in ({close:.0f} cm⁻¹), where atoms overlap.")
    if min(between) >= 0:
        found.append("It attracts nowhere along the line that was tried.")
    if abs(far) > GONE_CM1:
        found.append(f"Its energy does not vanish far away ({far:+.2f} cm⁻¹).")
    return found
