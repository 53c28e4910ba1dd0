"""How large a label is: basis functions, electrons and operations, before PySCF has counted any."""

import math

from ase.data import atomic_numbers

from nci_core.campaign.cost_model import FITTED_INTEGRAL, INTEGRAL, operations
from nci_core.reference.recipes import FunctionSet, Recipe
from nci_core.systems.dimer import Dimer

#: Functions of an atom by basis: hydrogen and helium, lithium to neon, sodium to argon and beyond.
FUNCTIONS = {
    "sto-3g": (1, 5, 9),
    "3-21g": (2, 9, 13),
    "6-31g": (2, 9, 13),
    "6-31g*": (2, 15, 19),
    "cc-pvdz": (5, 14, 18),
    "cc-pvtz": (14, 30, 34),
    "cc-pvqz": (30, 55, 59),
    "cc-pv5z": (55, 91, 95),
    "aug-cc-pvdz": (9, 23, 27),
    "aug-cc-pvtz": (23, 46, 50),
    "aug-cc-pvqz": (46, 80, 84),
    "aug-cc-pv5z": (80, 127, 131),
}
#: A basis without an entry is taken as a triple zeta.
GENERIC = "cc-pvtz"
#: Functions of one shell.
SHELL = {"s": 1, "p": 3, "d": 5, "f": 7, "g": 9, "h": 11, "i": 13}
#: Atomic number from which on an atom has so many core orbitals.
CORES = ((49, 23), (37, 14), (31, 9), (13, 5), (5, 1))


def atom_functions(basis: str, symbol: str) -> int:
    """Basis functions of one atom.

    >>> atom_functions("cc-pvdz", "C"), atom_functions("aug-cc-pvtz", "He")
    (14, 23)
    """
    row = FUNCTIONS.get(basis.lower(), FUNCTIONS[GENERIC])
    number = int(atomic_numbers[symbol])
    return row[0 if number <= 2 else 1 if number <= 10 else 2]


def guess_functions(dimer: Dimer, functions: FunctionSet) -> int:
    """Number of basis functions: host, probe and midbond; the true one for the basis sets of the table."""
    host = sum(atom_functions(functions.host_basis_of(symbol), symbol) for symbol in dimer.host.symbols)
    between = functions.midbond.exponents if functions.midbond else {}
    middle = sum(SHELL.get(letter, 0) * len(values) for letter, values in between.items())
    return host + atom_functions(functions.probe_basis, dimer.probe) + middle


def core_orbitals(symbols: tuple[str, ...]) -> int:
    """Frozen core orbitals.

    >>> core_orbitals(("C", "H", "Cl"))
    6
    """
    numbers = [int(atomic_numbers[symbol]) for symbol in symbols]
    return sum(next((core for start, core in CORES if number >= start), 0) for number in numbers)


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
