"""Labels computed by several processes at once, as many as fit into memory; one that dies takes one label along."""

import math
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any, Literal

import orjson

from nci_core.children import NEUTRAL, python_command
from nci_core.errors import JobError, StoreError
from nci_core.jobs.endings import how_it_ended, last_line
from nci_core.jobs.processes import job_environment
from nci_core.jobs.watch import SHARE_OF_MACHINE
from nci_core.labelling.folder import Failure, LabelFolder
from nci_core.labelling.tasks import Order, Task
from nci_core.labels.environment import machine_memory_gb
from nci_core.labels.tightening import tightening_after

#: Whoever waits looks at the clock this often.
TICK_SECONDS = 1.0
_PIECE = 65_536


@dataclass(frozen=True)
class Event:
    """Something that happened to a task: it went on, is finished or has failed.

    Attributes:
        task: which.
        state: "running", "complete" or "failed".
        share: of it that is done.
        message: what it does, or why it failed.
    """

    task: Task
    state: Literal["running", "complete", "failed"]
    share: float
    message: str = ""


class _Worker:
    """A process, and the task it has."""

    def __init__(self, folder: LabelFolder, log: IO[bytes]) -> None:
        self.task: Task | None = None
        self.began = 0.0
        self.ready = False
        self.memory_gb = 0.0
        self._unread = b""
        self.process = subprocess.Popen(
            python_command("nci_core.labelling.worker", folder.path, os.getpid()),
            cwd=NEUTRAL,
            env=job_environment(1),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            process_group=0,
        )

    def give(self, task: Task, order: Order) -> None:
        self.task, self.began, self.memory_gb = task, time.monotonic(), task.memory_gb
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # it has died, which its output says
            self.process.stdin.write(order.line())
            self.process.stdin.flush()

    def said(self) -> list[dict[str, Any]] | None:
        """What it has said since, None at its end."""
        assert self.process.stdout is not None
        piece = os.read(self.process.stdout.fileno(), _PIECE)
        if not piece:
            return None
        *lines, self._unread = (self._unread + piece).split(b"\n")
        return [orjson.loads(line) for line in lines]

    def end(self) -> int:
        """Kill it, if it lives, and return its exit code."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        return self.process.wait()


def compute(
    folder: LabelFolder,
    tasks: Sequence[Task],
    workers: int,
    on_event: Callable[[Event | None], None],
    limit_minutes: float = math.inf,
) -> None:
    """Compute the tasks, in their order where memory allows; every one ends as a result or as a failure in the folder.

    Args:
        folder: held by this process.
        tasks: without a result yet.
        workers: processes at once, each with one thread.
        on_event: called with what happens, and with None once a second.
        limit_minutes: a label that takes longer is ended, which is its failure.

    Raises StoreError when nothing can be kept, JobError when processes cannot work at all.
    """
    _Pool(folder, tasks, workers, on_event, limit_minutes).run()


class _Pool:
    def __init__(
        self,
        folder: LabelFolder,
        tasks: Sequence[Task],
        workers: int,
        on_event: Callable[[Event | None], None],
        limit_minutes: float,
    ) -> None:
        self.folder, self.on_event, self.limit_minutes = folder, on_event, limit_minutes
        self.waiting = list(tasks)
        self.most = max(min(workers, len(tasks)), 1)
        self.memory_gb = SHARE_OF_MACHINE * machine_memory_gb()
        self.workers: list[_Worker] = []
        self.selector = selectors.DefaultSelector()

    def run(self) -> None:
        with self.folder.log.open("ab") as log:
            try:
                while self.waiting or any(worker.task for worker in self.workers):
                    self._hand_out(log)
                    for key, _ in self.selector.select(TICK_SECONDS):
                        self._listen(key.data)
                    self._end_late()
                    self.on_event(None)
            finally:
                for worker in self.workers:
                    worker.end()
                self.selector.close()

    def _hand_out(self, log: IO[bytes]) -> None:
        """Give waiting tasks to idle workers while memory lasts; one that fits nowhere runs alone, and says so."""
        while self.waiting and sum(worker.task is not None for worker in self.workers) < self.most:
            used = sum(worker.memory_gb for worker in self.workers if worker.task)
            fitting = (k for k, task in enumerate(self.waiting) if used == 0 or used + task.memory_gb <= self.memory_gb)
            chosen = next(fitting, None)
            if chosen is None:
                return
            task = self.waiting.pop(chosen)
            worker = next((worker for worker in self.workers if worker.task is None), None) or self._start(log)
            failure = self.folder.failure(task.key)
            tries = failure.tightened_tries if failure else 0
            tightening = tightening_after(tries) if failure and failure.not_converged else None
            room = max(self.memory_gb / self.most, task.memory_gb)
            worker.give(task, Order.of(task, room, tightening))
            self.on_event(Event(task, "running", 0.0))

    def _start(self, log: IO[bytes]) -> _Worker:
        worker = _Worker(self.folder, log)
        self.workers.append(worker)
        assert worker.process.stdout is not None
        self.selector.register(worker.process.stdout, selectors.EVENT_READ, worker)
        return worker

    def _listen(self, worker: _Worker) -> None:
        said = worker.said()
        if said is None:
            self._bury(worker)
            return
        for line in said:
            task = worker.task
            worker.ready = worker.ready or "ready" in line
            if "stop" in line:
                raise StoreError(line["stop"])
            if task is None or "ready" in line:
                continue
            if "share" in line:
                self.on_event(Event(task, "running", float(line["share"]), str(line["message"])))
                continue
            worker.task = None
            if "failed" in line:
                self._fail(task, str(line["failed"]), not_converged=bool(line.get("not_converged")))
            else:
                self.on_event(Event(task, "complete", 1.0))

    def _bury(self, worker: _Worker) -> None:
        """Take leave of a process that has ended by itself; its task has failed."""
        self._dismiss(worker)
        # It may still be closing its files; one that was told to stop by nobody has ended already.
        with suppress(subprocess.TimeoutExpired):
            worker.process.wait(timeout=10.0)
        code = worker.end()
        said = (
            how_it_ended(code) if code <= 0 else f"its process ended with code {code}: {last_line(self.folder.log, 0)}"
        )
        if not worker.ready:
            raise JobError(f"Labels cannot be computed here: {said}; see {self.folder.log}.")
        if worker.task is not None:
            self._fail(worker.task, f"The calculation ended early, for {said}; see {self.folder.log}.")

    def _end_late(self) -> None:
        """Kill what has taken longer than it may; others go on."""
        for worker in list(self.workers):
            if worker.task is not None and time.monotonic() - worker.began > 60.0 * self.limit_minutes:
                self._dismiss(worker)
                worker.end()
                self._fail(
                    worker.task, f"The label was not finished: it took longer than {self.limit_minutes:g} minutes."
                )

    def _dismiss(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        self.selector.unregister(worker.process.stdout)
        self.workers.remove(worker)

    def _fail(self, task: Task, reason: str, *, not_converged: bool = False) -> None:
        before = self.folder.failure(task.key)
        tries = before.tightened_tries + 1 if before and before.not_converged else 0
        self.folder.keep_failure(
            task.key, Failure(reason=reason[:10_000], not_converged=not_converged, tightened_tries=tries)
        )
        self.on_event(Event(task, "failed", 1.0, reason))
