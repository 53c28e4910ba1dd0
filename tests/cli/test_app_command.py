"""`nci app`: where it may listen, what it runs, and that nothing of it is left when it ends."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.launch import options

Nci = Callable[..., Any]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of campaigns that somebody sent, with modules under the names of ours."""
    for name in ("orjson", "streamlit", "app", "json"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'executed')!r}, 'w')\n")
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text("not toml at all")
    return tmp_path


@pytest.fixture
def running(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], int, Path]]:
    """`nci app`, started in that folder and answering. Read-only, so that no campaign is imported first."""
    port = free_port()
    command = [sys.executable, "-P", "-m", "nci_core.cli.main", "app", "--headless", "--port", str(port)]
    environment = os.environ | {"NCI_HOME": ".", "NCI_READ_ONLY": "yes"}
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log, start_new_session=True)
    assert until(lambda: answers(port) or process.poll() is not None, 120), (home / "log").read_text()
    assert process.poll() is None, (home / "log").read_text()
    yield process, port, home
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_what_is_asked_to_end_leaves_no_server(running: tuple[subprocess.Popen[bytes], int, Path], nci: Nci) -> None:
    process, port, home = running
    assert "in use already" in nci("app", "--port", port).sentence()
    family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
    os.kill(process.pid, signal.SIGTERM)
    assert until(lambda: process.poll() is not None and not answers(port), 20)
    assert not [pid for pid in family if psutil.pid_exists(pid) and pid != process.pid]
    assert not (home / "executed").exists()
    assert "Email" not in (home / "log").read_text()


def test_the_process_that_asks_models_ends_with_the_server_even_in_the_middle_of_an_answer() -> None:
    code = (
        "import os, time; from nci_core.jobs.predictor import Predictor; p = Predictor()\n"
        "print(p.ask(os.getpid, ()), flush=True); p.ask(time.sleep, (600,))"
    )
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert server.stdout is not None
    asked = int(server.stdout.readline())
    assert psutil.pid_exists(asked)
    server.kill()
    server.wait()
    server.stdout.close()
    assert until(lambda: not psutil.pid_exists(asked), 10)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--port", "99999999"), "There is no port 99999999; choose one from 1 to 65535 with --port."),
        (("--port", "0"), "There is no port 0; choose one from 1 to 65535 with --port."),
        (("--port=-1",), "There is no port -1; choose one from 1 to 65535 with --port."),
        (("--address", "192.0.2.7"), "192.0.2.7 is not an address of this machine"),
        (("--address", "no such host"), "There is no address 'no such host'"),
    ],
)
def test_where_it_cannot_listen(
    nci: Nci, options: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NCI_HOME", str(tmp_path))
    found = nci("app", *options)
    assert found.code == 2
    assert told in found.sentence()
    assert list(tmp_path.iterdir()) == []  # nothing was imported before that was known


def test_streamlit_offers_nothing_of_its_own_where_a_browser_opens() -> None:
    """Its offer to install files of its own lies over the controls of the page."""
    assert "--logger.hideWelcomeMessage=true" in options(8501, headless=False)
    assert "--logger.hideWelcomeMessage=false" in options(8501, headless=True)
