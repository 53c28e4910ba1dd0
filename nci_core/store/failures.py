"""Database errors as one sentence each."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from nci_core.errors import StoreError

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


def sentence(error: Exception, where: str) -> str:
    """What people are told about a database error in `where` (a path or URL without password)."""
    detail = str(error.orig) if isinstance(error, DBAPIError) and error.orig is not None else str(error)
    detail = detail.strip().splitlines()[0] if detail.strip() else type(error).__name__
    lower = detail.lower()
    # Raised by our own triggers: already a sentence.
    if lower.startswith("nci: "):
        return detail[5:]
    for part, text in SENTENCES:
        if part in lower:
            return text.format(where=where, detail=detail)
    return f"The database {where} refused the request: {detail.rstrip('.')}."


@contextmanager
def as_store_error(where: str) -> Iterator[None]:
    """Turn database errors inside the block into StoreError."""
    try:
        yield
    except SQLAlchemyError as error:
        raise StoreError(sentence(error, where)) from error
