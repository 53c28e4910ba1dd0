"""The job queue. Each change of state is one guarded UPDATE, so that two processes cannot both make it.

`begin` hands out an attempt number; only its holder may report progress or finish the job. A
label that names a job follows its state, except that a complete label stays complete.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from nci_core.errors import JobError
from nci_core.store.base import FINAL_STATES, State, utc_now
from nci_core.store.database import Store
from nci_core.store.job_queries import of_recipe
from nci_core.store.schema import Job, JobEvent, Label


def add(
    store: Store,
    kind: str,
    payload: Mapping[str, Any] | None = None,
    *,
    priority: int = 0,
    max_attempts: int = 3,
    time_limit_seconds: float | None = None,
    memory_limit_gb: float | None = None,
    silence_limit_seconds: float | None = None,
    label_id: int | None = None,
    needs_memory_gb: float | None = None,
    needs_gpus: int = 0,
) -> Job:
    """Queue a job; higher priority runs first, equal ones in their order. `label_id`: the label it computes."""
    job = Job(
        kind=kind,
        payload=dict(payload or {}),
        priority=priority,
        max_attempts=max_attempts,
        time_limit_seconds=time_limit_seconds,
        memory_limit_gb=memory_limit_gb,
        silence_limit_seconds=silence_limit_seconds,
        needs_memory_gb=needs_memory_gb,
        needs_gpus=needs_gpus,
    )
    with store.write() as session:
        session.add(job)
        session.flush()
        if label_id is not None:
            session.execute(update(Label).where(Label.id == label_id).values(job_id=job.id))
    return job


def add_following(store: Store, after: int, kind: str, payload: Mapping[str, Any]) -> int:
    """Queue the job that follows a finished one, once: called again, it gives the id of the job that is there.

    The new job has the priority of the one it follows, which its payload names as "after".
    """
    with store.write() as session:
        there = session.scalar(select(Job.id).where(Job.kind == kind, Job.payload["after"].as_integer() == after))
        if there is not None:
            return there
        before = session.get(Job, after)
        job = Job(kind=kind, payload=dict(payload) | {"after": after}, priority=before.priority if before else 0)
        session.add(job)
        session.flush()
        return job.id


def get(store: Store, job_id: int) -> Job:
    """One job; raises JobError if there is none."""
    with store.read() as session:
        job = session.get(Job, job_id)
    if job is None:
        raise JobError(f"There is no job {job_id}.")
    return job


def fetch(
    store: Store,
    *,
    states: Sequence[State] | None = None,
    kind: str | None = None,
    recipe: str | None = None,
    limit: int | None = None,
) -> list[Job]:
    """Jobs, newest first; of some states, a kind or one recipe's labels only."""
    query = select(Job).where(of_recipe(recipe)).order_by(Job.id.desc())
    if states is not None:
        query = query.where(Job.state.in_(states))
    if kind is not None:
        query = query.where(Job.kind == kind)
    with store.read() as session:
        return list(session.scalars(query if limit is None else query.limit(limit)))


def begin(store: Store, job_id: int, *, host: str, supervisor_pid: int) -> Job | None:
    """waiting → running for the caller alone; None if the job is not waiting any more."""
    now = utc_now()
    values = {"state": "running", "attempt": Job.attempt + 1, "host": host, "supervisor_pid": supervisor_pid}
    values |= {"started_at": now, "heartbeat_at": now, "finished_at": None, "pid": None, "cancel_requested": False}
    values |= {"progress": 0.0, "message": "", "error": None, "result": None}
    with store.write() as session:
        changed = session.execute(update(Job).where(Job.id == job_id, Job.state == "waiting").values(**values))
        if not changed.rowcount:  # type: ignore[attr-defined]
            return None
        _labels_follow(session, job_id, "running", None)
        # In this transaction: a row that says "running" must have somebody who knows which attempt it is.
        return session.get_one(Job, job_id)


def beat(store: Store, job_id: int, attempt: int, *, pid: int | None = None) -> bool:
    """Say that the attempt is alive; False if it is not the job's any more."""
    values: dict[str, Any] = {"heartbeat_at": utc_now()} | ({} if pid is None else {"pid": pid})
    return _update_attempt(store, job_id, attempt, values)


def report(
    store: Store,
    job_id: int,
    attempt: int,
    *,
    progress: float | None = None,
    message: str | None = None,
    events: Sequence[tuple[int, Mapping[str, Any]]] = (),
) -> bool:
    """Progress (0 to 1), a message and (step, data) points of a live curve; False if not the job's attempt."""
    values: dict[str, Any] = {"heartbeat_at": utc_now()}
    if progress is not None:
        values["progress"] = min(max(float(progress), 0.0), 1.0)
    if message is not None:
        values["message"] = message
    rows = [
        {"job_id": job_id, "attempt": attempt, "step": step, "time": utc_now(), "data": dict(data)}
        for step, data in events
    ]
    return _update_attempt(store, job_id, attempt, values, rows)


def _update_attempt(
    store: Store, job_id: int, attempt: int, values: Mapping[str, Any], events: Sequence[Mapping[str, Any]] = ()
) -> bool:
    with store.write() as session:
        if not _owns(session, job_id, attempt):
            return False
        session.execute(update(Job).where(Job.id == job_id).values(**values))
        if events:
            session.execute(insert(JobEvent), list(events))
    return True


def _owns(session: Session, job_id: int, attempt: int) -> bool:
    query = select(Job.id).where(Job.id == job_id, Job.attempt == attempt, Job.state == "running")
    return session.scalar(query) is not None


def finish(
    store: Store,
    job_id: int,
    attempt: int,
    state: State,
    *,
    result: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> bool:
    """running → complete, error or cancelled; False if the attempt is not the job's any more."""
    with store.write() as session:
        if not _owns(session, job_id, attempt):
            return False
        values: dict[str, Any] = {"state": state, "error": error, "finished_at": utc_now()}
        if state == "complete":
            values |= {"progress": 1.0, "result": dict(result or {})}
        session.execute(update(Job).where(Job.id == job_id).values(**values))
        _labels_follow(session, job_id, state, error)
    return True


def give_up_waiting(store: Store, job_id: int, error: str) -> bool:
    """waiting → error, for a job that cannot even be started; False if it is not waiting."""
    with store.write() as session:
        job = session.get(Job, job_id)
        if job is None or job.state != "waiting":
            return False
        job.state, job.error, job.finished_at = "error", error, utc_now()
        _labels_follow(session, job_id, "error", error)
    return True


def put_back(store: Store, job_id: int, attempt: int, reason: str, *, count: bool = True) -> State | None:
    """running → waiting after its process was lost, and the new state; None if the attempt is not the job's.

    The last attempt ends as an error that says so; a job that was to be cancelled is cancelled.
    With `count` False the attempt is forgiven, as when the engine is stopped on purpose.
    """
    with store.write() as session:
        job = session.get(Job, job_id)
        if job is None or job.state != "running" or job.attempt != attempt:
            return None
        job.pid = job.supervisor_pid = None
        if job.cancel_requested:
            job.state, job.finished_at = "cancelled", utc_now()
        elif count and attempt >= job.max_attempts:
            times = "once" if attempt == 1 else f"{attempt} times"
            job.state, job.finished_at = "error", utc_now()
            job.error = f"The job was started {times} and never finished: {reason}; it is not tried again by itself."
        else:
            job.state, job.message, job.progress = "waiting", f"waiting again: {reason}", 0.0
            job.max_attempts += 0 if count else 1
        _labels_follow(session, job_id, job.state, job.error)
        return job.state


def cancel(store: Store, job_id: int) -> State:
    """Cancel a waiting job at once, ask a running one to stop; returns the state it is in now."""
    with store.write() as session:
        job = session.get(Job, job_id)
        if job is None:
            raise JobError(f"There is no job {job_id}.")
        if job.state == "waiting":
            job.state, job.finished_at = "cancelled", utc_now()
            _labels_follow(session, job_id, "cancelled", None)
        elif job.state == "running":
            job.cancel_requested = True
        return job.state


def cancel_requested(store: Store, job_id: int, attempt: int) -> bool:
    """Whether this attempt should stop: it was asked to, or the job is not its any more."""
    query = select(Job.id).where(Job.id == job_id, Job.attempt == attempt, Job.state == "running")
    with store.read() as session:
        return session.scalar(query.where(~Job.cancel_requested)) is None


def put_first(store: Store, job_ids: Sequence[int]) -> int:
    """Let waiting jobs run before all other waiting ones, in the order given; returns how many were waiting."""
    moved = 0
    with store.write() as session:
        top = session.scalar(select(func.max(Job.priority)).where(Job.state == "waiting")) or 0
        for place, number in enumerate(reversed(list(job_ids)), start=1):
            job = session.get(Job, number)
            if job is not None and job.state == "waiting":
                job.priority = top + place
                moved += 1
    return moved


def retry(store: Store, job_id: int) -> None:
    """error or cancelled → waiting, with a fresh set of attempts; raises JobError in another state."""
    with store.write() as session:
        job = session.get(Job, job_id)
        if job is None:
            raise JobError(f"There is no job {job_id}.")
        if job.state not in ("error", "cancelled"):
            raise JobError(f"Job {job_id} is {job.state}; only failed or cancelled jobs can be tried again.")
        wait_again(job)
        _labels_follow(session, job_id, "waiting", None)


def wait_again(job: Job) -> None:
    """Make a failed or cancelled row a waiting one, with a fresh set of attempts; its labels are the caller's."""
    tries = max(job.max_attempts - job.attempt, 0)
    job.state, job.error, job.message, job.progress = "waiting", None, "", 0.0
    job.max_attempts += max(3 - tries, 0)
    job.cancel_requested, job.finished_at = False, None


def _labels_follow(session: Session, job_id: int, state: State, error: str | None) -> None:
    if state == "complete":  # the label's own result completes it, not the end of a process
        return
    values = {
        "status": state,
        "error": error,
        "finished_at": utc_now() if state in FINAL_STATES else None,
    }
    session.execute(update(Label).where(Label.job_id == job_id, Label.status != "complete").values(**values))
