"""Teachers → labels saved: what students of each teacher err by with few labels, and where a teacher hurts."""

import streamlit as st

from app import actions, cached_teachers
from app.chart import Drawn, charts
from app.choices import one_of
from app.data.errors import RANGES
from app.doing import act_button, live, show_said
from app.figures.teachers import curve_figure
from app.session import Context
from app.text import plain
from nci_core.store import job_queries, labels
from nci_core.store.base import ACTIVE
from nci_core.store.teacher_curves import KIND


def show(context: Context) -> None:
    """The job, its curves and its warnings."""
    last = job_queries.last(context.campaign.store, (KIND,))
    busy = last is not None and last.state in ACTIVE
    show_said()
    live(_section, busy, busy)


def _section(now: Context, was_busy: bool) -> None:
    last = job_queries.last(now.campaign.store, (KIND,))
    busy = last is not None and last.state in ACTIVE
    if was_busy and not busy:
        st.rerun()  # stop looking, and show what was found
    left, right = st.columns([1, 2.2], vertical_alignment="bottom")
    act_button(
        left,
        "Compare teachers",
        lambda: actions.compare_teachers(now.campaign),
        key="compare_teachers",
        when=not busy,
        help="Distils a student from each teacher alone, fine-tunes each on the same few labels, three times with "
        "other labels, and measures on the frozen test set. Takes minutes; stopped, it goes on where it was.",
        icon=":material/school:",
        width="stretch",
    )
    if last is not None and busy:
        right.progress(min(last.progress, 1.0), text=f"Comparing: {plain(last.message or last.state)}")
        act_button(right, "Stop", lambda: actions.cancel(now.campaign, [last.id]), key="stop_teachers")
    elif last is not None and last.state == "error":
        st.warning(f"The last comparison failed: {plain(last.error)}", icon=":material/error:")
    region = str(st.session_state.get("teachers_region") or "all")
    found = cached_teachers.curves(now, region)
    if found is None:
        st.caption(
            "How many labels does each teacher save? A student of each learns from the same few labels and is judged "
            "on the frozen test set. Nobody has asked yet. It takes minutes, at least ten training labels and some of "
            "the test set."
        )
        return
    if not busy:
        one_of(right, "Region", RANGES, key="teachers_region", titled=True)
    if not found.points:
        st.caption(f"No test label lies in the {RANGES[region]}.")
        return
    for harm in found.harms:
        (st.warning if harm.hurts else st.info)(plain(harm.sentence), icon=":material/warning:" if harm.hurts else None)
    charts(now, Drawn(curve_figure(found, now.unit, now.colours), "teachers-curve"))
    there = len(labels.complete(now.campaign.store, now.campaign.recipe.hash, split="pool"))
    stale = f" New labels have come since: now {there}." if there != found.n_labels else ""
    st.caption(
        f"Each student learns from one teacher alone; mean ± 1 sd over {found.seeds} random subsets of the "
        f"{found.n_labels} training labels, errors on {found.n_test} frozen test labels.{stale}",
        help="A teacher hurts where its students are worse than those without a teacher, by more than two standard "
        "errors of the differences with the same labels.",
    )
