"""How fast the dashboard answers: starts it as `nci app` does and drives a real headless Chromium.

    python benchmarks/dashboard.py [--json] [--only first,overview,pick,…] [--repeats 7] [--home FOLDER]

Times are taken inside the browser, from the click to the frame that shows the answer; the CPU time of the
app's process stands beside them, because a shared machine stretches elapsed times but not CPU times.
Campaigns are made up (benchmarks/made_up.py); with --home they are kept there for another run.
"""

import argparse
import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from dashboard_figure import Figure, as_line, as_row
from dashboard_start import first_maps, from_command, overview
from driving import chromium, made, running, visit_once
from playwright.sync_api import Page, Playwright, sync_playwright
from sessions import visit

from nci_core.campaign import Campaign
from nci_core.store import configurations
from nci_core.systems.map_places import map_xy

PARTS = ("first", "overview", "pick", "pages", "data", "memory", "sessions")
#: Page → what its title says, and a CSS selector of what one came for.
CONTENT = {
    "overview": ("Overview", ".st-key-next_step button"),
    "explore": ("Explore", "[class*=st-key-explore-map] .plot[data-plot]"),
    "errors": ("Errors", "[class*=st-key-error-map-0] .plot[data-plot]"),
    "select": ("Select", "[class*=st-key-select-map] .plot[data-plot]"),
    "label-train": ("Label & train", ".st-key-finetune button"),
    "history": ("History", ".st-key-test-error-figure .main-svg"),
}


def lassos(folder: Path, name: str) -> list[tuple[int, list[tuple[float, float]]]]:
    """Two lassos in Å round different thousands of points of the side view; how many each holds, and its corners."""
    campaign = Campaign.open(folder / name, read_only=True)
    ids, points = configurations.positions(campaign.store)
    xy = map_xy(campaign.chosen_system(None).dimer.a, points, "side")
    campaign.store.close()
    found = []
    for middle, size in ((0.42, 950), (0.58, 1050)):
        share = size / len(ids)
        x0, x1 = np.quantile(xy[:, 0], [middle - share**0.5 / 2, middle + share**0.5 / 2])
        across = xy[(xy[:, 0] > x0) & (xy[:, 0] < x1), 1]
        y0, y1 = np.quantile(across, [0.5 - share**0.5 / 2, 0.5 + share**0.5 / 2])
        count = int(((xy[:, 0] > x0) & (xy[:, 0] < x1) & (xy[:, 1] > y0) & (xy[:, 1] < y1)).sum())
        found.append((count, [(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0 + 0.01)]))
    return found


def picks(p: Playwright, home: Path, n: int, target: float, repeats: int) -> list[Figure]:
    """From mouse-up of a lasso round some 1,000 points until the map and the words beside it show them all."""
    folder, name = made(home, n)
    drawn = lassos(folder, name)
    times: list[float] = []
    with running(folder) as app, chromium(p) as context:
        page, _, _ = visit_once(context, app.url(name))
        page.wait_for_timeout(1500)
        cpu = 0.0
        # A selection is kept with the campaign, so an earlier run's may still be there.
        kept = page.evaluate("plotOf('.nci-plot .plot[data-plot]').marked")
        drawn.sort(key=lambda lasso: -abs(lasso[0] - kept))
        for k in range(repeats + 1):
            view = page.evaluate("plotOf('.nci-plot .plot[data-plot]')")
            box = page.locator(".nci-plot .plot[data-plot]").first.bounding_box()
            assert box is not None
            corners = [
                (box["x"] + view["x0"] + x * view["sx"], box["y"] + view["y0"] - y * view["sy"])
                for x, y in drawn[k % 2][1]
            ]
            page.mouse.move(*corners[0])
            page.mouse.down()
            for corner in corners[1:]:
                page.mouse.move(*corner, steps=6)
            words = "document.querySelector('[class*=st-key-selection-bar] strong')?.textContent"
            same = f"Number({words}.split(' ')[0].replaceAll(',', ''))"
            marked = "plotOf('.nci-plot .plot[data-plot]').marked"
            old = view["marked"]
            page.evaluate("s => arm('pointerup', s)", f"{marked} > 0 && {marked} !== {old} && {marked} === {same}")
            before = app.cpu()
            page.mouse.up()
            page.wait_for_function("meter.ms !== undefined")
            if k:  # the first one fills caches
                times.append(page.evaluate("meter.ms"))
                page.wait_for_timeout(400)
                cpu += app.cpu() - before
    size = sum(count for count, _ in drawn) / 2
    what = f"lasso round some {size:,.0f} of {n:,} points, mouse-up to marks and words; median of {repeats}"
    name = f"pick_{n // 1000}k_ms"
    return [Figure(name, statistics.median(times), "ms", target, what, cpu / repeats)]


def switches(p: Playwright, home: Path, repeats: int) -> list[Figure]:
    """From a click on the navigation until title and main content of the new page are there."""
    folder, name = made(home, 5000)
    times: dict[str, list[float]] = {page: [] for page in CONTENT}
    cpu = 0.0
    with running(folder) as app, chromium(p) as context:
        page, _, _ = visit_once(context, app.url(name))
        page.wait_for_timeout(1500)
        for k in range(repeats + 1):
            for path in ("errors", "select", "label-train", "history", "overview", "explore"):
                title, selector = CONTENT[path]
                there = (
                    f"document.querySelector('[data-testid=stMain] h1')?.textContent.startsWith('{title}') "
                    f"&& !!document.querySelector('{selector}')"
                )
                page.evaluate("s => arm('click', s)", there)
                before = app.cpu()
                page.locator("[data-testid=stSidebarNavLink]", has_text=title).click()
                page.wait_for_function("meter.ms !== undefined")
                if k:  # the first round loads code and fills caches
                    times[path].append(page.evaluate("meter.ms"))
                page.wait_for_timeout(700)
                cpu += (app.cpu() - before) if k else 0.0
    per_page = {path: statistics.median(values) for path, values in times.items()}
    each = ", ".join(f"{path} {value:.0f}" for path, value in per_page.items())
    overall = statistics.median([value for values in times.values() for value in values])
    what = f"click to title and main content, median over pages ({each})"
    worst = Figure("page_switch_worst_ms", max(per_page.values()), "ms", None, "median of the slowest page")
    return [Figure("page_switch_ms", overall, "ms", 500.0, what, cpu / (len(CONTENT) * repeats)), worst]


def zoomed(page: Page, address: str) -> float:
    """Milliseconds from a turn of the wheel to a map of finer squares or of points, median of four."""
    page.goto(address, wait_until="commit")
    page.wait_for_function("plotOf('.nci-plot .plot[data-plot]').bins > 0")
    page.wait_for_timeout(2000)
    box = page.locator(".nci-plot .plot[data-plot]").first.bounding_box()
    assert box is not None
    times = []
    for _ in range(4):
        n, bins = page.evaluate("(({n, bins}) => [n, bins])(plotOf('.nci-plot .plot[data-plot]'))")
        page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
        plot = "plotOf('.nci-plot .plot[data-plot]')"
        page.evaluate("s => arm('wheel', s)", f"{plot}.n !== {n} || {plot}.bins !== {bins}")
        page.keyboard.down("Control")
        page.mouse.wheel(0, -200)
        page.keyboard.up("Control")
        page.wait_for_function("meter.ms !== undefined")
        times.append(page.evaluate("meter.ms"))
        page.wait_for_timeout(500)
    return statistics.median(times)


def data_page(p: Playwright, home: Path) -> list[Figure]:
    """The page Data of 100,000 configurations: CPU seconds of its first picture, and of each question to its table."""
    folder, name = made(home, 100_000)
    with running(folder) as app, chromium(p) as context:
        page = context.new_page()
        page.set_default_timeout(180_000)

        def cost(act: Callable[[], object], shown: str) -> float:
            """CPU seconds of the app until nothing more comes; `shown` is what the line over the table says then."""
            before = app.cpu()
            act()
            page.get_by_text(shown).first.wait_for()
            while True:
                was = app.cpu()
                page.wait_for_timeout(1000)
                drawing = page.locator("[data-stale=true], [data-testid=stStatusWidget]").count()
                if app.cpu() - was < 0.03 and not drawing:
                    return was - before

        # What every page loads is not this one's.
        cost(lambda: page.goto(app.url(name, "system"), wait_until="commit"), "Engine and jobs")
        search, everything = page.locator(".st-key-data_search input"), "100,000 configurations"
        first = cost(lambda: page.goto(app.url(name, "data"), wait_until="commit"), everything)
        page.get_by_text("Filter", exact=True).click()
        wall = page.locator(".st-key-f_region").get_by_text("wall", exact=True)
        asked: dict[str, tuple[Callable[[], object], str]] = {
            "filter": (wall.click, "of 100,000 configurations"),
            "filter off": (wall.click, everything),
            "sort": (page.get_by_text("Largest first").click, everything),
            "search": (lambda: (search.fill("wall"), search.press("Enter")), "of 100,000 configurations"),
        }
        times = {}
        for what, (act, shown) in asked.items():
            times[what] = cost(act, shown)
            if what == "filter off":
                page.keyboard.press("Escape")
    each = ", ".join(f"{what} {seconds:.2f}" for what, seconds in times.items())
    return [
        Figure("data_100k_cpu_s", first, "s", 3.0, "CPU until the page Data is drawn, 100,000 configurations"),
        Figure("data_100k_ask_cpu_s", max(times.values()), "s", 0.5, f"CPU of the slowest question to it ({each})"),
    ]


def memory(p: Playwright, home: Path) -> list[Figure]:
    """A campaign with 100,000 configurations: the app's memory after every page was opened, and zooming in."""
    folder, name = made(home, 100_000)
    with running(folder) as app, chromium(p) as context:
        page = context.new_page()
        first = 0.0
        for path, (_, selector) in CONTENT.items():
            page.goto(app.url(name, path), wait_until="commit")
            page.wait_for_function("s => document.querySelector(s)", arg=selector)
            page.wait_for_timeout(1000)
            first = first or page.evaluate("seen.text")
        resident = app.process.memory_info().rss / 2**20
        heavy = {Path(m.path).name for m in app.process.memory_maps() if "/torch/" in m.path or "/pyscf/" in m.path}
        refined = zoomed(page, app.url(name))
    what = "resident memory of the app's process, 100,000 configurations, after visiting every page"
    return [
        Figure("rss_mb", resident, "MiB", 400.0, what),
        Figure("heavy_libraries", len(heavy), "", 0, "libraries of torch and PySCF in the app's process by then"),
        Figure("zoom_100k_ms", refined, "ms", 1000.0, "turn of the wheel until the finer map is drawn, median of 4"),
        Figure("first_text_100k_s", first / 1000, "s", None, "first visit of that campaign until the page's title"),
    ]


def crowd(home: Path) -> list[Figure]:
    """Ten visitors at the same time."""
    folder, name = made(home, 5000)
    with running(folder) as app:
        before = app.cpu()
        found = visit(app.port, name)
        cpu = app.cpu() - before
    times = [ms for visitor in found for _, ms in visitor.times]
    errors = sum(visitor.errors for visitor in found)
    what = f"server's answer, ten visitors, {len(times)} picks and page switches, {errors} errors"
    middle = Figure("sessions_10_median_ms", statistics.median(times), "ms", None, what)
    return [Figure("sessions_10_p95_ms", float(np.quantile(times, 0.95)), "ms", None, what, cpu / len(times)), middle]


def measure(home: Path, parts: list[str], repeats: int) -> Iterator[Figure]:
    """All figures asked for, each when it is known."""
    with sync_playwright() as p:
        if "first" in parts:
            yield from first_maps(p, home, max(1, repeats // 2))
        if "overview" in parts:
            yield from overview(p, home, repeats)
            yield from_command(p, home, max(1, repeats // 2))
        if "pick" in parts:
            yield from picks(p, home, 5000, 300.0, repeats)
            yield from picks(p, home, 20_000, 600.0, repeats)
        if "pages" in parts:
            yield from switches(p, home, max(1, repeats // 2))
        if "data" in parts:
            yield from data_page(p, home)
        if "memory" in parts:
            yield from memory(p, home)
    if "sessions" in parts:
        yield from crowd(home)


def main() -> int:
    """Measure and print; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=",".join(PARTS), help=f"parts, of {', '.join(PARTS)}")
    parser.add_argument("--repeats", type=int, default=7, help="picks, and half as many visits and rounds of pages")
    parser.add_argument("--home", type=Path, help="keep the made-up campaigns here")
    parser.add_argument("--json", action="store_true", help="print JSON")
    given = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for figure in measure((given.home or Path(folder)).absolute(), given.only.split(","), given.repeats):
            found.append(figure)
            if not given.json:
                print(as_line(figure), flush=True)
    if given.json:
        print(json.dumps([as_row(figure) for figure in found], indent=2))
    return int(any(figure.met is False for figure in found))


if __name__ == "__main__":
    sys.exit(main())
