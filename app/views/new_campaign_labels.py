"""Steps of a new campaign: the recipe of its CCSD(T) labels, and where its configurations lie."""

import pandas as pd
import streamlit as st

from app.background import problem
from app.data.worth import least_std, to_expect
from app.draft import NUMBERS, PREFIX, Draft
from app.session import current_unit
from app.tables import with_numbers
from app.text import Markdown, plain
from nci_core.bench.recipe_rows import FILE, RecipeRow, read_recipe_rows
from nci_core.bench.targets import STORED
from nci_core.campaign.archive import data_folder
from nci_core.campaign.new_recipes import RecipeChoice, recommended
from nci_core.errors import InputError
from nci_core.reference.builtin_recipes import RECIPES
from nci_core.units import CM1_EV, EnergyUnit

#: The dimer whose published energies recipes were compared with.
COMPARED = "he-benzene"


def show_labels(now: Draft) -> None:
    """Choose the recipe."""
    st.markdown(
        "Labels are the accurate, expensive energies: CCSD(T) by one recipe. Errors are measured against it, so "
        "the potential becomes at best as good as its recipe."
    )
    dimer = now.dimer
    if dimer is None:
        st.info("Choose a molecule first.", icon=":material/info:")
        return
    future = now.recipes()
    if not future.done():
        st.info("Checking recipes for this system …", icon=":material/progress_activity:")
        return
    if failed := problem(future):
        st.error(plain(failed), icon=":material/error:")
        return
    choices = future.result()
    best = recommended(choices)
    unit = current_unit()
    rows = _measured()
    table = pd.DataFrame(
        {
            "Recipe": [choice.name for choice in choices],
            "CPU min per label": [choice.cost.text(1) if choice.cost else "—" for choice in choices],
            "GB": [choice.memory_gb for choice in choices],
            f"Error where bound ({unit.label})": [accuracy(choice.name, dimer.name, rows, unit) for choice in choices],
        }
    )
    st.dataframe(with_numbers(table, {"GB": ".1f"}), hide_index=True, placeholder="—", key=f"{PREFIX}recipes")
    usable = [choice.name for choice in choices if choice.cost is not None]
    if not usable:
        st.error(plain(choices[0].problem), icon=":material/error:")
        return
    key = f"{PREFIX}recipe"
    if st.session_state.get(key) not in usable:
        st.session_state[key] = best
    name = st.segmented_control(
        "Recipe of this campaign",
        usable,
        format_func=lambda name: f"{plain(name)} (recommended)" if name == best else plain(name),
        required=True,
        key=key,
        persist_state="session",
    )
    _about(next(choice for choice in choices if choice.name == name))


def _about(choice: RecipeChoice) -> None:
    expected = to_expect(RECIPES[choice.name], current_unit())
    st.markdown(f"{plain(choice.name)}: {plain(choice.description)}. {plain(expected)}")
    for note in choice.notes:
        st.caption(plain(note))
    if not choice.fits:
        st.warning("This machine has too little memory for it; its labels must be computed elsewhere.")
    if choice.cost:
        st.caption(f"The minutes are {plain(choice.cost.source)}; they are learned anew from your first labels.")


def accuracy(recipe: str, system: str, rows: dict[str, RecipeRow], unit: EnergyUnit) -> str:
    """What is known of a recipe's error for a system: what it is at least, where its labels say their own; else
    measured for the compared one alone, and said so."""
    if least := least_std(RECIPES[recipe], unit):
        return f"± {least} or more"
    row = rows.get(recipe)
    if row is None or row.mae_attractive_cm1 is None:
        return "not measured"
    error = f"{row.mae_attractive_cm1 * CM1_EV * unit.per_ev:.{unit.digits}f}"
    return error if system == COMPARED else f"not known here; {error} over benzene"


def _measured() -> dict[str, RecipeRow]:
    try:
        return {row.recipe: row for row in read_recipe_rows(data_folder() / STORED / FILE)}
    except InputError:
        return {}


def show_sampling(now: Draft) -> None:
    """Choose how many configurations there are, and see where they lie."""
    st.markdown(
        "Configurations are positions of the probe. The teachers compute all of them; CCSD(T) only the few that you "
        "pick, and the test set, which no fit ever sees."
    )
    first, second, third = st.columns(3)
    with first:
        _number("Configurations", "n", "Denser where the energy changes, out to 10 Å.")
    with second:
        _number(
            "of these, test set",
            "n_test",
            "Drawn at random and frozen: errors are measured on them. Each costs one label, once you compute it.",
        )
    with third:
        _number("Points per cut", "points_per_cut", "Along each of the molecule's three axes, for curves.")
    with st.expander("Seed"):
        _number("Seed", "seed", "The same seed gives the same configurations.")
    st.caption(_where(now))


def _number(label: Markdown, name: str, help_text: Markdown) -> None:
    key, (first, least, most, step) = f"{PREFIX}{name}", NUMBERS[name]
    st.session_state.setdefault(key, first)
    st.number_input(label, min_value=least, max_value=most, step=step, key=key, help=help_text, persist_state="session")


def _where(now: Draft) -> Markdown:
    if now.host is None:
        return "Choose a molecule first."
    future = now.preview()
    if not future.done():
        return "Placing them …"
    if failed := problem(future):
        return plain(failed)
    plan = future.result().sample
    cuts = sum(map(len, plan.cuts.values()))
    return (
        f"{len(plan.pool) + len(plan.test):,} sampled configurations, {len(plan.test):,} of them the test set, and "
        f"{cuts:,} on cuts: the small spheres on the right, symmetry-equivalent positions folded together. Nothing "
        "is stored yet."
    )
