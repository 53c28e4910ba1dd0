"""Where jobs run: a local Dask cluster of one-thread worker processes, or an existing scheduler."""

import contextlib
import tempfile
import time
import uuid
from types import TracebackType
from typing import Any, Self

from nci_core.errors import JobError
from nci_core.jobs.supervisor import Task, supervise

CONNECT_SECONDS = 5.0
CAPACITY_SECONDS = 3.0


class Pool:
    """Runs `supervise` tasks; raises JobError if the scheduler cannot be reached.

    Args:
        workers: processes of the local cluster.
        scheduler: address of an existing scheduler to use instead.
    """

    def __init__(self, workers: int, scheduler: str | None) -> None:
        self._workers = workers
        self._scheduler = scheduler
        self._futures: dict[int, Any] = {}
        self._client: Any = None
        self._cluster: Any = None
        self._scratch: Any = None
        self._capacity = workers
        self._counted = 0.0

    def __enter__(self) -> Self:
        import dask

        # Read when distributed is imported, hence before it.
        dask.config.set({"logging.distributed": "warning"})
        from distributed import Client, LocalCluster

        dask.config.set(
            {
                # A task whose worker died is not for Dask to try again: the store counts attempts.
                "distributed.scheduler.allowed-failures": 0,
                # A laptop that slept must not find its workers thrown out.
                "distributed.scheduler.worker-ttl": None,
                # Processes start slowly on a machine that is busy labelling.
                "distributed.comm.timeouts.connect": "60s",
                # Tasks last minutes: watching the event loops every 20 ms and profiling the
                # supervisors would take 5% of a core in every process.
                "distributed.admin.tick.interval": "1s",
                "distributed.admin.system-monitor.interval": "5s",
                "distributed.worker.profile.enabled": False,
            }
        )
        if self._scheduler is not None:
            try:
                self._client = Client(self._scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
            except (OSError, ValueError, TimeoutError) as error:
                raise JobError(
                    f"No Dask scheduler answers at {self._scheduler} ({type(error).__name__}); check the address."
                ) from error
            return self
        self._scratch = tempfile.TemporaryDirectory(prefix="nci-dask-")
        self._cluster = LocalCluster(
            n_workers=self._workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address="127.0.0.1:0",  # any free port: no page is served
            memory_limit=0,  # the memory is used by child processes, which Dask does not see
            local_directory=self._scratch.name,
        )
        self._client = Client(self._cluster, set_as_default=False)
        return self

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

    def capacity(self) -> int:
        """How many jobs may run at once; raises JobError if an existing scheduler has gone."""
        if self._scheduler is None:
            return self._workers
        if time.monotonic() - self._counted > CAPACITY_SECONDS:
            try:
                self._capacity = sum(self._client.nthreads().values())
            except Exception as error:
                raise JobError(
                    f"The Dask scheduler at {self._scheduler} has gone; jobs wait until it is back."
                ) from error
            self._counted = time.monotonic()
        return self._capacity

    def submit(self, task: Task, priority: int) -> None:
        """Hand a job to a worker."""
        key = f"nci-job-{task.job_id}-{uuid.uuid4().hex[:8]}"
        self._futures[task.job_id] = self._client.submit(
            supervise, task, key=key, pure=False, retries=0, priority=priority
        )

    def job_ids(self) -> set[int]:
        """Jobs that were handed over and not collected yet."""
        return set(self._futures)

    def collect(self) -> list[tuple[int, str, bool]]:
        """Tasks that ended since the last call: job id, what is known, whether the supervisor itself failed."""
        ended = []
        for job_id, future in list(self._futures.items()):
            if not future.done():
                continue
            del self._futures[job_id]
            if future.status == "finished":
                ended.append((job_id, str(future.result()), False))
            else:
                error = future.exception() if future.status == "error" else None
                text = f"{type(error).__name__}: {error}" if error is not None else f"its task was {future.status}"
                ended.append((job_id, " ".join(text.split()).rstrip("."), True))
        return ended
