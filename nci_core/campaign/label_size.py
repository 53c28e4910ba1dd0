"""How large a label is: basis functions, electrons and operations, before PySCF has counted any."""

import math

from ase.data import atomic_numbers

from nci_core.campaign.cost_model import operations
from nci_core.reference.recipes import Recipe
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


def guess_functions(dimer: Dimer, recipe: Recipe) -> int:
    """Basis functions of a label: host, probe and midbond; near the truth for common basis sets."""
    host = sum(atom_functions(recipe.host_basis_of(symbol), symbol) for symbol in dimer.host.symbols)
    between = recipe.midbond.exponents if recipe.midbond else {}
    middle = sum(SHELL.get(letter, 0) * len(values) for letter, values in between.items())
    return host + atom_functions(recipe.probe_basis, dimer.probe) + middle


def core_orbitals(symbols: tuple[str, ...]) -> int:
    """Frozen core orbitals.

    >>> core_orbitals(("C", "H", "Cl"))
    6
    """
    numbers = [int(atomic_numbers[symbol]) for symbol in symbols]
    return sum(next((core for start, core in CORES if number >= start), 0) for number in numbers)


def correlated_work(dimer: Dimer, n_basis: int, n_frozen: int | None, recipe: Recipe | None = None) -> float:
    """ln of the operations of a label's three fragments, each in all basis functions.

    Args:
        dimer: host and probe.
        n_basis: functions of the dimer.
        n_frozen: its frozen orbitals; None for those of the recipe.
        recipe: needed where n_frozen is None.
    """
    if n_frozen is None:
        frozen_core = recipe is None or recipe.frozen_core
        n_frozen = core_orbitals((*dimer.host.symbols, dimer.probe)) if frozen_core else 0
    host = sum(int(atomic_numbers[symbol]) for symbol in dimer.host.symbols) // 2
    probe = int(atomic_numbers[dimer.probe]) // 2
    of_probe = min(core_orbitals((dimer.probe,)), n_frozen)
    parts = ((host, n_frozen - of_probe), (probe, of_probe), (host + probe, n_frozen))
    return math.log(sum(operations(max(o - frozen, 1), max(n_basis - o, 1), n_basis) for o, frozen in parts))
