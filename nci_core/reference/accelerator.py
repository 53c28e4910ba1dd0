"""CCSD on a GPU where there is one and the package gpu4pyscf: as a start that the processor's own CCSD checks.

The GPU iterates to convergence; its amplitudes are where PySCF's CCSD on the processor begins, whose residual they
must satisfy and whose energy the label has. Right amplitudes cost one or two more iterations there, wrong ones more
time but never a wrong label; a GPU that fails costs nothing but its time. (T) is computed on the processor.
"""

import logging
import os
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.reference.recipes import Recipe

FloatArray = npt.NDArray[np.float64]

log = logging.getLogger("nci.labels")


def gpu_solver() -> Any | None:
    """gpu4pyscf's CCSD class, None without GPU or package, or where NCI_GPU=0 says not to use it."""
    if os.environ.get("NCI_GPU") == "0":
        return None
    try:
        import cupy
        from gpu4pyscf.cc import ccsd_incore

        return ccsd_incore.CCSD if cupy.cuda.runtime.getDeviceCount() > 0 else None
    except Exception as error:  # missing package, driver, device or a version that does not fit: all mean none
        if not isinstance(error, ImportError):
            log.warning("no GPU for CCSD: %s", error)
        return None


def gpu_name() -> str:
    """Name of the GPU that CCSD starts on, '' if none."""
    if gpu_solver() is None:
        return ""
    import cupy

    name = cupy.cuda.runtime.getDeviceProperties(0)["name"]
    return name.decode() if isinstance(name, bytes) else str(name)


def gpu_amplitudes(mf: Any, n_frozen: int, recipe: Recipe, max_cycle: int) -> tuple[FloatArray, FloatArray] | None:
    """Converged t1 and t2 of PySCF's converged mean field `mf`, None where the GPU cannot give them."""
    make = gpu_solver()
    if make is None:
        return None
    try:
        solver = make(mf, frozen=n_frozen or None)
        solver.verbose, solver.max_cycle = 0, max_cycle
        solver.conv_tol, solver.conv_tol_normt = recipe.cc_energy_hartree, recipe.cc_amplitudes
        solver.kernel()
        t1, t2 = (np.asarray(x.get() if hasattr(x, "get") else x) for x in (solver.t1, solver.t2))
    except Exception as error:  # above all lack of memory on the GPU; the processor has all it needs
        log.warning("CCSD on the GPU failed (%s: %s); the processor begins anew", type(error).__name__, error)
        return None
    if not solver.converged or not (np.isfinite(t1).all() and np.isfinite(t2).all()):
        log.warning("CCSD on the GPU did not converge; the processor begins anew")
        return None
    return t1, t2
