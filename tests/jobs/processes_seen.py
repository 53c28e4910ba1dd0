"""Waiting for processes and killing them."""

import os
import signal
import time
from collections.abc import Callable

import psutil
import pytest

from nci_core.store import Job, Store
from nci_core.store import jobs as queue

#: A test that runs on a file and on a server; the other, where it takes long, on a server only with the slow ones.
on_both = pytest.mark.parametrize("store", ["sqlite", "postgresql"], indirect=True)
on_both_slowly = pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True
)


def until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Wait until a condition holds; fails the test when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.05)


def running(store: Store, job_id: int, attempt: int = 1) -> Job:
    """Wait until a job's own process runs in its given attempt, and return the row."""

    def ready() -> bool:
        job = queue.get(store, job_id)
        return job.state == "running" and job.attempt >= attempt and job.pid is not None

    until(ready)
    return queue.get(store, job_id)


def kill(pid: int | None) -> None:
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def gone(pid: int | None) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def freeze(pid: int | None, when: Callable[[], object]) -> None:
    """Stop a process (SIGSTOP) once a condition holds; it runs a few hundredths of a second at a time until then."""
    assert pid is not None
    end = time.monotonic() + 120
    while True:
        os.kill(pid, signal.SIGSTOP)
        if when():
            return
        assert time.monotonic() < end, "the condition did not come true in time"
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.03)
