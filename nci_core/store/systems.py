"""The systems of a campaign: dimers that it is about, each with its role, pool and test set."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from nci_core.errors import StoreError
from nci_core.store.base import utc_now
from nci_core.store.database import Store
from nci_core.store.schema import StoredSystem

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


def fetch(store: Store) -> list[StoredSystem]:
    """All systems in their order."""
    with store.read() as session:
        return list(session.scalars(select(StoredSystem).order_by(StoredSystem.place, StoredSystem.id)))


def add(store: Store, systems: Sequence[StoredSystem]) -> None:
    """Add systems behind those that are there, all or none; one whose name is there stays as it is there."""
    with store.write() as session:
        add_in(session, systems)


def add_in(session: "Session", systems: Sequence[StoredSystem]) -> None:
    """The same inside a transaction that is under way."""
    known = set(session.scalars(select(StoredSystem.name)))
    last = session.scalar(select(func.max(StoredSystem.place)))
    place = 0 if last is None else last + 1
    for row in systems:
        if row.name not in known:
            row.place = place
            session.add(row)
            session.flush()  # ids in the order of the list
            known.add(row.name)
            place += 1


def rename(store: Store, names: dict[int, str]) -> None:
    """Give systems other names: id → name. What is stored of them refers to the id."""
    with store.write() as session:
        for number in names:  # two may change their names with each other
            session.execute(update(StoredSystem).where(StoredSystem.id == number).values(name=f"\t{number}"))
        for number, name in names.items():
            session.execute(update(StoredSystem).where(StoredSystem.id == number).values(name=name))


def freeze_in(session: "Session", store: Store, system_ids: Sequence[int] | None = None) -> None:
    """Close the test sets of these systems, or of all, for good in the caller's transaction.

    Raises StoreError in a database without a system.
    """
    if session.scalar(select(func.count()).select_from(StoredSystem)) == 0:
        raise StoreError(f"{store.where} does not say what the campaign is about; make a new one with `nci init`.")
    query = update(StoredSystem).where(StoredSystem.test_frozen_at.is_(None))
    if system_ids is not None:
        query = query.where(StoredSystem.id.in_(list(system_ids)))
    session.execute(query.values(test_frozen_at=utc_now()))
