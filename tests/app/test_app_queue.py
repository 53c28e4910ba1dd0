"""The queue on the page Label & train when it is long, and when nobody can take a job."""

from pathlib import Path

from pages import run_page, tables

from app.data import jobs
from nci_core.campaign import Campaign
from nci_core.jobs.lock import EngineStatus, write_status
from nci_core.store import Store
from nci_core.store import jobs as queue


def add_waiting(store: Store, n: int, needs_memory_gb: float | None = None) -> list[int]:
    return [queue.add(store, "teach", needs_memory_gb=needs_memory_gb).id for _ in range(n)]


def test_a_long_queue_is_read_and_shown_a_page_at_a_time(home: Path) -> None:
    store = Campaign.open(home / "he-ethylene").store
    ids = add_waiting(store, jobs.PAGE + 50)
    assert len(jobs.job_table(store)) == jobs.PAGE
    at = run_page("label_train")
    table = next(table for table in tables(at) if "State" in table.columns)
    assert len(table) == jobs.PAGE
    at.number_input(key="queue_page").set_value(2).run()
    assert not at.exception
    total = sum(queue.counts(store).values())
    rest = next(table for table in tables(at) if "State" in table.columns)
    assert len(rest) == min(total - jobs.PAGE, jobs.PAGE)
    at.button(key="cancel_jobs").click().run()  # nothing is ticked: all, those on other pages too
    assert queue.counts(store)["waiting"] == 0
    assert queue.get(store, ids[0]).state == "cancelled"


def test_the_queue_says_why_a_job_cannot_start(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    add_waiting(campaign.store, 1, needs_memory_gb=64.0)
    write_status(campaign.folder, EngineStatus(True, "ready", sizes=((8.0, 0),)))
    table = next(table for table in tables(run_page("label_train")) if "State" in table.columns)
    assert any("needs 64 GB of memory and the largest worker has 8" in message for message in table["Message"])


def test_minutes_left_counts_labels_on_other_pages(home: Path) -> None:
    store = Campaign.open(home / "he-ethylene").store
    for _ in range(3):
        queue.add(store, "label")
    table = jobs.job_table(store)
    shown = jobs.minutes_left(table, 10.0, 2)
    assert shown is not None
    elsewhere = {"": 3 + 20, "quick": 5}
    assert jobs.minutes_left(table, 10.0, 2, elsewhere) == shown + (20 + 5) * 10.0 / 2
    # A recipe has its own minutes; the labels without one take the mean of those that are known.
    timed = jobs.minutes_left(table, {"quick": 2.0, "standard": 18.0}, 2, elsewhere)
    assert timed == shown + (20 * 10.0 + 5 * 2.0) / 2
