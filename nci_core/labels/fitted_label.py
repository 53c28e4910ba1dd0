"""The parts of a label that use fitted integrals: CCSD(T) in the recipe's functions, MP2 in larger ones.

Finished fragments are kept; with integrals that take seconds, nothing within a fragment needs to be.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nci_core.errors import CalculationError, LabelError, NotConvergedError
from nci_core.integrals.basis_names import AUTOAUX
from nci_core.labels.environment import peak_memory_gb, pyscf_memory_mb
from nci_core.labels.geometry import FragmentSpec
from nci_core.labels.recipe_basis import recipe_basis
from nci_core.labels.recipes import LARGER, FunctionSet, Recipe
from nci_core.labels.results import FragmentName, FragmentResult, MeanFieldResult
from nci_core.labels.resuming import FragmentMemory
from nci_core.systems.configurations import Configurations

if TYPE_CHECKING:
    from nci_core.integrals.functions import Functions

Specs = Mapping[FragmentName, FragmentSpec]
Memories = Mapping[FragmentName, FragmentMemory]
#: Called with the share done and what is running now.
Say = Callable[[float, str], None]

#: As `FittedDimer.fragments` gives them.
FITTED_ORDER: tuple[FragmentName, ...] = ("dimer", "host", "probe")


class Clock:
    """Seconds since it was made or last read: (CPU, wall)."""

    def __init__(self) -> None:
        self._last = time.process_time(), time.perf_counter()

    def read(self) -> tuple[float, float]:
        """Seconds since the last time."""
        now = time.process_time(), time.perf_counter()
        passed = now[0] - self._last[0], now[1] - self._last[1]
        self._last = now
        return passed


@contextmanager
def _label_errors() -> Iterator[None]:
    try:
        yield
    except LabelError:  # NotConvergedError is both
        raise
    except CalculationError as error:
        raise LabelError(str(error)) from None


def label_functions(spec: FragmentSpec, recipe: Recipe, functions: FunctionSet) -> "Functions":
    """Orbital functions of the dimer with their fitting functions; raises InputError for an unknown basis."""
    from nci_core.integrals.functions import Functions, autoaux

    auxiliary: dict[str, Any] = {}
    for label, shells in spec.basis.items():
        element = label.rstrip("0123456789")
        name = functions.host_fitting_of(element) if label.endswith("1") else AUTOAUX
        generated = name == AUTOAUX
        auxiliary[label] = (
            autoaux(label, shells) if generated else recipe_basis(recipe, name, element, fitting=True).shells
        )
    return Functions(spec.basis, auxiliary, spec.ecp)


def larger_fragments(
    at: Configurations, recipe: Recipe, specs: Specs, memories: Memories, say: Say
) -> dict[FragmentName, MeanFieldResult]:
    """Hartree–Fock and MP2 of the three fragments in the functions of `specs`; raises LabelError."""
    from nci_core.integrals.dimer import FittedDimer
    from nci_core.integrals.mp2 import correlation_energy

    known = {name: memories[name].finished(MeanFieldResult) for name in FITTED_ORDER}
    if all(known.values()):
        say(0.0, "MP2 in larger functions: finished earlier")
        return {name: result for name, result in known.items() if result}
    clock = Clock()
    say(0.0, "Hartree-Fock in larger functions")
    with _label_errors():
        basis = label_functions(specs["dimer"], recipe, recipe.more_functions[LARGER])
        fitted = FittedDimer.start(at.dimer, basis, recipe.scf_energy_hartree)
        states = fitted.fragments(at.R[0])
    shared = clock.read()
    found: dict[FragmentName, MeanFieldResult] = {}
    for number, (name, state) in enumerate(zip(FITTED_ORDER, states, strict=True)):
        say(0.8 + 0.06 * number, f"{name}: MP2, {fitted.n} functions")
        energy = correlation_energy(fitted.B, state, specs[name].n_frozen)
        own = clock.read()
        found[name] = MeanFieldResult(
            hf_hartree=state.energy,
            mp2_hartree=energy,
            n_basis=fitted.n,
            n_frozen=specs[name].n_frozen,
            cpu_seconds=own[0] + shared[0] / 3,
            wall_seconds=own[1] + shared[1] / 3,
        )
    for name, result in found.items():
        memories[name].keep_finished(result, peak_memory_gb())
    return found


def fitted_fragments(
    at: Configurations, recipe: Recipe, specs: Specs, memories: Memories, say: Say, max_cycle: int
) -> tuple[dict[FragmentName, FragmentResult], str]:
    """Hartree–Fock, MP2 and CCSD(T) of the three fragments in the recipe's functions, and the GPU used, '' if none.

    Raises LabelError.
    """
    from nci_core.integrals.coupled_cluster import correlation, find_place
    from nci_core.integrals.dimer import FittedDimer
    from nci_core.integrals.mp2 import correlation_energy

    found: dict[FragmentName, FragmentResult] = {}
    gpu = ""
    for name in FITTED_ORDER:
        if known := memories[name].finished(FragmentResult):
            say(0.0, f"{name}: finished earlier")
            found[name] = known
    if len(found) == len(FITTED_ORDER):
        return found, gpu
    clock = Clock()
    say(0.0, "Hartree-Fock")
    with _label_errors():
        fitted = FittedDimer.start(at.dimer, label_functions(specs["dimer"], recipe, recipe), recipe.scf_energy_hartree)
        states = dict(zip(FITTED_ORDER, fitted.fragments(at.R[0]), strict=True))
    shared = clock.read()
    # The probe first: it costs seconds and fails early.
    for name, share in (("probe", 0.1), ("host", 0.15), ("dimer", 0.55)):
        if name in found:
            continue
        state, n_frozen = states[name], specs[name].n_frozen
        sizes = len(fitted.B), state.n_occupied - n_frozen, state.coefficients.shape[1] - state.n_occupied
        place = find_place(*sizes, 1e6 * pyscf_memory_mb() - fitted.B.nbytes)
        say(share, f"{name}: CCSD(T), {fitted.n} functions" + (f", on {place.name}" if place.name else ""))
        mp2 = correlation_energy(fitted.B, state, n_frozen)
        result = correlation(
            fitted.B, state, n_frozen, recipe.cc_energy_hartree, recipe.cc_amplitudes, max_cycle=max_cycle, place=place
        )
        gpu = gpu or result.gpu
        if not result.converged:
            raise NotConvergedError(f"CCSD of the {name} did not converge in {max_cycle} cycles; check the geometry.")
        own = clock.read()
        found[name] = FragmentResult(
            hf_hartree=state.energy,
            mp2_hartree=mp2,
            ccsd_hartree=result.ccsd,
            triples_hartree=result.triples,
            n_basis=fitted.n,
            n_frozen=n_frozen,
            scf_cycles=state.cycles,
            cc_cycles=result.cycles,
            t1_diagnostic=result.t1_diagnostic,
            cpu_seconds=own[0] + shared[0] / 3,
            wall_seconds=own[1] + shared[1] / 3,
        )
        memories[name].keep_finished(found[name], peak_memory_gb())
    return found, gpu
