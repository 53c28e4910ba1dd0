"""The recipes of a new campaign: which there are, what each costs and how good it is; checked whole for its dimer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nci_core.campaign.pricing.costs import LabelCost, cost_from, known_timings
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

    @property
    def minutes(self) -> float:
        """Expected CPU minutes of a label, infinite where it cannot be computed."""
        return self.cost.mean_minutes if self.cost else float("inf")


def recipe_choices(dimer: Dimer, folder: Path | None = None) -> list[RecipeChoice]:
    """All built-in recipes for a dimer, the cheapest first; timings are those of the campaigns in a folder.

    Loads PySCF to look its basis sets up.
    """
    from nci_core.labels.checked_recipe import check_recipe, count_functions
    from nci_core.labels.environment import machine_memory_gb
    from nci_core.labels.needs import memory_needed_gb

    found, timings = [], known_timings(folder)
    for recipe in RECIPES.values():
        try:
            checked = check_recipe(recipe, dimer)
        except InputError as error:
            found.append(RecipeChoice(recipe, None, None, False, problem=str(error)))
            continue
        cost = cost_from(dimer, checked.recipe, [], timings)
        memory = memory_needed_gb(dimer, checked.recipe, count_functions(checked.recipe, dimer))
        fits = memory <= machine_memory_gb()
        found.append(RecipeChoice(checked.recipe, cost, memory, fits, checked.notes))
    return sorted(found, key=lambda choice: choice.minutes)


def recommended(choices: Sequence[RecipeChoice]) -> str:
    """Name of the recipe to begin with: the first of `ORDER` that is not too large or too dear for this machine."""
    usable = {choice.name for choice in choices if choice.fits and choice.minutes <= MOST_MINUTES}
    return next((name for name in ORDER if name in usable), ORDER[-1])


def with_checked_recipes(settings: CampaignSettings) -> tuple[CampaignSettings, tuple[str, ...]]:
    """The settings with each recipe as the campaign keeps it, and sentences worth saying.

    A built-in recipe that needs stand-ins for an element becomes one of the campaign's own, of the same name and with
    another hash. Raises InputError when a recipe cannot be computed for one of the dimers, or not in the same way for
    all of them.
    """
    dimers = [system.dimer for system in settings.systems]
    checked = [recipe_for_all(recipe, dimers) for recipe in settings.recipes]
    own = [found for found, _ in checked if found != RECIPES.get(found.name)]
    kept = settings.model_copy(update={"own_recipes": own})
    kept.check()
    return kept, tuple(dict.fromkeys(note for _, notes in checked for note in notes))


def recipe_for_all(recipe: Recipe, dimers: Sequence[Dimer]) -> tuple[Recipe, tuple[str, ...]]:
    """A recipe as a campaign of these dimers keeps it, and sentences worth saying; InputError where there is none.

    Labels of one recipe are one quantity: its functions must be the same whichever of the dimers they are for.
    """
    from nci_core.labels.checked_recipe import check_recipe

    found = [check_recipe(recipe, dimer) for dimer in dimers]
    whole = one_recipe([(dimer.name, each.recipe) for dimer, each in zip(dimers, found, strict=True)])
    return whole, tuple(dict.fromkeys(note for each in found for note in each.notes))


def one_recipe(of_each: Sequence[tuple[str, Recipe]]) -> Recipe:
    """One recipe for systems of which each, by name, needs it so; InputError where their labels would differ."""
    (first_name, first), *others = of_each
    numbers = dict(first.numbers or {})
    for name, other in others:
        numbers |= other.numbers or {}
        if other.model_copy(update={"numbers": first.numbers}) != first:
            raise InputError(
                f"Recipe {first.name} takes other functions for {name} than for {first_name}, so their "
                "labels would be different quantities; choose another recipe, or make a campaign of each."
            )
    return first.model_copy(update={"numbers": numbers}) if numbers else first


def choices_of_all(of_each: Mapping[str, Sequence[RecipeChoice]]) -> list[RecipeChoice]:
    """The recipes for several systems together, the cheapest first: each as it is for the system it is dearest for.

    `of_each` has the choices of each system by its name. A recipe that cannot be computed for one of them, or not in
    the same way for all, says so.
    """
    if len(of_each) == 1:
        return list(next(iter(of_each.values())))
    found = []
    for name in RECIPES:
        mine = {system: next(c for c in choices if c.name == name) for system, choices in of_each.items()}
        dearest = max(mine.values(), key=lambda choice: choice.minutes)
        problem = next((f"{system}: {choice.problem}" for system, choice in mine.items() if choice.problem), "")
        try:
            recipe = dearest.recipe if problem else one_recipe([(each, mine[each].recipe) for each in mine])
        except InputError as error:
            recipe, problem = dearest.recipe, str(error)
        notes = tuple(dict.fromkeys(note for choice in mine.values() for note in choice.notes))
        memory = max(choice.memory_gb or 0.0 for choice in mine.values())
        fits = all(choice.fits for choice in mine.values())
        found.append(RecipeChoice(recipe, None if problem else dearest.cost, memory, fits, notes, problem))
    return sorted(found, key=lambda choice: choice.minutes)


def too_large(choice: RecipeChoice) -> str:
    """Why labels of a system by this recipe are out of reach here, as what follows its name; empty where they are not.

    >>> too_large(RecipeChoice(RECIPES[DEFAULT], None, 90.0, False))
    'needs 90 GB of memory for a label, which this machine does not have'
    """
    if not choice.fits and choice.memory_gb:
        return f"needs {choice.memory_gb:.0f} GB of memory for a label, which this machine does not have"
    if choice.cost and choice.cost.mean_minutes > MOST_MINUTES:
        return f"needs {choice.cost.time()} of CPU time for a label"
    return ""
