"""The work of a label: operations from electrons and basis functions, before PySCF has counted any."""

import math

from nci_core.integrals.amounts import correlation_operations
from nci_core.labels.needs import AUXILIARY
from nci_core.labels.recipes import Recipe
from nci_core.labels.size import guess_functions, monomer_pairs
from nci_core.systems.dimer import Dimer

#: Iterations that CCSD takes; a smaller factor of the work than any other uncertainty here.
ITERATIONS = 12
#: Operations for each of the N⁴ integrals, computing and transforming it: what fragments of two electrons cost, which
#: have hardly anything else (the probe in the embedded campaigns).
INTEGRAL = 400.0
#: The same where integrals are fitted: about what Hartree–Fock and MP2 of He–benzene take in 400 functions.
FITTED_INTEGRAL = 4.0
#: Price of an operation of CCSD(T) with fitted integrals: `integrals/amounts.py` counts all of them, `operations` about
#: half of those with exact ones, and nearly all are in large matrix products. From He–ethylene in 71 functions.
FITTED_PRODUCTS = 0.27


def operations(occupied: int, virtual: int, functions: int) -> float:
    """Rough number of operations of one canonical CCSD(T): INTEGRAL N⁴ + ITERATIONS (o²v⁴/2 + 4o³v³) + o³v⁴.

    Correlated occupied and virtual orbitals, and basis functions; two electrons have no triples.

    >>> operations(16, 119, 141) / operations(7, 72, 81) > 30
    True
    """
    o, v = float(occupied), float(virtual)
    triples = o**3 * v**4 if occupied > 1 else 0.0
    return INTEGRAL * float(functions) ** 4 + ITERATIONS * (0.5 * o**2 * v**4 + 4.0 * o**3 * v**3) + triples


def label_work(dimer: Dimer, recipe: Recipe | None, counted: tuple[int, int] | None = None) -> float:
    """ln of the operations of a label: three fragments, each in all basis functions, and what a recipe adds to them.

    Args:
        dimer: host and probe.
        recipe: of the label; None when only its counts are known.
        counted: basis functions and frozen orbitals of the dimer, from a finished label; guessed without.
    """
    if counted is None:
        assert recipe is not None
        counted = guess_functions(dimer, recipe), sum(frozen for _, frozen in monomer_pairs(dimer, recipe))
    n_basis, n_frozen = counted
    fitted = recipe is not None and recipe.integrals == "fitted"
    work = _coupled_cluster(dimer, recipe, n_basis, n_frozen, fitted)
    if recipe is not None and recipe.extrapolation is not None:
        work += _coupled_cluster(dimer, recipe, guess_functions(dimer, recipe.extrapolation.smaller), n_frozen, fitted)
    if recipe is not None and recipe.composite is not None:  # Hartree–Fock and MP2 alone
        work += 3 * FITTED_INTEGRAL * float(guess_functions(dimer, recipe.composite.larger)) ** 4
    return math.log(work)


def _coupled_cluster(dimer: Dimer, recipe: Recipe | None, n_basis: int, n_frozen: int, fitted: bool) -> float:
    """Operations of host, probe and dimer."""
    (host, _), (probe, core_of_probe) = monomer_pairs(dimer, recipe)
    of_probe = min(core_of_probe, n_frozen)
    parts = ((host, n_frozen - of_probe), (probe, of_probe), (host + probe, n_frozen))
    sizes = [(max(o - frozen, 1), max(n_basis - o, 1)) for o, frozen in parts]
    if not fitted:
        return sum(operations(o, v, n_basis) for o, v in sizes)
    products = sum(correlation_operations(round(AUXILIARY * n_basis), o, v) for o, v in sizes)
    return FITTED_PRODUCTS * products + 3 * FITTED_INTEGRAL * float(n_basis) ** 4
