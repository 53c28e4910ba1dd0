"""The work of a label: operations from electrons and basis functions, before PySCF has counted any."""

import math

from ase.data import atomic_numbers

from nci_core.campaign.cost_model import FITTED_INTEGRAL, INTEGRAL, operations
from nci_core.reference.recipes import Recipe
from nci_core.reference.size import core_orbitals, guess_functions
from nci_core.systems.dimer import Dimer


def label_work(dimer: Dimer, recipe: Recipe | None, counted: tuple[int, int] | None = None) -> float:
    """ln of the operations of a label: three fragments, each in all basis functions, and what a recipe adds to them.

    Args:
        dimer: host and probe.
        recipe: of the label; None when only its counts are known.
        counted: basis functions and frozen orbitals of the dimer, from a finished label; guessed without.
    """
    if counted is None:
        assert recipe is not None
        frozen = core_orbitals((*dimer.host.symbols, dimer.probe)) if recipe.frozen_core else 0
        counted = guess_functions(dimer, recipe), frozen
    n_basis, n_frozen = counted
    each = FITTED_INTEGRAL if recipe is not None and recipe.integrals == "fitted" else INTEGRAL
    work = _coupled_cluster(dimer, n_basis, n_frozen, each)
    if recipe is not None and recipe.extrapolation is not None:
        work += _coupled_cluster(dimer, guess_functions(dimer, recipe.extrapolation.smaller), n_frozen, each)
    if recipe is not None and recipe.composite is not None:  # Hartree–Fock and MP2 alone
        work += 3 * each * float(guess_functions(dimer, recipe.composite.larger)) ** 4
    return math.log(work)


def _coupled_cluster(dimer: Dimer, n_basis: int, n_frozen: int, integral: float) -> float:
    """Operations of host, probe and dimer."""
    host = sum(int(atomic_numbers[symbol]) for symbol in dimer.host.symbols) // 2
    probe = int(atomic_numbers[dimer.probe]) // 2
    of_probe = min(core_orbitals((dimer.probe,)), n_frozen)
    parts = ((host, n_frozen - of_probe), (probe, of_probe), (host + probe, n_frozen))
    return sum(operations(max(o - frozen, 1), max(n_basis - o, 1), n_basis, integral) for o, frozen in parts)
