"""Many rows at once: inserts that skip or replace rows with the same key, and long lists of ids."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nci_core.errors import StoreError
from nci_core.store.base import Base

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Item = TypeVar("Item")
Rows = Sequence[Mapping[str, Any]]
#: Under the number of parameters every SQLite build accepts in one statement.
CHUNK = 10_000


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """Slices of at most CHUNK items."""
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


def insert_missing(session: Session, table: type[Base], rows: Rows) -> None:
    """Insert rows; a row whose key exists already is left as it is in the database."""
    if rows:
        session.execute(_insert(session, table).on_conflict_do_nothing(), list(rows))


def insert_or_replace(session: Session, table: type[Base], keys: Sequence[str], rows: Rows) -> None:
    """Insert rows, all with the same columns; those with the same `keys` as an existing one replace it."""
    if not rows:
        return
    statement = _insert(session, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    session.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changed), list(rows))


def continue_ids(session: Session, table: type[Base]) -> None:
    """After rows were inserted with ids of their own: the next id follows them (SQLite sees to it itself)."""
    if session.get_bind().dialect.name == "postgresql":
        column = table.__table__.columns["id"]
        sequence = func.pg_get_serial_sequence(table.__tablename__, "id")
        highest = select(func.coalesce(func.max(column), 0) + 1).scalar_subquery()
        session.execute(select(func.setval(sequence, highest, False)))


def _insert(session: Session, table: type[Base]) -> "sqlite.Insert | postgresql.Insert":
    name = session.get_bind().dialect.name
    if name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table.__table__)  # type: ignore[arg-type]
    if name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table.__table__)  # type: ignore[arg-type]
    raise StoreError(f"Databases of kind {name!r} are not supported; use SQLite or PostgreSQL.")
