"""Whether a label fits into the machine's memory, before hours are spent on it."""

from nci_core.errors import LabelError
from nci_core.integrals.amounts import least_bytes
from nci_core.labels.environment import machine_memory_gb
from nci_core.labels.recipes import Recipe
from nci_core.labels.size import monomer_pairs
from nci_core.systems.dimer import Dimer

#: GB of a process that has loaded PySCF and nothing else.
BASE = 0.2
#: Peak memory beyond that ÷ the arrays named below, for canonical CCSD(T) where PySCF has little memory. He–benzene
#: in 141 functions takes 1.8 GB then, and 2.5 GB where all fits (`benchmarks/label_memory.py`).
OVERHEAD = 2.3
#: Auxiliary functions for one basis function; AutoAux gives 4 to 7, the more the smaller the basis.
AUXILIARY = 6.0


def correlated_pairs(dimer: Dimer, recipe: Recipe) -> int:
    """Doubly occupied orbitals of the dimer that are correlated."""
    return sum(pairs - frozen for pairs, frozen in monomer_pairs(dimer, recipe))


def canonical_memory_gb(n_basis: int, occupied: int) -> float:
    """GB that CCSD(T) needs at least: the integrals (ov|vv) twice and eight pairs of doubles for DIIS.

    The other integrals, n⁴ and v⁴, go to disk where memory is short.
    """
    v = n_basis - occupied
    return BASE + OVERHEAD * 8e-9 * (occupied * v**3 + 16 * (occupied * v) ** 2)


def fitted_memory_gb(n_basis: int, occupied: int, correlated: bool) -> float:
    """GB of fitted integrals, and of what CCSD(T) cannot do without where it follows; it is faster with more."""
    x = round(AUXILIARY * n_basis)
    arrays = 1.2 * 8.0 * x * n_basis**2
    return BASE + 1e-9 * (arrays + (least_bytes(x, occupied, n_basis - occupied) if correlated else 0.0))


def memory_needed_gb(dimer: Dimer, recipe: Recipe, n_basis: dict[str, int]) -> float:
    """Estimate of the memory in GB that a label cannot do without.

    `n_basis`: basis functions by part as in `Recipe.more_functions`, "" for the recipe's own.
    """
    occupied = correlated_pairs(dimer, recipe)
    if recipe.integrals == "fitted":
        return max(fitted_memory_gb(n, occupied, part == "") for part, n in n_basis.items())
    return max(canonical_memory_gb(n, occupied) for n in n_basis.values())


def check_memory(dimer: Dimer, recipe: Recipe, n_basis: dict[str, int]) -> None:
    """Raise LabelError with the estimate when the machine has less memory than the label needs."""
    need, there = memory_needed_gb(dimer, recipe, n_basis), machine_memory_gb()
    if need > there:
        raise LabelError(
            f"Recipe {recipe.name} needs about {need:.0f} GB of memory for {dimer.name} ({max(n_basis.values())} "
            f"functions) and this machine has {there:.0f} GB; choose another recipe or a larger machine."
        )
