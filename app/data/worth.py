"""What a campaign's labels themselves are worth: how far they are from the basis-set limit, in numbers and in words."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.data.errors import labelled
from nci_core.bench.recipe_rows import FILE, RecipeRow, read_recipe_rows
from nci_core.bench.targets import STORED
from nci_core.campaign import Campaign
from nci_core.campaign.archive import data_folder
from nci_core.errors import InputError
from nci_core.reference.builtin_recipes import find_recipe
from nci_core.reference.label_errors import Worth, error_of, spread_text, worth_by_region
from nci_core.reference.recipes import Recipe
from nci_core.regions import RegionBounds
from nci_core.systems import builtin_host
from nci_core.units import CM1_EV, EnergyUnit, from_cm1
from nci_core.visible import visible

#: What the ± of a label is, wherever one is shown.
MEANING = "How far the recipe is from the basis-set limit: one standard error"


def worth_of_tests(table: pd.DataFrame, bounds: RegionBounds) -> dict[str, Worth]:
    """Of the labels of the frozen test set, which errors are against: "all" (below the limit) and by region."""
    rows = labelled(table, "test")
    return worth_by_region(rows["label_ev"], rows["label_std_ev"], bounds)


def said_beside(found: dict[str, Worth], recipe: Recipe, unit: EnergyUnit, *, regions: bool = False) -> str:
    """One sentence beside an error against labels of the recipe; with `regions` the numbers of each too.

    >>> from nci_core.units import UNITS
    >>> one = Worth(9, 0, 6e-5)
    >>> said_beside({"all": one, "well": one}, find_recipe("quick"), UNITS["cm1"], regions=True)
    'The labels are within 0.5 cm⁻¹ of the basis-set limit (well 0.5).'
    """
    phrase = found["all"].phrase(unit, visible(recipe.name))
    parts = [f"{name} {each.number(unit)}" for name, each in found.items() if name not in ("all", "beyond") and each.n]
    more = f" ({', '.join(parts)})" if regions and parts and found["all"].n else ""
    start = "The " if phrase.startswith("labels") else ""
    return f"{start}{phrase if start else phrase[0].upper() + phrase[1:]}{more}."


def to_expect(recipe: Recipe, unit: EnergyUnit) -> str:
    """What is known of a recipe's labels before any is computed, one sentence.

    >>> from nci_core.units import UNITS
    >>> to_expect(find_recipe("quick"), UNITS["cm1"])
    'Nobody knows how far quick is from the basis-set limit.'
    """
    least = least_std(recipe, unit)
    if not least:
        return f"Nobody knows how far {visible(recipe.name)} is from the basis-set limit."
    return f"Each label says how far it is from the basis-set limit: ± {least} {unit.label} or more."


def least_std(recipe: Recipe, unit: EnergyUnit) -> str:
    """The standard error that no label of a recipe is below, in the unit shown; empty where nobody knows.

    The rest of it follows from a label's parts, which are not known before it is computed.
    """
    error = error_of(recipe)
    return "" if error is None else spread_text(error.floor_cm1 * CM1_EV * unit.per_ev)


@dataclass(frozen=True)
class Measured:
    """Measured labels of a recipe against a published basis-set limit.

    Attributes:
        row: None where this project measured none of the recipe.
        here: they are of the campaign's own dimer.
    """

    row: RecipeRow | None
    here: bool = False


def measured_elsewhere(campaign: Campaign) -> Measured:
    """Look it up in the stored benchmark, whose labels are of He–benzene."""
    recipe = campaign.recipe
    try:
        same = find_recipe(recipe.name).hash == recipe.hash  # a name alone may mean another recipe of somebody's own
        rows = read_recipe_rows(data_folder() / STORED / FILE) if same else []
    except InputError:
        return Measured(None)
    row = next((row for row in rows if row.recipe == recipe.name and row.mae_attractive_cm1 is not None), None)
    host, measured = campaign.dimer.host, builtin_host("benzene")
    here = (
        campaign.dimer.probe == "He"
        and host.symbols == measured.symbols
        and np.allclose(host.positions, measured.positions, atol=1e-3)
    )
    return Measured(row, row is not None and here)


def overview_sentence(campaign: Campaign, found: dict[str, Worth], unit: EnergyUnit) -> str:
    """What the Overview says: the labels' own errors, else what was measured of the recipe over benzene."""
    if found["all"].n:
        mean = f"one standard error, root mean square of {found['all'].n:,} test labels"
        return f"{said_beside(found, campaign.recipe, unit)[:-1]}: {mean}."
    measured, recipe = measured_elsewhere(campaign), visible(campaign.recipe.name)
    nobody = f"Nobody knows how far {recipe} is from the basis-set limit"
    if measured.row is None or measured.row.mae_attractive_cm1 is None:
        return f"{nobody} for this system."
    size = from_cm1(measured.row.mae_attractive_cm1) * unit.per_ev
    error = f"{size:.{unit.digits}f} {unit.label} from it (mean of {measured.row.n_attractive:d} attractive labels)"
    if measured.here:
        return f"Labels of {recipe} were found {error.replace('from it', 'from the basis-set limit')}."
    return f"{nobody} here. Over benzene its labels are {error}."
