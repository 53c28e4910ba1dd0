"""The engine at work: cancel, priority, several callers, idle exit. Starting one takes seconds, so few do."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from job_functions import notes
from processes_seen import gone, kill, running, until

from nci_core import jobs
from nci_core.errors import JobError
from nci_core.store import Store, job_events
from nci_core.store import jobs as queue

Start = Callable[..., jobs.EngineStatus]


def test_cancel_progress_and_priority(store: Store, engine: Start) -> None:
    polite = jobs.submit(store, "polite").id
    status = engine()
    assert (status.running, status.phase, status.workers, status.error) == (True, "ready", 1, None)
    assert engine().pid == status.pid  # asked again: the same one
    child = running(store, polite).pid
    later = [jobs.submit(store, "sleep", priority=p).id for p in (0, 3, 1)]
    until(lambda: len(job_events.events(store, polite)) > 20)
    events = job_events.events(store, polite)
    assert [event.step for event in events] == list(range(len(events)))
    assert events[1].data == {"loss_cm1": 0.5}
    assert job_events.events(store, polite, after=events[3].id)[0].step == 4
    assert queue.get(store, polite).progress > 0
    assert queue.get(store, polite).message.startswith("step ")
    assert jobs.cancel(store, polite) == "running"
    assert jobs.wait(store, polite, timeout_seconds=120)[0].state == "cancelled"
    until(lambda: gone(child))
    assert notes(store.folder, "saved") == [(polite, 1)]  # it had time to save
    jobs.wait(store, later, timeout_seconds=120)
    assert notes(store.folder) == [(later[1], 1), (later[2], 1), (later[0], 1)]

    # A job that hears nothing is killed after its kind's grace; "label" has one second.
    deaf = jobs.submit(store, "label", {"seconds": 600}).id
    child = running(store, deaf).pid
    started = time.monotonic()
    jobs.cancel(store, deaf)
    assert jobs.wait(store, deaf, timeout_seconds=120)[0].state == "cancelled"
    assert time.monotonic() - started < 100  # of 600
    assert gone(child)

    jobs.retry(store, polite)
    assert running(store, polite, attempt=2).attempt == 2
    assert jobs.stop_engine(store.folder)
    assert not jobs.stop_engine(store.folder)
    row = queue.get(store, polite)
    assert (row.state, row.message) == ("waiting", "waiting again: the engine was stopped")
    assert row.max_attempts - row.attempt >= 1
    assert jobs.engine_status(store.folder).phase == "stopped"


def test_two_callers_that_die_leave_one_engine_that_ends_when_idle(store: Store, engine: Start) -> None:
    """As when the app is killed and opened twice."""
    code = (
        "import os, sys\n"
        "from nci_core import jobs\n"
        "from nci_core.store import Store\n"
        "jobs.submit(Store.open(sys.argv[1]), 'sleep', {'seconds': 1.0})\n"
        "print(jobs.ensure_engine(sys.argv[1], workers=1, idle_seconds=1.0).pid, flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    callers = [
        subprocess.Popen([sys.executable, "-c", code, str(store.folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    pids = {caller.communicate()[0].strip() for caller in callers}
    assert len(pids) == 1
    pid = int(pids.pop())
    jobs.wait(store, [1, 2], timeout_seconds=120)
    assert sorted(notes(store.folder)) == [(1, 1), (2, 1)]
    until(lambda: gone(pid))
    assert not jobs.engine_status(store.folder).running
    assert jobs.engine_status(store.folder).phase == "stopped"
    again = jobs.submit(store, "sleep").id
    assert engine().pid != pid
    jobs.wait(store, again, timeout_seconds=120)
    kill(jobs.engine_status(store.folder).pid)
    until(lambda: jobs.engine_status(store.folder).phase == "stopped")


@pytest.mark.slow
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one worker has the whole machine")
def test_a_job_larger_than_a_workers_share_gets_the_machine_for_itself(
    store: Store, engine: Start, tmp_path: Path
) -> None:
    """It comes when the engine runs already, with a worker for each core."""
    file = tmp_path / "cluster.toml"
    file.write_text('kind = "local"\nmemory_gb = 4.0\n')
    held = jobs.submit(store, "sleep", {"until": "go"}, needs_memory_gb=0.1).id
    engine(workers=None, cluster=file)
    running(store, held)
    large = jobs.submit(store, "sleep", needs_memory_gb=3.0).id
    until(lambda: "use fewer or larger workers" in str(jobs.why_waiting(store, large)))
    (store.folder / "go").touch()
    assert [job.state for job in jobs.wait(store, [held, large], timeout_seconds=120)] == ["complete"] * 2
    assert jobs.engine_status(store.folder).workers == 1


def test_a_scheduler_that_does_not_answer(store: Store, engine: Start) -> None:
    said = r"could not start: No Dask scheduler answers at tcp://127\.0\.0\.1:9"
    with pytest.raises(JobError, match=said) as error:
        engine(scheduler="tcp://127.0.0.1:9")
    assert "\n" not in str(error.value)
    assert jobs.engine_status(store.folder).phase == "failed"


def test_a_campaign_without_a_database(store: Store, engine: Start) -> None:
    store.close()
    (store.folder / "campaign.db").unlink()
    with pytest.raises(JobError, match="could not start: There is no campaign at"):
        engine()
