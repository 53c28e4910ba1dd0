"""Which recipe the next labels are of: one choice for the pages Select and Label & train."""

import pandas as pd
import streamlit as st

from app import cached
from app.data.worth import before_labelling
from app.session import Context
from app.text import plain
from nci_core.labels.recipes import Recipe
from nci_core.units import to_cm1


def _key(context: Context) -> str:
    return f"label-recipe-{context.folder}"


def _keep(key: str, drawn: str) -> None:
    st.session_state[key] = st.session_state[drawn]


def chosen_recipe(context: Context) -> Recipe:
    """What was chosen last, on whichever page; at first the recipe that errors are against."""
    campaign = context.campaign
    name = st.session_state.get(_key(context))
    return next((recipe for recipe in campaign.recipes if recipe.name == name), campaign.recipe)


def choose_recipe(context: Context, page: str) -> Recipe:
    """Draw the choice where the campaign has several recipes; returns the chosen one.

    Each page draws a control of its own: one that two pages share goes back to the earlier choice, now and then, when
    the page changes while it is being drawn.
    """
    campaign = context.campaign
    if len(campaign.recipes) == 1:
        return campaign.recipe
    chosen, drawn = chosen_recipe(context).name, f"{_key(context)}-{page}"
    if st.session_state.get(drawn) != chosen:
        st.session_state[drawn] = chosen
    st.segmented_control(
        "Recipe",
        [recipe.name for recipe in campaign.recipes],
        format_func=plain,
        required=True,
        key=drawn,
        on_change=_keep,
        args=(_key(context), drawn),
        help=f"Errors are measured against {plain(campaign.recipe.name)}. Labels of other recipes are kept apart, "
        "to fine-tune on first; they never mix.",
    )
    return chosen_recipe(context)


def what_labels_are_worth(context: Context, recipe: Recipe) -> str:
    """One sentence on the labels of a recipe, where they are asked for."""
    deepest = cached.drawn(context, cached.table(context))["teacher_ev"].min()
    depth = float(to_cm1(deepest)) if pd.notna(deepest) else None
    finished = cached.finished_worth(context, recipe.hash)
    return before_labelling(finished, recipe, context.dimer, context.unit, depth)


def pickable(context: Context, table: pd.DataFrame) -> pd.DataFrame:
    """The campaign's table with the label states of the chosen recipe: these decide what can be picked."""
    recipe = chosen_recipe(context)
    if recipe == context.campaign.recipe:
        return table
    return table.assign(label_state=cached.label_states(context, recipe.hash).reindex(table.index, fill_value="none"))
