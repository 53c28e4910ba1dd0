"""A running dashboard and a real Chromium."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from made import Once
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

if TYPE_CHECKING:
    from looking import Tour

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).parent), str(ROOT / "tests" / "app")]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Milliseconds for anything to appear; long, because test machines are small and shared.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own."""
    path = next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    with sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """For pages of tests that keep nothing in the browser: its scripts are fetched and compiled once."""
    opened = browser.new_context(viewport={"width": 1280, "height": 720})
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts the dashboard on a folder of campaigns and returns its address; stopped with the test."""
    from served import dashboard

    with ExitStack() as running:
        yield lambda home, **environment: running.enter_context(dashboard(home, tmp_path, **environment))


@pytest.fixture(scope="session")
def campaigns_made(once: Once) -> Path:
    """A folder with the campaigns of `made_campaigns.py`, to copy from."""
    import made_campaigns

    return once("campaigns", made_campaigns.build_all)


@pytest.fixture(scope="session")
def four_campaigns(campaigns_made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of campaigns that the dashboard of `four` shows: copies, and what tests add by `shown`."""
    return Path(shutil.copytree(campaigns_made, tmp_path_factory.mktemp("four") / "home"))


@pytest.fixture(scope="session")
def four(four_campaigns: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the one dashboard of all tests that need none of their own: its start takes ten seconds of a core."""
    from served import dashboard

    with dashboard(four_campaigns, tmp_path_factory.mktemp("logs")) as address:
        yield address


@pytest.fixture(scope="session")
def ethylene(four: str) -> str:
    """Address of a dashboard that opens with the embedded He–ethylene campaign."""
    return four


@pytest.fixture(scope="session")
def shown(four_campaigns: Path) -> Callable[[str, Path], Path]:
    """shown(name, folder): a copy of a campaign that the dashboard of `four` shows too; its folder."""
    return lambda name, folder: Path(shutil.copytree(folder, four_campaigns / name))


@pytest.fixture(scope="session")
def axe_script(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str | None:
    """axe-core's script, fetched once; None where there is no npm or no network."""
    import axe

    cache = getattr(request.config, "cache", None)
    return axe.fetch(cache.mkdir("axe") if cache is not None else tmp_path_factory.mktemp("axe"))


@pytest.fixture(scope="session")
def embedded(window: BrowserContext, four: str, axe_script: str | None) -> "Tour":
    """The walk over every place of the embedded campaign, done once for all tests that judge it.

    Parts of a page share its colours: here each page is seen in dark, all parts by `sweep.py`.
    """
    import made_campaigns
    from looking import walk
    from places import PAGES, PLACES

    words, pages = {place.name: place.words for place in PLACES}, {place.name for place in PAGES}
    parts = {place.name for place in PLACES} - pages
    return walk(window, four, made_campaigns.EMBEDDED, PLACES, axe_script, expected=words, once=parts)
