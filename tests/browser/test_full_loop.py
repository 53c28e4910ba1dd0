"""The whole loop with the mouse, on the embedded He–ethylene campaign: lasso, real PySCF labels of its
own recipe, fine-tune, maps and history change. Nothing is faked.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from lasso import lasso, plot
from playwright.sync_api import Page, expect

from app.coordinates import map_xy
from app.data.configurations import configuration_table
from nci_core import jobs
from nci_core.campaign import Campaign
from nci_core.campaign.archive import data_folder, import_campaign
from nci_core.store import evaluations, job_events, labels, picks, rounds
from nci_core.store import jobs as queue

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
#: Seconds a job may take on a small, shared machine.
JOB_SECONDS = 420


@pytest.fixture
def campaign(tmp_path: Path) -> Iterator[Campaign]:
    """A copy of the embedded campaign; its engine ends with the test."""
    import_campaign(data_folder() / "he-ethylene", tmp_path / "he-ethylene").store.close()
    # A fit of many members takes long enough to be stopped in the middle.
    settings = tmp_path / "he-ethylene" / "campaign.toml"
    settings.write_text(re.sub(r"^members = \d+", "members = 24", settings.read_text(), flags=re.MULTILINE))
    made = Campaign.open(tmp_path / "he-ethylene")
    yield made
    status = jobs.engine_status(made.folder)
    if status.running and status.pid is not None:
        with suppress(psutil.Error):
            family = [psutil.Process(status.pid), *psutil.Process(status.pid).children(recursive=True)]
            for process in family:
                with suppress(psutil.Error):
                    process.kill()


def _wait_until_idle(campaign: Campaign) -> None:
    end = time.monotonic() + JOB_SECONDS
    while queue.fetch(campaign.store, states=["waiting", "running"]):
        assert time.monotonic() < end, "the queue did not empty in time"
        time.sleep(0.5)


def _window(campaign: Campaign) -> tuple[float, float, float, float, set[int]]:
    """A small rectangle of the side view (Å) that holds a few free configurations, best two, and their ids.

    Each gets a real label, half a minute of a core.
    """
    table = configuration_table(campaign.store, campaign.settings, None)
    table = table[table["region"] != "beyond"]
    xy = map_xy(campaign.dimer.host, table[["x", "y", "z"]].to_numpy(), "side")
    free = (table["label_state"] == "none") & (table["split"] == "pool")
    for most in (2, 4):
        for half in (0.4, 0.6, 0.8, 1.0, 1.4, 1.8):
            for x, y in xy[free.to_numpy()]:
                inside = (abs(xy[:, 0] - x) < half) & (abs(xy[:, 1] - y) < half)
                chosen = {int(i) for i in table.index[inside & free]}
                if 2 <= len(chosen) <= most and y < 5.0:
                    return x - half, x + half, y - half, y + half, chosen
    raise AssertionError("no window with two to four configurations")


def test_lasso_label_finetune_and_look_again(campaign: Campaign, serve: Callable[[Path], str], page: Page) -> None:
    x0, x1, y0, y1, chosen = _window(campaign)
    before = campaign.active_model()
    assert before is not None
    known = len(labels.complete(campaign.store, campaign.recipe.hash, split="pool"))
    address = serve(campaign.folder.parent)

    page.goto(f"{address}/errors?errors_part=Points+on+a+map")
    expect(page.get_by_text(f"after: student of round {before.round_number}")).to_be_visible()

    page.goto(f"{address}/select")
    plot(page)
    lasso(page, x0, x1, y0, y1)
    expect(page.get_by_role("tab", name=f"Basket ({len(chosen)})")).to_be_visible()
    assert set(picks.basket(campaign.store)) == chosen

    page.goto(f"{address}/label-train")
    page.get_by_role("button", name=f"Compute {len(chosen)} labels").click()
    expect(page.get_by_text(f"{len(chosen)} calculations are in the queue")).to_be_visible()
    _wait_until_idle(campaign)
    assert len(labels.complete(campaign.store, campaign.recipe.hash, split="pool")) == known + len(chosen)

    page.reload()
    page.get_by_role("button", name=f"Fine-tune on {known + len(chosen)} labels").click()
    expect(page.get_by_text(re.compile("Fine-tuning is in the queue"))).to_be_visible()
    # Stopped in the middle, it goes on from there.
    stop = page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop", exact=True)
    expect(page.get_by_test_id("stProgress").get_by_text(re.compile(r"^fit \d+ of \d+"))).to_be_visible(
        timeout=1000 * JOB_SECONDS
    )
    stop.click()
    expect(page.get_by_text(re.compile("fine-tuning: cancelled"))).to_be_visible()
    assert campaign.active_model() == before
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile("fine-tuning: (running|finished)"))).to_be_visible(timeout=60_000)
    _wait_until_idle(campaign)
    expect(page.get_by_text(re.compile("fine-tuning: finished"))).to_be_visible()
    events = job_events.events(campaign.store, queue.fetch(campaign.store, kind="finetune", limit=1)[0].id)
    steps = [(e.data["member"], e.data["iteration"]) for e in events]
    assert len(steps) - len(set(steps)) <= 1, "no step was made twice"
    after = campaign.active_model()
    assert after is not None
    assert after.kind == "finetuned"
    assert after.n_labels == known + len(chosen)
    assert after.round_number == before.round_number + 1
    assert _energies(campaign, after.id) != _energies(campaign, before.id)
    assert rounds.get(campaign.store, after.round_number).finished_at is not None

    page.get_by_role("button", name="See the map before and after").click()
    expect(page.get_by_role("slider", name=re.compile("before to after"))).to_be_visible()
    page.goto(f"{address}/errors?errors_part=Points+on+a+map")
    expect(page.get_by_text(f"after: student of round {after.round_number}")).to_be_visible()
    expect(page.get_by_text("before: distilled student")).to_be_visible()
    page.goto(f"{address}/history")
    expect(page.get_by_text("In use now")).to_be_visible()
    expect(page.get_by_text(re.compile("times (smaller|larger)"))).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0


def _energies(campaign: Campaign, model_id: int) -> list[float]:
    return [row.energy_ev for row in evaluations.predictions(campaign.store, model_id)]
