"""A campaign's database on a PostgreSQL server: its address, its schema, and one writer at a time.

Each campaign has a schema of its own, so one database serves a group. Addresses that are kept or shown
carry no password: that comes from ~/.pgpass, PGPASSWORD or the variable NCI_DATABASE.
"""

import hashlib
import os
import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event, inspect, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from nci_core.errors import StoreError

#: Server for new campaigns; its password also opens the campaigns that are there.
VARIABLE = "NCI_DATABASE"
DRIVER = "postgresql+psycopg"
EXAMPLE = "postgresql://user@host/database"
#: How long to wait for a server that does not answer.
CONNECT_SECONDS = 10
#: A machine that died or went to sleep in the middle of a change gives its lock back after so long.
ABANDONED_SECONDS = 300
_SCHEMA = re.compile(r"(?!pg_)[a-z_][a-z0-9_]{0,62}")
_SECRET = ("password", "sslpassword")
# What a kept address may say. Not hostaddr or service, which could lead a password to another machine.
_KEPT = {"schema", "host", "port", "sslmode", "sslrootcert", "connect_timeout", "target_session_attrs"}


def parse(address: str) -> URL:
    """A database URL; raises StoreError, without repeating what may hold a password."""
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise StoreError(
            f"That is not a database URL; write for example {EXAMPLE}, with %40 for an @ inside a password."
        ) from None
    kind = url.get_backend_name()
    if kind == "sqlite":
        return url
    if kind not in ("postgresql", "postgres"):
        raise StoreError(f"Databases of kind {kind!r} are not supported; use SQLite or PostgreSQL.")
    schema = url.query.get("schema", "")
    if schema and (not isinstance(schema, str) or not _SCHEMA.fullmatch(schema)):
        raise StoreError(
            "The schema in the database URL is not usable; write it with a-z, 0-9 and _, at most 63 characters."
        )
    return url.set(drivername=DRIVER)


def without_secret(url: URL) -> str:
    """The address as it may be kept and shown."""
    bare = URL.create(url.drivername, url.username, None, url.host, url.port, url.database, url.query)
    return bare.difference_update_query(_SECRET).render_as_string(hide_password=False)


def with_secret(url: URL) -> URL:
    """The address with the password of NCI_DATABASE, if it has none and would reach the same database.

    Whatever else the address says of the connection must be said by NCI_DATABASE too, so that an
    address somebody else wrote cannot send the password elsewhere, or unencrypted.
    """
    given = os.environ.get(VARIABLE)
    if not given or url.password is not None:
        return url
    known = parse(given)
    asked = {name: value for name, value in url.query.items() if name != "schema"}
    same = (
        (url.host, url.port or 5432, url.database) == (known.host, known.port or 5432, known.database)
        and url.username in (None, known.username)
        and all(known.query.get(name) == value for name, value in asked.items())
    )
    return known.update_query_dict({"schema": schema_of(url)}) if same else url


def check_reference(address: str) -> None:
    """Raise StoreError unless this is a server's URL with a schema and without a password."""
    url = parse(address)
    if url.get_backend_name() == "sqlite":
        raise StoreError(f"A campaign's own file needs no URL; leave it empty, or name a server such as {EXAMPLE}.")
    if url.password is not None or any(name in url.query for name in _SECRET):
        raise StoreError(
            f"The database URL holds a password, which whoever reads the campaign would see; leave it out and put it "
            f"into ~/.pgpass, PGPASSWORD or {VARIABLE}."
        )
    unknown = sorted(set(url.query) - _KEPT)
    if unknown:
        raise StoreError(f"The database URL of a campaign cannot hold {unknown[0]!r}; leave it out.")
    if "schema" not in url.query:
        raise StoreError("The database URL names no schema; add for example ?schema=nci_he_benzene.")


def place(folder: Path, given: str | None = None) -> str:
    """Where a new campaign's database goes: `given`, else NCI_DATABASE, else "" for the file in its folder.

    Without a schema in the address the campaign gets one named after its folder. The result
    has no password; raises StoreError when `given` has one.
    """
    address = os.environ.get(VARIABLE, "") if given is None else given
    if not address:
        return ""
    url = parse(address)
    if "schema" not in url.query:
        name = re.sub(r"[^a-z0-9]+", "_", folder.name.lower()).strip("_") or "campaign"
        url = url.update_query_dict({"schema": f"nci_{name}"[:63]})
    result = without_secret(url) if given is None else url.render_as_string(hide_password=False)
    check_reference(result)
    return result


def schema_of(url: URL) -> str:
    """The campaign's schema."""
    return str(url.query.get("schema", "public"))


def connection_settings(url: URL, *, read_only: bool, busy_seconds: float) -> tuple[URL, dict[str, Any]]:
    """The address for the driver, and its arguments: schema, time limits, and read-only if asked."""
    chosen = {
        "search_path": schema_of(url),
        "lock_timeout": max(int(busy_seconds * 1000), 1),
        "idle_in_transaction_session_timeout": ABANDONED_SECONDS * 1000,
        "default_transaction_read_only": "on" if read_only else "off",
    }
    settings = " ".join([str(url.query.get("options", "")), *(f"-c {name}={value}" for name, value in chosen.items())])
    arguments: dict[str, Any] = {"options": settings, "application_name": "nci"}
    if "connect_timeout" not in url.query:
        arguments["connect_timeout"] = CONNECT_SECONDS
    return with_secret(url).difference_update_query(("schema", "options")), arguments


def set_up(engine: Engine, schema: str, *, migration: bool) -> None:
    """One writer at a time for each schema, as in SQLite: what a writer has read stays true until it has written."""
    digest = hashlib.sha256(f"nci:{schema}".encode()).digest()
    key = int.from_bytes(digest[:8], "big", signed=True)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        if migration or connection.get_execution_options().get("nci_write", False):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({key})")


def describes_a_campaign(connection: Connection) -> bool:
    """Whether somebody has claimed this schema; tables without a campaign are left by an unfinished creation."""
    if not inspect(connection).has_table("campaign_info"):
        return False
    return connection.execute(text("SELECT 1 FROM campaign_info")).first() is not None


def make_schema(connection: Connection, schema: str) -> None:
    """Make the campaign's schema unless it is there; who may use but not make schemas can be given one."""
    there = connection.execute(text("SELECT 1 FROM pg_namespace WHERE nspname = :name"), {"name": schema}).first()
    if there is None:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
