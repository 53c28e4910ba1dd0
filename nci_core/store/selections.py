"""Selections of configurations: each person's present one with its history, and named sets."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, select

from nci_core.errors import StoreError
from nci_core.store.base import StepKind
from nci_core.store.database import Store
from nci_core.store.schema import NamedSet, Step

#: Steps kept for each person and kind; older ones cannot be undone any more.
MOST_STEPS = 100


def _of(person: str, kind: StepKind) -> Select[*tuple[Step]]:
    return select(Step).where(Step.person == person, Step.kind == kind)


def _last_done(person: str, kind: StepKind) -> Select[*tuple[Step]]:
    return _of(person, kind).where(~Step.undone).order_by(Step.id.desc()).limit(1)


def _first_undone(person: str, kind: StepKind) -> Select[*tuple[Step]]:
    return _of(person, kind).where(Step.undone).order_by(Step.id).limit(1)


def record(store: Store, person: str, kind: StepKind, before: Sequence[Any], after: Sequence[Any]) -> None:
    """Keep a step that was done; what had been undone before it cannot be done again."""
    with store.write() as session:
        mine = (Step.person == person, Step.kind == kind)
        session.execute(delete(Step).where(*mine, Step.undone))
        session.add(Step(person=person, kind=kind, before=list(before), after=list(after)))
        session.flush()
        kept = select(Step.id).where(*mine).order_by(Step.id.desc()).limit(MOST_STEPS)
        oldest = min(session.scalars(kept), default=0)
        session.execute(delete(Step).where(*mine, Step.id < oldest))


def current(store: Store, person: str) -> list[int]:
    """The configurations a person has selected now."""
    with store.read() as session:
        step = session.scalar(_last_done(person, "selection"))
        if step is not None:
            return [int(i) for i in step.after]
        undone = session.scalar(_first_undone(person, "selection"))
        return [] if undone is None else [int(i) for i in undone.before]


def undo(store: Store, person: str, kind: StepKind) -> Step | None:
    """Mark the last step as undone and return it for the caller to reverse; None if there is none."""
    with store.write() as session:
        step = session.scalar(_last_done(person, kind))
        if step is not None:
            step.undone = True
    return step


def redo(store: Store, person: str, kind: StepKind) -> Step | None:
    """Mark the first undone step as done and return it for the caller to repeat; None if there is none."""
    with store.write() as session:
        step = session.scalar(_first_undone(person, kind))
        if step is not None:
            step.undone = False
    return step


def can(store: Store, person: str, kind: StepKind) -> tuple[bool, bool]:
    """Whether there is a step to undo, and one to do again."""
    with store.read() as session:
        queries = (_last_done(person, kind), _first_undone(person, kind))
        done, undone = (session.scalar(query) is not None for query in queries)
    return done, undone


def save_set(store: Store, name: str, configuration_ids: Sequence[int], person: str) -> None:
    """Give a selection a name; a set of the same name is replaced. Raises StoreError for an empty name or set."""
    title = " ".join(name.split())
    ids = [int(i) for i in dict.fromkeys(configuration_ids)]
    if not title:
        raise StoreError("A set needs a name.")
    if not ids:
        raise StoreError(f"Nothing is selected, so there is nothing to keep as {title!r}.")
    with store.write() as session:
        session.execute(delete(NamedSet).where(NamedSet.name == title))
        session.add(NamedSet(name=title, configuration_ids=ids, person=person))


def delete_set(store: Store, name: str) -> None:
    """Forget a named set; its configurations stay."""
    with store.write() as session:
        session.execute(delete(NamedSet).where(NamedSet.name == name))


def named_sets(store: Store) -> list[NamedSet]:
    """All named sets, by name."""
    with store.read() as session:
        return list(session.scalars(select(NamedSet).order_by(NamedSet.name)))
