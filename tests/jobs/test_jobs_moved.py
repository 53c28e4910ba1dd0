"""Campaign folders that are moved, replaced or copied while jobs run in them: one campaign stays one."""

import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from job_functions import notes
from processes_seen import gone, running, until

from nci_core import files, jobs
from nci_core.errors import CampaignMovedError, StoreError
from nci_core.jobs import processes
from nci_core.jobs.supervisor import Task, supervise
from nci_core.store import Store, configurations, journal, labels
from nci_core.store import jobs as queue
from nci_core.store.fragments import FragmentFiles

Start = Callable[..., jobs.EngineStatus]


def asked(store: Store, **payload: object) -> int:
    """A job that computes the one label of the campaign."""
    configurations.add(store, [[0.0, 0.0, 3.0]], ["a"], system_id=1)
    row = labels.request(store, [1], recipe="quick", recipe_hash="r1")[0]
    return jobs.submit(store, "label", {"label_id": row.id, **payload}, label_id=row.id).id


def test_a_campaign_moved_under_its_engine_stays_one(store: Store, engine: Start) -> None:
    old = store.folder
    number = asked(store, until="go")
    pid = engine().pid
    child = running(store, number).pid
    new = old.with_name("moved")
    old.rename(new)
    until(lambda: gone(pid))
    assert gone(child)
    assert not old.exists(), "nothing comes into being at the old place"
    status = jobs.engine_status(new)
    assert (status.running, status.phase) == (False, "stopped")
    assert status.error is not None
    assert status.error.startswith(f"This campaign was moved here from {old} while its engine worked")
    with pytest.raises(CampaignMovedError, match=f"{old} is {new} now"):
        store.require_in_place()
    with Store.open(new) as here:
        row = queue.get(here, number)
        assert (row.state, row.max_attempts - row.attempt) == ("waiting", 3), "the attempt is forgiven"
        (new / "go").touch()
        try:
            jobs.ensure_engine(new, workers=1, idle_seconds=1.0, nice=0, wait_seconds=120.0)
            assert jobs.wait(here, number, timeout_seconds=120)[0].state == "complete"
        finally:
            jobs.stop_engine(new)
        assert labels.get(here, 1).energy_ev == -0.01
        assert journal.result_path(new, "a", "r1").is_file()
    assert not old.exists()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_job_whose_campaign_goes_waits_in_the_moved_one(store: Store, replaced: bool) -> None:
    """Whether nothing or another campaign is at the old place: nothing is written there."""
    old = store.folder
    number = asked(store, until="never")
    found: list[str] = []
    task = Task(database=str(store.path), folder=str(old), job_id=number)
    thread = threading.Thread(target=lambda: found.append(supervise(task)))
    thread.start()
    child = running(store, number).pid
    new = old.with_name("moved")
    old.rename(new)
    if replaced:
        old.mkdir()
        Store.create(old).close()
        before = sorted(path.name for path in old.iterdir())
    thread.join(60)
    assert found == ["waiting: the campaign's folder was moved"]
    assert gone(child)
    with Store.open(new) as here:
        assert queue.get(here, number).state == labels.get(here, 1).status == "waiting"
    if replaced:
        assert sorted(path.name for path in old.iterdir()) == before
        with Store.open(old) as other:
            assert queue.fetch(other) == []
    else:
        assert not old.exists()


def test_nothing_is_written_into_a_campaign_that_is_not_there(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nci_core.jobs.client.ENGINE_LOOK_SECONDS", 0.0)
    configurations.add(store, [[0.0, 0.0, 3.0]], ["a"], system_id=1)
    row = labels.request(store, [1], recipe="quick", recipe_hash="r1")[0]
    old, pieces = store.folder, FragmentFiles(store.folder / journal.RESULTS, "a", "r1")
    old.rename(tmp_path / "moved")
    with pytest.raises(CampaignMovedError, match="moved now; nothing more is done at its old place"):
        journal.record_label(store, row.id, {"energy_ev": -0.1})
    assert not pieces.keep("dimer.json", b"{}")
    with pytest.raises(CampaignMovedError, match="has gone"):
        files.write_atomically(old / "results" / "deep" / "file", b"", below=old)
    with pytest.raises(CampaignMovedError):
        jobs.wait(store, [jobs.submit(store, "sleep").id], restart=lambda: None, timeout_seconds=60.0)
    assert not old.exists()
    with Store.open(tmp_path / "moved") as here:
        assert labels.get(here, row.id).status == "waiting"


def test_another_database_at_the_old_place_is_never_taken_for_this_one(store: Store, tmp_path: Path) -> None:
    jobs.submit(store, "sleep")
    store.engine.dispose()  # the next question needs a new connection
    store.folder.rename(tmp_path / "moved")
    with pytest.raises(StoreError, match="cannot be opened"):
        queue.fetch(store)
    store.folder.mkdir()
    Store.create(store.folder).close()
    with pytest.raises(CampaignMovedError, match="was moved or replaced since it was opened"):
        queue.fetch(store)


def test_a_copy_leaves_the_processes_of_its_original_alone(store: Store, tmp_path: Path) -> None:
    """Its rows name them, but they work for the original."""
    number = jobs.submit(store, "sleep", {"until": "go"}).id
    task = Task(database=str(store.path), folder=str(store.folder), job_id=number)
    thread = threading.Thread(target=supervise, args=(task,))
    thread.start()
    job = running(store, number)
    shutil.copytree(store.folder, tmp_path / "copy")
    with Store.open(tmp_path / "copy") as copy:
        row = queue.get(copy, number)
        assert (row.state, row.pid) == ("running", job.pid)
        assert processes.supervisor_alive(row, store.folder)
        assert not processes.supervisor_alive(row, copy.folder)
        assert jobs.cancel(copy, number) == "cancelled"
    assert not gone(job.pid)
    link = tmp_path / "link"
    link.symlink_to(store.folder)
    assert processes.supervisor_alive(job, link), "the same folder by another path"
    (store.folder / "go").touch()
    thread.join(60)
    assert queue.get(store, number).state == "complete"
    assert notes(store.folder) == [(number, 1)]
