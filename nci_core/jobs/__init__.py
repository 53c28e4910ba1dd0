"""Work outside the app: labels, fits and evaluations run in worker processes that outlive it.

`submit(store, kind, payload, priority=, label_id=, max_attempts=, time_limit_seconds=) -> Job` queues,
`ensure_engine(campaign_dir, workers=, threads=, scheduler=, cluster=, idle_seconds=, nice=, wait_seconds=)` starts
the campaign's engine unless it runs, `wait(store, job_ids, timeout_seconds=, on_change=) -> [Job]`
waits; `why_waiting(store, job_id)` says why a job does not start. `cancel(store, job_id)`, `cancel_all(store)`,
`retry(store, job_id)`,
`engine_status(campaign_dir) -> EngineStatus`, `stop_engine(campaign_dir)`. Rows are read with `nci_core.store.jobs`.

A job is a function `run(context: JobContext) -> dict`, found by its kind in `kinds`; see `context`
for `progress`, `event` and `should_stop`. How the processes hang together:

    app / nci ──(rows in the database)── engine ── Dask worker: supervisor ── child: the job

Each may be killed at any time. The child ends with its supervisor, the supervisor with its engine
(not on an existing scheduler, where it finishes its job alone), and the job waits again.
"""

from nci_core.jobs.client import cancel, cancel_all, ensure_engine, retry, stop_engine, submit, wait, why_waiting
from nci_core.jobs.context import JobContext
from nci_core.jobs.lock import EngineStatus, engine_status

__all__ = [
    "EngineStatus",
    "JobContext",
    "cancel",
    "cancel_all",
    "engine_status",
    "ensure_engine",
    "retry",
    "stop_engine",
    "submit",
    "wait",
    "why_waiting",
]
