"""The basis sets of a recipe, loaded and held against what the recipe says they were."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ase.data import atomic_numbers, chemical_symbols

from nci_core.errors import InputError
from nci_core.integrals.basis_names import AUTOAUX, HEAVIEST_STAND_IN
from nci_core.labels.recipes import BasisNumbers, FunctionSet, Recipe, numbers_key
from nci_core.systems.dimer import Dimer

if TYPE_CHECKING:
    from nci_core.integrals.basis_sets import AtomBasis


def atom_basis(name: str, symbol: str, *, fitting: bool = False) -> "AtomBasis":
    """Functions of one element with their core potential; raises InputError when the basis lacks it."""
    from nci_core.integrals.basis_sets import NoBasisError, load_fitting, load_orbital

    try:
        return load_fitting(name, symbol) if fitting else load_orbital(name, symbol)
    except NoBasisError as error:
        beyond = atomic_numbers.get(symbol, 0) > HEAVIEST_STAND_IN
        ends = f", and built-in recipes end at {chemical_symbols[HEAVIEST_STAND_IN]}" if beyond else ""
        own = "write one with a set that has it" if beyond else "choose another recipe"
        raise InputError(f"{error}{ends}; {own}.") from None


def check_numbers(recipe: Recipe, name: str, symbol: str, found: "AtomBasis") -> None:
    """Raise InputError unless a basis is what it was when the recipe was made.

    A recipe without `numbers` was made when core potentials were left out, so it may not have any: its hash is that of
    wrong labels.
    """
    if recipe.numbers is None:
        if found.ecp:
            raise InputError(
                f"Recipe {recipe.name} was made without the effective core potential that {name!r} has for {symbol}; "
                "make a new campaign with `nci init`, or `nci recipes --show` the recipe for this dimer."
            )
        return
    known = recipe.numbers.get(numbers_key(name, symbol))
    if known is None:
        raise InputError(
            f"Recipe {recipe.name} does not say what {name!r} is for {symbol}; `nci recipes --show` it for this dimer."
        )
    if known != numbers_of(found):
        raise InputError(
            f"The basis {name!r} has other numbers for {symbol} here than recipe {recipe.name} was made with; use the "
            "version of PySCF that the recipe was made with, or make a new campaign."
        )


def recipe_basis(recipe: Recipe, name: str, symbol: str, *, fitting: bool = False) -> "AtomBasis":
    """A basis of a recipe for one element; raises InputError when it is lacking, or not what it was."""
    found = atom_basis(name, symbol, fitting=fitting)
    check_numbers(recipe, name, symbol, found)
    return found


def numbers_of(basis: "AtomBasis") -> BasisNumbers:
    """What a recipe keeps of a basis."""
    return BasisNumbers(digest=basis.digest, core_electrons=basis.core_electrons)


def bases_named(recipe: Recipe, dimer: Dimer) -> Iterator[tuple[str, str, bool]]:
    """(basis, element, whether it is for fitting) of every part of a recipe, some several times; raises InputError."""
    parts: tuple[FunctionSet, ...] = (recipe.functions, *recipe.more_functions.values())
    for part in parts:
        for symbol in sorted(set(dimer.a.symbols)):
            yield part.host_basis_of(symbol), symbol, False
            if recipe.integrals == "fitted" and part.host_fitting_of(symbol) != AUTOAUX:
                yield part.host_fitting_of(symbol), symbol, True
        yield part.probe_basis, dimer.b.symbols[0], False


def digests(recipe: Recipe, dimer: Dimer) -> dict[str, str]:
    """What each basis is that a label of the dimer is computed with, 'def2-svp I' → digest; raises InputError."""
    return {
        numbers_key(name, symbol): recipe_basis(recipe, name, symbol, fitting=fitting).digest
        for name, symbol, fitting in bases_named(recipe, dimer)
    }
