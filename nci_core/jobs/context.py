"""What a running job sees of the world: its store, its payload, and where to report."""

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from nci_core.errors import CancelledError, StoreBusyError, StoreError
from nci_core.store import Store, job_events
from nci_core.store import jobs as queue
from nci_core.store.schema import Job

Result = TypeVar("Result")

#: Progress is written, and cancelling looked for, at most this often.
REPORT_SECONDS = 0.5
#: A result that could not be stored is tried to be stored again so soon.
AGAIN_SECONDS = 2.0


class JobContext:
    """Handed to a job's function; safe to use from several threads.

    A report that cannot be written (a locked database, a full disk) never ends the job: it is
    kept and tried again with the next one.

    Attributes:
        store: the campaign's store.
        campaign_dir: its folder.
        job_id: number of the job.
        attempt: which start of the job this is, from 1.
        payload: what was submitted.
        patient: a result waits for space on the disk, however long; else that there is none is an error at once.
    """

    def __init__(self, store: Store, campaign_dir: Path, job: Job, *, patient: bool = False) -> None:
        self.store = store
        self.patient = patient
        self.campaign_dir = campaign_dir
        self.job_id = job.id
        self.attempt = job.attempt
        self.payload: dict[str, Any] = job.payload
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._progress: float | None = None
        self._share = 0.0
        self._message: str | None = None
        self._events: list[tuple[int, dict[str, Any]]] = []
        self._step = 0
        self._reported = 0.0
        self._looked = 0.0

    def progress(self, fraction: float, message: str | None = None) -> None:
        """Report the finished share, 0 to 1, and optionally what is being done."""
        with self._lock:
            self._progress = self._share = float(fraction)
            self._message = message if message is not None else self._message
        self._report()

    def event(self, data: Mapping[str, Any]) -> None:
        """Add a point to the job's live curve, for example {"epoch": 3, "loss_cm1": 0.8}."""
        with self._lock:
            self._events.append((self._step, dict(data)))
            self._step += 1
        self._report()

    def keep_events(self) -> None:
        """Continue the live curve of the job's earlier starts instead of beginning a new one."""
        with self._lock:
            self._step = job_events.adopt_events(self.store, self.job_id, self.attempt)

    def surely(self, write: Callable[[], Result]) -> Result:
        """Store what took long to compute as soon as the disk has space and the database can be written.

        Raises CancelledError when the job is to stop meanwhile, and what `write` raises for any other reason.
        """
        began = time.monotonic()
        while True:
            try:
                return write()
            except StoreBusyError:
                if not self.patient:
                    raise
            self.stop_if_asked()
            # A sign of life, and different each time: a job that waits for space does not hang.
            minutes = (time.monotonic() - began) / 60.0
            self.progress(self._share, f"finished, and waits for space on the disk since {minutes:.1f} min")
            time.sleep(AGAIN_SECONDS)

    def should_stop(self) -> bool:
        """Whether the user cancelled the job, it was given to another process, or the campaign's folder has gone."""
        if self.store.place is not None and not self.store.place.is_here():
            self._stop.set()
        now = time.monotonic()
        if not self._stop.is_set() and now - self._looked >= REPORT_SECONDS:
            self._looked = now
            try:
                if queue.cancel_requested(self.store, self.job_id, self.attempt):
                    self._stop.set()
            except StoreError:
                pass  # asked again soon; a job is not lost over a busy database
        return self._stop.is_set()

    def stop_if_asked(self) -> None:
        """Raise CancelledError if `should_stop()`."""
        if self.should_stop():
            raise CancelledError(f"Job {self.job_id} was cancelled.")

    def request_stop(self) -> None:
        """Make `should_stop()` true; used by the signal handler."""
        self._stop.set()

    def flush(self) -> None:
        """Write what was not reported yet."""
        self._report(now=True)

    def _report(self, *, now: bool = False) -> None:
        with self._lock:
            if not now and time.monotonic() - self._reported < REPORT_SECONDS:
                return
            self._reported = time.monotonic()
            if self._progress is None and self._message is None and not self._events:
                return
            try:
                mine = queue.report(
                    self.store,
                    self.job_id,
                    self.attempt,
                    progress=self._progress,
                    message=self._message,
                    events=self._events,
                )
            except StoreError:
                return
            self._progress = self._message = None
            self._events = []
            if not mine:
                self._stop.set()
