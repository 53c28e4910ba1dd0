"""One selection on every page, in every tab, in a shared link; and read-only demonstrations that change nothing."""

import hashlib
import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import synthetic
from lasso import PLOT, lasso, pixel, plot
from looking import settle
from made import Once
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.data.configurations import configuration_table
from nci_core.campaign import Campaign
from nci_core.store import selections
from nci_core.systems.map_places import map_xy

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
WINDOW = (1.0, 5.0, 2.0, 6.0)


#: Of every address: the campaign of this file, and no tour.
WHERE = "campaign=linked&tour=off"


@pytest.fixture(scope="module")
def made(once: Once) -> Path:
    """A synthetic campaign, to copy from."""
    build = lambda home: synthetic.build(home / "linked", n=150, n_labels=30, n_test=20).store.close()  # noqa: E731
    return once("linked", build) / "linked"


@pytest.fixture(scope="module")
def campaign(made: Path, shown: Callable[[str, Path], Path]) -> Campaign:
    return Campaign.open(shown("linked", made))


@pytest.fixture(scope="module")
def server(four: str, campaign: Campaign) -> str:
    return four


@pytest.fixture
def context(window: BrowserContext, campaign: Campaign) -> Iterator[BrowserContext]:
    now = selections.current(campaign.store, "ada")
    selections.record(campaign.store, "ada", "selection", now, [])
    yield window
    for page in window.pages:
        page.close()


def open_at(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    settle(page)
    return page


def marked(page: Page, n: int, plots: int = 1) -> None:
    """Wait until each of so many plots marks n points of the selection."""
    page.wait_for_function(
        "([selector, n, plots]) => { const all = [...document.querySelectorAll(selector)]; return all.length >= plots "
        "&& all.every((e) => JSON.parse(e.dataset.plot).marked === n); }",
        arg=[PLOT, n, plots],
    )


def inside(campaign: Campaign) -> set[int]:
    """Ids of the configurations in WINDOW of the side view."""
    table = configuration_table(campaign, None)
    xy = map_xy(campaign.systems[0].dimer.a, table[["x", "y", "z"]].to_numpy(), "side")
    x0, x1, y0, y1 = WINDOW
    found = (xy[:, 0] > x0) & (xy[:, 0] < x1) & (xy[:, 1] > y0) & (xy[:, 1] < y1)
    return {int(i) for i in table.index[found]}


def test_a_lasso_is_marked_everywhere_and_survives(context: BrowserContext, server: str, campaign: Campaign) -> None:
    page = open_at(context, f"{server}/explore?{WHERE}")
    lasso(page, *WINDOW)
    expected = inside(campaign)
    assert len(expected) > 5
    expect(page.get_by_text(f"{len(expected)} selected")).to_be_visible()
    assert set(selections.current(campaign.store, "ada")) == expected
    page.goto(f"{server}/errors?{WHERE}&errors_part=Points+on+a+map")
    marked(page, len(expected), plots=2)
    for part in ("Radial cuts", "Every point"):
        page.get_by_role("radio", name=part).click()
        settle(page)
        marked(page, len(expected))
        expect(page.get_by_text(f"{len(expected)} selected")).to_be_visible()
    page.reload()
    settle(page)
    marked(page, len(expected))
    second = open_at(context, f"{server}/explore?{WHERE}")
    marked(second, len(expected))


def test_undo_and_redo_by_keyboard_and_shift_click(context: BrowserContext, server: str, campaign: Campaign) -> None:
    page = open_at(context, f"{server}/explore?{WHERE}")
    lasso(page, *WINDOW)
    n = len(inside(campaign))
    marked(page, n)
    plot(page).focus()
    page.keyboard.press("Control+z")
    marked(page, 0)
    plot(page).focus()
    page.keyboard.press("Control+y")
    marked(page, n)
    table = configuration_table(campaign, None)
    outside = table[~table.index.isin(inside(campaign))]
    xy = map_xy(campaign.systems[0].dimer.a, outside[["x", "y", "z"]].to_numpy(), "side")
    lonely = max(range(len(xy)), key=lambda i: sorted(((xy - xy[i]) ** 2).sum(axis=1))[1])
    page.keyboard.down("Shift")
    page.mouse.click(*pixel(page, *xy[lonely]))
    page.keyboard.up("Shift")
    marked(page, n + 1)
    assert int(outside.index[lonely]) in selections.current(campaign.store, "ada")


def test_a_cell_of_the_region_matrix_selects_its_points(
    context: BrowserContext, server: str, campaign: Campaign
) -> None:
    page = open_at(context, f"{server}/errors?{WHERE}&errors_part=By+region")
    grid = page.locator("[data-testid=stDataFrame]").nth(1)
    box = grid.bounding_box()
    assert box is not None
    # The first data row lies under the header; the second column is the first direction.
    for row in range(3):
        for share in (0.4, 0.65, 0.9):
            page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] * (1.5 + row) / 4.5)
            page.wait_for_timeout(700)
            if ids := selections.current(campaign.store, "ada"):
                table = configuration_table(campaign, None).loc[ids]
                assert table["region"].nunique() == 1
                assert table["sector"].nunique() == 1
                assert (table["split"] == "test").all()
                expect(page.get_by_text(f"{len(ids)} selected")).to_be_visible()
                return
    raise AssertionError("no cell selected anything")


def test_a_shared_link_shows_the_same_in_a_fresh_browser(
    browser: Browser, context: BrowserContext, server: str, campaign: Campaign
) -> None:
    page = open_at(context, f"{server}/explore?{WHERE}")
    page.get_by_role("radio", name="Top").click()
    settle(page)
    table = configuration_table(campaign, None)
    number = int(table.index[7])
    page.goto(page.url + f"&configuration={number}&unit=meV")
    settle(page)
    expect(page.get_by_text(f"Configuration {number}").first).to_be_visible()
    link = page.url
    fresh = browser.new_context(viewport={"width": 1280, "height": 720})
    fresh.set_default_timeout(60_000)
    other = open_at(fresh, link)
    expect(other.get_by_role("radio", name="Top")).to_be_checked()
    expect(other.get_by_text(f"Configuration {number}").first).to_be_visible()
    seen = [json.loads(plot(p).get_attribute("data-plot") or "{}") for p in (page, other)]
    assert seen[0] == seen[1]
    other.goto(f"{server}/history?{WHERE}&history_part=Compare+two+models")
    settle(other)
    expect(other.get_by_role("radio", name="Compare two models")).to_be_checked()
    fresh.close()


def _content(folder: Path) -> str:
    """Hash of every row of the database and of the settings; not of files that readers may touch."""
    with sqlite3.connect(f"file:{folder / 'campaign.db'}?mode=ro", uri=True) as database:
        rows = "\n".join(database.iterdump())
    return hashlib.sha256((rows + (folder / "campaign.toml").read_text()).encode()).hexdigest()


def test_read_only_lets_one_browse_and_select_but_changes_nothing(
    tmp_path: Path, serve: Callable[..., str], browser: Browser, made: Path
) -> None:
    shutil.copytree(made, tmp_path / "shown")
    before = _content(tmp_path / "shown")
    address = serve(tmp_path, NCI_READ_ONLY="1")
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.set_default_timeout(60_000)
    page.goto(f"{address}/explore?tour=off")
    settle(page)
    expect(page.get_by_text("Read-only demonstration")).to_be_visible()
    lasso(page, *WINDOW)
    expect(page.get_by_text(re.compile(r"\d+ selected"))).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("To basket"))).to_be_disabled()
    for path in ("errors", "select", "label-train", "history"):
        page.get_by_role("link", name={"label-train": "Label & train"}.get(path, path.capitalize())).click()
        page.wait_for_url(f"**/{path}*")
        settle(page)
        assert page.locator("[data-testid=stException]").count() == 0
        if path == "select":
            lasso(page, *WINDOW)
            expect(page.get_by_role("tab", name="Basket (0)")).to_be_visible()
            expect(page.get_by_text(re.compile("read-only", re.IGNORECASE)).first).to_be_visible()
        if path == "label-train":
            expect(page.get_by_role("button", name=re.compile("Fine-tune on"))).to_be_disabled()
    page.close()
    assert _content(tmp_path / "shown") == before
