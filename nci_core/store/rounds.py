"""Rounds: who picked, what it cost, when it was done."""

from typing import Any

from sqlalchemy import func, select

from nci_core.errors import StoreError
from nci_core.store.base import utc_now
from nci_core.store.database import Store
from nci_core.store.schema import Label, Round


def begin(
    store: Store,
    kind: str,
    *,
    number: int | None = None,
    strategy: str | None = None,
    picked_by: str | None = None,
    recipe_hash: str | None = None,
    notes: str = "",
) -> Round:
    """Open a round; without `number` it follows the last one. Raises StoreError if the number is taken."""
    with store.write() as session:
        last = session.scalar(select(func.max(Round.number)))
        chosen = number if number is not None else 0 if last is None else last + 1
        if session.get(Round, chosen) is not None:
            raise StoreError(f"Round {chosen} exists already.")
        row = Round(
            number=chosen, kind=kind, strategy=strategy, picked_by=picked_by, recipe_hash=recipe_hash, notes=notes
        )
        session.add(row)
    return row


def update(store: Store, number: int, /, **values: Any) -> None:
    """Change columns of a round, such as `notes`; raises StoreError if there is none."""
    with store.write() as session:
        row = _get(store, session.get(Round, number), number)
        for name, value in values.items():
            if name not in Round.__table__.columns or name == "number":
                raise StoreError(f"A round has no column {name!r} to change.")
            setattr(row, name, value)


def finish(store: Store, number: int) -> None:
    """Close a round and add up the CPU seconds of the labels it paid for."""
    with store.write() as session:
        row = _get(store, session.get(Round, number), number)
        cost = select(func.sum(Label.cpu_seconds)).where(Label.round_number == number, Label.status == "complete")
        row.cpu_seconds = session.scalar(cost) or 0.0
        row.finished_at = utc_now()


def _get(store: Store, row: Round | None, number: int) -> Round:
    if row is None:
        raise StoreError(f"There is no round {number} in {store.where}.")
    return row


def get(store: Store, number: int) -> Round:
    """One round; raises StoreError if there is none."""
    with store.read() as session:
        return _get(store, session.get(Round, number), number)


def fetch(store: Store) -> list[Round]:
    """All rounds in their order."""
    with store.read() as session:
        return list(session.scalars(select(Round).order_by(Round.number)))


def next_number(store: Store) -> int:
    """The round that picks and labels of now belong to: the open one, else the one after the last; at least 1."""
    with store.read() as session:
        last = session.scalar(select(Round).order_by(Round.number.desc()).limit(1))
    if last is None:
        return 1
    return last.number if last.finished_at is None and last.number > 0 else last.number + 1


def last_number(store: Store) -> int | None:
    """Number of the last round, None before the first."""
    with store.read() as session:
        return session.scalar(select(func.max(Round.number)))
