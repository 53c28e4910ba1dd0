"""Looking at one place of the dashboard: what went wrong there, and what a person can read."""

import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

import axe
from nasty import ADDRESS
from places import Place
from playwright.sync_api import BrowserContext, Page, TimeoutError, ViewportSize

ColourScheme = Literal["light", "dark"]

#: Windows that pages are laid out for.
SMALL: ViewportSize = {"width": 1280, "height": 720}
LARGE: ViewportSize = {"width": 1920, "height": 1080}
SIZES: dict[ColourScheme, ViewportSize] = {"light": SMALL, "dark": LARGE}
READY = "[data-testid=stApp][data-test-script-state=notRunning]"
#: Words of an element that are cut off, and elements that reach over the right edge. Streamlit draws tables on a
#: canvas that scrolls by itself, so their cells are not looked at.
CUT_OFF = """() => {
  const found = [];
  const words = "h1, h2, h3, label, button, input, [data-testid=stMetricValue] *, [data-testid=stMarkdownContainer], " +
    "[data-testid=stMarkdownContainer] p";
  for (const e of document.querySelectorAll(words)) {
    const box = e.getBoundingClientRect();
    if (!box.width || !box.height || e.closest("[data-testid=stDataFrame], .nci-plot .keys")) continue;
    const style = getComputedStyle(e), text = (e.value || e.innerText || "").trim().slice(0, 60);
    if (!text || style.visibility === "hidden" || box.width < 3) continue;
    if (box.right > window.innerWidth + 1) found.push(`over the edge: ${text}`);
    if (e.scrollWidth > e.clientWidth + 1 && (style.overflowX !== "visible" || e.tagName === "INPUT"))
      found.push(`cut off: ${text}`);
  }
  return found;
}"""


#: Elements that text of people and files became, and elements that reach out for what it names.
READ = f"[href*='{ADDRESS}'], [src*='{ADDRESS}'], [data-testid=stMarkdownContainer] img, .katex"

#: What a person sees beside the words: what fields hold (Streamlit fills them a moment after they appear) and plots.
BESIDE = """() => JSON.stringify([
  [...document.querySelectorAll("input, textarea")].map((e) => [e.value, e.checked]),
  [...document.querySelectorAll("[data-plot]")].map((e) => e.dataset.plot),
])"""


@dataclass
class Sight:
    """What was seen at one place: everything wrong, as sentences, and all its words."""

    words: str = ""
    wrong: list[str] = field(default_factory=list)


def watch(page: Page) -> list[str]:
    """A list that fills with script errors and with requests that leave this machine."""
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))

    def asked(address: str) -> None:
        if address.startswith(ADDRESS):
            wrong.append(f"asked for what a text names: {address}")
        elif not address.startswith(("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")):
            wrong.append(f"left this machine: {address}")

    page.on("request", lambda request: asked(request.url))
    page.on("websocket", lambda socket: asked(socket.url))
    return wrong


def settle(page: Page, seconds: float = 120.0) -> str:
    """Wait until the page has run, its spinners are gone and its words, fields and plots stay; returns the words."""
    page.wait_for_selector("h1")
    before, end = ("", ""), time.monotonic() + seconds
    while time.monotonic() < end:
        page.wait_for_selector(READY)
        page.wait_for_function("() => !document.querySelector('[data-testid=stSpinner], [data-testid=stSkeleton]')")
        words = " ".join(page.locator("[data-testid=stApp]").inner_text().split())
        seen = words, str(page.evaluate(BESIDE))
        if seen == before:
            return words
        before = seen
        page.wait_for_timeout(200)
    raise AssertionError(f"the page does not come to rest: {before[0][-300:]}")


#: Figures are drawn on the server; they have the colours of the page once it knows of a new theme.
IN_ITS_COLOURS = """() => {
  const ground = (e) => getComputedStyle(e).backgroundColor;
  const page = ground(document.querySelector("[data-testid=stApp]"));
  return [...document.querySelectorAll(".js-plotly-plot .main-svg:first-child")].every((e) => ground(e) === page);
}"""


def see(page: Page, name: str) -> Sight:
    """Look at the place the page shows now."""
    settle(page)
    page.wait_for_function(IN_ITS_COLOURS)
    sight = Sight(settle(page))
    if page.locator("[data-testid=stException]").count():
        sight.wrong.append("an exception is shown")
    for telltale in ("Traceback (most recent", "Something unexpected went wrong", "Page not found", "nan cm", " None "):
        if telltale in sight.words:
            sight.wrong.append(f"the page says {telltale!r}")
    width = page.evaluate(
        "() => Math.max(...[document.documentElement, document.querySelector('[data-testid=stMain]')]"
        ".map((e) => e.scrollWidth - e.clientWidth))"
    )
    if width > 1:
        sight.wrong.append(f"{width} pixels wider than the window")
    cut = page.evaluate(CUT_OFF)
    if cut:  # columns take their width a moment after they are filled
        page.wait_for_timeout(700)
        cut = page.evaluate(CUT_OFF)
    sight.wrong += cut
    if page.locator(READ).count():
        sight.wrong.append(f"text became an element: {page.locator(READ).first.evaluate('e => e.outerHTML')}")
    sight.wrong = [f"{name}: {what}" for what in sight.wrong]
    return sight


@dataclass
class Tour:
    """What was seen on a walk over several places: everything wrong, barriers that axe found, words by place."""

    wrong: list[str] = field(default_factory=list)
    barriers: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)


#: The page says all of these words.
SAYS = """(words) => {
  const said = document.querySelector("[data-testid=stApp]").innerText.replace(/\\s+/g, " ");
  return words.every((word) => said.includes(word));
}"""

#: The page's title is not what it was.
OTHER_TITLE = """(before) => {
  const title = document.querySelector("[data-testid=stMain] h1");
  return title && title.innerText !== before;
}"""


def come(page: Page, place: Place, server: str, campaign: str) -> None:
    """Go to a place from another one as a person does: by the sidebar and the buttons of the page, without a reload.

    By its address where nothing leads there, and to the first.
    """
    link = page.locator(f"[data-testid=stSidebarNavLink][href*='/{place.path}']").first
    if not place.path or not link.count():
        place.go(page, server, campaign=campaign)
        return
    if urlsplit(page.url).path.strip("/") != place.path:
        before = page.locator("h1").first.inner_text()
        link.click()
        page.wait_for_function(OTHER_TITLE, arg=before)
        settle(page)
    for choice in place.query.values():
        button = page.get_by_role("radio", name=choice, exact=True)
        if button.count() != 1:
            place.go(page, server, campaign=campaign)
            return
        button.click()
    if place.opens:
        page.get_by_text(place.opens).first.click()


def walk(
    window: BrowserContext,
    server: str,
    campaign: str,
    places: Sequence[Place],
    axe_script: str | None = None,
    schemes: Sequence[ColourScheme] = ("light", "dark"),
    *,
    expected: Mapping[str, Sequence[str]],
    once: Collection[str] = (),
) -> Tour:
    """Look at each place in light in a small window and, without a reload, in dark in a large one.

    `expected` are words by place that are waited for; the places called in `once` are seen in the first scheme alone.
    """
    page = window.new_page()
    tour = Tour(watch(page))
    for place in places:
        page.emulate_media(color_scheme=schemes[0])
        page.set_viewport_size(SIZES[schemes[0]])
        come(page, place, server, campaign)
        # The page that was left may still be there. What does not come in time is missed by who reads the words.
        with suppress(TimeoutError):
            page.wait_for_function(SAYS, arg=list(expected.get(place.name, ())))
        for scheme in schemes[:1] if place.name in once else schemes:
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size(SIZES[scheme])
            sight = see(page, f"{place.name}, {scheme}")
            tour.wrong += sight.wrong
            tour.words[place.name] = sight.words
            if axe_script is not None:
                # Names, roles and order do not depend on the theme.
                found = axe.violations(page, axe_script, colours_only=scheme != schemes[0])
                tour.barriers += [f"{place.name}, {scheme}: {what}" for what in found]
    page.close()
    return tour
