"""A lasso over squares takes the points under them: selection, basket, undo; a click zooms in."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import made_campaigns
import pytest
from lasso import PLOT, lasso, pixel, plot
from looking import settle, watch
from made import Once
from playwright.sync_api import BrowserContext, Page, expect

from app.data.configurations import configuration_table
from app.figures.points import MOST_POINTS
from nci_core.campaign import Campaign
from nci_core.store import picks, selections
from nci_core.systems.map_places import map_xy

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
#: Drawn on the side view: ρ from … to, z from … to.
WINDOW = (4.0, 5.5, 2.0, 4.0)


#: Of every address: the campaign of this file, and no tour.
WHERE = "campaign=many&tour=off"


@pytest.fixture(scope="module")
def campaign(once: Once, shown: Callable[[str, Path], Path]) -> Campaign:
    build = lambda home: made_campaigns.large(home / "many", MOST_POINTS + 2_000).store.close()  # noqa: E731
    return Campaign.open(shown("many", once("many", build) / "many"))


@pytest.fixture(scope="module")
def server(four: str, campaign: Campaign) -> str:
    return four


@pytest.fixture
def page(window: BrowserContext) -> Iterator[Page]:
    opened = window.new_page()
    yield opened
    opened.close()


def told(page: Page) -> dict[str, Any]:
    """What the map tells of itself."""
    found: dict[str, Any] = json.loads(plot(page).get_attribute("data-plot") or "{}")
    return found


def marked(page: Page, n: int) -> None:
    page.wait_for_function(
        "([selector, n]) => JSON.parse(document.querySelector(selector).dataset.plot).marked === n", arg=[PLOT, n]
    )


def inside(campaign: Campaign, grow: float) -> set[int]:
    """Ids of the configurations in WINDOW made larger by `grow` (Å) on each side."""
    table = configuration_table(campaign, None)
    xy = map_xy(campaign.systems[0].dimer.a, table[["x", "y", "z"]].to_numpy(), "side")
    x0, x1, y0, y1 = WINDOW
    found = (xy[:, 0] > x0 - grow) & (xy[:, 0] < x1 + grow) & (xy[:, 1] > y0 - grow) & (xy[:, 1] < y1 + grow)
    return {int(i) for i in table.index[found]}


def test_a_lasso_over_squares_selects_and_is_undone(page: Page, server: str, campaign: Campaign) -> None:
    wrong = watch(page)
    page.goto(f"{server}/explore?{WHERE}")
    settle(page)
    assert told(page)["bins"] > 1000
    expect(page.get_by_text("A lasso takes all points inside it")).to_be_visible()
    lasso(page, *WINDOW)
    page.wait_for_function("(s) => JSON.parse(document.querySelector(s).dataset.plot).marked > 0", arg=PLOT)
    now = set(selections.current(campaign.store, "ada"))
    assert len(now) > 500
    # The last stretch of the drawing is slanted, and a pixel is 0.02 Å.
    assert inside(campaign, -0.05) <= now <= inside(campaign, 0.25)
    assert not now - inside(campaign, 0.05) or max(len(now - inside(campaign, 0.05)), 1) < 0.02 * len(now)
    expect(page.get_by_text(f"{len(now):,} selected")).to_be_visible()
    assert told(page)["bins"] > 1000

    settle(page)
    page.get_by_role("radio", name="Remove").click()
    lasso(page, 4.0, 4.75, 2.0, 4.0)
    page.wait_for_function(
        "([s, n]) => JSON.parse(document.querySelector(s).dataset.plot).marked < n", arg=[PLOT, len(now)]
    )
    fewer = set(selections.current(campaign.store, "ada"))
    assert 0 < len(fewer) < len(now)
    assert fewer < now
    plot(page).focus()
    page.keyboard.press("Control+z")
    marked(page, len(now))

    page.get_by_role("radio", name="Replace").click()
    scale = told(page)["sx"]
    page.mouse.click(*pixel(page, 5.0, 3.0))
    page.wait_for_function(
        "([s, was]) => JSON.parse(document.querySelector(s).dataset.plot).sx > 1.9 * was", arg=[PLOT, scale]
    )
    page.wait_for_function("(s) => JSON.parse(document.querySelector(s).dataset.plot).n > 0", arg=PLOT)
    assert told(page)["bins"] == 0  # few enough to be drawn
    assert told(page)["marked"] == len(now)
    assert wrong == []


def test_squares_are_saved_as_a_table(page: Page, server: str, campaign: Campaign, tmp_path: Path) -> None:
    page.goto(f"{server}/explore?{WHERE}")
    settle(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save the points as a table").first.click()
    waiting.value.save_as(tmp_path / "squares.csv")
    with (tmp_path / "squares.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == told(page)["bins"]
    total = len(configuration_table(campaign, None))
    assert sum(int(row["configurations"]) for row in rows) == total
    assert all(float(row["mean (cm⁻¹)"]) < 1e5 for row in rows if row["mean (cm⁻¹)"])
    assert any(float(row["mean (cm⁻¹)"]) < -10 for row in rows if row["mean (cm⁻¹)"]), "there is a well"


def test_a_lasso_over_squares_fills_the_basket(page: Page, server: str, campaign: Campaign) -> None:
    page.goto(f"{server}/select?{WHERE}")
    settle(page)
    assert told(page)["bins"] > 1000
    lasso(page, 5.0, 5.6, 3.0, 3.6)
    page.wait_for_function("() => /Basket \\([1-9]/.test(document.body.innerText)")
    settle(page)
    chosen = set(picks.basket(campaign.store))
    table = configuration_table(campaign, None).loc[sorted(chosen)]
    assert len(chosen) > 50
    assert (table["split"] == "pool").all()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("tab", name="Basket (0)")).to_be_visible()
    settle(page)

    lasso(page, 0.1, 9.5, 0.1, 9.5)
    expect(page.get_by_text("at most 5,000 fit")).to_be_visible()
    assert picks.basket(campaign.store) == []
