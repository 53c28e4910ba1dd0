"""The dashboard as `nci app` starts it, a Chromium that was never used, and a stopwatch inside the page."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
from made_up import build
from playwright.sync_api import BrowserContext, Page, Playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from ensure_chromium import playwright_chromium, system_chromium  # noqa: E402
from take_screenshots import FLAGS, free_port  # noqa: E402

from nci_core.children import python_command  # noqa: E402

METER = """
window.meter = {};
window.until = (ready, done) => { const look = () => (ready() ? done() : requestAnimationFrame(look)); look(); };
// From the next such event on, until `ready` is true of a drawn frame.
window.arm = (event, source) => {
  const ready = new Function("return " + source), m = (window.meter = {});
  document.addEventListener(event, () => { m.start = performance.now();
    until(ready, () => { m.ms = performance.now() - m.start; }); }, { capture: true, once: true });
};
window.plotOf = (selector) => JSON.parse(document.querySelector(selector)?.dataset.plot ?? "{}");
window.seen = {};
until(() => document.querySelector("[data-testid=stMain] h1")?.textContent, () => { seen.text = performance.now(); });
until(() => (plotOf(".nci-plot .plot[data-plot]").n ?? 0) > 0, () => { seen.map = performance.now(); });
"""


class App:
    """A running dashboard, started by a module with its arguments at `began` (monotonic seconds)."""

    def __init__(self, home: Path, command: Sequence[str] = ("app.launch",)) -> None:
        self.port = free_port()
        environment = os.environ | {"NCI_HOME": str(home), "NCI_USER": "ada", "PYTHONPATH": str(ROOT)}
        # As on a person's machine, where each start but the first finds the code compiled.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        self.began = time.monotonic()
        with (home / "app.log").open("wb") as log:
            self.popen = subprocess.Popen(
                python_command(*command, "--port", self.port, "--headless"),
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )
        self.process = psutil.Process(self.popen.pid)
        end = self.began + 120
        while time.monotonic() < end and self.popen.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    self.start_seconds = time.monotonic() - self.began
                    return
            time.sleep(0.05)
        raise SystemExit(f"The dashboard did not start:\n{(home / 'app.log').read_text()}")

    def url(self, campaign: str, page: str = "explore") -> str:
        """Address of a page."""
        return f"http://127.0.0.1:{self.port}/{'' if page == 'overview' else page}?campaign={campaign}&tour=off"

    def cpu(self) -> float:
        """CPU seconds of the app's process so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def stop(self) -> None:
        """End it."""
        self.popen.send_signal(signal.SIGTERM)
        try:
            self.popen.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.popen.kill()


@contextmanager
def running(home: Path, command: Sequence[str] = ("app.launch",)) -> Iterator[App]:
    """The dashboard on a folder of campaigns."""
    app = App(home, command)
    try:
        yield app
    finally:
        app.stop()


@contextmanager
def chromium(p: Playwright) -> Iterator[BrowserContext]:
    """A browser with a profile of its own that was never used."""
    with tempfile.TemporaryDirectory() as profile:
        context = p.chromium.launch_persistent_context(
            profile,
            executable_path=system_chromium() or playwright_chromium(),
            args=FLAGS,
            viewport={"width": 1280, "height": 720},
        )
        context.set_default_timeout(60_000)
        context.add_init_script(METER)
        yield context
        context.close()


def made(home: Path, n: int) -> tuple[Path, str]:
    """Folder to give the dashboard and name of the campaign with `n` configurations in it."""
    name = f"made-up-{n}"
    folder = home / name
    if not (folder / name / "campaign.db").exists():
        folder.mkdir(parents=True, exist_ok=True)
        build(folder / name, n)
    return folder, name


def visit_once(context: BrowserContext, address: str) -> tuple[Page, float, float]:
    """Open a page; seconds until its title and until its map, from the start of the navigation."""
    page = context.new_page()
    page.goto(address, wait_until="commit")
    page.wait_for_function("seen.text && seen.map")
    seen = page.evaluate("seen")
    return page, seen["text"] / 1000, seen["map"] / 1000
