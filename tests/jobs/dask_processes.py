"""A Dask scheduler and workers as a group starts them: `dask scheduler`, `dask worker`, each a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil


class Fleet:
    """Processes that end with the test; logs go to `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        with socket.socket() as probe:  # a port that stays the same when the scheduler is started anew
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.address = f"tcp://127.0.0.1:{self.port}"
        self.scheduler: subprocess.Popen[bytes] | None = None
        self.workers: dict[str, subprocess.Popen[bytes]] = {}

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0
            )

    def start_scheduler(self) -> None:
        arguments = ("--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard", "--no-show")
        self.scheduler = self._start("scheduler", "distributed.cli.dask_scheduler", *arguments)
        end = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < end
                time.sleep(0.05)

    def start_worker(self, name: str, resources: str = "") -> None:
        arguments = ["--name", name, "--nthreads", "1", "--host", "127.0.0.1", "--no-dashboard", "--memory-limit", "0"]
        arguments += ["--local-directory", str(self.folder)]
        arguments += ["--resources", resources] if resources else []
        self.workers[name] = self._start(name, "distributed.cli.dask_worker", self.address, *arguments)

    def name_of(self, supervisor_pid: int | None) -> str:
        """The worker that a supervisor's process belongs to."""
        assert supervisor_pid is not None
        return next(n for n, process in self.workers.items() if os.getpgid(supervisor_pid) == process.pid)

    def kill(self, process: subprocess.Popen[bytes] | None) -> None:
        """SIGKILL to a process and what it started, as when its machine goes down."""
        assert process is not None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)

    def end_all(self) -> None:
        for process in [*self.workers.values(), self.scheduler]:
            if process is not None and process.poll() is None:
                self.kill(process)
        for process in [*self.workers.values(), self.scheduler]:
            assert process is None or not psutil.pid_exists(process.pid)
