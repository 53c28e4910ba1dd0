"""What the machine offers a label: linear algebra speed, memory, versions."""

import os
import platform
import resource
import sys
import time
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import psutil

from nci_core.labels.results import Environment

#: Memory limit of a container, by version of control groups.
CONTAINER_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
#: PySCF's own setting, in MB; the jobs of a campaign have one.
PYSCF_MEMORY = "PYSCF_MAX_MEMORY"
#: PySCF counts its large arrays only, and not all of them. A process that shall stay below x GB is told
#: SHARE_OF_ARRAYS · (x − BESIDE_ARRAYS_GB): told 1.5 GB one took 2.2, told 0.6 GB 1.8 (`benchmarks/label_memory.py`).
SHARE_OF_ARRAYS, BESIDE_ARRAYS_GB = 0.75, 0.5


def blas_in_use() -> str:
    """Names of the BLAS libraries mapped into this process, and the forced kernel if any (Linux)."""
    maps = Path("/proc/self/maps")
    names: set[str] = set()
    if maps.exists():
        for line in maps.read_text().splitlines():
            file = line.split()[-1].rsplit("/", 1)[-1]
            if file.startswith(("libopenblas", "libblas", "libblis", "libmkl_rt")):
                names.add(file)
    kernel = os.environ.get("OPENBLAS_CORETYPE", "automatic")
    return f"{', '.join(sorted(names)) or 'unknown'}; kernel {kernel}"


@cache
def dgemm_gflops(size: int = 1024, repeats: int = 3) -> float:
    """Speed in GFLOP/s of the matrix product that PySCF's own library uses, best of `repeats`; once in a process."""
    from pyscf import lib

    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, size, size))
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        lib.ddot(a, b)  # goes through PySCF's own BLAS, not numpy's
        best = min(best, time.perf_counter() - start)
    return 2.0 * size**3 / best / 1e9


def processor_name() -> str:
    """The processor's model name."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def peak_memory_gb() -> float:
    """Peak resident memory of this process in GB, since `forget_peak_memory` where Linux lets that be.

    On Linux it is that of the program which runs: getrusage counts what the one that started it held, too.
    """
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        return float(next(line for line in lines if line.startswith("VmHWM:")).split()[1]) * 1024 / 1e9
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9


def forget_peak_memory() -> None:
    """Let the peak begin at what the process holds now; nothing happens where the system cannot do that."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def machine_memory_gb() -> float:
    """Memory of this machine or, if that is less, of the container."""
    found = float(psutil.virtual_memory().total)
    for place in CONTAINER_LIMITS:
        try:
            found = min(found, float(Path(place).read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return found / 1e9


def array_memory_mb(process_gb: float) -> int:
    """MB that PySCF is told where its process may take `process_gb`.

    >>> array_memory_mb(12.5)
    9000
    """
    return max(int(1000 * SHARE_OF_ARRAYS * (process_gb - BESIDE_ARRAYS_GB)), 1)


def pyscf_memory_mb() -> int:
    """MB in which PySCF keeps its arrays, the others on disk: what this process was told, else of the machine's."""
    told = os.environ.get(PYSCF_MEMORY, "")
    return int(told) if told.isdigit() else array_memory_mb(machine_memory_gb())


def package_versions(*names: str) -> dict[str, str]:
    """Versions of the named packages and of Python; 'absent' where not installed."""
    found = {"python": platform.python_version()}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


def describe_environment() -> Environment:
    """Measure and describe this process."""
    from pyscf import lib

    return Environment(
        versions=package_versions("nci", "pyscf", "numpy", "scipy", "torch"),
        processor=processor_name(),
        threads=int(lib.num_threads()),
        blas=blas_in_use(),
        dgemm_gflops=round(dgemm_gflops(), 1),
    )
