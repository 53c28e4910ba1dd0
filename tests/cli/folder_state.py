"""What a folder holds, to tell that a command changed nothing."""

import hashlib
import sqlite3
from pathlib import Path

from nci_core.store import DATABASE_NAME


def state(folder: Path) -> dict[str, str]:
    """Digest of every file; the database by its content, since SQLite may tidy its own files."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith(DATABASE_NAME):
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    database = folder / DATABASE_NAME
    if database.exists():
        try:
            with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
                found[DATABASE_NAME] = hashlib.sha256("\n".join(connection.iterdump()).encode()).hexdigest()
        except sqlite3.DatabaseError:  # a damaged one: byte by byte
            found[DATABASE_NAME] = hashlib.sha256(database.read_bytes()).hexdigest()
    return found
