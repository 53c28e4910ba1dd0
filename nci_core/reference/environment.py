"""What the machine offers a label: linear algebra speed, memory, versions."""

import os
import platform
import resource
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from nci_core.reference.accelerator import gpu_name
from nci_core.reference.labels import Environment


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


def dgemm_gflops(size: int = 1024, repeats: int = 3) -> float:
    """Speed in GFLOP/s of the matrix product that PySCF's own library uses, best of `repeats`."""
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
    """Peak resident memory of this process in GB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e9


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
        versions=package_versions("nci", "pyscf", "numpy", "scipy"),
        processor=processor_name(),
        threads=int(lib.num_threads()),
        blas=blas_in_use(),
        dgemm_gflops=round(dgemm_gflops(), 1),
        gpu=gpu_name(),
    )
