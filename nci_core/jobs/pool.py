"""Where jobs run: a Dask cluster of this machine, of a batch system, or one that runs already."""

import contextlib
import tempfile
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nci_core.errors import JobError
from nci_core.jobs import clusters
from nci_core.jobs.cluster_settings import BatchSettings, ClusterSettings, LocalSettings, SchedulerSettings
from nci_core.jobs.sizes import Room, WorkerSize, largest, machine_gpus, resources_of, rooms_of
from nci_core.jobs.supervisor import Task, supervise
from nci_core.labels.environment import machine_memory_gb
from nci_core.store.schema import Job

CONNECT_SECONDS = 5.0
LOOK_SECONDS = 3.0


@dataclass(frozen=True)
class _Handed:
    future: Any
    job: Job


class Pool:
    """Runs `supervise` tasks; raises JobError if the cluster cannot be made or reached.

    Args:
        settings: which cluster.
        folder: the campaign folder, for the logs of batch jobs.
        workers: processes on this machine.
    """

    def __init__(self, settings: ClusterSettings, folder: Path, workers: int) -> None:
        self.settings = settings
        self._folder = folder
        self._workers = workers
        self._handed: dict[int, _Handed] = {}
        self._client: Any = None
        self._cluster: Any = None
        self._scratch: Any = None
        self._rooms: list[Room] = []
        self._memory_declared = True
        self._looked: float | None = None

    def __enter__(self) -> Self:
        clusters.configure()
        settings = self.settings
        if isinstance(settings, SchedulerSettings):
            self._client = self._connect()
            return self
        from distributed import Client

        if isinstance(settings, BatchSettings):
            self._cluster = clusters.batch_cluster(settings, self._folder)
            sizes = [clusters.batch_size(settings)] * settings.max_workers
        else:
            sizes = local_sizes(settings, self._workers)
            self._scratch = tempfile.TemporaryDirectory(prefix="nci-dask-")
            self._cluster = clusters.local_cluster(sizes, self._scratch.name)
        self._rooms = [Room(size.memory_gb, size.gpus) for size in sizes]
        self._client = Client(self._cluster, set_as_default=False)
        if isinstance(settings, BatchSettings):
            _prepare(self._client)
        return self

    def _connect(self) -> Any:
        from distributed import Client

        assert isinstance(self.settings, SchedulerSettings)
        address = self.settings.address
        try:
            client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
            _prepare(client)
        except Exception as error:
            raise JobError(
                f"No Dask scheduler answers at {address} ({type(error).__name__}); check the address."
            ) from error
        return client

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part in (self._client, self._cluster):
            if part is not None:
                with contextlib.suppress(Exception):  # it is going away, one way or another
                    part.close(timeout=10)
        if self._scratch is not None:
            with contextlib.suppress(OSError):
                self._scratch.cleanup()

    def resize(self, workers: int) -> None:
        """Start anew with another number of workers on this machine, while nothing runs."""
        self.__exit__(None, None, None)
        self._workers = workers
        self.__enter__()

    @property
    def address(self) -> str | None:
        """The scheduler's address, where others can reach it."""
        if isinstance(self.settings, SchedulerSettings):
            return self.settings.address
        return str(self._cluster.scheduler_address) if isinstance(self.settings, BatchSettings) else None

    def reachable(self) -> bool:
        """Whether the scheduler answers. One that has gone is looked for anew; jobs handed to it are forgotten."""
        if not isinstance(self.settings, SchedulerSettings):
            return True
        if self._client is not None and self._client.status == "running":
            return True
        self._handed.clear()
        self._looked = None
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.close(timeout=1)
            self._client = None
        try:
            self._client = self._connect()
        except JobError:
            return False
        return True

    def _look(self) -> None:
        """See which workers an existing scheduler has now."""
        if not isinstance(self.settings, SchedulerSettings):
            return
        if self._looked is not None and time.monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        try:
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
        except Exception:  # it went away just now: `reachable` says so at the next turn
            return
        self._rooms, self._memory_declared = rooms_of(workers)

    def rooms(self) -> list[Room]:
        """The workers that there are or can be, as if they were empty."""
        self._look()
        return [replace(room) for room in self._rooms]

    def capacity(self) -> int:
        """How many jobs can run at once."""
        return sum(room.slots for room in self.rooms())

    def sizes(self) -> list[WorkerSize]:
        """The largest workers; empty where a scheduler has none yet."""
        return largest(room.size for room in self.rooms())

    def submit(self, task: Task, job: Job) -> None:
        """Hand a job to a worker that has room for it."""
        future = self._client.submit(
            supervise,
            task,
            key=f"nci-job-{job.id}-{uuid.uuid4().hex[:8]}",
            pure=False,
            retries=0,
            priority=job.priority,
            resources=resources_of(job, with_memory=self._memory_declared) or None,
        )
        self._handed[job.id] = _Handed(future, job)

    def job_ids(self) -> set[int]:
        """Jobs that were handed over and not collected yet."""
        return set(self._handed)

    def take_back(self, job_id: int) -> None:
        """Let go of a job that has not begun; one that has is not disturbed."""
        handed = self._handed.pop(job_id, None)
        if handed is not None:
            with contextlib.suppress(Exception):
                handed.future.cancel()

    def collect(self) -> list[tuple[int, str, bool]]:
        """Tasks that ended since the last call: job id, what is known, whether the supervisor itself failed."""
        ended = []
        for job_id, handed in list(self._handed.items()):
            future = handed.future
            if not future.done():
                continue
            del self._handed[job_id]
            if future.status == "finished":
                ended.append((job_id, str(future.result()), False))
            elif future.status == "error":
                error = future.exception()
                text = " ".join(f"{type(error).__name__}: {error}".split())
                ended.append((job_id, text.rstrip("."), True))
            else:  # its scheduler or worker went away, which is no fault of the job's
                ended.append((job_id, f"its task was {future.status}", False))
        return ended


def _prepare(client: Any) -> None:
    from nci_core.jobs.leave_plugin import Leave

    client.register_plugin(Leave())


def local_memory_gb(settings: LocalSettings) -> float:
    """Memory of this machine for jobs."""
    return settings.memory_gb or machine_memory_gb()


def local_sizes(settings: LocalSettings, workers: int) -> list[WorkerSize]:
    """How this machine is shared out."""
    memory = local_memory_gb(settings)
    return clusters.worker_sizes(workers, memory, machine_gpus() if settings.gpus < 0 else settings.gpus)


def local_workers(settings: LocalSettings, asked: int | None, cores: int, largest_need_gb: float) -> int:
    """How many jobs this machine runs at once: as asked for, else one per core if each then has memory enough.

    >>> local_workers(LocalSettings(memory_gb=16.0), None, 8, 6.0)
    2
    >>> local_workers(LocalSettings(memory_gb=16.0), None, 8, 0.0)
    8
    """
    chosen = asked or settings.workers
    if chosen:
        return chosen
    return max(min(cores, int(local_memory_gb(settings) / largest_need_gb)), 1) if largest_need_gb else cores
