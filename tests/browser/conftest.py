"""A running dashboard and a real Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

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
PATIENCE = 240_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, else Playwright's own."""
    path = next((found for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)
    with sync_playwright() as p:
        chromium = p.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(PATIENCE)
    yield opened
    opened.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Path], str]]:
    """Starts the dashboard on a folder of campaigns and returns its address; stopped with the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(home: Path, **environment: str) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        code = f"import subprocess; from app.launch import command; subprocess.call(command({port}, headless=True))"
        variables = os.environ | {"NCI_HOME": str(home), "NCI_USER": "ada", "PYTHONPATH": str(ROOT)} | environment
        with (tmp_path / f"app-{port}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", code], cwd=ROOT, env=variables, stdout=log, stderr=log, start_new_session=True
            )
        started.append(process)
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return f"http://127.0.0.1:{port}"
            time.sleep(0.1)
        raise AssertionError((tmp_path / f"app-{port}.log").read_text())

    yield start
    for process in started:
        os.killpg(process.pid, 15)
        process.wait(timeout=20)
