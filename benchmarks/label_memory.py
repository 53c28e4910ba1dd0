"""Memory of CCSD(T) against the memory that PySCF is told to keep its arrays in; the energies stay the same.

    python benchmarks/label_memory.py --recipe standard --limits-mb 600 1500 12000      # a quarter of an hour

Computes the dimer of helium 3.2 Å over benzene, each time in a process of its own.
"""

import argparse
import json
import os
import subprocess
import sys

import numpy as np

from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.ccsdt import compute_fragment
from nci_core.labels.environment import PYSCF_MEMORY, peak_memory_gb
from nci_core.labels.geometry import fragments
from nci_core.labels.needs import canonical_memory_gb, correlated_pairs
from nci_core.labels.resuming import FragmentMemory, NoStore, identity
from nci_core.systems import Dimer, Monomer, builtin_monomer

POINT = np.array([0.3, 0.2, 3.2])


def measure(name: str) -> dict[str, float]:
    """One calculation in this process."""
    dimer, recipe = Dimer(builtin_monomer("benzene"), Monomer.atom("He")), find_recipe(name)
    spec = fragments(dimer.at(POINT), recipe)["dimer"]
    memory = FragmentMemory(
        NoStore(), "dimer", identity(spec, "dimer", dimer.at(POINT).geometry_hashes()[0], recipe.hash, None)
    )
    found = compute_fragment(spec, recipe, "dimer", lambda share, text: None, memory)
    return {
        "gb": peak_memory_gb(),
        "estimate_gb": canonical_memory_gb(found.n_basis, correlated_pairs(dimer, recipe)),
        "cpu_seconds": found.cpu_seconds,
        "ccsd_t_hartree": found.ccsd_hartree + found.triples_hartree,
    }


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="quick", help="one with exact integrals")
    parser.add_argument("--limits-mb", type=int, nargs="+", default=[200, 12000])
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.recipe)))
        return
    print(f"{'told (MB)':>10} {'peak (GB)':>10} {'least (GB)':>11} {'CPU (s)':>9} {'CCSD(T) (hartree)':>20}")
    for limit in asked.limits_mb:
        environment = os.environ | {PYSCF_MEMORY: str(limit)}
        command = [sys.executable, __file__, "--one", "--recipe", asked.recipe]
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        row = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{limit:>10} {row['gb']:>10.2f} {row['estimate_gb']:>11.2f} {row['cpu_seconds']:>9.0f} "
            f"{row['ccsd_t_hartree']:>20.12f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
