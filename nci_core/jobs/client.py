"""What the app and the command line call: queue work, follow it, keep an engine running."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from nci_core.children import NEUTRAL, child_environment, python_command
from nci_core.errors import JobError
from nci_core.jobs import kinds
from nci_core.jobs.cluster_settings import find_cluster, read_cluster
from nci_core.jobs.lock import EngineStatus, engine_status
from nci_core.jobs.processes import hostname, kill_orphan, supervisor_alive
from nci_core.jobs.sizes import why_too_large
from nci_core.store import Store, job_batches
from nci_core.store import jobs as queue
from nci_core.store.base import FINAL_STATES, State
from nci_core.store.schema import Job
from nci_core.switches import require_writable

#: How often `wait` looks whether the engine is still there.
ENGINE_LOOK_SECONDS = 5.0

# Kept so that an ended engine is collected and not left as a zombie of the app.
_started: list[subprocess.Popen[bytes]] = []


def submit(
    store: Store,
    kind: str,
    payload: Mapping[str, Any] | None = None,
    *,
    priority: int = 0,
    label_id: int | None = None,
    max_attempts: int = 3,
    time_limit_seconds: float | None = None,
    memory_limit_gb: float | None = None,
    silence_limit_seconds: float | None = None,
    needs_memory_gb: float | None = None,
    needs_gpus: int = 0,
) -> Job:
    """Queue a job; call `ensure_engine` afterwards. Higher priority runs first.

    Args:
        store: the campaign.
        kind: one of `kinds.registered()`; raises JobError for another.
        payload: what the job's function gets, JSON.
        priority: higher runs first, equal ones in their order.
        label_id: the label it computes; the label's state then follows the job's.
        max_attempts: starts before a job whose process keeps dying is given up.
        time_limit_seconds: wall time after which it is stopped; None for no limit.
        memory_limit_gb: resident memory of its processes above which it is stopped; None for 90% of the machine's.
        silence_limit_seconds: time without progress or CPU time after which it is started again; None for
            `watch.SILENCE_SECONDS`.
        needs_memory_gb: it goes only to a worker that has so much; None: to any.
        needs_gpus: GPUs that its worker must have.
    """
    kinds.check(kind)
    return queue.add(
        store,
        kind,
        payload,
        priority=priority,
        label_id=label_id,
        max_attempts=max_attempts,
        time_limit_seconds=time_limit_seconds,
        memory_limit_gb=memory_limit_gb,
        silence_limit_seconds=silence_limit_seconds,
        needs_memory_gb=needs_memory_gb,
        needs_gpus=needs_gpus,
    )


def cancel(store: Store, job_id: int) -> State:
    """Cancel a job: a waiting one at once, a running one within seconds; returns its state now."""
    state = queue.cancel(store, job_id)
    if state == "running":
        job = queue.get(store, job_id)
        if job.state == "running" and not supervisor_alive(job, store.folder):  # nobody is left to hear it
            kill_orphan(job, store.folder)
            return queue.put_back(store, job_id, job.attempt, "its worker had gone") or queue.get(store, job_id).state
    return state


def cancel_all(store: Store, recipe: str | None = None) -> None:
    """Cancel every job that waits or runs, or those of one recipe's labels."""
    job_batches.cancel_waiting(store, recipe)
    for job in queue.fetch(store, states=["running"], recipe=recipe):
        cancel(store, job.id)


def retry(store: Store, job_id: int) -> None:
    """Queue a failed or cancelled job again; call `ensure_engine` afterwards."""
    queue.retry(store, job_id)


def why_waiting(store: Store, job_id: int) -> str | None:
    """Why a waiting job cannot start, in one sentence: no worker has room, or the scheduler has gone; else None."""
    job = queue.get(store, job_id)
    status = engine_status(store.folder)
    if job.state != "waiting":
        return None
    return why_too_large(job, status.worker_sizes) or (status.error if status.running else None)


def wait(
    store: Store,
    job_ids: int | Sequence[int],
    *,
    timeout_seconds: float | None = None,
    poll_seconds: float = 0.25,
    on_change: Callable[[Job], None] | None = None,
    restart: Callable[[], object] | None = None,
) -> list[Job]:
    """Wait until all jobs have ended, and return them in the order given.

    `on_change` is called with a job whenever its state, progress or message differs from before,
    `restart` when no engine runs though jobs are left: one killed for lack of memory must not leave
    its client waiting for ever. Raises JobError when the time is up; the jobs go on. Raises CampaignMovedError when
    the campaign's folder was moved.
    """
    ids = [job_ids] if isinstance(job_ids, int) else list(job_ids)
    end = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    looked = time.monotonic()
    left = list(dict.fromkeys(ids))
    seen: dict[int, tuple[State, float, str]] = {}
    while True:
        began = time.monotonic()
        now = job_batches.brief(store, left)
        if missing := [number for number in left if number not in now]:
            raise JobError(f"There is no job {missing[0]}.")
        if on_change is not None:
            for job in job_batches.by_id(store, [number for number in left if seen.get(number) != now[number]]):
                on_change(job)
        seen |= now
        left = [number for number in left if now[number][0] not in FINAL_STATES]
        if not left:
            rows = {job.id: job for job in job_batches.by_id(store, ids)}
            return [rows[number] for number in ids]
        if end is not None and time.monotonic() > end:
            raise JobError(f"{len(left)} of {len(ids)} jobs were not finished after {timeout_seconds:g} s; they go on.")
        if restart is not None and time.monotonic() - looked > ENGINE_LOOK_SECONDS:
            store.require_in_place()
            if not engine_status(store.folder).running:
                restart()
            looked = time.monotonic()
        time.sleep(max(poll_seconds, 5 * (time.monotonic() - began)))  # a long list is looked at less often


def ensure_engine(
    campaign_dir: str | Path,
    *,
    database: str | None = None,
    workers: int | None = None,
    threads: int | None = None,
    scheduler: str | None = None,
    cluster: str | Path | None = None,
    idle_seconds: float = 600.0,
    openblas_coretype: str = "auto",
    nice: int = 5,
    wait_seconds: float = 30.0,
) -> EngineStatus:
    """Start the campaign's engine unless it runs, as a process of its own that outlives this one.

    Args:
        campaign_dir: the campaign folder.
        database: `store.server`: where the database is when it is not in the folder.
        workers: jobs at once; default one per core. With `scheduler`, as many as it has threads.
        threads: linear-algebra threads of each job; default the cluster's, else one.
        scheduler: address of an existing Dask scheduler, such as "tcp://host:8786".
        cluster: a cluster's file (`cluster_settings`); without it and `scheduler` NCI_CLUSTER names one.
        idle_seconds: the engine ends after so long without work.
        openblas_coretype: see `processes.job_environment`.
        nice: niceness of the jobs, so that the machine stays usable.
        wait_seconds: how long to wait until it is ready; 0 returns at once.

    Raises JobError with the engine's own sentence if it cannot start.
    """
    require_writable()
    folder = Path(campaign_dir).absolute()
    _started[:] = [process for process in _started if process.poll() is None]
    status = engine_status(folder)
    if status.running:
        return status
    if not folder.is_dir():
        raise JobError(f"There is no campaign folder {folder}.")
    options = {
        "--campaign": folder,
        "--idle-seconds": idle_seconds,
        "--openblas-coretype": openblas_coretype,
        "--nice": nice,
    }
    options |= {"--database": database} if database is not None else {}
    options |= {"--threads": threads} if threads is not None else {}
    options |= {"--workers": workers} if workers is not None else {}
    options |= {"--scheduler": scheduler} if scheduler is not None else {}
    file = find_cluster(cluster) if scheduler is None else None
    if file is not None:
        read_cluster(file)  # what is wrong with it is said here and now, not by the engine
        options |= {"--cluster": file}
    command = python_command("nci_core.jobs.engine", *(f"{name}={value}" for name, value in options.items()))
    try:
        (folder / "logs").mkdir(exist_ok=True)
        with (folder / "logs" / "engine.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=NEUTRAL,
                env=child_environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                close_fds=True,
            )
    except OSError as error:
        raise JobError(f"The engine could not be started: {error.strerror}.") from error
    _started.append(process)
    return _wait_until_ready(folder, process, wait_seconds)


def _wait_until_ready(folder: Path, process: subprocess.Popen[bytes], wait_seconds: float) -> EngineStatus:
    end = time.monotonic() + wait_seconds
    while True:
        code = process.poll()
        status = engine_status(folder)
        if status.running and status.phase == "ready":
            return status
        if code is not None and not status.running:
            if code == 0:  # it found another engine, or had nothing to do and ended
                return status
            reason = status.error or f"its process ended with code {code}; see {folder / 'logs' / 'engine.log'}"
            raise JobError(f"The engine could not start: {reason.rstrip('.')}.")
        if time.monotonic() >= end:
            return status
        time.sleep(0.1)


def stop_engine(campaign_dir: str | Path, *, wait_seconds: float = 20.0) -> bool:
    """Ask a campaign's engine on this machine to end; its running jobs wait again. False if none ran."""
    status = engine_status(campaign_dir)
    if not status.running or status.pid is None:
        return False
    if status.host != hostname():
        raise JobError(f"The engine runs on {status.host}; stop it there (process {status.pid}).")
    try:
        os.kill(status.pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    end = time.monotonic() + wait_seconds
    while engine_status(campaign_dir).running:
        if time.monotonic() > end:
            raise JobError(f"The engine (process {status.pid}) has not ended after {wait_seconds:g} s.")
        time.sleep(0.1)
    _started[:] = [process for process in _started if process.poll() is None]
    return True
