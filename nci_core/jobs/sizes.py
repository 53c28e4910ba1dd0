"""What jobs need and what workers have: memory and GPUs. A job goes only where it fits."""

import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nci_core.store.schema import Job

#: Names of the resources that workers declare: dask worker … --resources "memory_gb=16 gpu=1".
MEMORY, GPU = "memory_gb", "gpu"


@dataclass(frozen=True, order=True)
class WorkerSize:
    """What one worker, or each of several equal ones, has.

    Attributes:
        memory_gb: memory for its jobs; infinite where nobody limits it.
        gpus: GPUs for its jobs.
    """

    memory_gb: float = float("inf")
    gpus: int = 0

    def fits(self, job: Job) -> bool:
        """Whether a job can run there."""
        return (job.needs_memory_gb or 0.0) <= self.memory_gb and job.needs_gpus <= self.gpus


def largest(sizes: Iterable[WorkerSize]) -> list[WorkerSize]:
    """The sizes that no other one exceeds.

    >>> largest([WorkerSize(8.0), WorkerSize(4.0, 1), WorkerSize(2.0, 1), WorkerSize(8.0)])
    [WorkerSize(memory_gb=4.0, gpus=1), WorkerSize(memory_gb=8.0, gpus=0)]
    """
    distinct = set(sizes)
    return sorted(
        size
        for size in distinct
        if not any(
            other != size and other.memory_gb >= size.memory_gb and other.gpus >= size.gpus for other in distinct
        )
    )


@dataclass
class Room:
    """What is still free on one worker.

    Attributes:
        memory_gb: memory.
        gpus: GPUs.
        slots: jobs that it can still take.
    """

    memory_gb: float
    gpus: int = 0
    slots: int = 1

    @property
    def size(self) -> WorkerSize:
        """The largest job that still fits."""
        return WorkerSize(self.memory_gb, self.gpus)

    def take(self, job: Job) -> None:
        """Let a job use it."""
        self.slots -= 1
        self.memory_gb = max(self.memory_gb - (job.needs_memory_gb or 0.0), 0.0)
        self.gpus = max(self.gpus - job.needs_gpus, 0)


def place(rooms: Sequence[Room], job: Job) -> bool:
    """Let a job use the smallest room that is large enough; False if there is none now."""
    fitting = [room for room in rooms if room.slots > 0 and room.size.fits(job)]
    if fitting:
        min(fitting, key=lambda room: (room.gpus, room.memory_gb)).take(job)
    return bool(fitting)


def occupy(rooms: Sequence[Room], job: Job) -> None:
    """The same for a job that runs already; Dask may have put it into another room than `place` would."""
    if not place(rooms, job):
        free = [room for room in rooms if room.slots > 0]
        if free:
            max(free, key=lambda room: (room.gpus, room.memory_gb)).take(job)


def resources_of(job: Job, *, with_memory: bool) -> dict[str, float]:
    """What Dask must find free on a worker before it starts the job there."""
    needs = {MEMORY: job.needs_memory_gb or 0.0, GPU: float(job.needs_gpus)}
    return {name: value for name, value in needs.items() if value > 0 and (with_memory or name != MEMORY)}


def rooms_of(workers: Mapping[str, Mapping[str, Any]]) -> tuple[list[Room], bool]:
    """The rooms of an existing scheduler's workers, and whether any of them declares its memory.

    Where none does, each thread counts as the smallest share of the `--memory-limit` that Dask workers
    have: Dask then does not look where a job goes, so it must fit anywhere.
    """
    rows = [row for row in workers.values() if row["nthreads"]]
    if any(MEMORY in row["resources"] for row in rows):
        return [
            Room(float(row["resources"].get(MEMORY, 0.0)), int(row["resources"].get(GPU, 0)), int(row["nthreads"]))
            for row in rows
        ], True
    limits = [row["memory_limit"] / row["nthreads"] / 1e9 for row in rows if row["memory_limit"]]
    share = min(limits, default=float("inf"))
    found = []
    for row in rows:
        gpus = int(row["resources"].get(GPU, 0))
        found += [Room(share, gpus if thread == 0 else 0) for thread in range(row["nthreads"])]
    return found, False


def why_too_large(job: Job, sizes: Sequence[WorkerSize]) -> str | None:
    """One sentence on a job that no worker has room for; None when it fits one, or none is known."""
    if not sizes or any(size.fits(job) for size in sizes):
        return None
    if job.needs_gpus > max(size.gpus for size in sizes):
        more = "a GPU" if job.needs_gpus == 1 else f"{job.needs_gpus} GPUs"
        return f"It needs {more} and no worker has that; start one that declares it, or ask for the CPU instead."
    with_gpu = [size.memory_gb for size in sizes if size.gpus >= job.needs_gpus]
    which = "largest worker with a GPU" if job.needs_gpus else "largest worker"
    return (
        f"It needs {job.needs_memory_gb:.3g} GB of memory and the {which} "
        f"has {max(with_gpu):.3g}; use fewer or larger workers."
    )


def machine_gpus() -> int:
    """NVIDIA GPUs of this machine, counted without loading CUDA."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    try:
        listed = subprocess.run([tool, "-L"], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())
