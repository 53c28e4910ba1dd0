"""Files that are whole or absent when written, and no larger than expected when read."""

import errno
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from nci_core.errors import CampaignMovedError, InputError, StoreBusyError, StoreError

#: One MB as users read it.
MB = 1_000_000
#: What the system says when a disk, or a user's share of it, is full.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def file_stem(*parts: str) -> str:
    """A name for a file, of letters, digits, dots, dashes and underscores; whatever the parts hold.

    >>> file_stem("he-benzene", "../Round 1")
    'he-benzene-Round-1'
    """
    return re.sub(r"[^A-Za-z0-9._]+", "-", "-".join(part.strip(" ./") for part in parts)).strip("-.") or "nci"


def python_name(stem: str) -> str:
    """A stem that Python can import.

    >>> python_name("he-benzene-round-1"), python_name("1.x")
    ('he_benzene_round_1', 'model_1_x')
    """
    name = re.sub(r"\W+", "_", stem, flags=re.ASCII)
    return name if name.isidentifier() else f"model_{name}"


def read_limited(path: Path, most_bytes: int, *, links: bool = True) -> bytes:
    """The content of a regular file that somebody else wrote, at most `most_bytes` long.

    Raises InputError for what is missing, no regular file (a folder, a device, a pipe), a symbolic link where
    `links` is false, larger than the limit or not readable.
    """
    # Without O_NONBLOCK opening a pipe waits for a writer that may never come.
    flags = os.O_RDONLY | os.O_NONBLOCK | (0 if links else os.O_NOFOLLOW)
    try:
        if not links and path.is_symlink():
            raise InputError(f"{path} is a symbolic link; give the file itself.")
        with open(os.open(path, flags), "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(f"{path} is not a regular file; give the path of a file.")
            content = stream.read(most_bytes + 1) if status.st_size <= most_bytes else b""
    except FileNotFoundError:
        raise InputError(f"There is no file {path}; check the path.") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{path} cannot be read ({reason}); check the path and its permissions.") from None
    if status.st_size > most_bytes or len(content) > most_bytes:
        raise InputError(f"{path} is larger than the {most_bytes / MB:g} MB that such a file may have.")
    return content


def decode_text(content: bytes) -> str:
    """Text of a file in UTF-8, with or without a byte order mark, UTF-16 with one, or else Latin-1.

    Line ends become newlines; other separators that Python counts as line ends (form feed, U+2028) stay as they are,
    so split with `text.split("\\n")` and not with `splitlines()`.

    >>> decode_text(b"\\xef\\xbb\\xbfR in \\xc3\\x85"), decode_text(b"R in \\xc5\\r\\n")
    ('R in Å', 'R in Å\\n')
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def write_atomically(path: Path, content: bytes, *, below: Path | None = None) -> None:
    """Write a file that is whole or absent, and on the disk when this returns.

    Folders on the way to it are made, all of them, or with `below` those inside that folder only: a campaign that
    was moved away while somebody worked in it must not come into being a second time at its old place.

    Raises StoreBusyError for a full disk, CampaignMovedError where `below` is missing, StoreError for anything else.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        _make_folders(path.parent, below)
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
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise (StoreBusyError if error.errno in FULL else StoreError)(
            f"{path} cannot be written ({error.strerror}); free some space or check the folder."
        ) from error


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file that appears complete or not at all; StoreError where it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".nci-", dir=path.parent) as folder:
            part = Path(folder) / path.name
            write(part)
            part.replace(path)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror or error}); free some space or check the folder."
        ) from error


def write_together(folder: Path, contents: Iterable[tuple[str, bytes]]) -> None:
    """Write files, name → content, to a folder that nobody else uses yet; all are on the disk when this returns.

    Each may be cut short when this fails, so the folder is to be thrown away then. One after the other with
    `write_atomically`, a disk would be waited for twice a file. Raises StoreBusyError for a full disk, else StoreError.
    """
    where = folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = []
        for name, content in contents:
            where = folder / name
            where.write_bytes(content)
            written.append(where)
        for where in (*written, folder):
            descriptor = os.open(where, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
    except OSError as error:
        raise (StoreBusyError if error.errno in FULL else StoreError)(
            f"{where} cannot be written ({error.strerror}); free some space or check the folder."
        ) from error


def _make_folders(folder: Path, below: Path | None) -> None:
    if below is None:
        folder.mkdir(parents=True, exist_ok=True)
        return
    if not below.is_dir():
        raise CampaignMovedError(f"The folder {below} has gone, so nothing was written; open it where it is now.")
    for part in reversed([each for each in (folder, *folder.parents) if each != below and below in each.parents]):
        part.mkdir(exist_ok=True)  # without parents: `below` may go at any moment
