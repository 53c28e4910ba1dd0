"""CCSD(T) of labels on a GPU or a processor: seconds and memory of each step, and whether the energies agree.

    python benchmarks/gpu_labels.py --hosts ethylene benzene --check pyscf     # about 10 minutes of a core
    python benchmarks/gpu_labels.py --hosts naphthalene coronene --out rows.jsonl

Computes the dimer of helium above a host, in the functions of the recipe's small set (--recipe) or in a
basis on all atoms (--basis), on the GPU where torch finds one with room (NCI_GPU=0: on the processor). --check cpu
repeats it on the processor, --check pyscf with PySCF's solvers. A row of JSON a host, with the device's name; seconds
are those of the clock on a GPU, of CPU on a processor (OPENBLAS_CORETYPE=Haswell, as in jobs, helps PySCF's library).
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from nci_core.integrals import ccsd
from nci_core.integrals.amounts import iteration_operations, least_bytes, triples_operations
from nci_core.integrals.coupled_cluster import Place, budget, find_place, processor
from nci_core.integrals.dimer import FittedDimer
from nci_core.integrals.mp2 import correlation_energy
from nci_core.integrals.orbital_integrals import transform
from nci_core.integrals.triples import Triples
from nci_core.labels.builtin_recipes import find_recipe
from nci_core.labels.environment import peak_memory_gb, processor_name
from nci_core.labels.fitted_label import label_functions
from nci_core.labels.geometry import fragments
from nci_core.labels.recipes import Recipe
from nci_core.systems import Dimer, Monomer, builtin_monomer

T = TypeVar("T")
CC, CH = 1.40, 1.09
HEIGHT = 3.2


def acene_like(name: str) -> Monomer:
    """Naphthalene or coronene as regular hexagons in the plane z = 0, bonds of 1.40 and 1.09 Å: it measures time."""
    side = CC * np.sqrt(3.0)
    steps = [np.array([0.0, 0.0])]
    turns = range(6) if name == "coronene" else range(1)
    steps += [side * np.array([np.cos(k * np.pi / 3), np.sin(k * np.pi / 3)]) for k in turns]
    corners = [CC * np.array([np.cos(k * np.pi / 3 + np.pi / 6), np.sin(k * np.pi / 3 + np.pi / 6)]) for k in range(6)]
    carbons: list[Any] = []
    for step in steps:
        for corner in corners:
            if all(np.linalg.norm(step + corner - other) > 0.1 for other in carbons):
                carbons.append(step + corner)
    hydrogens = []
    for atom in carbons:
        bonds = [other - atom for other in carbons if 0.1 < np.linalg.norm(other - atom) < 1.1 * CC]
        if len(bonds) == 2:
            out = -(bonds[0] + bonds[1])
            hydrogens.append(atom + CH * out / np.linalg.norm(out))
    points = np.array([[*point, 0.0] for point in carbons + hydrogens])
    return Monomer(name, ("C",) * len(carbons) + ("H",) * len(hydrogens), points - points.mean(0))


def timed(device: torch.device, step: Callable[[], T]) -> tuple[float, T]:
    """Seconds, on a GPU by the clock, on a processor of CPU; and what the step gave."""
    gpu = device.type == "cuda"
    clock = time.perf_counter if gpu else time.process_time
    if gpu:
        torch.cuda.synchronize()
    start = clock()
    found = step()
    if gpu:
        torch.cuda.synchronize()
    return clock() - start, found


def coupled_cluster(B: Any, state: Any, n_core: int, recipe: Recipe, place: Place) -> dict[str, Any]:
    """Seconds, memory and energies of the steps of CCSD(T)."""
    device = place.device
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    with torch.no_grad():
        transformation, integrals = timed(device, lambda: transform(B, state, n_core, device))
        x, o, v = integrals.sizes
        work, kept, for_triples = budget(x, o, v, place.memory_bytes)
        thresholds = (recipe.cc_energy_hartree, recipe.cc_amplitudes, 100)
        doubles, found = timed(device, lambda: ccsd.solve(integrals, *thresholds, work, kept))
        single = integrals.to(torch.float32), found.t1.float(), found.t2.float()
        triples, energy = timed(device, lambda: Triples(*single, for_triples).energy())
    assert found.converged
    gpu = device.type == "cuda"
    return {
        "device": place.name or processor_name(),
        "threads": torch.get_num_threads(),
        "sizes": {"auxiliary": x, "occupied": o, "virtual": v},
        "transformation_s": round(transformation, 2),
        "ccsd_s": round(doubles, 2),
        "iterations": found.cycles,
        "ccsd_gflops": round(found.cycles * iteration_operations(x, o, v) / doubles / 1e9, 1),
        "triples_s": round(triples, 2),
        "triples_gflops": round(triples_operations(o, v) / triples / 1e9, 1),
        "estimated_gb": round(least_bytes(x, o, v) / 1e9, 2),
        "memory_gb": round(torch.cuda.max_memory_allocated() / 1e9 if gpu else peak_memory_gb(), 2),
        "ccsd_hartree": found.energy,
        "triples_hartree": energy,
    }


def with_pyscf(B: Any, state: Any, n_core: int, recipe: Recipe) -> tuple[float, float, float, float]:
    """CCSD and (T) of PySCF from the same integrals, and their CPU seconds."""
    from pyscf import gto, lib, scf
    from pyscf.cc import ccsd as solvers

    found = transform(B, state, n_core, torch.device("cpu"))
    x, o, v = found.sizes
    oo, ov = found.oo.numpy().reshape(x, -1), found.ov.numpy().reshape(x, -1)
    start = time.process_time()
    vv = lib.pack_tril(found.vv.numpy())
    eris: Any = solvers._ChemistsERIs()
    eris.nocc, eris.e_hf, eris.mo_coeff, eris.mo_energy = o, 0.0, np.eye(o + v), state.levels[n_core:]
    eris.fock = np.diag(eris.mo_energy)
    eris.oooo, eris.ovoo = (oo.T @ oo).reshape(o, o, o, o), (ov.T @ oo).reshape(o, v, o, o)
    eris.ovov = (ov.T @ ov).reshape(o, v, o, v)
    eris.ovvo = np.ascontiguousarray(eris.ovov.transpose(0, 1, 3, 2))
    eris.oovv = lib.unpack_tril(oo.T @ vv).reshape(o, o, v, v)
    eris.ovvv, eris.vvvv = (ov.T @ vv).reshape(o, v, -1), vv.T @ vv
    mol = gto.M(verbose=0)
    mol.nelectron, eris.mol = 2 * o, mol
    mf = scf.RHF(mol)
    mf.mo_coeff, mf.mo_energy, mf.mo_occ = np.eye(o + v), eris.mo_energy, np.where(np.arange(o + v) < o, 2.0, 0.0)
    solver = solvers.CCSD(mf)
    solver.nocc, solver.nmo, solver.verbose, solver.incore_complete = o, o + v, 0, True
    solver.conv_tol, solver.conv_tol_normt, solver.max_cycle = recipe.cc_energy_hartree, recipe.cc_amplitudes, 100
    solver.get_e_hf = lambda *_, **__: 0.0
    solver.kernel(eris=eris)
    doubles = time.process_time() - start
    triples = float(solver.ccsd_t(eris=eris))
    return float(solver.e_corr), triples, doubles, time.process_time() - start - doubles


def measure(name: str, recipe: Recipe, check: str) -> dict[str, Any]:
    """One row."""
    host = acene_like(name) if name in ("naphthalene", "coronene") else builtin_monomer(name)
    dimer, point = Dimer(host, Monomer.atom("He")), host.centre + np.array([0.0, 0.0, HEIGHT])
    spec = fragments(dimer.at(point), recipe)["dimer"]
    cpu = torch.device("cpu")

    def hartree_fock() -> tuple[FittedDimer, Any]:
        fitted = FittedDimer.start(dimer, label_functions(spec, recipe, recipe.functions), recipe.scf_energy_hartree)
        return fitted, fitted.fragments(point)[0]

    mean_field, (fitted, state) = timed(cpu, hartree_fock)
    perturbation, mp2 = timed(cpu, lambda: correlation_energy(fitted.B, state, spec.n_frozen))
    sizes = len(fitted.B), state.n_occupied - spec.n_frozen, state.coefficients.shape[1] - state.n_occupied
    place = find_place(*sizes)
    row = {"host": name, "recipe": recipe.name, "functions": fitted.n, "hf_3_fragments_s": round(mean_field, 2)}
    row |= {"mp2_s": round(perturbation, 2), "mp2_hartree": mp2}
    row |= coupled_cluster(fitted.B, state, spec.n_frozen, recipe, place)
    if check == "cpu":
        again = coupled_cluster(fitted.B, state, spec.n_frozen, recipe, processor())
        row["cpu"] = {key: again[key] for key in ("ccsd_s", "triples_s", "ccsd_hartree", "triples_hartree")}
    if check == "pyscf":
        other = with_pyscf(fitted.B, state, spec.n_frozen, recipe)
        names = ("ccsd_hartree", "triples_hartree", "ccsd_s", "triples_s")
        row["pyscf"] = {key: round(value, 12) for key, value in zip(names, other, strict=True)}
    return row


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    hosts = ["ethylene", "benzene", "naphthalene", "coronene"]
    parser.add_argument("--hosts", nargs="+", choices=hosts, default=hosts[:1])
    parser.add_argument("--recipe", default="composite", help="one with fitted integrals")
    parser.add_argument("--basis", help="of all atoms instead of the recipe's, such as 6-31g")
    parser.add_argument("--check", choices=["cpu", "pyscf", "none"], default="none")
    parser.add_argument("--out", type=Path, help="also append the rows to this file")
    args = parser.parse_args()
    recipe = find_recipe(args.recipe)
    if args.basis:
        recipe = recipe.model_copy(
            update={"name": args.basis, "host_basis": {"*": args.basis}, "probe_basis": args.basis}
        )
    for name in args.hosts:
        line = json.dumps(measure(name, recipe, args.check))
        print(line, flush=True)
        if args.out:
            with args.out.open("a", encoding="utf-8") as file:
                file.write(line + "\n")


if __name__ == "__main__":
    main()
