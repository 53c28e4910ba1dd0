"""Processes: which are alive, how they end with their parent, what environment they get."""

import contextlib
import ctypes
import os
import platform
import signal
import socket
import sys
import threading
import time
from pathlib import Path

import psutil

from nci_core.children import child_environment
from nci_core.jobs import linear_algebra
from nci_core.labels.environment import PYSCF_MEMORY, array_memory_mb
from nci_core.store.base import utc_now
from nci_core.store.schema import Job

#: On another machine only the heartbeat is seen; beyond this age its job counts as lost.
STALE_SECONDS = 120.0
#: The module of a job's child process; its arguments begin with the database, the campaign folder and the job.
CHILD = "nci_core.jobs.run"
_PR_SET_PDEATHSIG = 1


def hostname() -> str:
    """This machine's name, as stored with running jobs."""
    return socket.gethostname()


def has_ended(pid: int) -> bool:
    """Whether a process of this machine has ended. A zombie has: the kernel may still be closing its files."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def supervisor_alive(job: Job, folder: Path | None = None) -> bool:
    """Whether the process that watches over a running job of the campaign in this folder still exists.

    On this machine the process itself is asked for (a laptop that slept has old heartbeats but
    live processes), elsewhere the heartbeat decides. The processes of a campaign that this one is a copy of,
    rows of running jobs included, are not its own.
    """
    fresh = job.heartbeat_at is not None and (utc_now() - job.heartbeat_at).total_seconds() < STALE_SECONDS
    if job.host != hostname() or job.supervisor_pid is None:
        return fresh
    try:
        process = psutil.Process(job.supervisor_pid)
        # A younger process only has the same number.
        same = job.started_at is None or process.create_time() <= job.started_at.timestamp() + 1.0
        if not same or process.status() == psutil.STATUS_ZOMBIE:
            return False
    except psutil.Error:
        return False
    if folder is None:
        return True
    child = child_folder(job)
    return fresh if child is None else _same_folder(child, folder)


def child_folder(job: Job) -> Path | None:
    """The campaign folder that a job's child process on this machine was started for, None where it has ended."""
    if job.host != hostname() or job.pid is None:
        return None
    try:
        command = psutil.Process(job.pid).cmdline()
        _, folder, number, *_ = command[command.index(CHILD) + 1 :]
    except (psutil.Error, ValueError):
        return None
    return Path(folder) if number == str(job.id) else None


def _same_folder(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return one == other


def kill_orphan(job: Job, folder: Path) -> None:
    """End a job's child process on this machine, if its supervisor left one behind; never that of a copied campaign."""
    child = child_folder(job)
    if job.pid is None or child is None or not _same_folder(child, folder):
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(job.pid, signal.SIGKILL)


def end_with_parent(parent_pid: int) -> None:
    """Make this process end when `parent_pid` does: by the kernel on Linux, by a watching thread anywhere."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent_pid:
            time.sleep(0.5)
        os.killpg(os.getpgid(0), signal.SIGKILL)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def job_environment(threads: int, openblas_coretype: str = "auto", memory_gb: float = float("inf")) -> dict[str, str]:
    """Environment of a job's process: threads of the linear algebra, its kernel, and memory that it may take.

    PySCF's wheel ships an OpenBLAS that knows no recent processor and falls back to slow kernels;
    "auto" makes it use the Haswell ones (AVX2) where the processor has them. The variable must be
    set before Python starts. One set by the user is left alone; "" leaves the choice to OpenBLAS.
    What a person agreed to (`nci blas --apply`) comes before both. PySCF is told how much memory its arrays may
    take, so that it puts the others on disk where little is left, unless the user has set that.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    environment = child_environment() | dict.fromkeys(names, str(threads)) | {"PYTHONUNBUFFERED": "1"}
    if not environment.get(PYSCF_MEMORY, "").isdigit():  # PySCF fails over any other word
        environment.pop(PYSCF_MEMORY, None)
        if memory_gb < float("inf"):
            environment[PYSCF_MEMORY] = str(array_memory_mb(memory_gb))
    agreed = linear_algebra.chosen(linear_algebra.choice_file()) if openblas_coretype == "auto" else None
    if agreed:
        return environment | {k: v for k, v in linear_algebra.settings(agreed).items() if k not in os.environ}
    kernel = ("Haswell" if _has_avx2() else "") if openblas_coretype == "auto" else openblas_coretype
    if kernel:
        environment.setdefault("OPENBLAS_CORETYPE", kernel)
    return environment


def _has_avx2() -> bool:
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
