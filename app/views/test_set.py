"""Labelling the test set: all of it or its first few, with the price; a part of the page Label & train."""

import streamlit as st

from app import actions
from app.choices import one_from
from app.session import Context, errors_shown
from app.text import plain
from app.views.set_aside import done
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
            whose = _whose(context, left)
            left = left if whose is None else unlabelled_test_set(campaign, whose)
        first, second = st.columns([1, 2], vertical_alignment="bottom")
        count = first.number_input(
            "How many",
            min_value=1,
            max_value=len(left),
            value=len(left),
            key=f"test-count-{context.folder}-{len(left)}",
        )
        chosen = left[: int(count)]
        if second.button(
            f"Label {count:d} of the test set",
            icon=":material/science:",
            disabled=context.read_only,
            width="stretch",
            key="label_test",
            help=f"Recipe {plain(campaign.recipe.name)}, the one that errors are against.",
        ):
            with errors_shown():
                n = actions.label_test_set(campaign, chosen)
                done(f"{n} calculations of the test set are in the queue.")
        second.caption(plain(f"about {cost_of_labels(campaign, chosen).text(len(chosen))} CPU minutes"))


def _whose(context: Context, left: list[int]) -> int | None:
    """The number of the system whose test set is meant, of those that lack labels; None for all."""
    lacking = set(configurations.system_of(context.campaign.store, left).values())
    names = {system.id: system.name for system in context.campaign.systems if system.id in lacking}
    return one_from(st, "Test set of", {None: ALL} | names, key="test_set_of", in_address=False)
