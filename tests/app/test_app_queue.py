"""The queue on the page Label & train when it is long, and when nobody can take a job."""

import os
from pathlib import Path

import pytest
from pages import run_page, tables, text
from sqlalchemy import update

from app.data import jobs
from nci_core.campaign import Campaign
from nci_core.jobs.lock import EngineLock, EngineStatus, write_status
from nci_core.jobs.remaining import label_minutes, remaining, running_labels, waiting_labels
from nci_core.store import Store, configurations, evaluations, job_batches, job_queries, labels
from nci_core.store import jobs as queue
from nci_core.store.base import utc_now
from nci_core.store.job_tables import jobs_table
from nci_core.store.schema import Label
from nci_core.units import from_cm1


def add_waiting(store: Store, n: int, needs_memory_gb: float | None = None) -> list[int]:
    return [queue.add(store, "teach", needs_memory_gb=needs_memory_gb).id for _ in range(n)]


def test_a_long_queue_is_read_and_shown_a_page_at_a_time(home: Path) -> None:
    store = Campaign.open(home / "he-ethylene").store
    ids = add_waiting(store, jobs.PAGE + 50)
    assert len(jobs_table(store, 0, jobs.PAGE)) == jobs.PAGE
    at = run_page("label_train")
    table = next(table for table in tables(at) if "State" in table.columns)
    assert len(table) == jobs.PAGE
    at.number_input(key="queue_page").set_value(2).run()
    assert not at.exception
    total = sum(job_queries.counts(store).values())
    rest = next(table for table in tables(at) if "State" in table.columns)
    assert len(rest) == min(total - jobs.PAGE, jobs.PAGE)
    at.button(key="cancel_jobs").click().run()  # nothing is ticked: all, those on other pages too
    assert job_queries.counts(store)["waiting"] == 0
    assert queue.get(store, ids[0]).state == "cancelled"


def test_the_queue_says_why_a_job_cannot_start(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    add_waiting(campaign.store, 1, needs_memory_gb=64.0)
    write_status(campaign.folder, EngineStatus(True, "ready", sizes=((8.0, 0),)))
    table = next(table for table in tables(run_page("label_train")) if "State" in table.columns)
    assert any("needs 64 GB of memory and the largest worker has 8" in message for message in table["Message"])


def test_the_expected_end_counts_labels_on_every_page_by_recipe(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    store, recipe = campaign.store, campaign.recipe
    free = [row.id for row in configurations.fetch(store, split="pool")][-5:]
    asked = labels.request(store, free, recipe=recipe.name, recipe_hash=recipe.hash)
    waiting = [row.id for row in asked if row.status == "waiting"]
    first, *_ = job_batches.add_for_labels(store, waiting)
    assert queue.begin(store, first, host="here", supervisor_pid=1) is not None
    recipes = {recipe.name: recipe.hash}
    running = running_labels(store, recipes)
    assert [name for name, _ in running] == [recipe.name]
    assert running[0][1] < 1.0
    assert waiting_labels(store, recipes) == {recipe.name: len(waiting) - 1}
    usual = label_minutes(store, recipes)
    assert 0.4 < usual[recipe.name] < 1.0  # 40 s each
    found = remaining(running, waiting_labels(store, recipes), usual, 1)
    assert found is not None
    assert found.minutes == pytest.approx(len(waiting) * usual[recipe.name], abs=0.5)


def test_finished_labels_are_shown_beside_what_was_predicted_of_them(home: Path) -> None:
    campaign = Campaign.open(home / "he-ethylene")
    store, recipe = campaign.store, campaign.recipe
    before = campaign.active_model()
    assert before is not None
    number = next(row.id for row in reversed(configurations.fetch(store, split="pool")))
    label = labels.request(store, [number], recipe=recipe.name, recipe_hash=recipe.hash, round_number=3)[0]
    (job,) = job_batches.add_for_labels(store, [label.id])
    attempt = queue.begin(store, job, host="here", supervisor_pid=1)
    assert attempt is not None
    with store.write() as session:
        done = {"status": "complete", "energy_ev": from_cm1(-4.05), "recipe_std_cm1": 0.41, "finished_at": utc_now()}
        session.execute(update(Label).where(Label.id == label.id).values(**done))
    queue.finish(store, job, attempt.attempt, "complete")
    evaluations.record_predictions(store, before.id, [number], [from_cm1(-4.0)], [from_cm1(0.21)])
    at = run_page("label_train")
    assert not at.exception
    row = next(table for table in tables(at) if "State" in table.columns).iloc[0]
    assert row["What"] == f"label {number}"
    assert row["Message"] == "−4.05 ± 0.4 cm⁻¹, predicted −4.0 ± 0.2"
    assert "1 of 1 label lies within 1 sd" in text(at)


def test_where_all_take_longer_than_usual_the_rest_is_not_promised_sooner() -> None:
    found = remaining([("quick", 18.0), ("quick", 30.0)], {"quick": 4}, {"quick": 6.0}, 2)
    assert found is not None
    assert found.minutes == pytest.approx(4 * 6.0 * 3.0 / 2)
    assert found.overdue == (30.0, 6.0)


def test_a_countdown_is_there_before_the_first_label_and_a_tick_never_passes_to_another_job(home: Path) -> None:
    import synthetic

    campaign = synthetic.build(home / "young", n=40, n_labels=0, n_test=6, with_jobs=False)
    store, recipe = campaign.store, campaign.recipe
    free = [row.id for row in configurations.fetch(store, split="pool")][:3]
    asked = labels.request(store, free, recipe=recipe.name, recipe_hash=recipe.hash)
    jobs_of = job_batches.add_for_labels(store, [row.id for row in asked])
    lock = EngineLock(campaign.folder)
    assert lock.acquire()
    write_status(campaign.folder, EngineStatus(True, "ready", pid=os.getpid(), workers=1))
    at = run_page("label_train", campaign="young")
    lock.release()
    assert "3 waiting · all labels in about" in text(at)
    before = next(table for table in at.dataframe if "State" in table.value.columns)
    queue.put_first(store, [jobs_of[-1]])
    after = next(table for table in at.run().dataframe if "State" in table.value.columns)
    assert after.value["What"][0] == f"label {free[-1]}"
    assert after.proto.id != before.proto.id
