"""Take a screenshot of every page in light and dark, for docs/screenshots/ (needs the campaigns of `make app`).

python scripts/take_screenshots.py [--campaign he-benzene] [--home campaigns] [--out docs/screenshots]
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
#: Page → the address it is served at; the first page is the app's start.
PAGES = {"explore": "", "errors": "errors", "select": "select", "label-train": "label-train", "history": "history"}
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


def settle(page: Page, seconds: float) -> None:
    """Wait until the page has stopped changing its size and its running mark is gone."""
    page.wait_for_selector("[data-testid=stAppViewContainer]")
    page.wait_for_timeout(seconds * 1000)


def main() -> int:
    """Start the dashboard, visit every page, save the pictures; 1 if a page shows an exception."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--campaign", default="he-benzene")
    parser.add_argument("--home", type=Path, default=ROOT / "campaigns")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--seconds", type=float, default=12.0, help="time a page gets to draw")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    port = free_port()
    code = f"import subprocess; from app.launch import command; subprocess.call(command({port}, headless=True))"
    environment = os.environ | {"NCI_HOME": str(given.home.absolute()), "NCI_USER": "ada"}
    app = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, start_new_session=True)
    broken = 0
    try:
        wait_for_port(port)
        with sync_playwright() as p:
            browser = p.chromium.launch(executable_path=system_chromium() or playwright_chromium(), args=FLAGS)
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme=scheme)
                page.set_default_timeout(180_000)
                for name, path in PAGES.items():
                    page.goto(f"http://127.0.0.1:{port}/{path}?campaign={given.campaign}")
                    settle(page, given.seconds)
                    broken += page.locator("[data-testid=stException]").count()
                    page.screenshot(path=given.out / f"{name}-{scheme}.png")
                page.close()
            browser.close()
    finally:
        os.killpg(app.pid, signal.SIGTERM)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
