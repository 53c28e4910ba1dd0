"""An archive that comes as one file, zip or tar: unpacked whole into a folder of its own before it is read.

Names in the file are only compared with those that an archive has, never joined into a path, so nothing can be written
elsewhere; links, devices and all other entries are passed over. What is unpacked is bounded, whatever the file says.
"""

import bz2
import contextlib
import gzip
import lzma
import re
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

from nci_core.campaign.exchange.archive_read import MOST_BYTES, MOST_ENTRIES, read_history
from nci_core.campaign.exchange.archive_rows import FILES
from nci_core.config import FILE_NAME
from nci_core.errors import InputError, StoreError
from nci_core.files import FULL, MB
from nci_core.store.models import MODELS, MOST_MODEL_BYTES

#: Of the file, and of all that comes out of it.
MOST_PACKED_BYTES, MOST_UNPACKED_BYTES = 300_000_000, 1_000_000_000
#: What such files are called.
SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
#: What opens an entry; None where a tar has no content for it.
Reader = Callable[[], IO[bytes] | None]
#: How compressed tars begin → what opens them.
COMPRESSED: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
#: What readers of damaged files raise; OSError besides.
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError)


def stem(path: Path) -> str:
    """The name of a file or folder without a suffix of SUFFIXES.

    >>> stem(Path("x/he-benzene.tar.gz")), stem(Path("x/he-benzene.v2"))
    ('he-benzene', 'he-benzene.v2')
    """
    ends = [suffix for suffix in SUFFIXES if path.name.lower().endswith(suffix)]
    return path.name[: -len(max(ends, key=len))] if ends else path.name


@contextlib.contextmanager
def unpacked(source: Path) -> Iterator[Path]:
    """The folder of an archive: `source` itself, or what is in it where it is a file, for as long as the block runs.

    Raises InputError, one sentence, for a file that is no archive, damaged or larger than an archive may be.
    """
    if not source.is_file():
        yield source
        return
    if source.stat().st_size > MOST_PACKED_BYTES:
        raise InputError(f"{source} is larger than the {MOST_PACKED_BYTES / MB:g} MB that an exported campaign may be.")
    with tempfile.TemporaryDirectory(prefix="nci-unpacked-") as temporary:
        folder = Path(temporary) / "archive"
        try:
            _unpack(source, folder)
            yield folder
        except InputError as error:
            raise InputError(str(error).replace(str(folder), str(source))) from None


def _unpack(source: Path, folder: Path) -> None:
    try:
        (folder / MODELS).mkdir(parents=True)
        with contextlib.ExitStack() as stack:
            entries = _entries(source, stack)
            top = _top(entries, source)
            for name in FILES:
                _copy(entries.get(top + name), folder / name, MOST_BYTES)
            for model in read_history(folder).models:  # their paths are checked
                _copy(entries.get(top + model.path), folder / model.path, MOST_MODEL_BYTES)
    except DAMAGED as error:
        raise InputError(f"{source} is damaged or needs a password ({error}); export the campaign again.") from None
    except OSError as error:
        if error.errno in FULL:
            raise StoreError(f"{source} cannot be unpacked ({error.strerror}); free some space.") from error
        raise InputError(f"{source} cannot be read ({error.strerror or error}); export the campaign again.") from None


def _entries(source: Path, stack: contextlib.ExitStack) -> dict[str, Reader]:
    """The plain files of a zip or a tar by name; they can be read until the stack is closed."""
    found: dict[str, Reader] = {}
    total = 0
    for count, (name, size, reader) in enumerate(_listed(source, stack), start=1):
        if count > MOST_ENTRIES:
            raise InputError(f"{source} holds more than {MOST_ENTRIES:,} files; give one that `nci export` made.")
        if name in found:
            raise InputError(f"{source} holds a file twice; export the campaign again.")
        found[name] = reader
        total += size
        if total > MOST_UNPACKED_BYTES:
            raise _too_large(source)
    return found


def _listed(source: Path, stack: contextlib.ExitStack) -> Iterator[tuple[str, int, Reader]]:
    """Name, size as it says, and reader of each plain file."""
    if zipfile.is_zipfile(source):
        parts = stack.enter_context(zipfile.ZipFile(source))
        for info in parts.infolist():
            if not info.is_dir():
                yield info.filename.removeprefix("./"), info.file_size, partial(parts.open, info)
        return
    stream = stack.enter_context(source.open("rb"))
    beginning = stream.read(6)
    stream.seek(0)
    reader = next((reader for magic, reader in COMPRESSED.items() if beginning.startswith(magic)), None)
    if reader is not None:  # unpacked once, within bounds: a header may ask for any amount of memory
        plain = stack.enter_context(tempfile.TemporaryFile(prefix="nci-tar-"))  # noqa: SIM115 (the stack is one)
        _pour(stack.enter_context(reader(stream)), plain, MOST_UNPACKED_BYTES, source)
        plain.seek(0)
        stream = plain  # type: ignore[assignment]
    try:
        tar = stack.enter_context(tarfile.open(fileobj=stream, mode="r:"))  # noqa: SIM115
    except tarfile.ReadError:
        raise InputError(f"{source} is neither a zip nor a tar; give what `nci export` made.") from None
    for member in tar:
        if member.isreg():
            yield member.name.removeprefix("./"), member.size, partial(tar.extractfile, member)


def _top(entries: Iterable[str], source: Path) -> str:
    """What precedes the archive's names: nothing, or one folder and a slash."""
    tops = [name.removesuffix(FILE_NAME) for name in entries if re.fullmatch(rf"([^/]*/)?{re.escape(FILE_NAME)}", name)]
    if len(tops) != 1:
        number = "no" if not tops else "more than one"
        raise InputError(f"{source} holds {number} campaign ({FILE_NAME}); give a file that `nci export` made.")
    return tops[0]


def _copy(reader: Reader | None, path: Path, most: int) -> None:
    """Write an entry to a file, of which the reader of the archive says when it is missing."""
    if reader is not None and (stream := reader()) is not None:
        with stream, path.open("wb") as target:
            _pour(stream, target, most, path)


def _pour(source: IO[bytes], target: IO[bytes], most: int, name: Path) -> None:
    left = most
    while block := source.read(min(1 << 20, left + 1)):
        left -= len(block)
        if left < 0:
            raise _too_large(name)
        target.write(block)


def _too_large(name: Path) -> InputError:
    return InputError(f"{name} is larger than an exported campaign may be; give one that `nci export` made.")
