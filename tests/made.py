"""What takes long to make and is made once: for all tests of a run, whichever of its processes they are in."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection

from nci_core.store import migrate

Once = Callable[[str, Callable[[Path], object]], Path]
#: What the migrations make of an empty SQLite file, as statements, after the first time.
_schema: list[str] = []


def folder_once(base: Path, name: str, make: Callable[[Path], object]) -> Path:
    """The folder `base`/`name`, filled by `make` unless another process has done it; to be read or copied only."""
    if "PYTEST_XDIST_WORKER" in os.environ:  # each process has a base of its own, below that of the run
        base = base.parent
    folder, done = base / name, base / f"{name}.done"
    with (base / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of an attempt that failed
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


def upgrade_by_copy(connection: Connection, where: str, *, create: bool) -> None:
    """As `migrate.upgrade`, but a new SQLite file gets what the migrations made of the first one, triggers and all.

    They take an eighth of a second, and the tests make a thousand databases.
    """
    if connection.dialect.name != "sqlite" or not create or migrate.check_revision(connection, where, create=create):
        migrate.upgrade(connection, where, create=create)
        return
    for statement in _schema:
        connection.exec_driver_sql(statement)
    if not _schema:
        migrate.upgrade(connection, where, create=create)
        _schema.extend(
            sql
            for (sql,) in connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql NOTNULL ORDER BY rowid")
        )
        _schema.append(f"INSERT INTO alembic_version VALUES ('{migrate.HEAD}')")
