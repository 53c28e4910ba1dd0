"""Built-in recipes made to fit a dimer, each with a hash of its own.

`focal-point` chooses its functions by the probe and the elements of the host. The others have stand-ins for elements
that their basis sets lack; for a dimer that the sets cover they stay what they are, hash and all. No PySCF here.
"""

from typing import TypeVar

from nci_core.integrals.basis_names import stand_in
from nci_core.labels import focal_point
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.recipes import FunctionSet, Recipe
from nci_core.systems.dimer import Dimer

#: Built-in recipes that may use stand-ins. The others are there to be compared with published energies.
EXTENDED = ("quick", "standard", "composite")

Functions = TypeVar("Functions", bound=FunctionSet)


def _with_stand_ins(functions: Functions, dimer: Dimer) -> Functions:
    update: dict[str, object] = {}
    host, fitting = dict(functions.host_basis), dict(functions.host_fitting or {})
    for symbol in sorted(set(dimer.a.symbols)):
        name, fitted_by = functions.host_basis_of(symbol), functions.host_fitting_of(symbol)
        if stand_in(name, symbol) != name:
            update["host_basis"] = host = {**host, symbol: stand_in(name, symbol)}
        if functions.host_fitting and stand_in(fitted_by, symbol) != fitted_by:
            update["host_fitting"] = fitting = {**fitting, symbol: stand_in(fitted_by, symbol)}
    if stand_in(functions.probe_basis, dimer.b.symbols[0]) != functions.probe_basis:
        update["probe_basis"] = stand_in(functions.probe_basis, dimer.b.symbols[0])
    return functions.model_copy(update=update) if update else functions


def for_dimer(recipe: Recipe, dimer: Dimer) -> Recipe:
    """A built-in recipe made to fit a dimer, any other as it is.

    Stand-ins are in `integrals/basis_names.py`; for a fitting basis they are AutoAux functions.
    """
    if recipe == RECIPES[focal_point.NAME]:
        return focal_point.focal_point(dimer.b.symbols[0], dimer.a.symbols)
    if recipe.name not in EXTENDED or recipe != RECIPES[recipe.name]:
        return recipe
    found = _with_stand_ins(recipe, dimer)
    if found.composite:
        larger = _with_stand_ins(found.composite.larger, dimer)
        if larger is not found.composite.larger:
            found = found.model_copy(update={"composite": found.composite.model_copy(update={"larger": larger})})
    return found
