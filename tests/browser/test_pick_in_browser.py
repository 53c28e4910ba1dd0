"""A lasso with the mouse fills the basket, and the basket outlives reload and restart of the app."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import synthetic
from lasso import lasso, pixel, plot
from playwright.sync_api import Page, expect

from app.coordinates import map_xy
from app.data.configurations import configuration_table
from nci_core.store import picks

pytestmark = pytest.mark.browser


def _in_basket(page: Page, n: int) -> None:
    expect(page.get_by_role("tab", name=f"Basket ({n})")).to_be_visible()


def test_lasso_to_basket_and_back_again(tmp_path: Path, serve: Callable[[Path], str], page: Page) -> None:
    campaign = synthetic.build(tmp_path / "he-ethylene", n=150, n_labels=20, n_test=10)
    table = configuration_table(campaign.store, campaign.settings, None)
    table = table[table["region"] != "beyond"]
    xy = map_xy(campaign.dimer.host, table[["x", "y", "z"]].to_numpy(), "side")
    inside = (xy[:, 0] > 1.0) & (xy[:, 0] < 5.0) & (xy[:, 1] > 2.0) & (xy[:, 1] < 6.0)
    free = table["label_state"].isin(["none", "error", "cancelled"]) & (table["split"] == "pool")
    expected = {int(i) for i in table.index[inside & free]}
    assert len(expected) > 5

    address = serve(tmp_path)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(request.url) if "127.0.0.1" not in request.url else None)
    page.goto(f"{address}/select")
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

    again = serve(tmp_path)  # a second app on the same folder, as after a restart
    page.goto(f"{again}/select")
    _in_basket(page, len(expected))
    assert not problems
