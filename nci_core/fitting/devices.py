"""Where a fit is computed: asked for, or found by measuring it.

A GPU pays where a step has much to compute; a fit to some hundred labels is over before a GPU is ready. So with "auto"
a step of the very fit is timed on this machine: on the processor, and where the whole fit would take longer there than
starting a GPU takes, on the GPU too.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from nci_core.fitting.objective import Together
from nci_core.fitting.observations import Observation
from nci_core.fitting.problem import Problem
from nci_core.fitting.run import one_core
from nci_core.fitting.settings import FitSettings
from nci_core.fitting.tiles import FEATURES, KEPT_BYTES, bytes_each, tile_rows
from nci_core.potentials.device import resolve_device

#: Steps of a whole fit, all starting points side by side: over benzene 100 to 140, the later ones of fewer.
STEPS = 80
#: Seconds until a GPU of a new process has computed its first step (context and kernels).
START_SECONDS = 3.0
#: Labels of which a step is timed on the processor, and on a GPU few and many.
SAMPLE, GPU_SAMPLES = 512, (512, 8192)

#: The fit to some observations with these settings.
Pose = Callable[[Sequence[Observation], FitSettings], Problem]


@dataclass(frozen=True)
class Choice:
    """Where a fit runs.

    Attributes:
        device: "cpu" or "cuda", perhaps with a number.
        name: of the device, for people.
        why: it was chosen, as a clause.
        memory_gb: what the fit takes there at most, predicted.
    """

    device: str
    name: str
    why: str
    memory_gb: float

    @property
    def record(self) -> dict[str, Any]:
        """What a model remembers of it."""
        memory = float(f"{self.memory_gb:.2g}")
        return {"device_name": self.name, "device_why": self.why, "memory_gb": memory}


def device_name(device: torch.device) -> str:
    """The name of a device, for people.

    >>> device_name(torch.device("cpu"))
    'processor, one core'
    """
    if device.type == "cpu":
        return "processor, one core"
    has = torch.cuda.get_device_properties(device)
    return f"{has.name} ({has.total_memory / 1e9:.0f} GB)"


def predicted_gb(rows: int, pairs: int, parameters: int, students: int, count: int) -> float:
    """GB that a fit takes at most where it is computed.

    Its tile, the features that are kept, what each label has, and the curvatures of here, of there and their factor.

    >>> round(predicted_gb(341, 12, 314, 8, 10_000), 2), round(predicted_gb(341, 12, 314, 8, 1_000_000), 2)
    (0.15, 0.45)
    """
    tile = rows * bytes_each(pairs, parameters, students)
    labels = 8.0 * count * (8 + 3 * students) + min(KEPT_BYTES, 8.0 * FEATURES * pairs * count)
    derivatives = students * 8.0 * parameters * (2 * count if count < parameters else 4 * parameters)
    return (tile + labels + derivatives) / 1e9


def step_seconds(problem: Problem, students: int) -> float:
    """Seconds of one step of a fit of so many students; the first, which makes ready, does not count."""
    device = problem.targets.energies.device
    together = Together([problem.objective(k) for k in range(students)])
    z = problem.priors[0].mean.new_zeros(students, problem.priors[0].mean.numel())
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        here = together.about(z, range(students))
        here.step(here.mean_curvature())
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - start)
    return best


def choose(
    observations: Sequence[Observation],
    settings: FitSettings,
    parameters: int,
    pose: Pose,
    *,
    has_gpu: Callable[[], bool] = torch.cuda.is_available,
    seconds: Callable[[Problem, int], float] = step_seconds,
) -> Choice:
    """Where a fit to these observations runs, by its settings or measured.

    Args:
        observations: all of them.
        settings: whose device may be "auto".
        parameters: of a student.
        pose: the fit to some of the observations.
        has_gpu, seconds: what is asked of this machine.

    Raises InputError for a device that is not there.
    """
    students, count = settings.restarts, sum(map(len, observations))
    pairs = max(len(each.configurations.dimer.a.symbols) for each in observations)

    def chosen(device: str, why: str) -> Choice:
        where = resolve_device(device)
        rows = min(count, tile_rows(where, pairs, parameters, students))
        return Choice(str(where), device_name(where), why, predicted_gb(rows, pairs, parameters, students, count))

    def timed(device: str, some: int) -> float:
        own = settings.model_copy(update={"device": device})
        return seconds(pose(some_of(observations, some), own).to(resolve_device(device)), students)

    if settings.device != "auto":
        return chosen(settings.device, "asked for")
    if not has_gpu():
        return chosen("cpu", "there is no GPU here")
    with one_core():
        # With fewer labels than parameters another way is taken, whose time says nothing of that with more.
        sample = min(count, max(SAMPLE, 2 * parameters))
        on_core = timed("cpu", sample) * count / sample
        if on_core * STEPS < START_SECONDS:
            return chosen("cpu", f"about {on_core * STEPS:.1f} s there, sooner than a GPU is ready")
        few, many = (min(count, max(size, 2 * parameters)) for size in GPU_SAMPLES)
        small, large = timed("cuda", few), timed("cuda", many)
        on_gpu = large + max(large - small, 0.0) / max(many - few, 1) * (count - many)
    why = f"a step takes {on_gpu * 1e3:.3g} ms on the GPU and {on_core * 1e3:.3g} ms on a core"
    return chosen("cuda" if on_gpu < on_core else "cpu", why)


def some_of(observations: Sequence[Observation], count: int) -> list[Observation]:
    """The first energies of each, `count` in all and of all hosts as many as their share; at least one of each."""
    total = sum(map(len, observations))
    return [each.first(max(1, len(each) * count // total)) for each in observations]
