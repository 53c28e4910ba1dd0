"""Drawing on the pick map as a person does: with the mouse."""

import json
from typing import Any

from playwright.sync_api import Locator, Page

PLOT = ".nci-plot .plot[data-plot]"


def plot(page: Page) -> Locator:
    """The map, once it is drawn."""
    found = page.locator(PLOT).first
    found.wait_for()
    found.scroll_into_view_if_needed()
    return found


def pixel(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where map coordinates (Å) are on the screen."""
    drawn = plot(page)
    view: dict[str, Any] = json.loads(drawn.get_attribute("data-plot") or "{}")
    box = drawn.bounding_box()
    assert box is not None
    return box["x"] + view["x0"] + x * view["sx"], box["y"] + view["y0"] - y * view["sy"]


def lasso(page: Page, x0: float, x1: float, y0: float, y1: float) -> None:
    """Draw round the rectangle x0…x1, y0…y1 (Å) with the lasso."""
    corners = [pixel(page, x, y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0 + 0.02))]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=8)
    page.mouse.up()
