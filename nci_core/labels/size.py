"""How large a label's calculations are, counted without PySCF: basis functions and core orbitals."""

from ase.data import atomic_numbers

from nci_core.integrals.basis_names import plain
from nci_core.integrals.cores import frozen_orbitals
from nci_core.labels.recipes import FunctionSet, Recipe
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
#: The heaviest atom of the table, argon.
HEAVIEST = 18
#: Functions of one shell.
SHELL = {"s": 1, "p": 3, "d": 5, "f": 7, "g": 9, "h": 11, "i": 13}


_ROWS = {plain(name): row for name, row in FUNCTIONS.items()}


def atom_functions(basis: str, symbol: str) -> int:
    """Basis functions of one atom.

    >>> atom_functions("cc-pvdz", "C"), atom_functions("aug-cc-pvtz", "He")
    (14, 23)
    """
    row = _ROWS.get(plain(basis), FUNCTIONS[GENERIC])
    number = int(atomic_numbers[symbol])
    return row[0 if number <= 2 else 1 if number <= 10 else 2]


def guess_functions(dimer: Dimer, functions: FunctionSet) -> int:
    """Number of basis functions: host, probe and midbond; the true one for the basis sets of the table."""
    host = sum(atom_functions(functions.host_basis_of(symbol), symbol) for symbol in dimer.a.symbols)
    between = functions.midbond.exponents if functions.midbond else {}
    middle = sum(SHELL.get(letter, 0) * len(values) for letter, values in between.items())
    return host + atom_functions(functions.probe_basis, dimer.b.symbols[0]) + middle


def guess_parts(dimer: Dimer, recipe: Recipe) -> dict[str, int]:
    """The same for all parts of a recipe by their prefix, "" for its own functions."""
    parts = {"": recipe.functions} | recipe.more_functions
    return {part: guess_functions(dimer, functions) for part, functions in parts.items()}


def is_in_table(dimer: Dimer, recipe: Recipe) -> bool:
    """Whether `guess_parts` counts right: all basis sets and elements are in the table."""
    numbers = [*dimer.a.numbers, atomic_numbers[dimer.b.symbols[0]]]
    bases = [
        basis
        for functions in (recipe.functions, *recipe.more_functions.values())
        for basis in (functions.probe_basis, *map(functions.host_basis_of, dimer.a.symbols))
    ]
    return max(numbers) <= HEAVIEST and all(plain(basis) in _ROWS for basis in bases)


def monomer_pairs(dimer: Dimer, recipe: Recipe | None) -> tuple[tuple[int, int], tuple[int, int]]:
    """(doubly occupied, frozen) orbitals of host and probe, without what core potentials replace; None: there are none.

    A recipe made before it kept its `numbers` has no core potentials.
    """
    host = [(symbol, recipe.host_basis_of(symbol) if recipe else "") for symbol in dimer.a.symbols]
    probe = [(dimer.b.symbols[0], recipe.probe_basis if recipe else "")]

    def count(atoms: list[tuple[str, str]]) -> tuple[int, int]:
        cores = [(symbol, recipe.core_electrons(basis, symbol) if recipe else 0) for symbol, basis in atoms]
        electrons = sum(int(atomic_numbers[symbol]) - core for symbol, core in cores)
        frozen = sum(frozen_orbitals(symbol, core) for symbol, core in cores)
        return electrons // 2, frozen if recipe is None or recipe.frozen_core else 0

    return count(host), count(probe)
