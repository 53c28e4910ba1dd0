"""CCSD(T) in fewer virtual orbitals, the same for dimer, host and probe: what it saves, and what it costs in accuracy.

    .venv/bin/python benchmarks/common_virtuals.py [--keep 0.85 0.7 0.55] [--out FILE] [--stored]

Kept are those MP2 natural orbitals of the dimer that are occupied most. What they and the dimer's occupied orbitals
span is the one-particle space of all three fragments (each adds its own occupied orbitals), so that no fragment has
a cut-off of its own; MP2 in the whole basis minus MP2 in that space is added. The truth are labels of the recipe
`standard` in data/he-benzene, canonical CCSD(T) in the same functions. In the
smallest space the dimer's CCSD is also begun from the amplitudes of host and probe, to see what that saves. On one
core five labels take half an hour; --out keeps what is finished, a row of JSON a label and share.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pyscf import cc, mp, scf

from nci_core.bench.measured import read_labels
from nci_core.config import read_settings
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.geometry import FragmentSpec, fragments
from nci_core.labels.results import difference
from nci_core.units import HARTREE_EV, to_cm1

FloatArray = npt.NDArray[np.float64]
DATA = Path(__file__).parents[1] / "data"
KEPT = DATA / "benchmarks" / "common_virtuals.jsonl"
RECIPE = find_recipe("standard")
#: Geometry hashes of the labels, from −24 to +38 cm⁻¹; the last one is near the axis.
GEOMETRIES = ("0baff8389d3bf142", "a0664254870a0044", "dd2ad2d5c9b1526d", "914b83f7a1e0e8f6", "d64c2c211fac60ef")
SIGNS = {"dimer": 1.0, "host": -1.0, "probe": -1.0}


class Fragment(NamedTuple):
    """A fragment's molecule after Hartree–Fock and MP2 in the whole basis."""

    mf: Any
    n_frozen: int
    mp2: Any
    seconds: float


def prepare(spec: FragmentSpec) -> Fragment:
    """HF and MP2 in the whole basis."""
    begun = time.process_time()
    mf = scf.RHF(spec.molecule())
    mf.conv_tol, mf.conv_tol_grad = RECIPE.scf_energy_hartree, RECIPE.scf_gradient
    mf.kernel()
    mp2 = mp.MP2(mf, frozen=spec.n_frozen or None)
    mp2.kernel()
    return Fragment(mf, spec.n_frozen, mp2, time.process_time() - begun)


def natural_space(dimer: Fragment, keep: float) -> FloatArray:
    """(nao, k) orbitals: the dimer's occupied ones and the share `keep` of its natural virtual ones."""
    n_occupied = dimer.mf.mol.nelectron // 2
    virtual = dimer.mf.mo_coeff[:, n_occupied:]
    t2 = dimer.mp2.t2
    density = 2.0 * (2.0 * np.einsum("ijac,ijbc->ab", t2, t2) - np.einsum("ijac,jibc->ab", t2, t2))
    _, rotation = np.linalg.eigh(0.5 * (density + density.T))
    n = round(keep * virtual.shape[1])
    kept = virtual @ rotation[:, ::-1][:, :n]  # eigh sorts from small to large
    return np.hstack([dimer.mf.mo_coeff[:, :n_occupied], kept])


def orbitals_within(fragment: Fragment, space: FloatArray) -> FloatArray:
    """(nao, k) orbitals of a fragment: its occupied ones, and semicanonical virtual ones in the common space.

    The occupied ones are projected out of the space; the directions with the least left are dropped, as many as
    there are occupied orbitals.
    """
    n = fragment.mf.mol.nelectron // 2
    overlap, occupied = fragment.mf.get_ovlp(), fragment.mf.mo_coeff[:, :n]
    left = space - occupied @ (occupied.T @ overlap @ space)
    norms, vectors = np.linalg.eigh(left.T @ overlap @ left)
    virtual = left @ (vectors[:, n:] / np.sqrt(norms[n:]))
    fock = virtual.T @ fragment.mf.get_fock() @ virtual
    return np.hstack([occupied, virtual @ np.linalg.eigh(fock)[1]])


def amplitudes(solver: Any, other: Any, mine: FloatArray, theirs: FloatArray, overlap: FloatArray) -> tuple[Any, Any]:
    """A fragment's amplitudes (t1, t2) of `solver` in the correlated orbitals of another calculation."""
    frozen, other_frozen = solver.frozen or 0, other.frozen or 0
    o, p = solver.mol.nelectron // 2, other.mol.nelectron // 2
    occupied = theirs[:, other_frozen:p].T @ overlap @ mine[:, frozen:o]
    virtual = theirs[:, p:].T @ overlap @ mine[:, o:]
    one = np.einsum("pi,qa,ia->pq", occupied, virtual, solver.t1, optimize=True)
    two = np.einsum("pi,qj,ra,sb,ijab->pqrs", occupied, occupied, virtual, virtual, solver.t2, optimize=True)
    return one, two


def truncated(found: dict[str, Fragment], keep: float, guess: bool) -> dict[str, Any]:
    """Interaction energy in cm⁻¹ in the common space, what it took, and the iterations of the dimer."""
    begun = time.process_time()
    space = natural_space(found["dimer"], keep)
    total, missing, solvers, orbitals = 0.0, 0.0, {}, {}
    for name, fragment in found.items():
        mf, n = fragment.mf, fragment.mf.mol.nelectron // 2
        orbitals[name] = orbitals_within(fragment, space)
        occupation = np.zeros(orbitals[name].shape[1])
        occupation[:n] = 2.0
        solver = cc.CCSD(mf, frozen=fragment.n_frozen or None, mo_coeff=orbitals[name], mo_occ=occupation)
        solver.conv_tol, solver.conv_tol_normt = RECIPE.cc_energy_hartree, RECIPE.cc_amplitudes
        solver.max_cycle = 100
        integrals = solver.ao2mo()
        solver.kernel(eris=integrals)
        small = solver.init_amps(integrals)[0]  # MP2 in the common space: Fock is diagonal in each block
        triples = solver.ccsd_t(eris=integrals) if name != "probe" else 0.0
        total += SIGNS[name] * (mf.e_tot + solver.e_corr + triples)
        missing += SIGNS[name] * (fragment.mp2.e_corr - small)
        solvers[name] = (solver, integrals)
    seconds = time.process_time() - begun + sum(fragment.seconds for fragment in found.values())
    row: dict[str, Any] = {
        "keep": keep,
        "n_virtual": space.shape[1] - found["dimer"].mf.mol.nelectron // 2,
        "energy_cm1": float(to_cm1((total + missing) * HARTREE_EV)),
        "without_mp2_cm1": float(to_cm1(total * HARTREE_EV)),
        "cpu_seconds": seconds,
    }
    if guess:
        solver, integrals = solvers["dimer"]
        overlap = found["dimer"].mf.get_ovlp()
        parts = [
            amplitudes(solvers[name][0], solver, orbitals[name], orbitals["dimer"], overlap)
            for name in ("host", "probe")
        ]
        again = cc.CCSD(solver._scf, frozen=solver.frozen, mo_coeff=solver.mo_coeff, mo_occ=solver.mo_occ)
        again.conv_tol, again.conv_tol_normt, again.max_cycle = solver.conv_tol, solver.conv_tol_normt, 100
        again.kernel(sum(p[0] for p in parts), sum(p[1] for p in parts), eris=integrals)
        row |= {
            "cycles": int(solver.cycles),
            "cycles_from_fragments": int(again.cycles),
            "difference_hartree": float(again.e_corr - solver.e_corr),
        }
    return row


def compute(shares: list[float], out: Path) -> None:
    """Append the rows that the file lacks."""
    known = {
        label.geometry_hash: label
        for label in read_labels(DATA / "he-benzene" / "labels.jsonl")
        if label.recipe["name"] == RECIPE.name
    }
    done = {(row["geometry"], row["keep"]) for row in rows_of(out)}
    dimer = read_settings(DATA / "he-benzene").dimer
    for label in (known[geometry] for geometry in GEOMETRIES):
        left = [keep for keep in shares if (label.geometry_hash, keep) not in done]
        if not left:
            continue
        specs = fragments(dimer.at(np.array(label.position_angstrom)), RECIPE)
        found = {name: prepare(spec) for name, spec in specs.items()}
        exact = sum(difference(label.fragments, f"{part}_hartree") for part in ("hf", "ccsd", "triples"))
        for keep in left:
            row = {
                "geometry": label.geometry_hash,
                "position_angstrom": list(label.position_angstrom),
                "exact_cm1": float(to_cm1(exact)),
            } | truncated(found, keep, guess=keep == min(shares))
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")


def rows_of(path: Path) -> list[dict[str, Any]]:
    """Rows that are there."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


def main() -> None:
    """Compute what is missing and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=float, nargs="+", default=[0.85, 0.7, 0.55], help="shares of the virtual space")
    parser.add_argument("--out", type=Path, default=KEPT)
    parser.add_argument("--stored", action="store_true", help="compute nothing, print what is kept")
    given = parser.parse_args()
    if not given.stored:
        compute(given.keep, given.out)
    rows = rows_of(given.out)
    print(f"{'kept':>6}{'labels':>8}{'MAE':>8}{'largest':>9}{'without MP2':>13}{'CPU min':>9}   (errors in cm⁻¹)")
    for keep in sorted({row["keep"] for row in rows}, reverse=True):
        mine = [row for row in rows if row["keep"] == keep]
        error = np.array([row["energy_cm1"] - row["exact_cm1"] for row in mine])
        bare = np.array([row["without_mp2_cm1"] - row["exact_cm1"] for row in mine])
        minutes = np.mean([row["cpu_seconds"] for row in mine]) / 60
        print(
            f"{keep:6.2f}{len(mine):8d}{np.abs(error).mean():8.2f}{np.abs(error).max():9.2f}{np.abs(bare).mean():13.1f}"
            f"{minutes:9.1f}"
        )
    begun = [row for row in rows if "cycles" in row]
    if begun:
        plain, fewer = (np.mean([row[name] for row in begun]) for name in ("cycles", "cycles_from_fragments"))
        print(f"Iterations of the dimer's CCSD: {plain:.1f}, from the fragments' amplitudes {fewer:.1f}.")


if __name__ == "__main__":
    main()
