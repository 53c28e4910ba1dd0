"""Files that are whole or absent."""

import os
from pathlib import Path

from nci_core.errors import StoreError


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file that is whole or absent, and on the disk when this returns; raises StoreError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(
            f"{path} cannot be written ({error.strerror}); free some space or check the folder."
        ) from error
