"""One job in its own process, watched by the supervisor, without Dask around it."""

import os
import threading
import time
from pathlib import Path

import pytest
from job_functions import notes
from processes_seen import gone, kill, running, until

from nci_core import jobs
from nci_core.jobs.supervisor import Task, supervise
from nci_core.store import Store, job_events
from nci_core.store import jobs as queue


def task(store: Store, job_id: int) -> Task:
    return Task(database=str(store.path), folder=str(store.folder), job_id=job_id)


def test_a_result_is_recorded_by_the_job_itself(store: Store) -> None:
    job_id = jobs.submit(store, "sleep").id
    assert supervise(task(store, job_id)) == "complete"
    row = queue.get(store, job_id)
    assert (row.state, row.result, row.attempt, row.error) == ("complete", {"slept": True}, 1, None)
    assert supervise(task(store, job_id)) == "not waiting any more"
    assert notes(store.folder) == [(job_id, 1)]


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("input", "The atoms overlap."),
        ("bug", "The job failed with ValueError: negative mass; see logs/job-1.log."),
        ("exit", "The job's process ended with code 9: Fatal: no licence; see logs/job-1.log."),
    ],
)
def test_a_failure_is_one_sentence_and_is_not_repeated(store: Store, how: str, said: str) -> None:
    job_id = jobs.submit(store, "fail", {"how": how}).id
    assert supervise(task(store, job_id)) == "error"
    row = queue.get(store, job_id)
    assert (row.state, row.error, row.attempt) == ("error", said, 1)
    log = (store.folder / "logs" / "job-1.log").read_text()
    assert ("Traceback" in log) == (how != "exit")


def test_a_job_that_keeps_dying_is_given_up(store: Store) -> None:
    job_id = jobs.submit(store, "fail", {"how": "kill"}, max_attempts=2).id
    assert supervise(task(store, job_id)).startswith("waiting: its process was ended by SIGKILL")
    assert supervise(task(store, job_id)).startswith("error: its process was ended by SIGKILL")
    row = queue.get(store, job_id)
    assert (row.state, row.attempt) == ("error", 2)
    assert row.error is not None
    assert row.error.startswith("The job was started 2 times and never finished: its process was ended by SIGKILL")


def test_a_time_limit_ends_a_job_that_hears_nothing(store: Store) -> None:
    job_id = jobs.submit(store, "label", {"seconds": 600}, time_limit_seconds=0.5).id
    started = time.monotonic()
    assert supervise(task(store, job_id)) == "error"
    assert time.monotonic() - started < 100  # of 600
    row = queue.get(store, job_id)
    assert row.error == "The job ran into its time limit of 0.5 s; allow it more and try it again."
    assert gone(row.pid)


def test_a_job_told_to_stop_by_the_system_waits_again(store: Store) -> None:
    """As at a shutdown: nobody cancelled it, so it is not cancelled."""
    job_id = jobs.submit(store, "polite").id
    thread = threading.Thread(target=supervise, args=(task(store, job_id),))
    thread.start()
    until(lambda: job_events.events(store, job_id))
    pid = queue.get(store, job_id).pid
    assert pid is not None
    os.kill(pid, 15)
    thread.join(120)
    assert notes(store.folder, "saved") == [(job_id, 1)]
    assert queue.get(store, job_id).state == "waiting"


def test_a_job_taken_away_is_stopped(store: Store) -> None:
    """Another process got the job meanwhile: this one must not finish it a second time."""
    job_id = jobs.submit(store, "label", {"until": "never"}).id
    thread = threading.Thread(target=supervise, args=(task(store, job_id),))
    thread.start()
    child = running(store, job_id).pid
    assert queue.put_back(store, job_id, 1, "thought to be lost") == "waiting"
    assert queue.begin(store, job_id, host="elsewhere", supervisor_pid=1) is not None
    thread.join(120)
    assert not thread.is_alive()
    assert gone(child)
    row = queue.get(store, job_id)
    assert (row.state, row.attempt, row.host) == ("running", 2, "elsewhere")


def test_a_killed_job_takes_its_own_children_along(store: Store, tmp_path: Path) -> None:
    job_id = jobs.submit(store, "parent", max_attempts=1).id
    thread = threading.Thread(target=supervise, args=(task(store, job_id),))
    thread.start()
    path = store.folder / "grandchild"
    until(lambda: path.exists() and path.read_text())
    grandchild = int(path.read_text())
    kill(queue.get(store, job_id).pid)
    thread.join(120)
    until(lambda: gone(grandchild))
    assert queue.get(store, job_id).state == "error"
