"""The queue without an engine: states, guards, priorities, labels that follow."""

import os
from pathlib import Path

import pytest
from processes_seen import on_both

from nci_core import jobs
from nci_core.errors import JobError
from nci_core.jobs import kinds, processes
from nci_core.jobs.lock import EngineLock
from nci_core.store import Store, configurations, job_events, job_queries, labels
from nci_core.store import jobs as queue


def begin(store: Store, job_id: int) -> int:
    job = queue.begin(store, job_id, host=processes.hostname(), supervisor_pid=os.getpid())
    assert job is not None
    return job.attempt


def state(store: Store, job_id: int) -> str:
    return queue.get(store, job_id).state


@on_both
def test_put_first_runs_waiting_jobs_next_in_the_order_given(store: Store) -> None:
    ids = [jobs.submit(store, "sleep", priority=p).id for p in (0, 5, 0, 0)]
    queue.cancel(store, ids[2])
    assert queue.put_first(store, [ids[3], ids[0], ids[2], 999]) == 2
    assert [job.id for job in job_queries.next_waiting(store, 9)] == [ids[3], ids[0], ids[1]]


@on_both
def test_higher_priority_first_then_in_order(store: Store) -> None:
    ids = [jobs.submit(store, "sleep", priority=p).id for p in (0, 5, 0, 9, 5)]
    assert [job.id for job in job_queries.next_waiting(store, 10)] == [ids[3], ids[1], ids[4], ids[0], ids[2]]
    assert [job.id for job in job_queries.next_waiting(store, 2, skip=[ids[3]])] == [ids[1], ids[4]]
    assert job_queries.next_waiting(store, 0) == []


@on_both
def test_an_unknown_kind_is_refused(store: Store) -> None:
    with pytest.raises(JobError, match="Unknown kind of job 'dance'; choose one of label, teach"):
        jobs.submit(store, "dance")
    assert queue.fetch(store) == []


def test_a_kind_without_its_code_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(kinds.VARIABLE, "gone=nowhere:run")
    with pytest.raises(JobError, match="'gone' jobs cannot be loaded: No module named 'nowhere'"):
        kinds.load("gone")


@on_both
def test_only_one_may_begin_and_only_it_may_finish(store: Store) -> None:
    job_id = jobs.submit(store, "sleep").id
    assert begin(store, job_id) == 1
    assert queue.begin(store, job_id, host="h", supervisor_pid=1) is None
    assert queue.put_back(store, job_id, 1, "its worker process ended") == "waiting"
    assert begin(store, job_id) == 2
    for late in (
        queue.finish(store, job_id, 1, "complete", result={"late": True}),
        queue.report(store, job_id, 1, progress=0.5, events=[(0, {})]),
        queue.beat(store, job_id, 1),
    ):
        assert late is False
    assert queue.put_back(store, job_id, 1, "late") is None
    assert queue.cancel_requested(store, job_id, 1)
    assert not queue.cancel_requested(store, job_id, 2)
    assert queue.finish(store, job_id, 2, "complete", result={"n": 1})
    assert not queue.finish(store, job_id, 2, "error", error="late")
    row = queue.get(store, job_id)
    assert (row.state, row.result, row.progress, row.error) == ("complete", {"n": 1}, 1.0, None)
    assert job_events.events(store, job_id) == []


@on_both
def test_the_last_attempt_ends_as_an_error_that_says_so(store: Store) -> None:
    job_id = jobs.submit(store, "sleep", max_attempts=2).id
    begin(store, job_id)
    assert queue.put_back(store, job_id, 1, "its worker process ended", count=False) == "waiting"
    for attempt, expected in ((2, "waiting"), (3, "error")):
        assert begin(store, job_id) == attempt
        assert queue.put_back(store, job_id, attempt, "its worker process ended") == expected
    error = queue.get(store, job_id).error
    assert error == (
        "The job was started 3 times and never finished: its worker process ended; it is not tried again by itself."
    )
    jobs.retry(store, job_id)
    assert (state(store, job_id), queue.get(store, job_id).error) == ("waiting", None)
    assert begin(store, job_id) == 4
    assert queue.put_back(store, job_id, 4, "its worker process ended") == "waiting"


@on_both
def test_cancel_and_retry(store: Store) -> None:
    waiting, lost, done = (jobs.submit(store, "sleep").id for _ in range(3))
    assert jobs.cancel(store, waiting) == "cancelled"
    assert queue.begin(store, waiting, host="h", supervisor_pid=1) is None
    queue.begin(store, lost, host=processes.hostname(), supervisor_pid=2**22 + 1)
    assert jobs.cancel(store, lost) == "cancelled"  # its supervisor is dead, so nobody else would end it
    queue.finish(store, done, begin(store, done), "complete")
    assert jobs.cancel(store, done) == "complete"
    jobs.retry(store, waiting)
    assert state(store, waiting) == "waiting"
    with pytest.raises(JobError, match="is complete; only failed or cancelled jobs"):
        jobs.retry(store, done)
    for call in (jobs.cancel, jobs.retry, queue.get):
        with pytest.raises(JobError, match="no job 99"):
            call(store, 99)


@on_both
def test_labels_follow_their_job_but_a_result_stays(store: Store) -> None:
    configurations.add(store, [[0, 0, 3.0], [0, 0, 4.0]], ["a", "b"], system_id=1)
    first, second = labels.request(store, [1, 2], recipe="quick", recipe_hash="r1")
    job = jobs.submit(store, "label", {"label_id": first.id}, label_id=first.id)
    other = jobs.submit(store, "label", {"label_id": second.id}, label_id=second.id)
    attempt = begin(store, job.id)
    assert (labels.get(store, first.id).status, labels.get(store, second.id).status) == ("running", "waiting")
    queue.put_back(store, job.id, attempt, "lost")
    assert labels.get(store, first.id).status == "waiting"
    attempt = begin(store, job.id)
    labels.set_complete(store, first.id, {"energy_ev": 1.0})
    queue.finish(store, job.id, attempt, "error", error="lost after the result")
    jobs.cancel(store, other.id)
    assert [row.status for row in labels.fetch(store, "r1")] == ["complete", "cancelled"]
    jobs.retry(store, other.id)
    queue.finish(store, other.id, begin(store, other.id), "error", error="The SCF did not converge.")
    row = labels.get(store, second.id)
    assert (row.status, row.error) == ("error", "The SCF did not converge.")


@on_both
def test_wait_says_when_time_is_up(store: Store) -> None:
    job_id = jobs.submit(store, "sleep").id
    with pytest.raises(JobError, match=r"1 of 1 jobs were not finished after 0\.1 s; they go on"):
        jobs.wait(store, job_id, timeout_seconds=0.1, poll_seconds=0.02)
    seen: list[str] = []
    jobs.cancel(store, job_id)
    assert jobs.wait(store, [job_id], on_change=lambda job: seen.append(job.state))[0].id == job_id
    assert seen == ["cancelled"]


def test_one_lock_per_campaign(tmp_path: Path) -> None:
    first, second = EngineLock(tmp_path), EngineLock(tmp_path)
    assert not jobs.engine_status(tmp_path).running
    assert first.acquire()
    assert not second.acquire()
    assert jobs.engine_status(tmp_path).running
    first.release()
    assert not jobs.engine_status(tmp_path).running
    assert second.acquire(wait_seconds=0.1)
    second.release()


def test_no_folder_no_engine(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="There is no campaign folder"):
        jobs.ensure_engine(tmp_path / "nowhere")


@on_both
def test_liveness_on_this_and_other_machines(store: Store) -> None:
    job_id = jobs.submit(store, "sleep").id
    begin(store, job_id)
    job = queue.get(store, job_id)
    assert processes.supervisor_alive(job)
    job.supervisor_pid = 2**22 + 1
    assert not processes.supervisor_alive(job)
    job.host = "elsewhere"
    assert processes.supervisor_alive(job)  # it has just sent a heartbeat
    assert job.heartbeat_at is not None
    job.heartbeat_at = job.heartbeat_at.fromtimestamp(0, tz=job.heartbeat_at.tzinfo)
    assert not processes.supervisor_alive(job)
    # This machine's process with the same number, but started after the job: another one.
    job.host, job.supervisor_pid = processes.hostname(), os.getpid()
    assert job.started_at is not None
    job.started_at = job.started_at.fromtimestamp(0, tz=job.started_at.tzinfo)
    assert not processes.supervisor_alive(job)


def test_the_environment_of_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    monkeypatch.delenv("PYSCF_MAX_MEMORY", raising=False)
    monkeypatch.setattr(processes, "_has_avx2", lambda: True)
    environment = processes.job_environment(3)
    assert {environment[f"{name}_NUM_THREADS"] for name in ("OMP", "OPENBLAS", "MKL")} == {"3"}
    assert environment["OPENBLAS_CORETYPE"] == "Haswell"
    assert "OPENBLAS_CORETYPE" not in processes.job_environment(1, "")
    assert processes.job_environment(1, memory_gb=2.0)["PYSCF_MAX_MEMORY"] == "1125"
    monkeypatch.setenv("PYSCF_MAX_MEMORY", "500")
    assert processes.job_environment(1, memory_gb=2.0)["PYSCF_MAX_MEMORY"] == "500", "the user's own stands"
    monkeypatch.setenv("PYSCF_MAX_MEMORY", "plenty")
    assert processes.job_environment(1, memory_gb=2.0)["PYSCF_MAX_MEMORY"] == "1125"
    assert "PYSCF_MAX_MEMORY" not in processes.job_environment(1), "PySCF would not start with it"
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Zen")
    assert processes.job_environment(1)["OPENBLAS_CORETYPE"] == "Zen"
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    monkeypatch.setattr(processes, "_has_avx2", lambda: False)
    assert "OPENBLAS_CORETYPE" not in processes.job_environment(1)
