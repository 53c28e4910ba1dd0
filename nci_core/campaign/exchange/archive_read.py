"""Reading an archive: whole, checked, and without writing anything. Only then may it be stored.

Whoever wrote it is not trusted: nothing is followed out of its folder, and sizes are bounded.
"""

import contextlib
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from pydantic import TypeAdapter, ValidationError

from nci_core.campaign.exchange.archive_checks import check_rows
from nci_core.campaign.exchange.archive_fields import LARGEST_DISTANCE, Json
from nci_core.campaign.exchange.archive_rows import (
    CONFIGURATIONS,
    HISTORY,
    LINE,
    LINES,
    LISTS,
    ROWS,
    ConfigurationRow,
    History,
    Row,
    Rows,
)
from nci_core.campaign.exchange.dataset import read_frames
from nci_core.config import FILE_NAME, CampaignSettings, SystemSettings, read_settings
from nci_core.errors import InputError
from nci_core.files import read_limited
from nci_core.store.base import Base
from nci_core.store.models import MODELS, MOST_MODEL_BYTES
from nci_core.store.schema import EnergySet, Model, SetEnergy
from nci_core.visible import first_problem, quoted

#: Files of rows, each for a million rows of its kind; what is larger would not fit a laptop's memory.
MOST_BYTES, MOST_ROWS = 300_000_000, 1_000_000
#: Entries of the folder: a campaign has one file a model, and people keep notes beside them.
MOST_ENTRIES = 20_000
#: Characters of a sentence of a reader that quotes a file at whatever length.
LONGEST_SENTENCE = 600


@dataclass(frozen=True)
class Archive:
    """An archive that was read and holds together; its models' files lie in `folder` still.

    Attributes:
        folder: where it was read.
        settings: without those that belong to a machine.
        rows: those of each table; the energies of a set have its name as `set_id`.
    """

    folder: Path
    settings: CampaignSettings
    configurations: list[ConfigurationRow]
    rows: Rows

    def checkpoint(self, model: Row) -> bytes:
        """A model's file; InputError if it is missing or not the one of the row."""
        path = self.folder / model["path"]
        content = read_limited(path, MOST_MODEL_BYTES, links=False)
        if hashlib.sha256(content).hexdigest() != model["sha256"]:
            raise InputError(f"{path} is not the file that {HISTORY} names; restore it and import again.")
        return content


def read_archive(folder: Path) -> Archive:
    """Read and check a folder made by `nci export`; nothing is written.

    Raises InputError, one sentence, for a folder that is none, or is damaged or forged in whatever way.
    """
    folder = Path(folder)
    if folder.is_dir():
        _check_tree(folder)
    with _in_short(), _valid(str(folder / FILE_NAME)):
        settings = read_settings(folder).portable()
        TypeAdapter(Json).validate_python(settings.model_dump())
    rows = _read_rows(folder)
    configurations = _read_configurations(settings.systems, folder / CONFIGURATIONS)  # last, for it takes longest
    dimers = {system.name: system.dimer for system in settings.systems}
    check_rows(rows, {row.geometry_hash: dimers[row.system_id] for row in configurations}, dimers, folder)
    archive = Archive(folder, settings, configurations, rows)
    _check_models(archive)
    return archive


def _read_rows(folder: Path) -> Rows:
    """The rows of all tables, each alone in order, before they are compared with each other."""
    rows: dict[type[Base], list[Row]] = {}
    for name, kind in LINE.items():
        lines = list(_read_lines(folder / name, TypeAdapter(kind)))
        for table in LINES[name]:
            rows[table] = [row.model_dump(exclude={"table"}) for row in lines if isinstance(row, ROWS[table])]
    rows |= {LISTS[name]: found for name, found in read_history(folder).model_dump().items()}
    sets = rows[EnergySet]
    rows[SetEnergy] = [{"set_id": each["name"]} | energy for each in sets for energy in each.pop("energies")]
    return rows


def read_history(folder: Path) -> Any:
    """The History of an archive's folder; each of its rows is as it may be, whatever the others say."""
    return _parsed(_read(folder / HISTORY), TypeAdapter(History), str(folder / HISTORY))


def _check_tree(folder: Path) -> None:
    """InputError for a link or anything but files and folders, anywhere in the archive, or too many of them."""

    def fail(error: OSError) -> None:
        raise error

    walk = os.walk(folder, onerror=fail)
    paths = (Path(where, name) for where, folders, files in walk for name in (*folders, *files))
    try:
        for count, path in enumerate(paths, start=1):
            if path.is_symlink() or not (path.is_dir() or path.is_file()):
                kind = "a symbolic link" if path.is_symlink() else "no regular file"
                raise InputError(f"{path} is {kind}; an archive has plain files only.")
            if count > MOST_ENTRIES:
                raise InputError(f"{folder} holds more than {MOST_ENTRIES:,} files; give an archive's folder.")
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror}); check its permissions.") from None


def _read(path: Path) -> bytes:
    if not path.exists():
        raise InputError(f"{path} is missing; is its folder one that `nci export` made?")
    return read_limited(path, MOST_BYTES, links=False)


def _parsed(content: bytes, kind: TypeAdapter[Any], where: str) -> Any:
    with _valid(where):
        return kind.validate_python(orjson.loads(content))


@contextlib.contextmanager
def _valid(where: str) -> Iterator[None]:
    """What is no JSON, or not what it may be, becomes an InputError that says where it is damaged."""
    try:
        yield
    except orjson.JSONDecodeError:
        raise InputError(f"{where} is damaged: it is not JSON; restore the file and import again.") from None
    except ValidationError as error:
        raise InputError(f"{where} is damaged: {first_problem(error)}; restore the file and import again.") from None


@contextlib.contextmanager
def _in_short() -> Iterator[None]:
    """Errors of readers that quote a file at whatever length become one line that people can read."""
    try:
        yield
    except InputError as error:
        raise InputError(quoted(str(error), LONGEST_SENTENCE)) from None


def _read_lines(path: Path, kind: TypeAdapter[Any]) -> Iterator[Any]:
    # Not splitlines(), which also splits at separators inside a text.
    lines = _read(path).split(b"\n")
    if len(lines) > MOST_ROWS:
        raise InputError(f"{path} has more than {MOST_ROWS:,} rows; an archive has fewer.")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _parsed(line, kind, f"{path}, line {number},")


def _read_configurations(systems: Sequence[SystemSettings], path: Path) -> list[ConfigurationRow]:
    """The configurations, with their hashes computed anew."""
    if not _read(path).strip():  # a campaign before its first `nci sample`
        return []
    with _in_short():
        frames = read_frames(systems, path)
    far = max(float(np.abs(frame.position).max()) for frame in frames)
    if not far <= LARGEST_DISTANCE:
        raise InputError(f"{path} has a probe {far:g} Å away; restore the file and import again.")
    found: dict[str, ConfigurationRow] = {}
    for number, (system, point, pose, digest, keys) in enumerate(frames):
        where = f"{path}, frame {number},"
        if not _same(keys.get("geometry_hash"), digest):
            raise InputError(f"{where} has another geometry than its hash says; restore the file and import again.")
        given = {name: keys[name] for name in ("split", "origin", "sample_seed") if keys.get(name) is not None}
        with _valid(where):
            given |= {"position": tuple(point.tolist()), "pose": tuple(pose.tolist())}
            row = ConfigurationRow(geometry_hash=digest, system_id=system.name, **given)
        if system.role == "transfer" and row.split == "pool":
            raise InputError(
                f"{path} has configuration {digest} in the pool of {quoted(system.name)}, a transfer system, which is "
                "only tested on; restore the file and import again."
            )
        if digest in found:
            raise InputError(f"{where} is there twice; restore the file and import again.")
        found[digest] = row
    return list(found.values())


def _same(stored: Any, digest: str) -> bool:
    """Whether a file's hash is this one; a text that looks like a number, 12e4567890123456, is read as a number."""
    if stored is None or stored == digest:
        return True
    try:
        return isinstance(stored, int | float) and float(stored) == float(digest)
    except (ValueError, OverflowError):
        return False


def _check_models(archive: Archive) -> None:
    """Each model's file is the one of its row, and each file has a row."""
    for model in archive.rows[Model]:
        archive.checkpoint(model)
    names = {model["name"] for model in archive.rows[Model]}
    for path in sorted((archive.folder / MODELS).glob("*.pt")):
        if path.stem not in names:
            raise InputError(f"{path} belongs to no model of {HISTORY}; remove it and import again.")
