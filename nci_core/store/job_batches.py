"""Many jobs at once: read in pages, written in transactions of some milliseconds.

Between two of those running jobs can report; a long queue holds nobody up.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import and_, func, select, update
from sqlalchemy.orm import Session

from nci_core.store.base import State, utc_now
from nci_core.store.bulk import chunks
from nci_core.store.database import Store
from nci_core.store.job_queries import of_recipe, superseded
from nci_core.store.jobs import wait_again
from nci_core.store.schema import Job, Label

#: Rows that one transaction changes.
AT_ONCE = 100


def brief(store: Store, job_ids: Sequence[int]) -> dict[int, tuple[State, float, str]]:
    """State, progress and message of many jobs, those that exist."""
    query = select(Job.id, Job.state, Job.progress, Job.message)
    with store.read() as session:
        rows = [row for part in chunks(list(job_ids)) for row in session.execute(query.where(Job.id.in_(part)))]
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def by_id(store: Store, job_ids: Sequence[int]) -> list[Job]:
    """These jobs, those that exist, in the order of their ids."""
    with store.read() as session:
        query = select(Job).order_by(Job.id)
        return [job for part in chunks(list(job_ids)) for job in session.scalars(query.where(Job.id.in_(part)))]


def page(store: Store, start: int, limit: int, recipe: str | None = None) -> list[Job]:
    """Rows `start` to `start + limit` of the queue: what runs, what waits in its order, what ended, newest first.

    Of one recipe's labels only, if named; never superseded ones.
    """
    parts = (
        (Job.state == "running", (Job.priority.desc(), Job.id)),
        (Job.state == "waiting", (Job.priority.desc(), Job.id)),
        (Job.finished_at.is_not(None), (Job.finished_at.desc(), Job.id.desc())),  # set in final states alone
    )
    found: list[Job] = []
    with store.read() as session:
        for part, order in parts:
            which = and_(part, of_recipe(recipe), ~superseded())
            if len(found) == limit:
                break
            query = select(Job).where(which).order_by(*order).offset(start).limit(limit - len(found))
            rows = list(session.scalars(query))
            if not rows and start:
                start -= min(start, session.scalar(select(func.count()).select_from(Job).where(which)) or 0)
            else:
                start = 0
            found += rows
    return found


def largest_need_gb(store: Store, at_most: float) -> float:
    """The most memory that any waiting or running job needs, of those that need no more than `at_most` GB; else 0."""
    query = select(func.max(Job.needs_memory_gb)).where(
        Job.state.in_(("waiting", "running")), Job.needs_memory_gb <= at_most
    )
    with store.read() as session:
        return session.scalar(query) or 0.0


def add_for_labels(store: Store, label_ids: Sequence[int], **options: Any) -> list[int]:
    """Queue a job of kind "label" for each label, with `options` of `jobs.add`; returns the jobs' ids in that order.

    A label that got a job meanwhile gets no second one: a label and its job are written together.
    """
    ids: list[int] = []
    for start in range(0, len(label_ids), AT_ONCE):
        part = [int(number) for number in label_ids[start : start + AT_ONCE]]
        with store.write() as session:
            free = set(session.scalars(select(Label.id).where(Label.id.in_(part), Label.job_id.is_(None))))
            rows = [Job(kind="label", payload={"label_id": number}, **options) for number in part if number in free]
            session.add_all(rows)
            session.flush()
            if rows:
                pairs = [{"id": row.payload["label_id"], "job_id": row.id} for row in rows]
                session.execute(update(Label), pairs)
            ids += [row.id for row in rows]
    return ids


def cancel_waiting(store: Store, recipe: str | None = None) -> int:
    """Cancel every waiting job, or one recipe's; returns how many. Those that come meanwhile are not among them."""

    def change(session: Session, ids: list[int]) -> None:
        session.execute(update(Job).where(Job.id.in_(ids)).values(state="cancelled", finished_at=utc_now()))
        _labels_follow(session, ids, "cancelled")

    return _in_parts(store, ("waiting",), recipe, change)


def retry_failed(store: Store, recipe: str | None = None) -> int:
    """Let every failed or cancelled job wait again, or one recipe's, but superseded ones; returns how many."""

    def change(session: Session, ids: list[int]) -> None:
        for job in session.scalars(select(Job).where(Job.id.in_(ids))):
            wait_again(job)
        _labels_follow(session, ids, "waiting")

    return _in_parts(store, ("error", "cancelled"), recipe, change)


def _in_parts(
    store: Store, states: tuple[State, ...], recipe: str | None, change: Callable[[Session, list[int]], None]
) -> int:
    with store.read() as session:
        query = select(Job.id).where(Job.state.in_(states), of_recipe(recipe), ~superseded()).order_by(Job.id)
        known = list(session.scalars(query))
    changed = 0
    for start in range(0, len(known), AT_ONCE):
        part = known[start : start + AT_ONCE]
        with store.write() as session:
            still = list(session.scalars(select(Job.id).where(Job.id.in_(part), Job.state.in_(states))))
            if still:
                change(session, still)
            changed += len(still)
    return changed


def _labels_follow(session: Session, job_ids: list[int], state: State) -> None:
    values = {"status": state, "error": None, "finished_at": utc_now() if state == "cancelled" else None}
    session.execute(update(Label).where(Label.job_id.in_(job_ids), Label.status != "complete").values(**values))
