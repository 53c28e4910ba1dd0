"""Labelling the test set: all of it or its first few, with the price; a part of the page Label & train."""

import streamlit as st

from app import actions
from app.choices import one_from
from app.doing import act_button
from app.session import Context
from app.text import plain
from nci_core.campaign.pricing.costs import cost_of_labels
from nci_core.campaign.rounds.requests import unlabelled_test_set
from nci_core.store import configurations, labels

ALL = "all systems"


def show_test_set(context: Context) -> None:
    """What of it has labels, and a button for the rest; nothing where no test set was frozen."""
    campaign = context.campaign
    total = configurations.counts(campaign.store)["test"]
    if not total:
        return
    finished = len(labels.complete(campaign.store, campaign.recipe.hash, split="test"))
    left = unlabelled_test_set(campaign)
    under_way = total - len(left) - finished
    said = f"**{finished}** of {total} test configurations are labelled"
    if under_way > 0:
        said += f", {under_way} are under way"
    with st.container(border=True):
        st.markdown(
            f"{said}. Errors are measured on them.",
            help="Labels of the test set never reach a fit: they say how good a student is. The order goes through "
            "wall, well and tail, so the first few cover all three.",
        )
        if not left:
            return
        if context.several:
            of = configurations.system_of(campaign.store, left)
            names = {system.id: system.name for system in campaign.systems if system.id in of.values()}
            whose = one_from(st, "Test set of", {None: ALL} | names, key="test_set_of", in_address=False)
            left = [number for number in left if whose in (None, of[number])]
        first, second = st.columns([1, 2], vertical_alignment="bottom")
        count = first.number_input(
            "How many",
            min_value=1,
            max_value=len(left),
            value=len(left),
            key=f"test-count-{context.folder}-{len(left)}",
        )
        chosen = left[: int(count)]
        act_button(
            second,
            f"Label {count:d} of the test set",
            lambda: actions.label_test_set(campaign, chosen),
            key="label_test",
            said="{} calculations of the test set are in the queue.",
            help=f"Recipe {plain(campaign.recipe.name)}, the one that errors are against.",
            icon=":material/science:",
            width="stretch",
        )
        second.caption(plain(f"about {cost_of_labels(campaign, chosen).text(len(chosen))} CPU minutes"))
