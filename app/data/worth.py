"""What a campaign's labels themselves are worth: how far they are from the basis-set limit, in numbers and in words."""

import pandas as pd

from app.data.errors import labelled
from nci_core.bench.expected_error import expected_error
from nci_core.labels.label_errors import Worth, worth_by_region
from nci_core.labels.recipes import Recipe
from nci_core.regions import SystemBounds
from nci_core.systems.dimer import Dimer
from nci_core.units import EnergyUnit

#: What the ± of a label is, wherever one is shown.
MEANING = "How far the recipe is from the basis-set limit: one standard error"


def worth_of_tests(table: pd.DataFrame, bounds: SystemBounds) -> dict[str, Worth]:
    """Of the labels of the frozen test set, which errors are against: "all" (below the limit) and by region."""
    rows = labelled(table, "test")
    return worth_by_region(rows["label_ev"], rows["label_std_ev"], bounds.of(rows["system_id"]))


def said_beside(
    found: dict[str, Worth], recipe: Recipe, dimer: Dimer, unit: EnergyUnit, *, regions: bool = False
) -> str:
    """One sentence beside an error against labels of the recipe; with `regions` the numbers of each too.

    Of labels that do not say it themselves: what was measured of their recipe.

    >>> from nci_core.labels.builtin_recipes import find_recipe
    >>> from nci_core.systems import Monomer, builtin_monomer
    >>> from nci_core.units import UNITS
    >>> one, dimer = Worth(9, 0, 6e-5), Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    >>> said_beside({"all": one, "well": one}, find_recipe("quick"), dimer, UNITS["cm1"], regions=True)
    'The labels are within 0.5 cm⁻¹ of the basis-set limit (well 0.5).'
    """
    if not found["all"].n:
        return expected_error(recipe, dimer, unit).sentence
    phrase = found["all"].phrase(unit, recipe.name)
    parts = [f"{name} {each.number(unit)}" for name, each in found.items() if name not in ("all", "beyond") and each.n]
    more = f" ({', '.join(parts)})" if regions and parts else ""
    return f"{'The ' if phrase.startswith('labels') else ''}{phrase}{more}."


def overview_sentence(recipe: Recipe, found: dict[str, Worth], dimer: Dimer, unit: EnergyUnit) -> str:
    """The same with what the number is, where there is room for it."""
    said = said_beside(found, recipe, dimer, unit)
    n = found["all"].n
    return f"{said[:-1]}: one standard error, root mean square of {n:,} test labels." if n else said


def before_labelling(
    finished: dict[str, Worth], recipe: Recipe, dimer: Dimer, unit: EnergyUnit, depth_cm1: float | None
) -> str:
    """What is known of a recipe where its labels are asked for: of those that are finished, else what to expect."""
    n = finished["all"].n
    if not n:
        return expected_error(recipe, dimer, unit, depth_cm1).sentence
    said = said_beside(finished, recipe, dimer, unit, regions=True)
    return f"{said[:-1]}, as {'the finished one says' if n == 1 else f'the {n:,} finished ones say'}."
