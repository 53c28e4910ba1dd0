"""The guided tour: a few steps over the pages, each with its view opened, shown until somebody ends it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import streamlit as st

from app import actions, cached
from app.data.overview import situation
from app.recipe_choice import chosen_recipe, pickable
from app.session import Context, errors_shown
from app.text import plain
from nci_core.campaign import Campaign
from nci_core.campaign.demo_copy import DEMO
from nci_core.store import job_queries


@dataclass(frozen=True)
class Step:
    """One step: the page it belongs to (key of `app.main.PAGES`), a title and what to look at.

    `opens`: values of the page's widgets by key, so that what the text speaks of is on the screen. `missing`: what
    must be done first, "" once it is; said in place of the text, so that whoever skipped a step is not at a loss.
    """

    page: str
    title: str
    text: str
    opens: Mapping[str, object] = field(default_factory=dict)
    missing: Callable[[Context], str] = lambda context: ""


def _no_labels(context: Context) -> str:
    ready = situation(context.campaign)
    done = ready.in_basket or ready.training_labels or job_queries.is_busy(context.campaign.store)
    return "" if done else "The basket is empty: go back one step and take the best points first."


def _no_fit(context: Context) -> str:
    fitted = context.model is not None and context.model.kind != "distilled"
    return "" if fitted else "There is no second student yet: go back one step, compute the labels and fine-tune."


#: Labels that the tour asks for.
FIRST_LABELS = 12

STEPS = (
    Step(
        "overview",
        "A cheap teacher and a student",
        "The teacher is fast and wrong; the student has learned it, errors included. A few CCSD(T) labels will mend "
        "that.",
    ),
    Step(
        "errors",
        "Where the teacher is wrong",
        "Prediction minus CCSD(T) on the frozen test set, which no fit has seen: the teacher beside the student.",
        {"errors_part": "plane"},
    ),
    Step(
        "select",
        "What to compute next",
        "Triangles mark the points that would tell the student most. Put the best into the basket, here or on the "
        "map; the basket says what they cost.",
        {"take_n": FIRST_LABELS},
    ),
    Step(
        "label-train",
        "Compute and learn",
        "Press “Compute”: real CCSD(T), which goes on if you close the browser. When the labels are done, "
        "fine-tune; that takes seconds.",
        missing=_no_labels,
    ),
    Step(
        "errors",
        "Before and after",
        "After a fit, drag the line across the map: the student as it was on the left, fine-tuned on the right.",
        {"errors_part": "maps", "errors_layout": "Before ↔ after"},
        _no_fit,
    ),
    Step(
        "history",
        "Round by round",
        "The error on the frozen test set, who picked the labels and what they cost. You can go back to an earlier "
        "student here.",
    ),
)


def running(campaign: Campaign) -> int | None:
    """The step shown now, None when the tour is over. It starts by itself on the demo, and once begun goes on."""
    if st.query_params.get("tour") == "off":
        st.session_state["tour_ended"] = True
    elif st.session_state.get("tour_ended"):  # links between pages do not carry it; a reload needs it
        st.query_params["tour"] = "off"
    if st.session_state.get("tour_ended"):
        return None
    number = st.session_state.get("tour_step", 0 if campaign.name == DEMO else None)
    if number is not None:
        st.session_state["tour_step"] = number
    return number


def begin() -> None:
    """Start again with the first step; for a button's callback."""
    st.query_params.pop("tour", None)
    st.session_state["tour_step"], st.session_state["tour_ended"] = 0, False


def end() -> None:
    """No more of it until somebody begins again, also after a reload or elsewhere; for a button's callback."""
    st.session_state.pop("tour_step", None)
    st.session_state["tour_ended"] = True
    st.query_params["tour"] = "off"


def _go(number: int) -> None:
    """To the page of a step; `show_tour` opens its widgets there once: what a person changes afterwards stays."""
    step = STEPS[number]
    st.session_state["tour_step"] = number
    st.session_state["tour_opens"] = step.opens
    # Without parameters of its own the switch would clear those of this page, which its widgets do not allow.
    st.switch_page(st.session_state["pages"][step.page], query_params={})


def _take(context: Context) -> None:
    """The best proposals into the basket, those that are not in it yet."""
    with errors_shown():
        table = cached.table(context)
        basket, ranked = cached.basket_and_proposals(
            context, table, chosen_recipe(context).hash, pickable(context, table)
        )
        free = ranked[~ranked.index.isin(basket.index)]
        wanted = max(FIRST_LABELS - len(basket), 0)
        if wanted and len(free):
            actions.take_proposals(context.campaign, free, wanted, context.person)


def show_tour(context: Context, page: str) -> None:
    """Draw the present step, or on another page than the step's the way back to it."""
    number = running(context.campaign)
    if number is None or page == "new-campaign":  # who begins a campaign has left the demo
        return
    step, count = STEPS[number], len(STEPS)
    here = step.page == page
    said = f"The tour continues with step {number + 1:d}, *{plain(step.title)}*."
    if here:
        st.session_state.update(st.session_state.pop("tour_opens", {}))  # before the page draws its widgets
        words = plain(step.missing(context) or step.text)
        said = f"**{number + 1:d}/{count:d} · {plain(step.title)}.** {words}"
    with st.container(border=True, key="tour"):
        takes = here and page == "select" and not context.read_only
        place, buttons = st.columns([1.7 if takes else 2.6, 1], vertical_alignment="center")
        place.markdown(said)
    with buttons.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
        if takes:
            st.button(f"Take the best {FIRST_LABELS}", key="tour_take", on_click=_take, args=(context,))
        if number and st.button("Back", key="tour_back", type="tertiary"):
            _go(number - 1)
        if not here:
            if st.button("Go there", key="tour_there"):
                _go(number)
        elif number + 1 < count:
            if st.button("Next", key="tour_next", type="primary"):
                _go(number + 1)
        else:
            st.button("Done", key="tour_done", type="primary", on_click=end)
        if number + 1 < count or not here:
            st.button("End", key="tour_end", type="tertiary", on_click=end)
