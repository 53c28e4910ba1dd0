"""The Dask task of a job: starts its process, watches it, and sees to it that the job ends.

The work is in a child process, so that a crash or a cancel takes nothing else along, and so
that the linear algebra can be set up by its environment before Python starts.

A job that has begun never stays "running" with nobody to watch it: its end is written as soon as the database can be
written, however long its disk is full or another process holds it.
"""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from nci_core.children import NEUTRAL, python_command
from nci_core.errors import StoreBusyError, StoreError
from nci_core.jobs import kinds, leaving
from nci_core.jobs.endings import duration, how_it_ended, last_line
from nci_core.jobs.processes import hostname, job_environment
from nci_core.jobs.run import UNWRITABLE
from nci_core.jobs.sizes import MEMORY
from nci_core.jobs.watch import GB, SHARE_OF_MACHINE, SILENCE_SECONDS, Silence, usage
from nci_core.labels.environment import machine_memory_gb
from nci_core.store import Store
from nci_core.store import jobs as queue
from nci_core.store.schema import Job

POLL_SECONDS = 0.25
CANCEL_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0
#: What could not be written is tried again so soon.
AGAIN_SECONDS = 2.0
#: Tries of what fails for another reason than a full disk or a busy database; the engine then sees to the row.
MOST_TRIES = 5
#: Python's own exit code when it could not write what it had printed: as on a full disk.
LOST_OUTPUT = 120
#: What `supervise` returns when the job could not begin, for the database cannot be written now.
NOT_NOW = "the database cannot be written now"
#: Why a job is ended from outside; "leave": its worker has been told to; "moved": its campaign's folder has gone.
Reason = Literal["cancel", "time", "memory", "silence", "leave", "moved"]

Written = TypeVar("Written")


@dataclass(frozen=True)
class Task:
    """What travels to the Dask worker.

    Attributes:
        database: path of the campaign's database, or its server's URL; no password, the worker's environment has it.
        folder: the campaign folder, the same path on every worker.
        job_id: which job.
        threads: linear-algebra threads of the job's process.
        openblas_coretype: see `processes.job_environment`.
        nice: niceness added to the job's process.
    """

    database: str
    folder: str
    job_id: int
    threads: int = 1
    openblas_coretype: str = "auto"
    nice: int = 0


def supervise(task: Task) -> str:
    """Run a waiting job to its end and return what became of it, for the engine's log.

    Dask may run this again after a worker was lost; a job that is not waiting is left alone.
    """
    if leaving.is_leaving():
        return "its worker leaves"
    with leaving.Busy(), contextlib.ExitStack() as stack:
        try:
            store = stack.enter_context(Store.open(task.database, folder=Path(task.folder)))
            job = queue.begin(store, task.job_id, host=hostname(), supervisor_pid=os.getpid())
        except StoreBusyError:
            return NOT_NOW
        if job is None:
            return "not waiting any more"
        try:
            return _Supervision(store, task, job).run()
        except BaseException as error:
            reason = f"watching over it failed with {type(error).__name__}"
            surely(lambda: queue.put_back(store, job.id, job.attempt, reason))
            raise


def surely(write: Callable[[], Written]) -> Written:
    """Write as soon as the database can be written; raises StoreError when this worker leaves before that."""
    tries = 0
    while True:
        try:
            return write()
        except StoreError as error:
            tries += not isinstance(error, StoreBusyError)
            if leaving.is_leaving() or tries >= MOST_TRIES:
                raise
            time.sleep(AGAIN_SECONDS)


class _Supervision:
    """One attempt of one job."""

    def __init__(self, store: Store, task: Task, job: Job) -> None:
        self.store = store
        self.task = task
        self.job = job
        self.killed_for: Reason | None = None
        self.memory_gb = 0.0  # as last seen
        self.terminated_at: float | None = None
        self.memory_limit_gb = job.memory_limit_gb or SHARE_OF_MACHINE * machine_memory_gb()
        self.silence_limit_seconds = job.silence_limit_seconds or SILENCE_SECONDS
        self.memory_room_gb = min(self.memory_limit_gb, worker_memory_gb(job.needs_memory_gb or 0.0))

    def run(self) -> str:
        log_path = Path(self.task.folder) / "logs" / f"job-{self.job.id}.log"
        try:
            log_path.parent.mkdir(exist_ok=True)
            log: Any = log_path.open("ab")
        except OSError:  # a full disk must not keep jobs from running
            log, log_path = subprocess.DEVNULL, Path(os.devnull)
        try:
            start = log_path.stat().st_size if log_path.is_file() else 0
            child = self._start(log)
        except OSError as error:
            reason = f"The process of job {self.job.id} could not be started: {error.strerror}."
            surely(lambda: queue.finish(self.store, self.job.id, self.job.attempt, "error", error=reason))
            return "error"
        finally:
            if log is not subprocess.DEVNULL:
                log.close()
        try:
            self._watch(child)
        finally:
            _kill(child)
        tail = last_line(log_path, start)
        return surely(lambda: self._end(child.returncode, tail))

    def _start(self, log: Any) -> subprocess.Popen[bytes]:
        task = self.task
        numbers = (task.job_id, self.job.attempt, os.getpid(), task.nice)
        child = subprocess.Popen(
            python_command("nci_core.jobs.run", task.database, task.folder, *numbers),
            cwd=NEUTRAL,
            env=job_environment(task.threads, task.openblas_coretype, self.memory_room_gb),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        with contextlib.suppress(StoreError):
            queue.beat(self.store, self.job.id, self.job.attempt, pid=child.pid)
        return child

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        started = looked = beaten = time.monotonic()
        grace = kinds.GRACE_SECONDS.get(self.job.kind, kinds.DEFAULT_GRACE_SECONDS)
        limit = self.job.time_limit_seconds
        silence = Silence(started)
        while True:
            # Not wait(timeout), which looks twenty times a second.
            time.sleep(POLL_SECONDS)
            if child.poll() is not None:
                return
            now = time.monotonic()
            if self.terminated_at is not None:
                if now - self.terminated_at > grace:
                    return  # the caller kills it
            elif leaving.is_leaving():
                grace = min(grace, leaving.GRACE_SECONDS)
                self._terminate(child, "leave")
            elif self.store.place is not None and not self.store.place.is_here():
                grace = min(grace, leaving.GRACE_SECONDS)
                self._terminate(child, "moved")
            elif limit is not None and now - started > limit:
                self._terminate(child, "time")
            elif now - looked > CANCEL_SECONDS:
                looked = now
                with contextlib.suppress(StoreError):
                    if queue.cancel_requested(self.store, self.job.id, self.job.attempt):
                        self._terminate(child, "cancel")
            if now - beaten > HEARTBEAT_SECONDS:
                if not self._beat():
                    # A job that waits until its result can be written neither hangs nor takes too long.
                    now = time.monotonic()
                    started += now - beaten
                    silence = Silence(now)
                beaten = now
                if self.terminated_at is None:
                    self._judge(child, silence, now)

    def _beat(self) -> bool:
        """Write a sign of life; False where the database cannot be written."""
        try:
            queue.beat(self.store, self.job.id, self.job.attempt)
        except StoreError:
            return False
        return True

    def _judge(self, child: subprocess.Popen[bytes], silence: Silence, now: float) -> None:
        """End a job that takes too much memory, or hangs."""
        self.memory_gb, cpu = usage(child.pid)
        report: object = None
        with contextlib.suppress(StoreError):
            row = queue.get(self.store, self.job.id)
            report = (row.progress, row.message)
        if self.memory_gb > self.memory_limit_gb:
            self._terminate(child, "memory")
        elif silence.seconds(now, cpu, report) > self.silence_limit_seconds:
            self._terminate(child, "silence")

    def _terminate(self, child: subprocess.Popen[bytes], reason: Reason) -> None:
        self.killed_for, self.terminated_at = reason, time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            child.terminate()

    def _end(self, code: int, tail: str) -> str:
        """Record the end if the child did not."""
        job, store = self.job, self.store
        row = queue.get(store, job.id)
        if row.state != "running" or row.attempt != job.attempt:
            return row.state
        if self.killed_for == "cancel":
            queue.finish(store, job.id, job.attempt, "cancelled")
        elif self.killed_for == "time":
            limit = duration(job.time_limit_seconds or 0.0)
            reason = f"The job ran into its time limit of {limit}; allow it more and try it again."
            queue.finish(store, job.id, job.attempt, "error", error=reason)
        elif self.killed_for in ("leave", "moved"):
            reason = "its worker left" if self.killed_for == "leave" else "the campaign's folder was moved"
            return f"{queue.put_back(store, job.id, job.attempt, reason, count=False)}: {reason}"
        elif code in (UNWRITABLE, LOST_OUTPUT):
            # On a folder that was moved before the child or this process noticed, no less than on a full disk.
            moved = self.store.place is not None and not self.store.place.is_here()
            reason = "the campaign's folder was moved" if moved else "its files or the database could not be written"
            return f"{queue.put_back(store, job.id, job.attempt, reason, count=not moved)}: {reason}"
        elif self.killed_for == "memory":
            reason = (
                f"The job took {self.memory_gb:.2g} GB of memory, above its limit of {self.memory_limit_gb:.2g} GB; "
                "allow it more, or run fewer at once, and try it again."
            )
            queue.finish(store, job.id, job.attempt, "error", error=reason)
        elif self.killed_for == "silence":
            reason = f"it hung, without progress or CPU time for {duration(self.silence_limit_seconds)}"
            return f"{queue.put_back(store, job.id, job.attempt, reason)}: {reason}"
        elif code <= 0:
            reason = how_it_ended(code)
            return f"{queue.put_back(store, job.id, job.attempt, reason)}: {reason}"
        else:
            reason = f"The job's process ended with code {code}: {tail}; see logs/job-{job.id}.log."
            queue.finish(store, job.id, job.attempt, "error", error=reason)
        return queue.get(store, job.id).state


def worker_memory_gb(need_gb: float) -> float:
    """Memory for one job of the Dask worker that this runs on, in GB.

    Of what the worker declares, if it runs several jobs, as much as this one asked for, else an equal share. A worker
    that declares nothing has its `--memory-limit`, or the machine's memory, for all of its jobs.
    """
    from distributed import get_worker

    try:
        worker = get_worker()
    except ValueError:  # not on a worker
        return machine_memory_gb()
    slots = max(int(worker.state.nthreads), 1)
    declared = float(worker.state.total_resources.get(MEMORY, 0.0))
    if declared > 0:
        return declared if slots == 1 else need_gb or declared / slots
    limit = getattr(worker.memory_manager, "memory_limit", None)
    return (limit / GB if limit else machine_memory_gb()) / slots


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End the child's whole process group and collect it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
