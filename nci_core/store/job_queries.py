"""What stands in the queue: how many jobs, which come next, whose labels they compute."""

from collections.abc import Sequence
from math import isinf

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, true

from nci_core.store.base import ACTIVE, State
from nci_core.store.database import Store
from nci_core.store.schema import Job, Label


def of_recipe(recipe: str | None) -> ColumnElement[bool]:
    """Jobs that compute labels of one recipe, or all jobs."""
    if recipe is None:
        return true()
    return exists().where(Label.job_id == Job.id, Label.recipe == recipe)


def superseded() -> ColumnElement[bool]:
    """Jobs that failed or were cancelled, and whose label has got another job, or is computed elsewhere, since."""
    mine = Label.id == Job.payload["label_id"].as_integer()
    elsewhere = or_(Label.job_id.is_(None), Label.job_id != Job.id)
    return and_(Job.kind == "label", Job.state.in_(("error", "cancelled")), exists().where(mine, elsewhere))


def counts(store: Store) -> dict[State, int]:
    """Number of jobs in each state but superseded ones; `labels.status_counts` counts those of one recipe."""
    query = select(Job.state, func.count()).group_by(Job.state)
    with store.read() as session:
        found = {row[0]: row[1] for row in session.execute(query)}  # the index tells, without a look at the rows
        if found.keys() & {"error", "cancelled"}:
            for state, n in session.execute(query.where(superseded())):
                found[state] -= n
    states: tuple[State, ...] = ("waiting", "running", "complete", "error", "cancelled")
    return {state: found.get(state, 0) for state in states}


def counts_by_kind(store: Store) -> dict[tuple[str, State], int]:
    """Number of jobs of each kind and state, superseded ones too: (kind, state) → n."""
    with store.read() as session:
        found = session.execute(select(Job.kind, Job.state, func.count()).group_by(Job.kind, Job.state))
        return {(kind, state): n for kind, state, n in found}


def is_busy(store: Store) -> bool:
    """Whether any job waits or runs: known from one row, however long the queue is."""
    with store.read() as session:
        return session.scalar(select(Job.id).where(Job.state.in_(ACTIVE)).limit(1)) is not None


def last(store: Store, kinds: Sequence[str]) -> Job | None:
    """The newest job of these kinds, None before the first."""
    with store.read() as session:
        return session.scalar(select(Job).where(Job.kind.in_(kinds)).order_by(Job.id.desc()).limit(1))


def next_waiting(
    store: Store, limit: int, *, skip: Sequence[int] = (), sizes: Sequence[tuple[float, int]] | None = None
) -> list[Job]:
    """The waiting jobs to start next, at most `limit`, without those in `skip`.

    `sizes` are (memory in GB, GPUs) of the workers: only jobs that one of them has room for.
    """
    query = select(Job).where(Job.state == "waiting", Job.id.not_in(skip)).order_by(Job.priority.desc(), Job.id)
    if sizes is not None:
        query = query.where(or_(false(), *(_has_room(memory_gb, gpus) for memory_gb, gpus in sizes)))
    with store.read() as session:
        return list(session.scalars(query.limit(limit)))


def _has_room(memory_gb: float, gpus: int) -> ColumnElement[bool]:
    enough = Job.needs_gpus <= gpus
    if isinf(memory_gb):
        return enough
    return and_(enough, or_(Job.needs_memory_gb.is_(None), Job.needs_memory_gb <= memory_gb))
