"""Many jobs at once, in transactions of some milliseconds each, so that running jobs can report in between."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nci_core.store.base import State, utc_now
from nci_core.store.database import Store
from nci_core.store.jobs import wait_again
from nci_core.store.schema import Job, Label

#: Rows that one transaction changes.
AT_ONCE = 250


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


def cancel_waiting(store: Store) -> int:
    """Cancel every waiting job; returns how many. Those that come meanwhile are not among them."""

    def change(session: Session, ids: list[int]) -> None:
        session.execute(update(Job).where(Job.id.in_(ids)).values(state="cancelled", finished_at=utc_now()))
        _labels_follow(session, ids, "cancelled")

    return _in_parts(store, ("waiting",), change)


def retry_failed(store: Store) -> int:
    """Let every failed or cancelled job wait again; returns how many."""

    def change(session: Session, ids: list[int]) -> None:
        for job in session.scalars(select(Job).where(Job.id.in_(ids))):
            wait_again(job)
        _labels_follow(session, ids, "waiting")

    return _in_parts(store, ("error", "cancelled"), change)


def _in_parts(store: Store, states: tuple[State, ...], change: Callable[[Session, list[int]], None]) -> int:
    with store.read() as session:
        known = list(session.scalars(select(Job.id).where(Job.state.in_(states)).order_by(Job.id)))
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
