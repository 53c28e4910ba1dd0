"""One engine per campaign: a lock the kernel releases when its holder dies, however it dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path
from typing import Literal

import orjson

from nci_core.errors import JobError
from nci_core.files import write_atomically
from nci_core.jobs.processes import has_ended, hostname
from nci_core.jobs.sizes import WorkerSize

LOCK_NAME = "engine.lock"
STATUS_NAME = "engine.json"

Phase = Literal["starting", "ready", "stopped", "failed"]


@dataclass(frozen=True)
class EngineStatus:
    """What is known about a campaign's engine.

    Attributes:
        running: an engine holds the campaign's lock now.
        phase: what the latest engine said of itself; "stopped" if there never was one.
        pid: its process.
        host: its machine.
        workers: how many jobs it runs at once.
        scheduler: the Dask scheduler's address.
        error: one sentence if it failed, or on what it waits for.
        sizes: (memory in GB, GPUs) of the largest workers; memory None for no limit; empty while unknown.
    """

    running: bool = False
    phase: Phase = "stopped"
    pid: int | None = None
    host: str | None = None
    workers: int | None = None
    scheduler: str | None = None
    error: str | None = None
    sizes: tuple[tuple[float | None, int], ...] = ()

    @property
    def worker_sizes(self) -> list[WorkerSize]:
        """The sizes, to compare jobs with."""
        return [WorkerSize(inf if memory_gb is None else memory_gb, gpus) for memory_gb, gpus in self.sizes]


class EngineLock:
    """The campaign's lock, held by its engine for as long as it takes jobs."""

    def __init__(self, campaign_dir: Path) -> None:
        self.path = campaign_dir / LOCK_NAME
        self._descriptor: int | None = None

    def acquire(self, wait_seconds: float = 0.0) -> bool:
        """Take the lock; False if another process still holds it after `wait_seconds`."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise JobError(f"The engine's lock {self.path} cannot be made: {error.strerror}.") from error
        end = time.monotonic() + wait_seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._descriptor = descriptor
                with suppress(OSError):  # on a full disk it holds the lock without its number in it
                    os.ftruncate(descriptor, 0)
                    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
                return True
            except BlockingIOError:
                if time.monotonic() >= end:
                    os.close(descriptor)
                    return False
                time.sleep(0.05)

    def release(self) -> None:
        """Let go of the lock; the file stays, for deleting it would let two holders in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def write_status(campaign_dir: Path, status: EngineStatus) -> None:
    """Say what the engine is doing; written by the lock's holder only."""
    content = orjson.dumps(asdict(status), option=orjson.OPT_INDENT_2)
    write_atomically(campaign_dir / STATUS_NAME, content, below=campaign_dir)


def engine_status(campaign_dir: str | Path) -> EngineStatus:
    """Whether a campaign's engine runs, and what it last said of itself."""
    folder = Path(campaign_dir)
    try:
        said = EngineStatus(**orjson.loads((folder / STATUS_NAME).read_bytes()))
    except (OSError, orjson.JSONDecodeError, TypeError):
        said = EngineStatus()
    holder = _holder(folder / LOCK_NAME)
    # A killed engine keeps its lock for some milliseconds more, until its last thread has ended.
    dying = said.host == hostname() and said.pid is not None and holder == said.pid and has_ended(said.pid)
    if holder is None or dying:
        phase: Phase = "failed" if said.phase == "failed" else "stopped"
        return replace(said, running=False, phase=phase)
    if holder != said.pid:  # what was said comes from its predecessor
        return EngineStatus(running=True, phase="starting", pid=holder or None)
    return replace(said, running=True)


def _holder(path: Path) -> int | None:
    """Process that holds the lock, 0 if it has not said its number yet; None if nobody does."""
    with _opened(path) as descriptor:
        if descriptor is None:
            return None
        try:
            # Shared, so that two who ask do not see each other as an engine.
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            said = os.pread(descriptor, 20, 0)
            return int(said) if said.isdigit() else 0
    return None


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)
