"""Files of teachers, fetched once: resumed, checked by digest, whole or absent, and used without a network afterwards.

A file whose digest is not known beforehand has it recorded beside it when it first comes, and is compared with that
from then on. Files that were fetched elsewhere may be put into the folder by hand, under their names.
"""

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nci_core.errors import StoreError, TeacherError
from nci_core.files import MB, write_atomically
from nci_core.teachers.catalogue import Preset

#: The folder of these files.
VARIABLE = "NCI_TEACHER_FILES"
#: No teacher's file is larger.
MOST_BYTES = 8_000 * MB
#: Seconds without a byte after which a download is given up.
TIMEOUT = 60.0
BLOCK = 1 << 20

#: Called with (bytes that are there, bytes in all, 0 if nobody knows).
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Source:
    """A file to fetch.

    Attributes:
        title: whose it is, for people.
        url: its address.
        file_name: its name in the folder.
        sha256: its digest, None where nobody has published one.
    """

    title: str
    url: str
    file_name: str
    sha256: str | None = None

    @classmethod
    def of(cls, preset: Preset) -> "Source":
        """The file of a preset that has one to download."""
        return cls(preset.title, preset.url, preset.file_name, preset.sha256)


@dataclass(frozen=True)
class TeacherFile:
    """A file that is there, and the digest of its content."""

    path: Path
    sha256: str


def folder() -> Path:
    """Where teachers' files are kept: `NCI_TEACHER_FILES`, else `nci/teachers` in the user's folder for caches."""
    own = os.environ.get(VARIABLE)
    if own:
        return Path(own).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nci" / "teachers"


def is_here(source: Source) -> bool:
    """Whether a file is in the folder; its content is looked at when it is used."""
    return (folder() / source.file_name).is_file()


def here(source: Source) -> TeacherFile | None:
    """The file if it is in the folder, its digest checked or recorded; TeacherError if it is another than it was."""
    path = folder() / source.file_name
    if not path.is_file():
        return None
    found, recorded = sha256_of(path), _recorded(path)
    expected = source.sha256 or recorded
    if expected is not None and found != expected:
        raise TeacherError(
            f"{path} has the SHA-256 digest {found}, where {expected} is expected, and is not loaded; remove it and "
            "what is beside it, and it is fetched again."
        )
    if recorded is None:
        _record(path, source, found)
    return TeacherFile(path, found)


def fetched(source: Source | Preset, progress: Progress | None = None) -> TeacherFile:
    """The file, downloaded unless it is here; raises TeacherError in one sentence.

    An interrupted download goes on where it stopped, if the server has the same file still. Processes that want the
    same file wait for each other.
    """
    source = Source.of(source) if isinstance(source, Preset) else source
    _checked_address(source.url)
    there = here(source)
    if there is not None:
        return there
    path = folder() / source.file_name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(path):
            return here(source) or _downloaded(source, path, progress)
    except (OSError, http.client.HTTPException, StoreError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        raise _failed(source, str(reason)) from None


def _failed(source: Source, reason: str) -> TeacherError:
    return TeacherError(
        f"The file of {source.title} could not be downloaded from {source.url} ({reason.rstrip('.')}); fetch it "
        f"elsewhere and put it into {folder()} as {source.file_name}."
    )


def _downloaded(source: Source, path: Path, progress: Progress | None) -> TeacherFile:
    part = path.with_name(f"{path.name}.part")
    mark = part.with_name(f"{part.name}.json")
    start, tag = _half(part, mark, source)
    request = urllib.request.Request(source.url, headers={"User-Agent": "nci", "Accept-Encoding": "identity"})
    if start:
        request.add_header("Range", f"bytes={start}-")
        request.add_header("If-Range", tag)
    with _opener().open(request, timeout=TIMEOUT) as answer:
        resumed = answer.status == http.client.PARTIAL_CONTENT and _starts_at(answer, start)
        start = start if resumed else 0
        length = answer.headers.get("Content-Length")
        total = start + int(length) if length and length.isdigit() else 0
        if "text/html" in answer.headers.get("Content-Type", ""):
            raise _failed(source, "a page came instead of a file")
        if total > MOST_BYTES:
            raise _failed(source, f"it has {total / MB:,.0f} MB, more than any teacher")
        fresh = answer.headers.get("ETag") or answer.headers.get("Last-Modified") or ""
        if not resumed:
            write_atomically(mark, json.dumps({"url": source.url, "tag": fresh}).encode())
        _receive(answer, part, start, total, source, progress)
    found = sha256_of(part)
    if source.sha256 is not None and found != source.sha256:
        for each in (part, mark):
            each.unlink(missing_ok=True)
        raise TeacherError(
            f"What came from {source.url} has the SHA-256 digest {found}, where {source.sha256} is expected; it was "
            f"thrown away. Try again, or put the right file into {folder()} as {source.file_name}."
        )
    _record(path, source, found)
    part.replace(path)
    mark.unlink(missing_ok=True)
    return TeacherFile(path, found)


def _receive(answer: Any, part: Path, start: int, total: int, source: Source, progress: Progress | None) -> None:
    done = start
    with part.open("ab" if start else "wb") as stream:
        while block := answer.read(BLOCK):
            done += len(block)
            if done > MOST_BYTES:
                raise _failed(source, f"it has more than {MOST_BYTES / MB:,.0f} MB")
            stream.write(block)
            if progress is not None:
                progress(done, total)
        stream.flush()
        os.fsync(stream.fileno())
    if total and done < total:
        raise _failed(
            source, f"the connection ended after {done / MB:,.1f} of {total / MB:,.1f} MB; ask again to go on"
        )


def _half(part: Path, mark: Path, source: Source) -> tuple[int, str]:
    """Bytes of an earlier try that may be gone on with, and the server's name of that version; (0, "") without."""
    try:
        known = json.loads(mark.read_text(encoding="utf-8"))
        if known["url"] == source.url and known["tag"]:
            return part.stat().st_size, str(known["tag"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return 0, ""


def _starts_at(answer: Any, start: int) -> bool:
    return str(answer.headers.get("Content-Range", "")).startswith(f"bytes {start}-")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sidecar(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256.json")


def _recorded(path: Path) -> str | None:
    """The digest that the file had when it came; None where nobody wrote it down."""
    try:
        found = json.loads(_sidecar(path).read_text(encoding="utf-8"))["sha256"]
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if not (isinstance(found, str) and len(found) == 64):
        raise TeacherError(f"{_sidecar(path)} cannot be read; remove it if you trust {path.name}.")
    return found


def _record(path: Path, source: Source, sha256: str) -> None:
    said = {"sha256": sha256, "url": source.url, "file": path.name}
    write_atomically(_sidecar(path), (json.dumps(said, indent=1) + "\n").encode())


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One process at a time."""
    with path.with_name(f".{path.name}.lock").open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _checked_address(url: str) -> None:
    """Raise TeacherError unless what comes from there cannot be changed on its way."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")):
        return
    raise TeacherError(f"{url} is no https address, so what comes from there is not loaded; fetch the file by hand.")


class _CheckedRedirects(urllib.request.HTTPRedirectHandler):
    """Follows a server elsewhere, but not to an address that is not encrypted."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _checked_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_CheckedRedirects)
