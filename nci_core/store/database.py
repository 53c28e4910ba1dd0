"""Opening a campaign's database: SQLite in WAL mode, or PostgreSQL; safe for several processes at once."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import orjson
from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from nci_core.errors import StoreError
from nci_core.store import server
from nci_core.store.base import Base
from nci_core.store.failures import MOVED, OURS, as_store_error
from nci_core.store.migrate import check_revision, upgrade
from nci_core.store.place import Place, hold
from nci_core.switches import read_only as demonstration
from nci_core.switches import require_writable

#: Name of the database inside a campaign folder.
DATABASE_NAME = "campaign.db"
#: How long a writer waits for another before it gives up.
BUSY_SECONDS = 30.0


def _dump(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY, default=_plain).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):  # not C-contiguous: orjson leaves it to us
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be stored as JSON")


def _locate(target: str | Path) -> tuple[URL, Path | None]:
    """URL and, for a file, its path. A folder means the campaign.db in it."""
    if isinstance(target, str) and "://" in target:
        url = server.parse(target)
        if url.get_backend_name() != "sqlite" or not url.database or url.database.startswith("file:"):
            return url, None
        path = Path(url.database)
    else:
        path = Path(target)
        path = path / DATABASE_NAME if path.is_dir() or not path.suffix else path
    path = path.absolute()
    return URL.create("sqlite", database=str(path)), path


def _connect(url: URL, path: Path | None, *, read_only: bool, busy_seconds: float, migration: bool = False) -> Engine:
    arguments: dict[str, Any] = {}
    if path is not None:
        arguments = {"timeout": busy_seconds}
        # Never SQLite's own "rwc": a database whose folder was moved away must not come into being anew.
        query = {"mode": "ro" if read_only else "rw", "uri": "true"}
        # A copy on read-only media cannot have the -shm file that WAL needs; nobody can write it either.
        query |= {"immutable": "1"} if read_only and not _may_write(path) else {}
        url = URL.create("sqlite", database=path.as_uri(), query=query)
    options: dict[str, Any] = {"poolclass": NullPool} if migration else {}
    schema = None
    if url.get_backend_name() == "postgresql":
        schema = server.schema_of(url)
        url, arguments = server.connection_settings(url, read_only=read_only, busy_seconds=busy_seconds)
        options |= {"pool_pre_ping": True}  # a server may have been started anew
    try:
        engine = create_engine(
            url, connect_args=arguments, json_serializer=_dump, json_deserializer=orjson.loads, **options
        )
    except ModuleNotFoundError:
        raise StoreError("PostgreSQL needs a driver that is not installed; run pip install 'nci[postgres]'.") from None
    if schema is not None:
        server.set_up(engine, schema, migration=migration)
    else:
        _set_up_sqlite(engine, path, read_only=read_only, busy_seconds=busy_seconds, migration=migration)
    return engine


def _may_write(path: Path) -> bool:
    return os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)


def _write_ahead(cursor: sqlite3.Cursor, busy_seconds: float) -> None:
    """Use a write-ahead log. While another process makes this very change SQLite is busy at once, and does not wait."""
    end = time.monotonic() + busy_seconds
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _set_up_sqlite(engine: Engine, path: Path | None, *, read_only: bool, busy_seconds: float, migration: bool) -> None:
    same: set[tuple[int, int]] = set()

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, record: object) -> None:
        if path is not None:
            try:
                status = path.stat()
                same.add((status.st_dev, status.st_ino))
            except OSError:
                same.add((-1, -1))
            if len(same) > 1:  # one pool of connections to two campaigns would mix them
                raise sqlite3.OperationalError(
                    f"{OURS}{MOVED}{path} was moved or replaced since it was opened; open the campaign again."
                )
        connection.isolation_level = None  # we emit BEGIN ourselves, below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {int(busy_seconds * 1000)}")
        # Tables are rebuilt during a migration; their references are checked at its end.
        cursor.execute(f"PRAGMA foreign_keys = {'OFF' if migration else 'ON'}")
        if read_only:
            cursor.execute("PRAGMA query_only = ON")
        else:
            _write_ahead(cursor, busy_seconds)
            # In WAL mode, NORMAL loses nothing when a process dies; only a power cut can
            # undo the last transactions, and finished labels are journaled and synced first.
            cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A writer takes the write lock first: upgrading a reader fails at once if another wrote since.
        write = migration or connection.get_execution_options().get("nci_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


class Store:
    """A campaign's database. Open one per process; it may be used from several threads.

    Attributes:
        path: the SQLite file, or None for a server.
        where: the file or the server's address as people are told, without password.
        folder: the campaign folder; `models/` and `results/` are there.
        place: the folder itself, held open, to tell when it is moved; None where it was not there yet.
        read_only: nothing can be written.
    """

    def __init__(self, engine: Engine, path: Path | None, where: str, folder: Path | None, *, read_only: bool) -> None:
        self.engine = engine
        self.path = path
        self.where = where
        self.read_only = read_only
        self._folder = folder
        home = folder or (None if path is None else path.parent)
        self.place: Place | None = None if home is None else hold(home)

    @property
    def folder(self) -> Path:
        """The campaign folder; raises StoreError for a server's database that was opened without one."""
        if self._folder is not None:
            return self._folder
        if self.path is None:
            raise StoreError(f"{self.where} is not a file, so the campaign folder must be given.")
        return self.path.parent

    @property
    def server(self) -> str | None:
        """Address of the server's database, for another process to open it; None for a file."""
        return None if self.path is not None else self.where

    @classmethod
    def open(
        cls,
        target: str | Path,
        *,
        folder: Path | None = None,
        read_only: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> Self:
        """Open an existing campaign: a folder, a database file or a URL, of a server with the campaign's folder.

        An older schema is brought up to date first (not when `read_only`). Raises StoreError if it
        does not exist, is not a campaign, is damaged, locked, or was made by a newer nci. In a demonstration
        (`switches.read_only`) every opening is `read_only`.
        """
        url, path = _locate(target)
        if path is not None:
            if not path.exists():
                raise StoreError(f"There is no campaign at {path}; make one with `nci init`.")
            if not path.is_file():
                raise StoreError(f"{path} is not a file; give the folder that `nci init` made.")
            if path.stat().st_size == 0 and not path.with_name(path.name + "-wal").exists():
                raise StoreError(f"{path} is empty, so it is truncated or was never finished; make a new campaign.")
        read_only = read_only or demonstration()
        return cls._ready(url, path, folder, create=False, read_only=read_only, busy_seconds=busy_seconds)

    @classmethod
    def create(
        cls,
        target: str | Path,
        *,
        folder: Path | None = None,
        exist_ok: bool = False,
        busy_seconds: float = BUSY_SECONDS,
    ) -> Self:
        """Make a campaign's database (and its folder); raises StoreError if there is one, unless `exist_ok`."""
        require_writable()
        url, path = _locate(target)
        if path is not None:
            if path.exists() and not exist_ok:
                raise StoreError(f"{path} exists already; open it, or choose another folder.")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            except OSError as error:
                raise StoreError(f"{path} cannot be made: {error.strerror}.") from error
        return cls._ready(url, path, folder, create=True, exist_ok=exist_ok, read_only=False, busy_seconds=busy_seconds)

    @classmethod
    def _ready(
        cls,
        url: URL,
        path: Path | None,
        folder: Path | None,
        *,
        create: bool,
        exist_ok: bool = True,
        read_only: bool,
        busy_seconds: float,
    ) -> Self:
        where = str(path) if path is not None else server.without_secret(url)
        with as_store_error(where):
            engine = _connect(url, path, read_only=read_only, busy_seconds=busy_seconds)
            try:
                with engine.connect() as connection:
                    if path is None and not exist_ok and server.describes_a_campaign(connection):
                        raise StoreError(f"There is a campaign at {where} already; open it, or choose another schema.")
                    current = check_revision(connection, where, create=create)
                if not current and read_only:
                    raise StoreError(f"{where} has an older schema; open it once for writing to bring it up to date.")
                if not current:
                    with _connect(url, path, read_only=False, busy_seconds=busy_seconds, migration=True).begin() as c:
                        if create and c.dialect.name == "postgresql":
                            server.make_schema(c, server.schema_of(url))
                        upgrade(c, where, create=create)
            except BaseException:
                engine.dispose()
                raise
        return cls(engine, path, where, folder, read_only=read_only)

    def discard(self) -> None:
        """Remove a campaign that could not be finished from its server; a file goes with its folder."""
        if self.server is not None:
            with as_store_error(self.where), self.engine.begin() as connection:
                Base.metadata.drop_all(connection)
                connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
        self.close()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one consistent state of the database; nothing is written."""
        with as_store_error(self.where), Session(self.engine, expire_on_commit=False) as session:
            if self.engine.dialect.name == "postgresql":  # where each statement would see what is new
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session in one transaction: all of it is written when the block ends, or nothing."""
        if self.read_only or demonstration():
            raise StoreError(f"{self.where} is open read-only; nothing can be changed.")
        with as_store_error(self.where), Session(self.engine, expire_on_commit=False) as session, session.begin():
            session.connection(execution_options={"nci_write": True})
            yield session

    def require_in_place(self) -> None:
        """Raise CampaignMovedError where the campaign's folder was moved, replaced or deleted since it was opened."""
        if self.place is not None:
            self.place.require()

    def close(self) -> None:
        """Release the connections and the folder."""
        self.engine.dispose()
        if self.place is not None:
            self.place.close()
            self.place = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
