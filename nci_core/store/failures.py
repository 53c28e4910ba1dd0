"""Database errors as one sentence each, and which of them pass by themselves."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from nci_core.errors import CampaignMovedError, InputError, StoreBusyError, StoreError
from nci_core.files import FULL

#: Part of the database's message → what to tell people. The first match counts.
SENTENCES = (
    ("file is not a database", "{where} is not a campaign database; give the folder that `nci init` made."),
    ("file is encrypted", "{where} is not a campaign database; give the folder that `nci init` made."),
    (
        "disk image is malformed",
        "{where} is damaged or truncated; restore a copy, or rebuild it from results/ with a new campaign.",
    ),
    (
        "database is locked",
        "{where} is in use by another process that did not finish in time; try again when it has.",
    ),
    ("readonly database", "{where} is read-only; change its permissions or work on a copy."),
    ("disk is full", "The disk is full: nothing was written to {where}; free some space and try again."),
    ("disk i/o error", "{where} cannot be read or written, perhaps because the disk is full; nothing was changed."),
    ("unable to open database file", "{where} cannot be opened; check that the folder exists and may be written."),
    ("no such table", "{where} lacks a table of a campaign ({detail}); it is damaged or not a campaign."),
    ("unique constraint", "{where} already has that row ({detail}); nothing was changed."),
    ("foreign key constraint", "A row for {where} refers to one that does not exist; nothing was changed."),
    ("check constraint", "A value is not allowed in {where} ({detail}); nothing was changed."),
    ("not null constraint", "A value is missing for {where} ({detail}); nothing was changed."),
    ("not-null constraint", "A value is missing for {where} ({detail}); nothing was changed."),
    # PostgreSQL's
    (
        "lock timeout",
        "{where} is in use by another process that did not finish in time; try again when it has.",
    ),
    ("read-only transaction", "{where} is read-only here; nothing was changed."),
    ("no space left on device", "The server's disk is full: nothing was written to {where}; free some space there."),
    (
        "password",
        "{where} refuses this user or password; put the password into ~/.pgpass, PGPASSWORD or NCI_DATABASE.",
    ),
    ("permission denied", "You may not do this in {where} ({detail}); ask whoever looks after the server."),
    ("too many clients", "{where} has no free connection; try again, or raise the server's max_connections."),
    ("does not exist", "{where} lacks something that nci needs ({detail}); check the address and the server."),
    ("terminating connection", "The connection to {where} was lost; nothing was changed, try again."),
    ("server closed the connection", "The connection to {where} was lost; nothing was changed, try again."),
    ("connection", "{where} cannot be reached ({detail}); check the address, and that the server runs."),
    ("resolve host", "{where} cannot be reached ({detail}); check the address."),
)
#: Those of them that pass: when there is space again, when another process has finished, when the server is back.
#: (On a full disk SQLite may also be unable to open its database, for it needs two files beside it.)
PASSING = frozenset(
    {
        "database is locked",
        "disk is full",
        "disk i/o error",
        "unable to open database file",
        "lock timeout",
        "no space left on device",
        "too many clients",
        "terminating connection",
        "server closed the connection",
        "connection",
        "resolve host",
    }
)
#: How our own messages begin when they come through the database: already sentences.
OURS = "nci: "
MOVED = "moved: "


def store_error(error: Exception, where: str) -> StoreError:
    """A database error in `where` (a path or URL without password) as people are told it.

    >>> store_error(sqlite3.OperationalError("database or disk is full"), "campaign.db")
    StoreBusyError('The disk is full: nothing was written to campaign.db; free some space and try again.')
    """
    detail = str(error.orig) if isinstance(error, DBAPIError) and error.orig is not None else str(error)
    detail = detail.strip().splitlines()[0] if detail.strip() else type(error).__name__
    lower = detail.lower()
    if lower.startswith(OURS):
        text = detail.removeprefix(OURS)
        return CampaignMovedError(text.removeprefix(MOVED)) if text.startswith(MOVED) else StoreError(text)
    for part, text in SENTENCES:
        if part in lower:
            kind = StoreBusyError if part in PASSING else StoreError
            return kind(text.format(where=where, detail=detail))
    return StoreError(f"The database {where} refused the request: {detail.rstrip('.')}.")


@contextmanager
def as_store_error(where: str) -> Iterator[None]:
    """Turn database errors inside the block into StoreError; those that pass by themselves into StoreBusyError."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise store_error(error, where) from error
    except OverflowError as error:  # of SQLite's driver, for a number given by a person
        if "SQLite" not in str(error):
            raise
        raise InputError(f"A number is too large for the database {where}; give one below 2⁶³.") from None


def may_pass(error: BaseException | None) -> bool:
    """Whether an error comes from a full disk or a busy database, from whatever part of the program it comes.

    >>> may_pass(OSError(28, "No space left on device")), may_pass(OSError(13, "Permission denied"))
    (True, False)
    """
    while error is not None:
        if isinstance(error, StoreBusyError) or (isinstance(error, OSError) and error.errno in FULL):
            return True
        if isinstance(error, OSError) and "no space left on device" in str(error).lower():  # HDF5 has no errno
            return True
        if isinstance(error, SQLAlchemyError | sqlite3.Error) and isinstance(store_error(error, ""), StoreBusyError):
            return True
        error = error.__cause__
    return False
