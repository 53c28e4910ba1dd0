"""Full disks and databases that cannot be written: no job stays "running" with nobody behind it.

Triggers stand for the disk: a database that refuses every change of a job, in every process, until they are dropped.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from job_functions import notes
from processes_seen import gone, kill, running, until

from nci_core import jobs
from nci_core.errors import StoreBusyError
from nci_core.jobs import processes, supervisor
from nci_core.jobs.engine_loop import Engine
from nci_core.jobs.engine_settings import EngineSettings
from nci_core.jobs.lock import EngineLock
from nci_core.jobs.pool import Pool
from nci_core.jobs.run import UNWRITABLE, run
from nci_core.jobs.supervisor import NOT_NOW, Task, supervise
from nci_core.store import Job, Store
from nci_core.store import jobs as queue


def task(store: Store, job_id: int) -> Task:
    return Task(database=str(store.path), folder=str(store.folder), job_id=job_id)


def begun(store: Store, supervisor_pid: int, kind: str = "sleep", payload: dict[str, Any] | None = None) -> Job:
    number = jobs.submit(store, kind, payload).id
    job = queue.begin(store, number, host=processes.hostname(), supervisor_pid=supervisor_pid)
    assert job is not None
    return job


@contextmanager
def full_disk(store: Store) -> Iterator[None]:
    """Every change of a job fails with SQLite's words for a full disk."""
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER full_disk BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        )
    try:
        yield
    finally:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER full_disk")


def test_a_job_that_finds_the_disk_full_waits_again(store: Store) -> None:
    number = jobs.submit(store, "full", {"how": "file"}).id
    said = "its files or the database could not be written"
    assert supervise(task(store, number)) == f"waiting: {said}"
    row = queue.get(store, number)
    assert (row.state, row.error, row.message) == ("waiting", None, f"waiting again: {said}")
    (store.folder / "room").touch()
    assert supervise(task(store, number)) == "complete"
    assert queue.get(store, number).attempt == 2


@pytest.mark.parametrize("how", ["file", "hdf5", "sqlite", "store"])
def test_in_whatever_words_a_full_disk_is_said(store: Store, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    job = begun(store, os.getpid(), "full", {"how": how})
    assert run(str(store.path), store.folder, job.id, job.attempt) == UNWRITABLE
    assert queue.get(store, job.id).state == "running", "its supervisor puts it back"


def test_a_disk_that_stays_full_is_an_error_in_the_end(store: Store) -> None:
    number = jobs.submit(store, "full", {"how": "file"}, max_attempts=1).id
    assert supervise(task(store, number)).startswith("error: ")
    assert queue.get(store, number).error == (
        "The job was started once and never finished: its files or the database could not be written; it is not tried "
        "again by itself."
    )


@pytest.mark.parametrize("end", ["finished", "killed"])
def test_an_end_is_written_when_there_is_space_again(store: Store, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    monkeypatch.setattr(supervisor, "AGAIN_SECONDS", 0.05)
    number = jobs.submit(store, "sleep", {"until": "go"}).id
    thread = threading.Thread(target=supervise, args=(task(store, number),))
    thread.start()
    child = running(store, number).pid
    with full_disk(store):
        if end == "killed":
            kill(child)
            until(lambda: gone(child))
        else:
            (store.folder / "go").touch()
            until(lambda: notes(store.folder))
        time.sleep(0.5)
        assert thread.is_alive(), "somebody still sees to the job"
        assert queue.get(store, number).state == "running"
    thread.join(60)
    row = queue.get(store, number)
    assert (row.state, row.attempt) == ("waiting" if end == "killed" else "complete", 1)
    assert row.result == (None if end == "killed" else {"slept": True})


def test_a_job_that_cannot_begin_is_not_given_up(store: Store) -> None:
    number = jobs.submit(store, "sleep").id
    with full_disk(store):
        assert supervise(task(store, number)) == NOT_NOW
    assert queue.get(store, number).state == "waiting"
    assert supervise(task(store, number)) == "complete"


def test_whatever_ends_a_supervisor_puts_its_job_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object) -> None:
        raise RuntimeError("a bug")

    number = jobs.submit(store, "sleep", {"until": "never"}).id
    monkeypatch.setattr("nci_core.jobs.supervisor.usage", fails)
    monkeypatch.setattr("nci_core.jobs.supervisor.HEARTBEAT_SECONDS", 0.1)
    with pytest.raises(RuntimeError):
        supervise(task(store, number))
    row = queue.get(store, number)
    assert (row.state, row.message) == ("waiting", "waiting again: watching over it failed with RuntimeError")


class Workers:
    """A pool without any: it only says what has ended."""

    def __init__(self, ended: list[tuple[int, str, bool]]) -> None:
        self.ended = ended

    def collect(self) -> list[tuple[int, str, bool]]:
        ended, self.ended = self.ended, []
        return ended

    def reachable(self) -> bool:
        return True

    def job_ids(self) -> set[int]:
        return set()

    def rooms(self) -> list[Any]:
        return []

    sizes = rooms

    def capacity(self) -> int:
        return 0

    address = None


def test_the_engine_puts_back_what_its_workers_could_not(store: Store) -> None:
    """The worker's process lives on, so nothing else would tell that the job is lost."""

    job = begun(store, os.getpid())
    pool = Workers([(job.id, "StoreError: anything", True)])
    settings = EngineSettings(campaign_dir=store.folder, workers=1)
    engine = Engine(settings, store, cast(Pool, pool), EngineLock(store.folder))
    with full_disk(store), pytest.raises(StoreBusyError):
        engine.step()
    assert queue.get(store, job.id).state == "running"
    engine.step()
    row = queue.get(store, job.id)
    assert (row.state, row.message) == ("waiting", "waiting again: its worker failed (StoreError: anything)")
