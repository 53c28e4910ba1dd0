"""A recipe checked whole against a dimer, before anything is computed: every basis for every element, and memory.

What a recipe's basis sets are is kept in it (`Recipe.numbers`) when a campaign takes it up, so that another PySCF,
whose sets of the same name have other numbers, is noticed. Built-in recipes that need no stand-in stay as they are:
their hashes are older than this, and what they were computed with stands in each label (`LabelResult.basis`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from nci_core.errors import InputError
from nci_core.integrals.basis_names import AUTOAUX
from nci_core.labels import focal_point
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.environment import machine_memory_gb
from nci_core.labels.needs import memory_needed_gb
from nci_core.labels.recipe_basis import atom_basis, bases_named, check_numbers, numbers_of
from nci_core.labels.recipes import BasisNumbers, FunctionSet, Recipe, numbers_key
from nci_core.labels.size import SHELL
from nci_core.labels.stand_ins import for_dimer
from nci_core.systems.dimer import Dimer


@dataclass(frozen=True)
class CheckedRecipe:
    """A recipe that can be computed for a dimer.

    Attributes:
        recipe: as a campaign keeps it, with stand-ins and `numbers`.
        notes: sentences worth saying: stand-ins, core potentials, memory.
    """

    recipe: Recipe
    notes: tuple[str, ...] = ()


def check_recipe(recipe: Recipe, dimer: Dimer) -> CheckedRecipe:
    """The recipe as a new campaign of the dimer keeps it.

    Raises InputError in one sentence when it cannot be computed: a basis that is unknown, lacks an element or its core
    potential, or has other numbers than the recipe says. Too little memory is a note only, for labels may be computed
    elsewhere.
    """
    dimer.check_computable()
    chosen = for_dimer(recipe, dimer)
    found = _with_generated_fitting(chosen, dimer)
    used: dict[str, BasisNumbers] = {}
    for name, symbol, fitting in bases_named(found, dimer):
        basis = atom_basis(name, symbol, fitting=fitting)
        if numbers_key(name, symbol) in (found.numbers or {}):
            check_numbers(found, name, symbol, basis)
        used[numbers_key(name, symbol)] = numbers_of(basis)
    if found != RECIPES.get(found.name) or any(numbers.core_electrons for numbers in used.values()):
        found = found.model_copy(update={"numbers": used})
    given = chosen if recipe.name == focal_point.NAME else recipe  # whose functions for each dimer are its own
    notes = [*_differences(given, found, dimer), *_potentials(used)]
    counted = count_functions(found, dimer)
    need, there = memory_needed_gb(dimer, found, counted), machine_memory_gb()
    if need > there:
        notes.append(
            f"its labels need about {need:.0f} GB of memory for {dimer.name} ({max(counted.values())} functions) and "
            f"this machine has {there:.0f} GB; they must be computed on a larger one"
        )
    return CheckedRecipe(found, tuple(f"Recipe {recipe.name}: {note}." for note in notes))


def count_functions(recipe: Recipe, dimer: Dimer) -> dict[str, int]:
    """Number of basis functions of all parts of a recipe by their prefix, "" for its own functions."""

    def count(part: FunctionSet) -> int:
        between = part.midbond.exponents if part.midbond else {}
        middle = sum(SHELL[letter] * len(values) for letter, values in between.items())
        host = sum(atom_basis(part.host_basis_of(s), s).n_functions for s in dimer.a.symbols)
        return host + atom_basis(part.probe_basis, dimer.b.symbols[0]).n_functions + middle

    return {name: count(part) for name, part in ({"": recipe.functions} | recipe.more_functions).items()}


def _with_generated_fitting(recipe: Recipe, dimer: Dimer) -> Recipe:
    """The recipe with AutoAux functions, by name, for each element that a fitting basis of it lacks."""
    if recipe.integrals != "fitted":
        return recipe
    update: dict[str, object] = {}
    own = _generated(recipe, dimer)
    if own != recipe.host_fitting:
        update["host_fitting"] = own
    if recipe.composite:
        larger = recipe.composite.larger
        fitting = _generated(larger, dimer)
        if fitting != larger.host_fitting:
            parts = {"larger": larger.model_copy(update={"host_fitting": fitting})}
            update["composite"] = recipe.composite.model_copy(update=parts)
    return recipe.model_copy(update=update) if update else recipe


def _generated(part: FunctionSet, dimer: Dimer) -> dict[str, str] | None:
    from nci_core.integrals.basis_sets import is_known

    named = dict(part.host_fitting or {})
    for symbol in sorted(set(dimer.a.symbols)):
        name = part.host_fitting_of(symbol)
        if name == AUTOAUX or not is_known(name):
            continue  # an unknown name is no set that lacks an element; loading it says so
        try:
            atom_basis(name, symbol, fitting=True)
        except InputError:
            named[symbol] = AUTOAUX
    return named or None


def _differences(given: Recipe, found: Recipe, dimer: Dimer) -> Iterator[str]:
    """What stands in for what."""
    pairs = [(given.functions, found.functions)]
    pairs += [(part, found.more_functions[name]) for name, part in given.more_functions.items()]
    said: set[str] = set()
    for before, after in pairs:
        asked = [(before.probe_basis, after.probe_basis, dimer.b.symbols[0])]
        for symbol in sorted(set(dimer.a.symbols)):
            asked.append((before.host_basis_of(symbol), after.host_basis_of(symbol), symbol))
            asked.append((before.host_fitting_of(symbol), after.host_fitting_of(symbol), symbol))
        for old, new, symbol in asked:
            sentence = f"{new} stands in for {old}, which has no functions for {symbol}"
            if old != new and sentence not in said:
                said.add(sentence)
                yield sentence


def _potentials(used: dict[str, BasisNumbers]) -> Iterator[str]:
    for key, numbers in used.items():
        name, _, symbol = key.rpartition(" ")
        if numbers.core_electrons:
            yield f"{name} replaces {numbers.core_electrons} electrons of {symbol} by an effective core potential"
