"""Limits of memory and silence, and a cancel that strikes inside one long call of compiled code."""

import re
import threading
import time
from pathlib import Path

import pytest
from job_functions import notes
from processes_seen import gone, running, until

from nci_core import jobs
from nci_core.jobs import supervisor, watch
from nci_core.jobs.supervisor import Task, supervise
from nci_core.labels.environment import machine_memory_gb
from nci_core.store import Store
from nci_core.store import jobs as queue


def task(store: Store, job_id: int) -> Task:
    return Task(database=str(store.path), folder=str(store.folder), job_id=job_id)


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "HEARTBEAT_SECONDS", 0.3)
    # The limits here are a hundredth of the real ones, and so is what counts as work: a busy machine gives little.
    monkeypatch.setattr(watch, "CPU_OF_WORK_SECONDS", 0.05)
    monkeypatch.setitem(supervisor.kinds.GRACE_SECONDS, "sleep", 0.3)


def test_a_job_that_takes_too_much_memory_is_ended_with_the_numbers(store: Store) -> None:
    # The interpreter with its modules takes some 0.1 GB, the job 1 GB more.
    job_id = jobs.submit(store, "memory", {"gb": 1.0}, memory_limit_gb=0.7).id
    assert supervise(task(store, job_id)) == "error"
    row = queue.get(store, job_id)
    assert row.error is not None
    said = re.fullmatch(
        r"The job took (\S+) GB of memory, above its limit of 0.7 GB; allow it more, or run fewer at once, "
        r"and try it again\.",
        row.error,
    )
    assert said is not None
    assert float(said[1]) >= 0.7, "caught while it grew, or when it had all"
    assert gone(row.pid)
    assert row.attempt == 1, "a second start would take as much"


@pytest.mark.slow
def test_memory_of_a_jobs_own_children_counts(store: Store) -> None:
    job_id = jobs.submit(store, "memory", {"gb": 1.0, "in_child": True}, memory_limit_gb=0.7).id
    assert supervise(task(store, job_id)) == "error"
    assert "above its limit of 0.7 GB" in str(queue.get(store, job_id).error)


def test_a_hung_job_is_started_again_and_given_up_in_the_end(store: Store) -> None:
    job_id = jobs.submit(store, "sleep", {"until": "never"}, max_attempts=2, silence_limit_seconds=2.0).id
    assert supervise(task(store, job_id)).startswith("waiting: it hung, without progress or CPU time")
    first = queue.get(store, job_id)
    assert (first.state, first.pid) == ("waiting", None)
    assert supervise(task(store, job_id)).startswith("error: it hung")
    row = queue.get(store, job_id)
    assert row.error == (
        "The job was started 2 times and never finished: it hung, without progress or CPU time for 2 s; "
        "it is not tried again by itself."
    )
    assert notes(store.folder, "begin") == [(job_id, 1), (job_id, 2)]


@pytest.mark.parametrize("how", ["compute", pytest.param("report", marks=pytest.mark.slow)])
def test_a_job_that_computes_or_reports_does_not_hang(store: Store, how: str) -> None:
    """Twice the limit of work without a report, or of reports without work."""
    job_id = jobs.submit(store, "alive", {"how": how, "seconds": 4.0}, silence_limit_seconds=2.0).id
    assert supervise(task(store, job_id)) == "complete"


def test_silence_is_counted_from_the_last_sign_of_life() -> None:
    silence = watch.Silence(0.0)
    assert silence.seconds(10.0, 1.0, (0.0, "")) == 0.0, "it worked"
    assert silence.seconds(20.0, 1.01, (0.0, "")) == 10.0, "what a waiting thread costs is no work"
    assert silence.seconds(30.0, 1.01, (0.1, "half")) == 0.0, "it reported"
    assert silence.seconds(40.0, 1.7, (0.1, "half")) == 0.0
    assert silence.seconds(55.0, 1.7, (0.1, "half")) == 15.0


def test_the_machines_memory_is_a_number_of_this_machine() -> None:
    total = int(Path("/proc/meminfo").read_text().split()[1]) * 1024 / 1e9
    assert 0.05 < machine_memory_gb() <= total * 1.001


def test_a_cancel_ends_real_triples_inside_one_long_call(store: Store) -> None:
    """(T) of PySCF hears no signal before its call into compiled code returns."""
    job_id = jobs.submit(store, "triples").id
    thread = threading.Thread(target=supervise, args=(task(store, job_id),))
    thread.start()
    pid = running(store, job_id).pid
    until(lambda: queue.get(store, job_id).message == "(T)")
    time.sleep(1.0)
    asked = time.monotonic()
    jobs.cancel(store, job_id)
    until(lambda: gone(pid))
    took = time.monotonic() - asked
    thread.join(60)
    # One second until the supervisor looks, one of grace, the rest is for a busy machine. (T) takes minutes.
    assert took < 20.0
    assert queue.get(store, job_id).state == "cancelled"
    assert notes(store.folder) == []
