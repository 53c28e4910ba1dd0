"""kill −9 of every process of the chain: nothing finished is lost, and every job ends exactly once."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from job_functions import notes
from processes_seen import gone, kill, on_both, on_both_slowly, running, until

from nci_core import files, jobs
from nci_core.jobs import processes
from nci_core.store import Store, configurations, job_events, job_queries, journal, label_queries, labels
from nci_core.store import jobs as queue

Start = Callable[..., jobs.EngineStatus]


def let_go(store: Store) -> None:
    (store.folder / "go").touch()


@on_both_slowly
def test_kill_the_child_then_the_worker_then_the_engine(store: Store, engine: Start) -> None:
    """A real queue of labels: one finished, one in work when it strikes, one waiting."""
    configurations.add(store, [[0, 0, 3.0 + i] for i in range(3)], ["a", "b", "c"], system_id=1)
    rows = labels.request(store, [1, 2, 3], recipe="quick", recipe_hash="r1")
    payloads = [{"seconds": 0.0}, {"until": "go"}, {"seconds": 0.0}]
    first, struck, last = (
        jobs.submit(store, "label", payload | {"label_id": row.id}, label_id=row.id, max_attempts=5).id
        for payload, row in zip(payloads, rows, strict=True)
    )
    engine()

    job = running(store, struck)
    kill(job.pid)
    job = running(store, struck, attempt=2)
    assert labels.get(store, 1).status == "complete"
    assert labels.get(store, 2).status == "running"

    kill(job.supervisor_pid)  # Dask's nanny starts another worker
    until(lambda: gone(job.pid))
    job2 = running(store, struck, attempt=3)
    assert job2.supervisor_pid != job.supervisor_pid

    pid = jobs.engine_status(store.folder).pid
    kill(pid)
    until(lambda: gone(job2.supervisor_pid) and gone(job2.pid))
    assert not jobs.engine_status(store.folder).running
    assert queue.get(store, struck).state == "running"  # nobody is left to say otherwise
    let_go(store)

    done = jobs.wait(store, [first, struck, last], timeout_seconds=120, restart=engine)  # whoever waits starts another
    assert jobs.engine_status(store.folder).pid != pid
    assert [(row.state, row.attempt) for row in done] == [("complete", 1), ("complete", 4), ("complete", 1)]
    assert notes(store.folder) == [(first, 1), (struck, 4), (last, 1)]
    assert label_queries.status_counts(store, "r1")["complete"] == 3
    assert len(list((store.folder / journal.RESULTS).iterdir())) == 3


def test_what_a_power_cut_leaves_behind_is_put_right(store: Store, engine: Start) -> None:
    """Rows that say running with nobody there, and a label that reached the journal but not the database."""
    ids = [jobs.submit(store, "sleep").id for _ in range(2)]
    for number, attempts in zip(ids, (1, 3), strict=True):
        for attempt in range(1, attempts + 1):
            queue.begin(store, number, host=processes.hostname(), supervisor_pid=2**22 + 1)
            if attempt < attempts:
                queue.put_back(store, number, attempt, "its worker process ended")
    configurations.add(store, [[0, 0, 3.0]], ["a"], system_id=1)
    row = labels.request(store, [1], recipe="quick", recipe_hash="r1")[0]
    content = b'{"energy_ev": -0.25, "geometry_hash": "a", "recipe_hash": "r1"}'
    files.write_atomically(journal.result_path(store.folder, "a", "r1"), content)
    engine()
    assert labels.get(store, row.id).energy_ev == -0.25
    again, gave_up = jobs.wait(store, ids, timeout_seconds=120)
    assert (again.state, again.attempt) == ("complete", 2)
    assert (gave_up.state, gave_up.attempt) == ("error", 3)
    assert "started 3 times" in str(gave_up.error)


@pytest.fixture
def scheduler() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Dask scheduler with one worker, as a group might run it."""
    code = (
        "import sys\n"
        "from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    cluster = LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address='127.0.0.1:0')\n"
        "    print(cluster.scheduler_address, flush=True)\n"
        "    sys.stdin.read()\n"
        "    cluster.close()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdin is not None
    yield process.stdout.readline().decode().strip(), process
    process.stdin.close()
    process.wait(20)


@on_both_slowly
def test_an_existing_scheduler_keeps_a_job_when_the_engine_dies(
    store: Store, engine: Start, scheduler: tuple[str, subprocess.Popen[bytes]]
) -> None:
    address, _ = scheduler
    struck = jobs.submit(store, "sleep", {"until": "go"}).id
    status = engine(scheduler=address)
    assert status.scheduler == address
    job = running(store, struck)
    kill(status.pid)
    until(lambda: gone(status.pid))
    engine(scheduler=address)
    waiting = jobs.submit(store, "sleep").id
    time.sleep(1.0)
    assert not gone(job.pid)
    let_go(store)
    done = jobs.wait(store, [struck, waiting], timeout_seconds=120)
    assert [(row.state, row.attempt) for row in done] == [("complete", 1), ("complete", 1)]
    assert notes(store.folder) == [(struck, 1), (waiting, 1)]


@on_both
def test_several_processes_report_at_once(store: Store) -> None:
    """Three writers on one database: no report is refused, none is lost."""
    n = 60
    ids = [queue.add(store, "sleep").id for _ in range(3)]
    code = (
        "import sys\n"
        "from nci_core.store import Store, jobs\n"
        "store = Store.open(sys.argv[1])\n"
        "job = jobs.begin(store, int(sys.argv[2]), host='h', supervisor_pid=1)\n"
        f"for step in range({n}):\n"
        f"    assert jobs.report(store, job.id, job.attempt, progress=step / {n}, events=[(step, {{'a': step}})])\n"
        "assert jobs.finish(store, job.id, job.attempt, 'complete')\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", code, store.where, str(number)]) for number in ids]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    for number in ids:
        assert [event.step for event in job_events.events(store, number)] == list(range(n))
    assert job_queries.counts(store)["complete"] == 3
