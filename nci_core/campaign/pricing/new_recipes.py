"""The recipes of a new campaign: which there are, what each costs and how good it is; checked whole for its dimer."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nci_core.campaign.pricing.costs import LabelCost, planned_costs
from nci_core.config import CampaignSettings
from nci_core.errors import InputError
from nci_core.labels.builtin_recipes import DEFAULT, RECIPES
from nci_core.labels.recipes import Recipe
from nci_core.systems.dimer import Dimer

#: A label that costs more CPU minutes than this is not recommended where a cheaper recipe can be had.
MOST_MINUTES = 60.0
#: Recipes to begin with, the first that this machine can afford. The general one is right on any host. The factors of
#: `composite` were fitted to helium over benzene, and its smaller functions cost less: it is next, for on other hosts
#: it still errs several times less than `standard` does.
ORDER = (DEFAULT, "composite", "standard", "quick")


@dataclass(frozen=True)
class RecipeChoice:
    """What is known of a recipe for a dimer before any label.

    Attributes:
        recipe: as a campaign of the dimer would keep it.
        cost: CPU minutes of a label, with their uncertainty; None where the recipe cannot be computed.
        memory_gb: what a label cannot do without.
        fits: whether this machine has so much.
        notes: sentences worth saying: stand-ins, core potentials, memory.
        problem: why it cannot be computed, one sentence; empty if it can.
    """

    recipe: Recipe
    cost: LabelCost | None
    memory_gb: float | None
    fits: bool
    notes: tuple[str, ...] = ()
    problem: str = ""

    @property
    def name(self) -> str:
        """Of the recipe."""
        return self.recipe.name


def recipe_choices(dimer: Dimer, folder: Path | None = None) -> list[RecipeChoice]:
    """All built-in recipes for a dimer, the cheapest first; timings are those of the campaigns in a folder.

    Loads PySCF to look its basis sets up.
    """
    from nci_core.labels.checked_recipe import check_recipe, count_functions
    from nci_core.labels.environment import machine_memory_gb
    from nci_core.labels.needs import memory_needed_gb

    found = []
    for recipe in RECIPES.values():
        try:
            checked = check_recipe(recipe, dimer)
        except InputError as error:
            found.append(RecipeChoice(recipe, None, None, False, problem=str(error)))
            continue
        (cost,) = planned_costs(dimer, [checked.recipe], folder)
        memory = memory_needed_gb(dimer, checked.recipe, count_functions(checked.recipe, dimer))
        fits = memory <= machine_memory_gb()
        found.append(RecipeChoice(checked.recipe, cost, memory, fits, checked.notes))
    return sorted(found, key=lambda choice: choice.cost.mean_minutes if choice.cost else float("inf"))


def recommended(choices: Sequence[RecipeChoice]) -> str:
    """Name of the recipe to begin with: the first of `ORDER` that is not too large or too dear for this machine."""
    usable = {c.name for c in choices if c.cost and c.fits and c.cost.mean_minutes <= MOST_MINUTES}
    return next((name for name in ORDER if name in usable), ORDER[-1])


def with_checked_recipes(settings: CampaignSettings) -> tuple[CampaignSettings, tuple[str, ...]]:
    """The settings with each recipe as the campaign keeps it, and sentences worth saying.

    A built-in recipe that needs stand-ins for an element becomes one of the campaign's own, of the same name and with
    another hash. Raises InputError when a recipe cannot be computed for the dimer.
    """
    from nci_core.labels.checked_recipe import check_recipe

    checked = [check_recipe(recipe, settings.dimer) for recipe in settings.recipes]
    own = [found.recipe for found in checked if found.recipe != RECIPES.get(found.recipe.name)]
    kept = settings.model_copy(update={"own_recipes": own})
    kept.check()
    return kept, tuple(note for found in checked for note in found.notes)
