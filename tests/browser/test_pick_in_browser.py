"""A lasso with the mouse fills the basket, and the basket outlives reload and restart of the app."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import synthetic
from lasso import lasso, pixel, plot
from playwright.sync_api import Page, expect

from app.data.configurations import configuration_table
from nci_core.campaign import Campaign
from nci_core.campaign.rounds.requests import submit_labels
from nci_core.store import picks
from nci_core.store.selection_history import StoredHistory
from nci_core.systems.map_places import map_xy

pytestmark = pytest.mark.browser


def _in_basket(page: Page, n: int) -> None:
    expect(page.get_by_role("tab", name=f"Basket ({n})")).to_be_visible()


def test_lasso_to_basket_and_back_again(
    four: str, four_campaigns: Path, serve: Callable[[Path], str], page: Page
) -> None:
    campaign = synthetic.build(four_campaigns / "pick", n=150, n_labels=20, n_test=10)
    table = configuration_table(campaign, None)
    table = table[table["region"] != "beyond"]
    xy = map_xy(campaign.systems[0].dimer.a, table[["x", "y", "z"]].to_numpy(), "side")
    inside = (xy[:, 0] > 1.0) & (xy[:, 0] < 5.0) & (xy[:, 1] > 2.0) & (xy[:, 1] < 6.0)
    free = table["label_state"].isin(["none", "error", "cancelled"]) & (table["split"] == "pool")
    expected = {int(i) for i in table.index[inside & free]}
    assert len(expected) > 5

    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(request.url) if "127.0.0.1" not in request.url else None)
    page.goto(f"{four}/select?campaign=pick")
    plot(page)
    lasso(page, 1.0, 5.0, 2.0, 6.0)
    _in_basket(page, len(expected))
    assert set(picks.basket(campaign.store)) == expected
    expect(page.get_by_text(re.compile("test set, which only measures"))).to_be_visible()

    page.reload()
    plot(page)
    _in_basket(page, len(expected))

    page.get_by_role("radio", name="Remove").click()
    lasso(page, 1.0, 5.0, 2.0, 4.0)
    above = {int(i) for i in table.index[inside & free & (xy[:, 1] > 4.0)]}
    _in_basket(page, len(above))
    page.get_by_role("button", name="Undo").click()
    _in_basket(page, len(expected))

    test = table.index[(table["split"] == "test")][0]
    page.get_by_role("radio", name="Add").click()
    page.mouse.click(*pixel(page, *xy[table.index.get_loc(test)]))
    expect(page.get_by_text(re.compile("Left out"))).to_be_visible()
    _in_basket(page, len(expected))

    again = serve(four_campaigns)  # a second app on the same folder, as after a restart
    page.goto(f"{again}/select?campaign=pick")
    _in_basket(page, len(expected))
    assert not problems


def test_the_recipe_that_was_chosen_on_one_page_is_that_of_the_other(
    four: str, campaigns_made: Path, shown: Callable[[str, Path], Path], page: Page
) -> None:
    """And decides what can be picked: a point with a standard label has a quick one too, one that waits has none."""
    campaign = Campaign.open(shown("recipes", campaigns_made / "he-ethylene"))
    table = configuration_table(campaign, None)
    free = int(table.index[(table["label_state"] == "none") & (table["split"] == "pool")][0])
    submit_labels(campaign, [free], "grace", start=False)
    StoredHistory(campaign.store, "ada").record([], [free])
    campaign.store.close()

    page.goto(f"{four}/select?campaign=recipes&tour=off")
    add = page.get_by_role("button", name="Add the 1 selected on other pages")
    add.click()
    expect(page.get_by_text("Left out: 1 already labelled or on the way.")).to_be_visible()
    page.get_by_role("radio", name="quick", exact=True).click()
    expect(page.get_by_text("The map shows standard labels")).to_be_visible()
    add.click()
    _in_basket(page, 1)

    page.get_by_role("link", name="Label & train").click()
    expect(page.get_by_role("radio", name="quick", exact=True)).to_be_checked()
    expect(page.get_by_text(re.compile("1 in the basket: about .* with recipe quick"))).to_be_visible()
    page.get_by_role("radio", name="standard", exact=True).click()
    expect(page.get_by_text("they have labels of recipe standard already")).to_be_visible()
    page.get_by_role("link", name="Select").click()
    expect(page.get_by_role("radio", name="standard", exact=True)).to_be_checked()
