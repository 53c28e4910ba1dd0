"""Slurm and PBS through the real dask-jobqueue, with a batch system that starts its jobs on this machine."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fake_batch import FakeBatch
from job_functions import notes
from processes_seen import running, until

from nci_core import jobs
from nci_core.store import Store

pytest.importorskip("dask_jobqueue")
Start = Callable[..., jobs.EngineStatus]


@pytest.fixture
def batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeBatch]:
    made = FakeBatch(tmp_path / "batch")
    monkeypatch.setenv("PATH", f"{made.path}{os.pathsep}{os.environ['PATH']}")
    yield made
    made.end_all()


def cluster_file(folder: Path, kind: str, **settings: object) -> Path:
    path = folder / "cluster.toml"
    values = {"max_workers": 2, "memory_gb": 4, "cores": 2, "idle_minutes": 0.05} | settings
    lines = [f'kind = "{kind}"', *(f"{name} = {str(value).lower()}" for name, value in values.items())]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_workers_come_with_the_work_survive_a_lost_node_and_go(
    store: Store, engine: Start, batch: FakeBatch, tmp_path: Path
) -> None:
    struck, other, large = (
        jobs.submit(store, "sleep", {"until": "go"}, needs_memory_gb=need).id for need in (3.0, 3.0, 5.0)
    )
    status = engine(cluster=cluster_file(tmp_path, "slurm"))
    assert status.scheduler is not None
    assert status.scheduler.startswith("tls://")
    job = running(store, struck)
    running(store, other)
    until(lambda: len(batch.alive()) == 2)  # a batch job for each, not more

    number = next(n for n, group in batch.submitted().items() if os.getsid(job.supervisor_pid or 0) == group)
    batch.kill(number)
    again = running(store, struck, attempt=2)
    assert again.supervisor_pid != job.supervisor_pid
    (store.folder / "go").touch()
    done = jobs.wait(store, [struck, other], timeout_seconds=120)
    assert [(row.state, row.attempt) for row in done] == [("complete", 2), ("complete", 1)]
    assert sorted(notes(store.folder)) == [(struck, 2), (other, 1)]
    until(lambda: not batch.alive())  # nothing fits any more: the nodes are given back
    assert jobs.why_waiting(store, large) == (
        "It needs 5 GB of memory and the largest worker has 4; use fewer or larger workers."
    )
