"""The recipes of a new campaign, checked whole for its dimer before anything is made."""

from nci_core.config import CampaignSettings
from nci_core.reference.recipes import RECIPES


def with_checked_recipes(settings: CampaignSettings) -> tuple[CampaignSettings, tuple[str, ...]]:
    """The settings with each recipe as the campaign keeps it, and sentences worth saying.

    A built-in recipe that needs stand-ins for an element becomes one of the campaign's own, of the same name and with
    another hash. Raises InputError when a recipe cannot be computed for the dimer.
    """
    from nci_core.reference.checked_recipe import check_recipe

    checked = [check_recipe(recipe, settings.dimer) for recipe in settings.recipes]
    own = [found.recipe for found in checked if found.recipe != RECIPES.get(found.recipe.name)]
    kept = settings.model_copy(update={"own_recipes": own})
    kept.check()
    return kept, tuple(note for found in checked for note in found.notes)
