"""Local CCSD(T) with natural orbitals of each bond (LNO, package pyscf-forge) beside the canonical one.

    .venv/bin/pip install pyscf-forge                              # needs a compiler and BLAS
    .venv/bin/python benchmarks/local_correlation.py [--stored] [--out FILE] [--host ethylene]

CCSD(T) interaction energy (counterpoise, frozen core) of helium and a built-in host in the small functions of
`focal-point`, by thresholds of the natural orbitals; what MP2 finds outside their spaces is added. A minute of
one core for ethylene.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from pyscf import cc, lo, mp, scf

from nci_core.labels.focal_point import focal_point
from nci_core.labels.geometry import fragments
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import HARTREE_EV, to_cm1

KEPT = Path(__file__).parents[1] / "data" / "benchmarks" / "local_correlation.jsonl"
#: Occupations below which natural virtual orbitals are left out; ten times as much for occupied ones.
THRESHOLDS = (1e-4, 1e-5, 1e-6)
HEIGHT = 3.2


def local_ccsdt(mf: Any, frozen: int, threshold: float, mp2: float) -> float:
    """Correlation energy in Hartree, with Pipek–Mezey orbitals, one fragment an orbital."""
    from pyscf.lno import LNOCCSD_T

    occupied = mf.mo_coeff[:, frozen : np.count_nonzero(mf.mo_occ)]
    localised = lo.PipekMezey(mf.mol, occupied).kernel() if occupied.shape[1] > 1 else occupied
    solver = LNOCCSD_T(mf, localised, [[i] for i in range(occupied.shape[1])], frozen=frozen)
    solver.lno_thresh = [10 * threshold, threshold]
    solver.verbose_imp = 0
    solver.kernel()
    return float(solver.e_corr_ccsd_t_pt2corrected(mp2))


def compute(name: str) -> list[dict[str, Any]]:
    """A row for the canonical calculation and one for each threshold."""
    host = builtin_monomer(name)
    dimer = Dimer(host, Monomer.atom("He"))
    found = fragments(dimer.at(host.centre + np.array([0.0, 0.0, HEIGHT])), focal_point("He", host.symbols))
    rows = {threshold: [0.0, 0.0] for threshold in (None, *THRESHOLDS)}
    for part, sign in (("dimer", 1), ("host", -1), ("probe", -1)):
        spec = found[part]  # type: ignore[index]
        mf = scf.RHF(spec.molecule()).density_fit()
        mf.conv_tol, mf.verbose = 1e-11, 0
        mf.kernel()
        start = time.process_time()
        mp2 = float(mp.MP2(mf, frozen=spec.n_frozen).run(verbose=0).e_corr)
        canonical = cc.CCSD(mf, frozen=spec.n_frozen)
        canonical.conv_tol, canonical.verbose = 1e-8, 0
        canonical.kernel()
        energies = {None: canonical.e_corr + (canonical.ccsd_t() if spec.molecule().nelectron > 2 else 0.0)}
        spent = {None: time.process_time() - start}
        for threshold in THRESHOLDS:
            start = time.process_time()
            energies[threshold] = local_ccsdt(mf, spec.n_frozen, threshold, mp2)
            spent[threshold] = time.process_time() - start
        for threshold, row in rows.items():
            row[0] += sign * energies[threshold]
            row[1] += spent[threshold]
    return [
        {
            "host": name,
            "threshold": threshold,
            "correlation_cm1": float(to_cm1(energy * HARTREE_EV)),
            "cpu_minutes": seconds / 60,
        }
        for threshold, (energy, seconds) in rows.items()
    ]


def main() -> None:
    """Compute what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="ethylene", choices=["benzene", "ethylene"])
    parser.add_argument("--out", type=Path, default=KEPT)
    parser.add_argument("--stored", action="store_true", help="compute nothing, print what is kept")
    asked = parser.parse_args()
    kept = [json.loads(line) for line in asked.out.read_text().splitlines()] if asked.out.exists() else []
    if not asked.stored and asked.host not in {row["host"] for row in kept}:
        kept += compute(asked.host)
        asked.out.write_text("".join(json.dumps(row) + "\n" for row in kept))
    exact = {row["host"]: row["correlation_cm1"] for row in kept if row["threshold"] is None}
    print(f"{'host':<10}{'threshold':>10}{'correlation, cm⁻¹':>19}{'error, cm⁻¹':>13}{'CPU min':>9}")
    for row in kept:
        error = row["correlation_cm1"] - exact[row["host"]]
        threshold = "canonical" if row["threshold"] is None else f"{row['threshold']:.0e}"
        print(f"{row['host']:<10}{threshold:>10}{row['correlation_cm1']:19.2f}{error:13.2f}{row['cpu_minutes']:9.2f}")


if __name__ == "__main__":
    main()
