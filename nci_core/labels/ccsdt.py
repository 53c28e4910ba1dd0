"""Counterpoise-corrected CCSD(T) with PySCF: three fragments, one label.

Canonical closed-shell CCSD(T) (Raghavachari et al., DOI 10.1016/S0009-2614(89)87395-6) as
implemented in PySCF (DOI 10.1063/5.0006074).
"""

import time
from collections.abc import Callable

import numpy as np

from nci_core.errors import InputError, LabelError, NotConvergedError
from nci_core.labels.checks import T1_LIMIT
from nci_core.labels.environment import describe_environment, peak_memory_gb
from nci_core.labels.fitted_label import fitted_fragments, larger_fragments
from nci_core.labels.geometry import FragmentSpec, fragments, label_identity
from nci_core.labels.iterations import (
    iteration_bytes,
    iteration_state,
    orbital_state,
    restored_diis,
    take_up_orbitals,
)
from nci_core.labels.needs import check_memory
from nci_core.labels.recipes import LARGER, SMALLER, Recipe
from nci_core.labels.results import FragmentName, FragmentResult, LabelResult, MeanFieldResult, stated_std_cm1
from nci_core.labels.resuming import Arrays, FragmentMemory, FragmentStore, NoStore, identity
from nci_core.labels.tightening import Tightening
from nci_core.systems.configurations import Configurations

Progress = Callable[[float, str], None]

#: Share of a label's time spent by the end of each fragment, for the progress bar; cheap ones
#: first, so that a bad geometry fails early.
ORDER: tuple[tuple[FragmentName, float], ...] = (("probe", 0.08), ("host", 0.52), ("dimer", 1.0))
#: Iterations of CCSD, over all starts, before it counts as not converging.
CC_CYCLES = 100


def compute_fragment(
    spec: FragmentSpec,
    recipe: Recipe,
    name: str,
    report: Progress,
    memory: FragmentMemory,
    tightening: Tightening | None = None,
) -> FragmentResult:
    """HF, CCSD and (T) of one fragment, or what is left of them.

    Raises NotConvergedError when a step does not converge.
    """
    from pyscf import cc, scf

    known = memory.finished(FragmentResult)
    if known is not None:
        report(0.0, f"{name}: finished earlier")
        return known
    begun = memory.state() or {}
    seconds_before = float(begun.get("wall_seconds", 0.0)), float(begun.get("cpu_seconds", 0.0))
    wall, cpu = time.perf_counter() - seconds_before[0], time.process_time() - seconds_before[1]

    def so_far() -> Arrays:
        seconds = {"wall_seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - cpu}
        return {key: np.array(value) for key, value in seconds.items()} | orbital_state(mf)

    mol = spec.molecule()
    mf = scf.RHF(mol)
    mf.conv_tol, mf.conv_tol_grad, mf.max_cycle = recipe.scf_energy_hartree, recipe.scf_gradient, 100
    if tightening:
        tightening.prepare_hf(mf)
    report(0.0, f"{name}: Hartree-Fock, {mol.nao} functions")
    if begun:
        take_up_orbitals(mf, begun)
    else:
        mf.kernel()
        if tightening:
            tightening.finish_hf(mf)
        if not mf.converged:
            raise NotConvergedError(
                f"Hartree-Fock of the {name} did not converge in {mf.max_cycle} cycles; check the geometry."
            )
        memory.keep_state(so_far, mf.mo_coeff.nbytes)
    solver = cc.CCSD(mf, frozen=spec.n_frozen or None)
    solver.conv_tol, solver.conv_tol_normt = recipe.cc_energy_hartree, recipe.cc_amplitudes
    cycles_before, most_cycles = int(begun.get("cc_cycles", 0)), CC_CYCLES
    if tightening:
        tightening.prepare_cc(solver)
        most_cycles = tightening.cycles
    solver.max_cycle = most_cycles - cycles_before
    solver.callback = lambda local: memory.keep_state(
        lambda: so_far() | iteration_state(local, cycles_before), iteration_bytes(local)
    )
    report(0.1, f"{name}: CCSD")
    integrals = solver.ao2mo()
    if "t2" in begun:
        solver.diis = restored_diis(solver, begun)
    solver.kernel(begun.get("t1"), begun.get("t2"), eris=integrals)
    if not solver.converged:
        memory.forget_state()  # asked for again, it is tried from its beginning
        raise NotConvergedError(f"CCSD of the {name} did not converge in {most_cycles} cycles; check the geometry.")
    n_correlated = mol.nelectron - 2 * spec.n_frozen
    triples = 0.0
    if n_correlated > 2:  # two electrons have no triple excitations
        report(0.7, f"{name}: (T)")
        triples = float(solver.ccsd_t(eris=integrals))
    result = FragmentResult(
        hf_hartree=float(mf.e_tot),
        ccsd_hartree=float(solver.e_corr),
        triples_hartree=triples,
        n_basis=int(mol.nao),
        n_frozen=spec.n_frozen,
        scf_cycles=int(getattr(mf, "cycles", 0)),
        cc_cycles=cycles_before + int(getattr(solver, "cycles", 0)),
        t1_diagnostic=float(np.linalg.norm(solver.t1) / np.sqrt(n_correlated)),
        cpu_seconds=time.process_time() - cpu,
        wall_seconds=time.perf_counter() - wall,
    )
    memory.keep_finished(result, peak_memory_gb())
    return result


def compute_label(
    at: Configurations,
    recipe: Recipe,
    progress: Progress | None = None,
    store: FragmentStore | None = None,
    tightening: Tightening | None = None,
) -> LabelResult:
    """The label of one configuration.

    Args:
        at: the configuration, one.
        recipe: how to compute it.
        progress: called with the share done (0 to 1) and what is running now.
        store: keeps what is finished, for a later call with the same arguments to go on from.
        tightening: convergence settings of a retry instead of the recipe's own.

    Raises InputError for bad geometries or a basis that lacks an element, NotConvergedError when a step
    does not converge, LabelError for a number that is not finite.
    """
    if len(at) != 1:
        raise InputError(f"A label is of one configuration, not of {len(at)}.")
    at.dimer.check_computable()
    parts = {"": recipe.functions} | recipe.more_functions
    specs = {part: fragments(at, recipe, functions) for part, functions in parts.items()}
    geometry_hash = at.geometry_hashes()[0]
    check_memory(at.dimer, recipe, {part: found["dimer"].molecule().nao for part, found in specs.items()})
    memories = {
        part: {
            name: FragmentMemory(
                store or NoStore(), part + name, identity(spec, part + name, geometry_hash, recipe.hash, tightening)
            )
            for name, spec in found.items()
        }
        for part, found in specs.items()
    }
    environment = describe_environment()
    asked = tightening.thresholds(recipe) if tightening else recipe

    def within(start: float, end: float) -> Progress:
        def report(share: float, message: str) -> None:
            if progress:
                progress(start + share * (end - start), message)

        return report

    def exact(part: str, start: float, end: float) -> dict[FragmentName, FragmentResult]:
        found: dict[FragmentName, FragmentResult] = {}
        begin = start
        for name, share in ORDER:
            finish = start + share * (end - start)
            report = within(begin, finish)
            found[name] = compute_fragment(specs[part][name], asked, name, report, memories[part][name], tightening)
            begin = finish
        return found

    smaller, larger = None, None
    if recipe.composite:
        larger = larger_fragments(at, asked, specs[LARGER], memories[LARGER], within(0.0, 0.4))
    elif recipe.extrapolation:
        smaller = exact(SMALLER, 0.0, 0.05)
    if recipe.integrals == "fitted":
        say = within(0.4 if larger else 0.0, 1.0)
        most_cycles = tightening.cycles if tightening else CC_CYCLES
        results, gpu = fitted_fragments(at, asked, specs[""], memories[""], say, most_cycles)
        environment = environment.model_copy(update={"gpu": gpu})
    else:
        results = exact("", 0.05 if smaller else 0.0, 1.0)
    energies = LabelResult.interaction(results, recipe, smaller, larger)
    pieces: list[FragmentResult | MeanFieldResult] = list(results.values())
    pieces += [*(smaller or {}).values(), *(larger or {}).values()]
    kept = [memory for found in memories.values() for memory in found.values()]
    if not np.isfinite(list(energies.values())).all():
        raise LabelError(f"The interaction energy at {at.R[0].tolist()} Å is not a finite number.")
    warnings = [
        f"T1 diagnostic of the {name} is {r.t1_diagnostic:.3f}, above {T1_LIMIT}"
        for name, r in results.items()
        if r.t1_diagnostic > T1_LIMIT
    ]
    return LabelResult(
        **label_identity(at, recipe),
        fragments=results,
        smaller=smaller,
        larger=larger,
        energy_ev=energies["energy_ev"],
        hf_ev=energies["hf_ev"],
        ccsd_ev=energies["ccsd_ev"],
        triples_ev=energies["triples_ev"],
        recipe_std_cm1=stated_std_cm1(recipe, results, larger),
        cpu_seconds=sum(piece.cpu_seconds for piece in pieces),
        wall_seconds=sum(piece.wall_seconds for piece in pieces),
        memory_gb=max(peak_memory_gb(), *(memory.memory_gb for memory in kept)),
        resumed={memory.name: memory.taken_up for memory in kept if memory.taken_up},
        environment=environment,
        warnings=warnings,
        tightened=tightening,
    )
