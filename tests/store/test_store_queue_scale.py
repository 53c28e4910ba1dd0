"""A long queue: what is read is bounded, and found by an index. Times are in benchmarks/queue_scale.py."""

from collections.abc import Callable

import pytest
from sqlalchemy import event

from nci_core.store import Store, configurations, job_batches, job_queries, jobs, label_queries, labels

N = 400
#: SQLite says which index it takes; PostgreSQL chooses anew as tables grow.
on_a_file = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@pytest.fixture
def long_queue(store: Store) -> list[int]:
    """Ids of the jobs of N labels; every tenth needs much memory."""
    added = configurations.add(
        store, [[0.0, 0.0, 3.0 + 0.01 * i] for i in range(N)], [f"g{i}" for i in range(N)], system_id=1
    )
    rows = labels.request(store, added.ids, recipe="quick", recipe_hash="r1")
    large, small = [row.id for row in rows[::10]], [row.id for row in rows if (row.id - rows[0].id) % 10]
    ids = job_batches.add_for_labels(store, large, needs_memory_gb=64.0)
    return ids + job_batches.add_for_labels(store, small, needs_memory_gb=2.0)


def plans(store: Store, call: Callable[[], object]) -> list[str]:
    """How SQLite carries out each SELECT of a call."""
    seen: list[tuple[str, object]] = []

    def keep(connection: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
        seen.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", keep)
    call()
    event.remove(store.engine, "before_cursor_execute", keep)
    with store.engine.connect() as connection:
        return [
            " / ".join(str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values))
            for text, values in seen
            if text.startswith("SELECT")
        ]


def test_each_label_gets_one_job_and_follows_it(store: Store, long_queue: list[int]) -> None:
    rows = labels.fetch(store, "r1")
    assert sorted(row.job_id or 0 for row in rows) == sorted(long_queue)
    assert all(jobs.get(store, row.job_id or 0).payload == {"label_id": row.id} for row in rows[:3])
    assert job_batches.add_for_labels(store, [row.id for row in rows]) == []  # asked twice, queued once


@on_a_file
def test_the_next_jobs_are_found_by_their_index_without_sorting(store: Store, long_queue: list[int]) -> None:
    def ask() -> list[int]:
        return [job.id for job in job_queries.next_waiting(store, 3, skip=[1], sizes=[(8.0, 0)])]

    jobs.put_first(store, [long_queue[-1]])
    small = long_queue[N // 10 :]
    assert ask() == [small[-1], *small[:2]]  # those too large for the workers hold nobody up
    (plan,) = plans(store, ask)
    assert "USING INDEX ix_jobs_order (state=?)" in plan
    assert "TEMP B-TREE" not in plan


@on_a_file
@pytest.mark.parametrize(
    ("call", "index"),
    [
        (lambda store: job_queries.counts(store), "COVERING INDEX"),
        (lambda store: jobs.fetch(store, states=["complete"], kind="select", limit=1), "ix_jobs_kind_state"),
        (lambda store: jobs.fetch(store, states=["running"]), "ix_jobs_order"),
        (lambda store: job_batches.page(store, 0, 50), "ix_jobs_order"),
        (lambda store: job_batches.page(store, 0, 50, "quick"), "ix_jobs_order"),
        (lambda store: label_queries.status_counts(store, "r1", with_job=True), "COVERING INDEX"),
    ],
)
def test_no_question_reads_the_whole_table(
    store: Store, long_queue: list[int], call: Callable[[Store], object], index: str
) -> None:
    for plan in plans(store, lambda: call(store)):
        assert index in plan
        assert "SCAN jobs" not in plan or "COVERING INDEX" in plan


def test_pages_hold_every_job_once_in_the_order_of_the_queue(store: Store, long_queue: list[int]) -> None:
    jobs.put_first(store, [long_queue[5]])
    for number in long_queue[10:13]:
        jobs.begin(store, number, host="h", supervisor_pid=1)
    for number in long_queue[20:23]:
        jobs.cancel(store, number)
    found = [job for start in range(0, N, 150) for job in job_batches.page(store, start, 150)]
    assert sorted(job.id for job in found) == sorted(long_queue)
    assert [job.state for job in found] == ["running"] * 3 + ["waiting"] * (N - 6) + ["cancelled"] * 3
    assert found[3].id == long_queue[5]
    assert [job.id for job in found[-3:]] == long_queue[22:19:-1]  # what ended last comes first
    assert len(job_batches.page(store, 0, 50)) == 50
    assert job_batches.page(store, N, 50) == []
    last = found[-1].id
    assert [job.id for job in job_batches.page(store, N - 1, 50)] == [last]


def test_one_recipe_is_counted_shown_cancelled_and_tried_again_alone(store: Store, long_queue: list[int]) -> None:
    numbers = [row.configuration_id for row in labels.fetch(store, "r1")][:3]
    rows = labels.request(store, numbers, recipe="standard", recipe_hash="r2")
    mine = job_batches.add_for_labels(store, [row.id for row in rows])
    assert label_queries.status_counts(store, "r2", with_job=True)["waiting"] == 3
    labels.request(store, numbers, recipe="dt", recipe_hash="r3")  # asked for, but not queued
    assert label_queries.status_counts(store, "r3", with_job=True)["waiting"] == 0
    assert [job.id for job in job_batches.page(store, 0, 50, "standard")] == mine
    assert [job.id for job in job_batches.page(store, 2, 50, "standard")] == mine[2:]
    assert job_batches.cancel_waiting(store, "standard") == 3
    assert job_queries.counts(store)["waiting"] == N, "those of the other recipe go on"
    jobs.cancel(store, long_queue[0])
    assert job_batches.retry_failed(store, "standard") == 3
    assert jobs.get(store, long_queue[0]).state == "cancelled"


def test_all_are_cancelled_and_tried_again_with_their_labels(store: Store, long_queue: list[int]) -> None:
    running = jobs.begin(store, long_queue[0], host="h", supervisor_pid=1)
    assert running is not None
    assert job_batches.cancel_waiting(store) == N - 1
    assert job_queries.counts(store) == {"waiting": 0, "running": 1, "complete": 0, "error": 0, "cancelled": N - 1}
    assert label_queries.status_counts(store, "r1")["cancelled"] == N - 1
    jobs.finish(store, running.id, running.attempt, "error", error="It did not converge.")
    assert job_batches.retry_failed(store) == N
    assert job_queries.counts(store)["waiting"] == N
    assert label_queries.status_counts(store, "r1")["waiting"] == N
    row = jobs.get(store, running.id)
    assert (row.error, row.finished_at, row.max_attempts - row.attempt) == (None, None, 3)


def test_a_failed_job_whose_label_has_another_one_is_neither_counted_nor_shown_nor_tried_again(
    store: Store, long_queue: list[int]
) -> None:
    job = jobs.begin(store, long_queue[0], host="here", supervisor_pid=1)
    assert job is not None
    assert jobs.finish(store, job.id, job.attempt, "error", error="It did not converge.")
    assert job_queries.counts(store)["error"] == 1
    label = next(row for row in labels.fetch(store, "r1") if row.job_id == job.id)
    again = labels.request(store, [label.configuration_id], recipe="quick", recipe_hash="r1")
    assert job_queries.counts(store)["error"] == 0, "it waits elsewhere"
    (new,) = job_batches.add_for_labels(store, [row.id for row in again])
    assert job_queries.counts(store) == {"waiting": N, "running": 0, "complete": 0, "error": 0, "cancelled": 0}
    shown = [row.id for row in job_batches.page(store, 0, 2 * N)]
    assert new in shown
    assert job.id not in shown
    assert job_batches.retry_failed(store) == 0
