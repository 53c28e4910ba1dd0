"""Drawing on the pick map as a person does: with the mouse."""

import json
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Locator, Page

PLOT = ".nci-plot .plot[data-plot]"


def plot(page: Page) -> Locator:
    """The map, once it is drawn."""
    found = page.locator(PLOT).first
    found.wait_for()
    found.scroll_into_view_if_needed()
    return found


def standing(page: Page) -> dict[str, float]:
    """Where the map is on the screen once it stays there: what stands above it may come or go after a rerun."""
    drawn, seen, same = plot(page), None, 0
    for _ in range(200):
        box = drawn.bounding_box()
        now = box, drawn.get_attribute("data-plot")
        same = same + 1 if now == seen else 0
        if box is not None and same == 3:
            return {name: float(value) for name, value in box.items()}
        seen = now
        page.wait_for_timeout(100)
    raise AssertionError("the map does not come to rest")


def on_screen(page: Page, points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where map coordinates (Å) are on the screen."""
    box = standing(page)
    view: dict[str, Any] = json.loads(plot(page).get_attribute("data-plot") or "{}")
    return [(box["x"] + view["x0"] + x * view["sx"], box["y"] + view["y0"] - y * view["sy"]) for x, y in points]


def pixel(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where one map coordinate (Å) is on the screen."""
    return on_screen(page, [(x, y)])[0]


def lasso(page: Page, x0: float, x1: float, y0: float, y1: float) -> None:
    """Draw round the rectangle x0…x1, y0…y1 (Å) with the lasso."""
    corners = on_screen(page, [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0 + 0.02)])
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=8)
    page.mouse.up()
