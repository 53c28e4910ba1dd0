"""Take a screenshot of every page, and of the parts of Errors and History, in light and dark, to look at.

Needs the campaigns of `make app`. The README shows overview-light.png, which is kept in docs/screenshots/.

python scripts/take_screenshots.py [--campaign he-benzene] [--home campaigns] [--out build/screenshots]
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from ensure_chromium import playwright_chromium, system_chromium
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser"), str(ROOT / "tests" / "app")]
from places import PLACES  # noqa: E402 (the tests' own list: no page is shown that no test looks at)

from nci_core.children import python_command  # noqa: E402

#: Parts that show more than a form.
SHOWN = {place.name for place in PLACES} - {"history-report"}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def free_port() -> int:
    """A free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 120.0) -> None:
    """Return when something listens; SystemExit after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.3)
    sys.exit(f"The dashboard did not start within {seconds:.0f} s.")


def settle(page: Page) -> None:
    """Wait until the page has run, its words stay, and its drawings (3-D view, Plotly) had a second and a half."""
    from looking import settle as come_to_rest

    come_to_rest(page)
    page.wait_for_timeout(1500)


def main() -> int:
    """Start the dashboard, visit every page, save the pictures; 1 if a page shows an exception."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaign", default="he-benzene")
    parser.add_argument("--home", type=Path, default=ROOT / "campaigns")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "screenshots")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = python_command("app.launch", "--port", port, "--headless")
    environment = os.environ | {"NCI_HOME": str(given.home.absolute()), "NCI_USER": "ada"}
    app = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    broken = 0
    try:
        wait_for_port(port)
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=system_chromium() or playwright_chromium(), args=FLAGS)
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport={"width": 1280, "height": 720}, color_scheme=scheme)
                page.set_default_timeout(180_000)
                for place in PLACES:
                    if place.name not in SHOWN:
                        continue
                    place.go(page, f"http://127.0.0.1:{port}", campaign=given.campaign)
                    settle(page)
                    if place.opens:
                        page.get_by_text(place.opens).first.evaluate("e => e.scrollIntoView()")
                        page.mouse.move(0, 0)  # no tool bar over the figure
                        page.wait_for_timeout(500)
                    broken += page.locator("[data-testid=stException]").count()
                    page.screenshot(path=given.out / f"{place.name}-{scheme}.png")
                page.close()
            browser.close()
    finally:
        os.killpg(app.pid, signal.SIGTERM)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
