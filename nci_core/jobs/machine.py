"""What this machine has and does, and its logs, for people who compute on it; nothing of its environment or secrets."""

import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

import psutil

from nci_core.jobs.processes import child_folder, hostname
from nci_core.labels.environment import processor_name
from nci_core.store.schema import Job
from nci_core.visible import visible

#: Packages whose version changes numbers, or what this dashboard can do.
PACKAGES = ("nci", "numpy", "scipy", "torch", "pyscf", "mace-torch", "dftd4", "tblite", "ase", "rdkit", "dask",
            "sqlalchemy", "streamlit", "plotly")  # fmt: skip
#: Bytes from the end of a log that are shown.
TAIL_BYTES = 40_000
LOGS = "logs"
_LOG = re.compile(r"(?:engine|job-\d{1,9})\.log")
#: Logs are written by nci, and by programs that it starts: what looks like a secret in them is left out.
_SECRETS = (
    (re.compile(r"(\w+://[^\s:/@]+:)[^\s@]+(@)"), r"\1…\2"),
    (re.compile(r"(?i)((?:password|passwd|secret|token|api[_-]?key|authorization)\S{0,12}?\s*[=:]\s*)\S+"), r"\1…"),
)


@dataclass(frozen=True)
class Machine:
    """Processor, memory and disk; GB are 10⁹ bytes.

    Attributes:
        name: of the machine.
        processor: its kind.
        cores: that this process may use.
        load: processes that want to run, over the last minute.
        memory_gb, memory_free_gb: of the machine.
        disk_gb, disk_free_gb: where the campaigns lie.
        gpus: names with memory and use as nvidia-smi tells them.
    """

    name: str
    processor: str
    cores: int
    load: float
    memory_gb: float
    memory_free_gb: float
    disk_gb: float
    disk_free_gb: float
    gpus: tuple[str, ...]


def machine(folder: Path) -> Machine:
    """This machine now; `folder` says which disk counts."""
    memory = psutil.virtual_memory()
    there = next(path for path in (folder, *folder.parents) if path.exists())
    disk = shutil.disk_usage(there)
    return Machine(
        hostname(),
        processor_name(),
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        os.getloadavg()[0],
        memory.total / 1e9,
        memory.available / 1e9,
        disk.total / 1e9,
        disk.free / 1e9,
        gpus(),
    )


def gpus() -> tuple[str, ...]:
    """What nvidia-smi tells of each GPU; empty where there is none. CUDA is not loaded."""
    return tuple(f"{name}: {used} of {total} MiB in use, {busy}% busy" for name, used, total, busy in _told_of_gpus())


@cache
def gpu_names() -> tuple[str, ...]:
    """Name and memory of each GPU, asked once."""
    return tuple(
        f"{name}, {float(total) * 2**20 / 1e9:.0f} GB" for name, _, total, _ in _told_of_gpus() if total.isdecimal()
    )


def _told_of_gpus() -> list[list[str]]:
    """Of each GPU its name, memory in use, all memory (MiB) and use (%), as nvidia-smi writes them."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, "--query-gpu=name,memory.used,memory.total,utilization.gpu", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(query, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    lines = told.stdout.splitlines() if told.returncode == 0 else []
    rows = [[part.strip() for part in line.split(",")] for line in lines]
    return [row for row in rows if len(row) == 4]


def versions() -> list[tuple[str, str]]:
    """Package and version, of those that are installed; Python first."""
    found = [("Python", platform.python_version())]
    for name in PACKAGES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return found


def used_by(job: Job) -> tuple[float | None, float | None]:
    """CPU seconds and memory in GB of a job's processes; None where they are on another machine or have ended."""
    if child_folder(job) is None or job.pid is None:
        return None, None
    try:
        process = psutil.Process(job.pid)
        family = [process, *process.children(recursive=True)]
        cpu = sum(sum(each.cpu_times()[:2]) for each in family)
        memory = sum(each.memory_info().rss for each in family)
    except psutil.Error:
        return None, None
    return float(cpu), memory / 1e9


def log_names(folder: Path) -> list[str]:
    """Logs of the engine and of jobs, the newest first."""
    try:
        with os.scandir(folder / LOGS) as entries:
            found = [(entry.stat(follow_symlinks=False).st_mtime, entry.name) for entry in entries
                     if _LOG.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)]  # fmt: skip
    except OSError:
        return []
    return [name for _, name in sorted(found, reverse=True)]


def log_tail(folder: Path, name: str) -> str:
    """The end of a log, without what looks like a secret; empty for a name that is none, or no plain file."""
    path = folder / LOGS / name
    if not _LOG.fullmatch(name) or path.is_symlink() or path.parent.is_symlink():
        return ""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(size - TAIL_BYTES, 0))
            content = stream.read(TAIL_BYTES)
    except OSError:
        return ""
    text = content.decode("utf-8", "replace")
    if size > TAIL_BYTES:
        text = text.partition("\n")[2]  # the first line may have lost its beginning
    return without_secrets(visible(text, lines=True))


def without_secrets(text: str) -> str:
    """The text with passwords and tokens replaced.

    >>> without_secrets("postgresql://ada:s3cret@host/db password=abc")
    'postgresql://ada:…@host/db password=…'
    """
    for pattern, shown in _SECRETS:
        text = pattern.sub(shown, text)
    return text
