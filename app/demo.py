"""The demo's own button: begin again, with what that throws away."""

import streamlit as st

from app import actions, predictor
from app.session import errors_shown
from app.text import Markdown, plain
from nci_core.campaign import Campaign
from nci_core.campaign.demo_copy import Work, is_demo, work_in
from nci_core.switches import read_only


def show_reset(campaign: Campaign) -> None:
    """On the demo, where it may be changed: a button that asks before it throws anything away."""
    if read_only() or campaign.store.read_only or not is_demo(campaign.folder):
        return
    with st.popover("Start the demo again", icon=":material/restart_alt:", type="tertiary"):
        st.markdown(_lost(work_in(campaign)))
        if st.button("Reset the demo", type="primary", key="demo_reset"):
            with errors_shown():
                actions.reset_demo(campaign)
                # Numbers of models begin again, so nothing that was kept of the old ones may be shown.
                st.cache_data.clear()
                predictor.predictor().close()
                st.session_state.pop("seen_model", None)
                st.rerun()


def _lost(work: Work) -> Markdown:
    """What a reset throws away."""
    made = []
    if work.labels:
        what = "label" if work.labels == 1 else "labels"
        made.append(f"{work.labels:d} {what} ({work.cpu_seconds / 60:.1f} CPU minutes)")
    if work.students:
        made.append(f"{work.students:d} fine-tuned student" + ("s" if work.students > 1 else ""))
    lost = f"This deletes {plain(' and '.join(made))}" if made else "Nothing has been computed yet"
    return f"{lost}; the basket is emptied too. Other campaigns stay as they are."
