"""A dashboard of its own process for a test."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nci_core.children import python_command

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def dashboard(home: Path, logs: Path, **environment: str) -> Iterator[str]:
    """A dashboard on a folder of campaigns; gives its address, and stops it at the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = python_command("app.launch", "--port", port, "--headless")
    variables = os.environ | {"NCI_HOME": str(home), "NCI_USER": "ada", "PYTHONPATH": str(ROOT)} | environment
    told = logs / f"app-{port}.log"
    with told.open("wb") as log:
        process = subprocess.Popen(command, cwd=logs, env=variables, stdout=log, stderr=log, start_new_session=True)
    try:
        for _ in range(600):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        else:
            raise AssertionError(told.read_text())
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, 15)
        process.wait(timeout=20)
