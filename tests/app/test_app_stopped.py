"""A fit that runs in a real engine is stopped from the page, taken up again, and its engine killed."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from pages import run_page, text
from streamlit.testing.v1 import AppTest

from app import actions
from nci_core.campaign import Campaign
from nci_core.jobs import engine_status, stop_engine
from nci_core.store import jobs as queue
from nci_core.store.schema import Job


@pytest.fixture
def campaign(home: Path) -> Iterator[Campaign]:
    opened = Campaign.open(home / "he-ethylene")
    yield opened
    stop_engine(opened.folder)
    opened.store.close()


def until(condition: Callable[[], object], seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.1)


def gone(pid: int | None) -> bool:
    try:
        return pid is None or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_running_fit_is_stopped_from_the_page_and_taken_up_again(campaign: Campaign) -> None:
    store, number = campaign.store, actions.distill(campaign, device="cpu")

    def job() -> Job:
        return queue.get(store, number)

    until(lambda: job().state == "running" and job().pid is not None and job().progress > 0)
    pid = job().pid
    at: AppTest = run_page("label_train").button(key="stop_fit").click().run()
    assert not at.exception
    until(lambda: job().state != "running", 60)
    assert job().state == "cancelled"
    until(lambda: gone(pid), 20)
    at = at.run()
    assert "distillation: cancelled" in text(at)
    assert at.button(key="resume_fit").label == "Resume"
    at = at.button(key="resume_fit").click().run()
    until(lambda: job().state == "running" and not gone(job().pid))
    assert job().attempt == 2

    # Killed with what works for it: the page says so, and one button goes on.
    engine = psutil.Process(engine_status(campaign.folder).pid)
    for process in [engine, *engine.children(recursive=True)]:
        process.kill()
    until(lambda: not engine_status(campaign.folder).running)
    at = at.run()
    assert [warning for warning in at.warning if "Nothing is being computed" in warning.value]
    at = at.button(key="start_engine").click().run()
    until(lambda: engine_status(campaign.folder).running)
    actions.cancel(campaign, None)
    until(lambda: job().state not in ("running", "waiting"), 60)
