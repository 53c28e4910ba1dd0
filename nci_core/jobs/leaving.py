"""A worker that comes and goes: when it is told to leave, its jobs wait again at once, and no attempt is counted.

Reasons are the end of a batch job's walltime, scancel, a scheduler that went away. A worker that is killed
cannot say goodbye; the engine finds its jobs by their heartbeats instead.
"""

import asyncio
import threading
import time

#: A job may save what it has for so long, and its worker waits for it: Dask kills a worker after 8 seconds.
GRACE_SECONDS = 4.0
WAIT_SECONDS = 7.0

_leaving = threading.Event()
_busy = 0
_lock = threading.Lock()


class Busy:
    """Held by a supervisor while it has a job, so that the worker waits for it to be put back."""

    def __enter__(self) -> None:
        global _busy
        with _lock:
            _busy += 1

    def __exit__(self, *error: object) -> None:
        global _busy
        with _lock:
            _busy -= 1


def is_leaving() -> bool:
    """Whether this worker process has been told to leave."""
    return _leaving.is_set()


async def leave() -> None:
    """Tell this process's supervisors, and wait until they have put their jobs back."""
    _leaving.set()
    end = time.monotonic() + WAIT_SECONDS
    while _busy and time.monotonic() < end:
        await asyncio.sleep(0.1)
