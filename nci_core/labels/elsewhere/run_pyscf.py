"""Compute the label that manifest.json beside this script describes, and write result-pyscf.json.

Needs Python 3.9 or later with pyscf and numpy, nothing else:

    python run_pyscf.py

OMP_NUM_THREADS sets the number of threads, --memory-mb PySCF's memory. Exit code 0: converged; 1: not.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import sys
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

#: What of the manifest goes into the result, so that the result can be recognised.
IDENTITY = (
    "layout",
    "units",
    "geometry_hash",
    "recipe_hash",
    "recipe",
    "host_symbols",
    "host_positions_angstrom",
    "probe",
    "position_angstrom",
)
#: Labels with effective core potentials have layout 2.
LAYOUTS = (1, 2)
MAX_CYCLES = 100


def finite(value: float) -> float | None:
    """The number, or None for NaN and infinities, which JSON has not."""
    return float(value) if math.isfinite(value) else None


def compute_fragment(task: dict[str, Any], recipe: dict[str, Any], memory_mb: int) -> dict[str, Any]:
    """HF, CCSD and (T) of one fragment; energies in hartree. What did not converge says so."""
    import numpy as np
    from pyscf import cc, gto, scf

    wall, cpu = time.perf_counter(), time.process_time()
    mol = gto.M(
        atom=[(label, tuple(place)) for label, place in task["atoms"]],
        basis=task["basis"],
        ecp=task.get("ecp") or {},
        unit="Angstrom",
        verbose=0,
        max_memory=memory_mb,
    )
    mf = scf.RHF(mol)
    mf.conv_tol, mf.conv_tol_grad, mf.max_cycle = recipe["scf_energy_hartree"], recipe["scf_gradient"], MAX_CYCLES
    mf.kernel()
    found: dict[str, Any] = {
        "n_basis": int(mol.nao),
        "n_frozen": task["n_frozen"],
        "n_electrons": int(mol.nelectron),
        "nuclear_repulsion_hartree": float(mol.energy_nuc()),
        "hf_hartree": finite(mf.e_tot),
        "ccsd_hartree": None,
        "triples_hartree": None,
        "t1_diagnostic": None,
        "scf_converged": bool(mf.converged),
        "ccsd_converged": False,
        "scf_cycles": int(getattr(mf, "cycles", 0)),
        "cc_cycles": 0,
    }
    if mf.converged:
        solver = cc.CCSD(mf, frozen=task["n_frozen"] or None)
        solver.conv_tol, solver.conv_tol_normt = recipe["cc_energy_hartree"], recipe["cc_amplitudes"]
        solver.max_cycle = MAX_CYCLES
        integrals = solver.ao2mo()
        solver.kernel(eris=integrals)
        correlated = mol.nelectron - 2 * task["n_frozen"]
        # Two electrons have no triple excitations.
        triples = solver.ccsd_t(eris=integrals) if solver.converged and correlated > 2 else 0.0
        found |= {
            "ccsd_hartree": finite(solver.e_corr),
            "triples_hartree": finite(triples),
            "t1_diagnostic": finite(np.linalg.norm(solver.t1) / np.sqrt(correlated)),
            "ccsd_converged": bool(solver.converged),
            "cc_cycles": int(getattr(solver, "cycles", 0)),
        }
    return found | {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.perf_counter() - wall}


def processor_name() -> str:
    """The processor's model name."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def compute(manifest: dict[str, Any], memory_mb: int) -> dict[str, Any]:
    """The result of one manifest: its identity, three fragments, and where they were computed."""
    import numpy
    import pyscf

    wall, cpu = time.perf_counter(), time.process_time()
    fragments = {}
    for name in ("probe", "host", "dimer"):
        print(f"{name} …", flush=True)
        fragments[name] = compute_fragment(manifest["fragments"][name], manifest["recipe"], memory_mb)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        **{name: manifest[name] for name in IDENTITY},
        "program": "pyscf",
        "versions": {
            "python": platform.python_version(),
            "pyscf": pyscf.__version__,
            "numpy": numpy.__version__,
        },
        "processor": processor_name(),
        "threads": int(pyscf.lib.num_threads()),
        "fragments": fragments,
        "cpu_seconds": time.process_time() - cpu,
        "wall_seconds": time.perf_counter() - wall,
        "memory_gb": peak / 1e9,
        "finished_at": datetime.now(timezone.utc).isoformat(),  # noqa: UP017 (Python 3.9 and 3.10 have no datetime.UTC)
    }


def main() -> int:
    """Read manifest.json beside the script, write result-pyscf.json beside it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory-mb", type=int, default=4000, help="memory PySCF may use, in MB (default: 4000)")
    given = parser.parse_args()
    folder = Path(__file__).resolve().parent
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    if manifest["layout"] not in LAYOUTS:
        print(f"manifest.json has layout {manifest['layout']}, this script knows {LAYOUTS}.", file=sys.stderr)
        return 2
    result = compute(manifest, given.memory_mb)
    temporary = folder / f".result-pyscf.{os.getpid()}.tmp"  # whole or absent, even if the job is killed
    temporary.write_text(json.dumps(result, indent=2), encoding="utf-8")
    temporary.replace(folder / "result-pyscf.json")
    failed = [
        f"{name}: {step} did not converge"
        for name, part in result["fragments"].items()
        for step, key in (("Hartree-Fock", "scf_converged"), ("CCSD", "ccsd_converged"))
        if not part[key]
    ]
    print("\n".join(failed) or "done")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
