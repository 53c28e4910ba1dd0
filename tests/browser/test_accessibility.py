"""The plot can be used with keys alone."""

import json
from collections.abc import Iterator

import pytest
from lasso import plot
from looking import settle
from places import BY_NAME
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def explore(window: BrowserContext, ethylene: str) -> Iterator[Page]:
    page = window.new_page()
    page.goto(BY_NAME["explore"].address(ethylene))
    settle(page)
    yield page
    page.close()


def _marked(page: Page) -> int:
    return int(json.loads(plot(page).get_attribute("data-plot") or "{}")["marked"])


def test_the_plot_works_with_keys_alone(explore: Page) -> None:
    drawn = plot(explore)
    drawn.focus()
    for key, tool in (("b", "box"), ("m", "pan"), ("l", "lasso")):
        explore.keyboard.press(key)
        expect(explore.locator(f"[data-tool={tool}]")).to_have_attribute("aria-checked", "true")
    before = _marked(explore)
    explore.keyboard.press("ArrowRight")
    tip = explore.locator(".nci-plot .tip")
    expect(tip).to_contain_text("Configuration")
    number = (tip.inner_text().splitlines()[0]).removeprefix("Configuration ")
    explore.keyboard.press("Space")
    explore.wait_for_function(f"() => JSON.parse(document.querySelector('.plot').dataset.plot).marked === {before + 1}")
    explore.keyboard.press("Control+z")
    explore.wait_for_function(f"() => JSON.parse(document.querySelector('.plot').dataset.plot).marked === {before}")
    drawn.focus()
    explore.keyboard.press("ArrowRight")
    explore.keyboard.press("Enter")
    expect(explore.get_by_text("Energies").first).to_be_visible()
    assert number.isdigit()


def test_its_keys_are_listed_and_the_list_closes(explore: Page) -> None:
    plot(explore).focus()
    explore.keyboard.press("?")
    keys = explore.locator(".nci-plot .keys")
    expect(keys).to_be_visible()
    for word in ("Enter", "Space", "Ctrl + Z", "lasso"):
        expect(keys).to_contain_text(word)
    box = keys.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    assert box["y"] + box["height"] <= 720
    explore.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    explore.get_by_role("button", name="Keys of the plot").click()
    expect(keys).to_be_visible()
    explore.keyboard.press("Escape")
    expect(keys).to_be_hidden()


def test_tab_reaches_the_pages_controls_in_reading_order(explore: Page) -> None:
    """From the title on: view, colour, filter, the plot's tools, the plot itself."""
    explore.locator("h1").click()
    order = []
    for _ in range(60):
        explore.keyboard.press("Tab")
        order.append(
            explore.evaluate(
                "() => { const e = document.activeElement; return e.closest('.tools') ? 'tools' : "
                "e.matches('.nci-plot .plot') ? 'plot' : (e.getAttribute('aria-label') || e.innerText || e.tagName) }"
            )
        )
        if "plot" in order:
            break
    assert {"tools", "plot"} <= set(order), order
    assert order.index("tools") < order.index("plot"), order
