"""What a person waits for first: the command, the first page, cold and warm, and the Overview's slider."""

import os
import statistics
import time
from pathlib import Path

from dashboard_figure import Figure
from driving import chromium, made, running, visit_once
from playwright.sync_api import Playwright

from nci_core.campaign.exchange.archive import import_embedded


def first_maps(p: Playwright, home: Path, repeats: int) -> list[Figure]:
    """The first visitor of a server that was just started, and the same browser again."""
    folder, name = made(home, 5000)
    found: dict[str, list[float]] = {}
    for _ in range(repeats):
        with running(folder) as app, chromium(p) as context:
            found.setdefault("start", []).append(app.start_seconds)
            for when in ("cold", "warm"):
                before = app.cpu()
                page, text, drawn = visit_once(context, app.url(name))
                for key, value in (("text", text), ("map", drawn), ("cpu", app.cpu() - before)):
                    found.setdefault(f"{when} {key}", []).append(value)
                page.close()
    middle = {key: statistics.median(values) for key, values in found.items()}
    cold, warm = middle["cold cpu"], middle["warm cpu"]
    new = "server just started, browser profile never used, 5,000 configurations"
    return [
        Figure("start_s", middle["start"], "s", None, "from the command until the server answers"),
        Figure("first_text_cold_s", middle["cold text"], "s", 3.0, f"until the page's title: {new}", cold),
        Figure("first_map_cold_s", middle["cold map"], "s", 5.0, f"until the map is drawn: {new}", cold),
        Figure("first_map_warm_s", middle["warm map"], "s", 2.0, "the same browser, second visit", warm),
    ]


#: What `DRAWN` waits for: the maps are painted.
DRAWN = "document.querySelector('.nci-overview')?.dataset.maps === '1'"


def embedded(home: Path) -> Path:
    """A folder with the embedded campaigns, as the first `nci app` leaves it."""
    folder = home / "embedded"
    os.environ["NCI_HOME"] = str(folder)
    import_embedded()
    return folder


def from_command(p: Playwright, home: Path, repeats: int) -> Figure:
    """Everything that a person waits for after `nci app`, but the browser's own start."""
    folder = embedded(home)
    found = []
    for _ in range(repeats):
        with chromium(p) as context:
            page = context.new_page()
            with running(folder, ("nci_core.cli.main", "app")) as app:
                page.goto(app.url("he-ethylene", "overview"), wait_until="commit")
                page.wait_for_function(f"{DRAWN} && requestAnimationFrame(() => 0)")
                found.append(time.monotonic() - app.began)
    what = "from `nci app`, embedded campaigns imported, until a browser that was open has drawn the maps"
    return Figure("command_to_picture_s", statistics.median(found), "s", None, what)


def overview(p: Playwright, home: Path, repeats: int) -> list[Figure]:
    """The first page of the embedded He–ethylene, its maps computed as `nci app` does; and each step of its slider."""
    folder = embedded(home)
    pictures: list[float] = []
    steps: list[float] = []
    cpu = 0.0
    for _ in range(max(1, repeats // 2)):
        with running(folder) as app, chromium(p) as context:
            before, page = app.cpu(), context.new_page()
            page.goto(app.url("he-ethylene", "overview"), wait_until="commit")
            page.wait_for_function(f"{DRAWN} && requestAnimationFrame(() => 0)")
            pictures.append(page.evaluate("performance.now()") / 1000)
            cpu += app.cpu() - before
            page.wait_for_timeout(1500)
            slider = page.get_by_role("slider", name="Round")
            slider.press("Home")  # the first one is not counted, as with picks
            for step in range(1, int(slider.get_attribute("max") or 0) + 1):
                # Until the next frame after the one that shows the new round.
                page.evaluate(
                    "s => arm('keydown', s)", f"document.querySelector('.nci-overview').dataset.frame === '{step}'"
                )
                slider.press("ArrowRight")
                page.wait_for_function("meter.ms !== undefined")
                steps.append(page.evaluate("meter.ms"))
    new = "server just started, browser profile never used, embedded He–ethylene"
    return [
        Figure(
            "overview_cold_s",
            statistics.median(pictures),
            "s",
            3.0,
            f"until the maps are drawn: {new}",
            cpu / len(pictures),
        ),
        Figure(
            "overview_step_ms", statistics.median(steps), "ms", 150.0, f"from one round to the next, {len(steps)} steps"
        ),
        Figure("overview_step_worst_ms", max(steps), "ms", None, "the slowest of them"),
    ]
