"""Steps of a new campaign: the recipe of its CCSD(T) labels, and where its configurations lie."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.background import problem, under_way
from app.draft import NUMBERS, Draft
from app.draft_hosts import PREFIX
from app.session import current_unit
from app.text import Markdown, plain
from nci_core.bench.expected_error import Expected, expected_error
from nci_core.campaign.pricing.new_recipes import RecipeChoice, recommended

#: What stands beside the name of each recipe.
BESIDE = (
    "CPU time of one label of this system, with the range that 68 of 100 such estimates hold; memory; and how far "
    "the label is expected to be from the basis-set limit where the probe is bound."
)
#: What is to be known of them beside in a campaign of several systems.
OF_SEVERAL = "Time and memory are those of the dearest system, and the error is that of the first."


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
    futures = now.recipes().values()
    if waiting := [future for future in futures if not future.done()]:
        under_way(waiting[0], f"Checking and pricing the recipes for {'this' if len(futures) == 1 else 'each'} system")
        return
    if failed := next(filter(None, map(problem, futures)), ""):
        st.error(plain(failed), icon=":material/error:")
        return
    known_recipes = now.known_recipes()
    best, unit, depth = recommended(known_recipes), current_unit(), now.depth_cm1()
    choices = sorted(known_recipes, key=lambda choice: choice.name != best)  # the others as they are, cheapest first
    usable = {choice.name: choice for choice in choices if choice.cost is not None}
    if not usable:
        st.error(plain(choices[0].problem), icon=":material/error:")
        return
    key = f"{PREFIX}recipe"
    if st.session_state.get(key) not in usable:
        st.session_state[key] = best
    known = {name: expected_error(choice.recipe, dimer, unit, depth) for name, choice in usable.items()}
    name = st.radio(
        "Recipe of this campaign",
        list(usable),
        format_func=lambda name: f"{plain(name)} (recommended)" if name == best else plain(name),
        captions=[_beside(choice, known[name]) for name, choice in usable.items()],
        key=key,
        persist_state="session",
        help=BESIDE if len(futures) == 1 else f"{BESIDE} {OF_SEVERAL}",
        width="stretch",
    )
    _about(usable[str(name)], known[str(name)])
    for choice in choices:
        if choice.cost is None:
            st.caption(f"{plain(choice.name)} is not possible here: {plain(choice.problem)}")


def _beside(choice: RecipeChoice, known: Expected) -> Markdown:
    """'1.9 s (0.8 to 4.6) · 0.3 GB · ± 0.4 cm⁻¹'."""
    time = choice.cost.time() if choice.cost else "—"
    return f"{plain(time)} · {choice.memory_gb or 0.0:.1f} GB · {plain(known.short)}"


def _about(choice: RecipeChoice, known: Expected) -> None:
    st.markdown(f"**{plain(choice.name)}**: {plain(choice.recipe.description)}. {plain(known.sentence)}")
    for note in choice.notes:
        st.caption(plain(note))
    if not choice.fits:
        st.warning("This machine has too little memory for it; its labels must be computed elsewhere.")
    if choice.cost:
        st.caption(f"The times are {plain(choice.cost.source)}. Your first labels will tell them better.")


def show_sampling(now: Draft) -> None:
    """Choose how many configurations there are, and see where they lie."""
    st.markdown(
        "Configurations are positions of the probe. The teachers compute all of them; CCSD(T) only the few that you "
        "pick, and the test set, which no fit ever sees."
    )
    first, second, third = st.columns(3)
    _number(first, "Configurations", "n", "Denser where the energy changes, out to 10 Å.")
    _number(
        second,
        "of these, test set",
        "n_test",
        "Drawn at random and frozen: errors are measured on them. Each costs one label, once you compute it.",
    )
    _number(third, "Points per cut", "points_per_cut", "Along each of the molecule's three axes, for curves.")
    _number(st.expander("Seed"), "Seed", "seed", "The same seed gives the same configurations.")
    st.caption(_where(now))


def _number(place: DeltaGenerator, label: Markdown, name: str, help: Markdown) -> None:
    key, (first, least, most, step) = f"{PREFIX}{name}", NUMBERS[name]
    st.session_state.setdefault(key, first)
    place.number_input(label, min_value=least, max_value=most, step=step, key=key, help=help, persist_state="session")


def _where(now: Draft) -> Markdown:
    if now.host is None:
        return "Choose a molecule first."
    future = now.preview()
    if not future.done():
        return "Placing them …"
    if failed := problem(future):
        return plain(failed)
    samples = [found.sample for found in future.result()]
    pool, test = (sum(len(getattr(sample, split)) for sample in samples) for split in ("pool", "test"))
    cuts = sum(len(points) for sample in samples for points in sample.cuts.values())
    several = f" These are all {len(samples)} systems together; one that is only tested on gets a test set alone."
    return (
        f"{pool + test:,} sampled configurations, {test:,} of them the test set, and "
        f"{cuts:,} on cuts: the small spheres on the right, symmetry-equivalent positions folded together. Nothing "
        "is stored yet." + (several if len(samples) > 1 else "")
    )
