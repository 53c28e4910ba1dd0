"""Labelling the test set: all of it or its first few, with the price; a part of the page Label & train."""

import streamlit as st

from app import actions
from app.session import Context, errors_shown
from app.text import plain
from nci_core.campaign.pricing.costs import label_cost
from nci_core.store import configurations, labels


def show_test_set(context: Context) -> None:
    """What of it has labels, and a button for the rest; nothing where no test set was frozen."""
    campaign = context.campaign
    total = configurations.counts(campaign.store)["test"]
    if not total:
        return
    finished = len(labels.complete(campaign.store, campaign.recipe.hash, split="test"))
    left = len(actions.unlabelled_test_set(campaign))
    under_way = total - left - finished
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
        first, second = st.columns([1, 2], vertical_alignment="bottom")
        count = first.number_input(
            "How many", min_value=1, max_value=left, value=left, key=f"test-count-{context.folder}-{left}"
        )
        cost = label_cost(campaign)
        if second.button(
            f"Label {count:d} of the test set",
            icon=":material/science:",
            disabled=context.read_only,
            width="stretch",
            key="label_test",
            help=f"Recipe {plain(campaign.recipe.name)}, the one that errors are against.",
        ):
            with errors_shown():
                n = actions.label_test_set(campaign, int(count))
                st.session_state["train_message"] = f"{n} calculations of the test set are in the queue."
                st.rerun()
        second.caption(f"about {cost.text(int(count))} CPU minutes")
