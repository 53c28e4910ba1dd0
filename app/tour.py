"""The guided tour: six steps over the pages, shown until somebody ends it."""

from dataclasses import dataclass

import streamlit as st

from app.session import Context
from nci_core.campaign.archive import EMBEDDED


@dataclass(frozen=True)
class Step:
    """One step: the page it belongs to (key of `app.main.PAGES`), a title and what to look at."""

    page: str
    title: str
    text: str


STEPS = (
    Step(
        "explore",
        "Where the probe has been",
        "Each point is a position of helium round the rigid host, coloured by its energy: orange repels, violet "
        "attracts. Click one to see its structure and its energies on the right.",
    ),
    Step(
        "errors",
        "Where the cheap teacher is wrong",
        "The same positions, coloured by prediction minus CCSD(T) on test points that no fit has seen: the teacher, "
        "then the student before and after the last round. Under *Before ↔ after* you can drag a line across the map.",
    ),
    Step(
        "errors",
        "Along a line",
        "*Radial cuts* shows teacher, student with its uncertainty, and CCSD(T) labels along one direction; "
        "*Exchange and dispersion* splits the student into its two parts.",
    ),
    Step(
        "select",
        "What to compute next",
        "Triangles are the points that would tell the student most. Draw round points or take the best ones: they go "
        "to the basket, which says what they cost in CPU minutes.",
    ),
    Step(
        "label-train",
        "Compute and learn",
        "CCSD(T) runs in processes of its own, so you may close the browser. When labels are there, fine-tune: it "
        "takes seconds.",
    ),
    Step(
        "history",
        "Did it help?",
        "The error on the frozen test set, round by round, with who picked and what it cost. An earlier student can be "
        "taken back into use here.",
    ),
)


def running(context: Context) -> int | None:
    """The step shown now, None when the tour is over. It starts by itself on an embedded campaign."""
    if st.query_params.get("tour") == "off":
        st.session_state["tour_step"], st.session_state["tour_ended"] = None, True
        return None
    if st.session_state.get("tour_ended"):  # links between pages do not carry the parameter; a reload needs it
        st.query_params["tour"] = "off"
        return None
    if "tour_step" not in st.session_state:
        st.session_state["tour_step"] = 0 if context.campaign.name in EMBEDDED else None
    step: int | None = st.session_state["tour_step"]
    return step


def begin() -> None:
    """Start again with the first step; for a button's callback."""
    st.query_params.pop("tour", None)
    st.session_state["tour_step"], st.session_state["tour_ended"] = 0, False


def end() -> None:
    """No more of it, also after a reload of the page."""
    st.session_state["tour_step"] = None
    st.query_params["tour"] = "off"


def _go(number: int) -> None:
    st.session_state["tour_step"] = number
    st.switch_page(st.session_state["pages"][STEPS[number].page])


def show_tour(context: Context, page: str) -> None:
    """Draw the present step, or on another page than the step's the way back to it."""
    number = running(context)
    if number is None:
        return
    step = STEPS[number]
    with st.container(border=True, key="tour"):
        words, buttons = st.columns([4.2, 1], vertical_alignment="center")
        here = step.page == page
        place = f"**{number + 1:d}/{len(STEPS)} · {step.title}.** {step.text}"
        words.markdown(place if here else f"The tour stands at step {number + 1:d}, *{step.title}*.")
    with buttons.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", gap="small"):
        if number and st.button("Back", key="tour_back", type="tertiary"):
            _go(number - 1)
        if step.page != page:
            if st.button("Go there", key="tour_there"):
                _go(number)
        elif number + 1 < len(STEPS):
            if st.button("Next", key="tour_next", type="primary"):
                _go(number + 1)
        elif st.button("Done", key="tour_done", type="primary"):
            end()
            st.rerun()
        if number + 1 < len(STEPS) and st.button("End", key="tour_end", type="tertiary"):
            end()
            st.rerun()
