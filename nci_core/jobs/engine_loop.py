"""The engine's loop: hand waiting jobs to workers, collect what ended, put back what was lost."""

import logging
import os
import time
from dataclasses import replace

from nci_core.errors import CampaignMovedError, JobError, StoreBusyError, StoreError
from nci_core.jobs.cluster_settings import SchedulerSettings
from nci_core.jobs.engine_settings import EngineSettings, workers_here
from nci_core.jobs.lock import EngineLock, EngineStatus, Phase, write_status
from nci_core.jobs.pool import Pool
from nci_core.jobs.processes import hostname, kill_orphan, supervisor_alive
from nci_core.jobs.sizes import WorkerSize, largest, occupy, place
from nci_core.jobs.supervisor import NOT_NOW, Task
from nci_core.store import Store, job_batches, job_queries
from nci_core.store import jobs as queue
from nci_core.store.base import FINAL_STATES
from nci_core.store.schema import Job

POLL_SECONDS = 0.5
#: Jobs handed to workers at once, and the pause after them: each writes that it begins, one after the other.
AT_ONCE, PAUSE_SECONDS = 4, 0.05
#: Jobs handed over in one turn.
MOST_A_TURN = 20
#: Failures to start a job's supervisor (not the job) before the job is given up.
START_TRIES = 3
#: A scheduler that went away is waited for at least so long.
SCHEDULER_SECONDS = 600.0
#: Pause after the database could not be written, and the patience with errors of it that do not pass by themselves.
BUSY_PAUSE_SECONDS, STORE_SECONDS = 2.0, 300.0
#: A full disk or a database in use is waited for so long: over a weekend somebody makes room.
BUSY_SECONDS = 4 * 86400.0

log = logging.getLogger("nci.engine")


class Engine:
    """The loop: clear up, start waiting jobs, look after running ones."""

    def __init__(self, settings: EngineSettings, store: Store, pool: Pool, lock: EngineLock) -> None:
        self.settings = settings
        self.store = store
        self.pool = pool
        self.lock = lock
        self.stopping = False
        self._failures: dict[int, int] = {}
        self._ended: list[tuple[int, str, bool]] = []
        self._not_before = 0.0
        self._worked_at = time.monotonic()
        self._gone_since: float | None = None
        self._said: tuple[object, ...] = ()

    def run(self) -> None:
        """Work until idle for long enough or told to stop; CampaignMovedError when the folder has gone."""
        trouble_since: float | None = None
        while not self.stopping:
            self.store.require_in_place()
            try:
                self.step()
                trouble_since = None
            except CampaignMovedError:
                raise
            except StoreError as error:
                # A locked database or a full disk passes; running jobs go on meanwhile.
                trouble_since = trouble_since or time.monotonic()
                log.warning("%s", error)
                patience = BUSY_SECONDS if isinstance(error, StoreBusyError) else STORE_SECONDS
                if time.monotonic() - trouble_since > patience:
                    raise
                self.say("ready", str(error))
                self._worked_at = time.monotonic()
                time.sleep(BUSY_PAUSE_SECONDS)
            if time.monotonic() - self._worked_at > self.settings.idle_seconds and self._may_leave():
                log.info("no work for %g s: ending", self.settings.idle_seconds)
                return
            time.sleep(POLL_SECONDS)
        log.info("told to stop")

    def step(self) -> None:
        """One turn of the loop."""
        running = queue.fetch(self.store, states=["running"])
        for job in running:
            if not supervisor_alive(job, self.settings.campaign_dir):
                kill_orphan(job, self.settings.campaign_dir)
                state = queue.put_back(self.store, job.id, job.attempt, "its worker process ended")
                log.warning("job %d (%s) lost its worker: %s", job.id, job.kind, state)
        if not self._scheduler_answers():
            return
        self._collect()
        self._take_back(self.pool.sizes())
        self._hand_over(running)
        if running or self.pool.job_ids():
            self._worked_at = time.monotonic()
        else:
            self._make_room()
        self.say("ready")

    def _make_room(self) -> None:
        """Nothing runs here: if a waiting job is larger than each worker, run fewer at once, with more memory each."""
        workers = workers_here(self.settings, self.store)
        if workers and workers < self.pool.capacity():
            log.info("a job needs more memory than each of %d workers has: %d now", self.pool.capacity(), workers)
            self.pool.resize(workers)

    def _hand_over(self, running: list[Job]) -> None:
        """Waiting jobs, the most urgent first, that a worker has room for now; a larger one holds no smaller one up."""
        tracked = self.pool.job_ids()
        rooms = self.pool.rooms()
        ids = {job.id for job in running}
        for job in [*running, *job_batches.by_id(self.store, sorted(tracked - ids))]:
            occupy(rooms, job)
        free = [room for room in rooms if room.slots > 0]
        if not free or time.monotonic() < self._not_before:
            return
        sizes = [(size.memory_gb, size.gpus) for size in largest(room.size for room in free)]
        slots = min(sum(room.slots for room in free), MOST_A_TURN)
        handed = 0
        for job in job_queries.next_waiting(self.store, slots, skip=sorted(tracked), sizes=sizes):
            if place(free, job):
                log.info("job %d (%s) goes to a worker", job.id, job.kind)
                self.pool.submit(self._task(job.id), job)
                handed += 1
                if handed % AT_ONCE == 0:
                    time.sleep(PAUSE_SECONDS)

    def say(self, phase: Phase, error: str | None = None) -> None:
        """Write what the engine is doing, when that has changed."""
        sizes = tuple((size.memory_gb, size.gpus) for size in self.pool.sizes())
        now = (phase, error, sizes, self.pool.capacity())
        if now != self._said:
            self._said = now
            write_quietly(self.settings, EngineStatus(True, phase, error=error, sizes=sizes), self.pool)

    def _scheduler_answers(self) -> bool:
        """Whether the scheduler is there; one that has gone is waited for as long as an idle engine waits for work."""
        if self.pool.reachable():
            if self._gone_since is not None:
                log.info("the scheduler is back")
            self._gone_since = None
            return True
        self._gone_since = self._gone_since or time.monotonic()
        cluster = self.settings.cluster
        where = cluster.address if isinstance(cluster, SchedulerSettings) else "its address"
        reason = f"The Dask scheduler at {where} has gone; jobs wait until it is back."
        if time.monotonic() - self._gone_since > max(self.settings.idle_seconds, SCHEDULER_SECONDS):
            raise JobError(reason)
        self.say("ready", reason)
        return False

    def _take_back(self, sizes: list[WorkerSize]) -> None:
        """Jobs that wait for a worker in Dask, though they were cancelled or no worker has room for them any more."""
        for job in job_batches.by_id(self.store, sorted(self.pool.job_ids())):
            if job.state in FINAL_STATES or (job.state == "waiting" and not any(size.fits(job) for size in sizes)):
                self.pool.take_back(job.id)

    def release_running(self) -> None:
        """After the local workers have ended on purpose: their jobs wait again, the attempt forgiven."""
        for job in queue.fetch(self.store, states=["running"]):
            if not supervisor_alive(job, self.settings.campaign_dir):
                kill_orphan(job, self.settings.campaign_dir)
                queue.put_back(self.store, job.id, job.attempt, "the engine was stopped", count=False)

    def _collect(self) -> None:
        for job_id, outcome, failed in self.pool.collect():
            log.log(logging.WARNING if failed else logging.INFO, "job %d: %s", job_id, outcome)
            self._ended.append((job_id, outcome, failed))
            if failed:
                self._failures[job_id] = self._failures.get(job_id, 0) + 1
        while self._ended:  # each stays here until the database could be written
            self._see_to(*self._ended[0])
            self._ended.pop(0)

    def _see_to(self, job_id: int, outcome: str, failed: bool) -> None:
        """What a task that ended leaves to do: nothing, unless its supervisor failed."""
        if outcome == NOT_NOW:
            self._not_before = time.monotonic() + BUSY_PAUSE_SECONDS
        if not failed:
            self._failures.pop(job_id, None)
            return
        job = queue.get(self.store, job_id)
        if job.state == "running" and job_id not in self.pool.job_ids():
            # Its process may well live, but it watches over this job no more.
            kill_orphan(job, self.settings.campaign_dir)
            queue.put_back(self.store, job_id, job.attempt, f"its worker failed ({outcome})")
        elif self._failures.get(job_id, 0) >= START_TRIES:
            queue.give_up_waiting(self.store, job_id, f"The job could not be started on a worker: {outcome}.")
            self._failures.pop(job_id, None)

    def _task(self, job_id: int) -> Task:
        settings = self.settings
        return Task(
            database=self.store.where,
            folder=str(settings.campaign_dir),
            job_id=job_id,
            threads=settings.threads,
            openblas_coretype=settings.openblas_coretype,
            nice=settings.nice,
        )

    def _may_leave(self) -> bool:
        """Let go of the lock, then look once more: a job submitted meanwhile finds us or a new engine."""
        self.lock.release()
        room = [(size.memory_gb, size.gpus) for size in self.pool.sizes()]
        if not job_queries.next_waiting(self.store, 1, sizes=room) or not self.lock.acquire():
            return True
        self._worked_at = time.monotonic()
        return False


def write_quietly(settings: EngineSettings, status: EngineStatus, pool: Pool | None = None) -> None:
    """Say what the engine is doing; a full disk does not keep jobs from ending well."""
    here = replace(
        status,
        pid=os.getpid(),
        host=hostname(),
        workers=settings.workers if pool is None else pool.capacity(),
        scheduler=None if pool is None else pool.address,
    )
    try:
        write_status(settings.campaign_dir, here)
    except StoreError as problem:
        log.warning("%s", problem)
