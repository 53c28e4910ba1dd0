"""Databases, disks and folders that cannot be used: one sentence, and nothing is half-written."""

import errno
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from folder_state import state

from nci_core.campaign import Campaign
from nci_core.store import DATABASE_NAME

Nci = Callable[..., Any]


def nothing_but(folder: Path, name: str) -> None:
    """Leave only this file of SQLite's three."""
    for path in folder.glob(f"{DATABASE_NAME}*"):
        if path.name != name:
            path.unlink()


@pytest.mark.parametrize("size", [0, 100, 5000, 0.5])
def test_a_truncated_database(nci: Nci, sampled: Campaign, size: float) -> None:
    sampled.store.close()
    path = sampled.folder / DATABASE_NAME
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    nothing_but(sampled.folder, DATABASE_NAME)
    content = path.read_bytes()
    path.write_bytes(content[: int(size * len(content)) if size < 1 else int(size)])
    before = state(sampled.folder)
    done = nci("sample", "--n", 5, "-c", sampled.folder)
    assert done.code == 5
    assert DATABASE_NAME in done.sentence()
    assert {k: v for k, v in state(sampled.folder).items() if k != DATABASE_NAME} == {
        k: v for k, v in before.items() if k != DATABASE_NAME
    }


def test_another_file_in_place_of_the_database(nci: Nci, sampled: Campaign) -> None:
    sampled.store.close()
    nothing_but(sampled.folder, "")
    path = sampled.folder / DATABASE_NAME
    path.write_bytes(b"this is not a database, but it is long enough to have a header of a hundred bytes" * 3)
    before = path.read_bytes()
    done = nci("models", "-c", sampled.folder)
    assert (done.code, "is not a campaign database" in done.sentence()) == (5, True)
    assert path.read_bytes() == before


def test_a_locked_database(nci: Nci, sampled: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.store.database.BUSY_SECONDS", 0.2)
    opened = type(sampled.store).open.__func__  # type: ignore[attr-defined]
    monkeypatch.setattr(opened, "__kwdefaults__", {**opened.__kwdefaults__, "busy_seconds": 0.2})
    before = state(sampled.folder)
    other = sqlite3.connect(sampled.folder / DATABASE_NAME, isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        done = nci("sample", "--n", 5, "-c", sampled.folder)
        assert (done.code, "in use by another process" in done.sentence()) == (5, True)
        assert nci("models", "-c", sampled.folder).code == 0, "readers are not disturbed"
    finally:
        other.execute("ROLLBACK")
        other.close()
    assert state(sampled.folder) == before
    assert nci("sample", "--n", 5, "-c", sampled.folder).code == 0, "and it works when the other has finished"


def test_a_full_disk_while_writing_a_file(nci: Nci, sampled: Campaign, tmp_path: Path, monkeypatch: Any) -> None:
    target = tmp_path / "archive"
    assert nci("export", target, "-c", sampled.folder).code == 0
    before, kept = state(sampled.folder), state(target)

    def full(self: Path, *arguments: Any, **options: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        patch.setattr("os.replace", lambda a, b: full(Path(a)))
        done = nci("export", target, "-c", sampled.folder)
        assert done.code in (2, 5)
        assert "No space left on device" in done.sentence()
        alone = nci("export", tmp_path / "one.extxyz", "-c", sampled.folder)
        assert "No space left on device" in alone.sentence()
    assert state(sampled.folder) == before
    assert state(target) == kept, "an earlier export is still whole"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith((".one", "one"))]


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_a_full_disk_in_a_real_process(process: Nci, nci: Nci, sampled: Campaign) -> None:
    """A limit on the size of files stands for the full disk: SQLite cannot grow its journal."""
    import resource
    import signal

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    sampled.store.close()
    before = state(sampled.folder)
    done = process("sample", "--n", 200, "-c", sampled.folder, preexec_fn=limit)
    assert done.code == 5
    assert "disk" in done.sentence()
    assert state(sampled.folder) == before
    assert nci("sample", "--n", 20, "-c", sampled.folder).code == 0, "and it goes on when there is space"


def test_a_campaign_without_its_folder_rights(nci: Nci, sampled: Campaign, tmp_path: Path) -> None:
    """A file where a folder should be: the same as a folder one may not write to, and root cannot pass either."""
    (tmp_path / "blocked").write_text("a file")
    done = nci("init", tmp_path / "blocked" / "new", "--host", "ethylene")
    assert done.code == 5
    assert "cannot be made" in done.sentence() or "Not a directory" in done.sentence()
    done = nci("export", tmp_path / "blocked" / "archive", "-c", sampled.folder)
    assert (done.code, "cannot be written" in done.sentence()) == (5, True)
    assert (tmp_path / "blocked").read_text() == "a file"
