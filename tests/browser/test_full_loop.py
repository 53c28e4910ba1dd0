"""The whole loop in the browser, from nothing: a molecule, teachers, a first student, a lasso, real PySCF labels,
fine-tuning, maps and history that change. Nothing is faked.
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

from app.data.configurations import configuration_table
from nci_core import jobs
from nci_core.campaign import Campaign
from nci_core.store import evaluations, labels, picks, rounds
from nci_core.store import jobs as queue
from nci_core.systems.map_places import map_xy

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
#: Notifications as a person has them who has not been asked yet, and who is looking elsewhere.
NOTIFICATIONS = """
window.told = [];
window.Notification = class { constructor(title, options) { window.told.push(`${title}: ${options.body}`); } };
Notification.permission = "default";
Notification.requestPermission = async () => { Notification.permission = "granted"; return "granted"; };
document.hasFocus = () => false;
"""
#: Seconds a job may take on a small, shared machine.
JOB_SECONDS = 420
#: The host.
XYZ = b"2\nhydrogen\nH 0 0 -0.3707\nH 0 0 0.3707\n"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """An empty folder of campaigns; the engine of the one that is made there ends with the test."""
    folder = tmp_path / "campaigns"
    yield folder
    for made in folder.glob("*/"):
        status = jobs.engine_status(made)
        if status.running and status.pid is not None:
            with suppress(psutil.Error):
                family = [psutil.Process(status.pid), *psutil.Process(status.pid).children(recursive=True)]
                for process in family:
                    with suppress(psutil.Error):
                        process.kill()


def _made_in_the_browser(page: Page, address: str, home: Path) -> Campaign:
    """From nothing to a distilled student: a molecule as SMILES, then another as a file, and the steps after it."""
    page.goto(address)
    main = page.get_by_test_id("stMainBlockContainer")
    main.get_by_role("button", name="New campaign").click()
    page.get_by_label("SMILES", exact=True).fill("N#N")
    page.keyboard.press("Enter")
    expect(page.get_by_text("SMILES N#N: ETKDGv3")).to_be_visible()
    main.get_by_role("radio", name="File").click()
    page.get_by_role("region", name="Structure file").locator("input[type=file]").set_input_files(
        {"name": "h2.xyz", "mimeType": "text/plain", "buffer": XYZ}
    )
    expect(page.get_by_text("file h2.xyz")).to_be_visible()
    page.get_by_role("button", name="Next: Teachers").click()
    expect(page.get_by_text("then zero")).to_have_count(3)
    page.get_by_text("hf-mp2", exact=True).click()
    page.get_by_role("button", name="Next: Labels").click()
    main.get_by_text("quick", exact=True).click()
    page.get_by_role("button", name="Next: Sampling").click()
    for field, value in (("Configurations", "60"), ("of these, test set", "4")):
        page.get_by_label(field, exact=True).fill(value)
        page.keyboard.press("Enter")
        expect(page.get_by_text(re.compile(f"\\b{value}\\b.*small spheres"))).to_be_visible()
    page.get_by_role("button", name="Next: Start").click()
    page.get_by_label("Title", exact=True).fill("He – H2, mine")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Create and begin").click()
    expect(page.get_by_text("Energies of the teachers")).to_be_visible()
    page.reload()  # what was begun goes on, and is seen again
    expect(page.get_by_text("The first student is ready")).to_be_visible(timeout=1000 * JOB_SECONDS)
    page.get_by_role("button", name="Label the test set").click()
    page.get_by_label("How many", exact=True).fill("2")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Label 2 of the test set").click()
    expect(page.get_by_text("2 calculations of the test set are in the queue")).to_be_visible()
    return Campaign.open(home / "he-h2-mine")


def _wait_until_idle(campaign: Campaign) -> None:
    end = time.monotonic() + JOB_SECONDS
    while queue.fetch(campaign.store, states=["waiting", "running"]):
        assert time.monotonic() < end, "the queue did not empty in time"
        time.sleep(0.5)


def _window(campaign: Campaign) -> tuple[float, float, float, float, set[int]]:
    """A small rectangle of the side view (Å) that holds a few free configurations, best two, and their ids.

    Each gets a real label, seconds of a core.
    """
    table = configuration_table(campaign, None)
    table = table[table["region"] != "beyond"]
    xy = map_xy(campaign.systems[0].dimer.a, table[["x", "y", "z"]].to_numpy(), "side")
    free = (table["label_state"] == "none") & (table["split"] == "pool")
    for most in (2, 4):
        for half in (0.4, 0.6, 0.8, 1.0, 1.4, 1.8):
            for x, y in xy[free.to_numpy()]:
                inside = (abs(xy[:, 0] - x) < half) & (abs(xy[:, 1] - y) < half)
                chosen = {int(i) for i in table.index[inside & free]}
                if 2 <= len(chosen) <= most and y < 5.0:
                    return x - half, x + half, y - half, y + half, chosen
    raise AssertionError("no window with two to four configurations")


def test_new_campaign_lasso_label_finetune_and_look_again(home: Path, serve: Callable[[Path], str], page: Page) -> None:
    address = serve(home)
    page.add_init_script(NOTIFICATIONS)
    campaign = _made_in_the_browser(page, address, home)
    x0, x1, y0, y1, chosen = _window(campaign)
    before = campaign.active_model()
    assert before is not None
    known = len(labels.complete(campaign.store, campaign.recipe.hash, split="pool"))

    page.goto(f"{address}/select")
    plot(page)
    lasso(page, x0, x1, y0, y1)
    expect(page.get_by_role("tab", name=f"Basket ({len(chosen)})")).to_be_visible()
    assert set(picks.basket(campaign.store)) == chosen

    page.goto(f"{address}/label-train")
    page.get_by_role("button", name=f"Compute {len(chosen)} labels").click()
    expect(page.get_by_text(f"{len(chosen)} calculations are in the queue")).to_be_visible()
    assert page.evaluate("window.told") == []
    page.get_by_role("button", name="Notify me when it is done").click()
    expect(page.get_by_role("button", name="Notifications are on")).to_be_visible()
    _wait_until_idle(campaign)
    assert len(labels.complete(campaign.store, campaign.recipe.hash, split="pool")) == known + len(chosen)
    # Nothing is reloaded: the page has followed.
    expect(page.get_by_text(f"labels of round {before.round_number + 1}")).to_be_visible()
    expect(page.get_by_text(re.compile(rf"\d of {len(chosen)} labels lie within 1 sd"))).to_be_visible()
    # On a busy machine labels that finish apart may be told apart; that the last is done is told in any case.
    page.wait_for_function("window.told.some(said => /done\\.|last one/.test(said))")
    page.get_by_role("button", name=f"Fine-tune on {known + len(chosen)} labels").click()
    expect(page.get_by_text(re.compile("Fine-tuning is in the queue"))).to_be_visible()
    _wait_until_idle(campaign)
    expect(page.get_by_text(re.compile("fine-tuning: finished"))).to_be_visible()
    after = campaign.active_model()
    assert after is not None
    assert after.kind == "finetuned"
    assert after.n_labels == known + len(chosen)
    assert after.round_number == before.round_number + 1
    assert _energies(campaign, after.id) != _energies(campaign, before.id)
    assert rounds.get(campaign.store, after.round_number).finished_at is not None

    # What it brought is there at once, and told.
    # While the page is drawn anew, what it showed before may stand beside it for a moment.
    expect(page.get_by_text(f"What round {after.round_number} brought").first).to_be_visible()
    expect(page.get_by_role("slider", name=re.compile("before to after"))).to_be_visible()
    page.wait_for_function(
        "window.told.some(said => /Fine-tuning has finished\\. Test error .+ ± .+ → .+ ± /.test(said))"
    )
    page.get_by_role("button", name="Open it on the Errors page").click()
    pair = f"Left of the line distilled student, right of it student of round {after.round_number}"
    expect(page.get_by_text(pair)).to_be_visible()
    page.goto(f"{address}/history")
    expect(page.get_by_text(f"of round {after.round_number}, in use now")).to_be_visible()
    expect(page.get_by_text(re.compile("about .+ times (smaller|larger)"))).to_be_visible()
    assert page.locator("[data-testid=stException]").count() == 0


def _energies(campaign: Campaign, model_id: int) -> list[float]:
    return [row.energy_ev for row in evaluations.predictions(campaign.store, model_id)]
