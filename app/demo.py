"""The demo's own button: begin again, with what that throws away."""

import streamlit as st

from app import actions, predictor
from app.session import errors_shown
from nci_core.campaign import Campaign
from nci_core.campaign.demo_copy import is_demo, work_in
from nci_core.switches import read_only


def show_reset(campaign: Campaign) -> None:
    """On the demo, where it may be changed: a button that asks before it throws anything away."""
    if read_only() or campaign.store.read_only or not is_demo(campaign.folder):
        return
    with st.popover("Start the demo again", icon=":material/restart_alt:", type="tertiary"):
        work = work_in(campaign)
        made = [f"{work.labels} labels ({work.cpu_seconds / 60:.1f} CPU minutes)"] if work.labels else []
        made += [f"{work.students} fine-tuned students"] if work.students else []
        lost = f"Your {' and '.join(made)} will be deleted" if made else "Nothing was computed yet"
        st.markdown(f"{lost}; the basket is emptied, too. No other campaign is touched.")
        if st.button("Reset the demo", type="primary", key="demo_reset"):
            with errors_shown():
                actions.reset_demo(campaign)
                # Numbers of models begin again, so nothing that was kept of the old ones may be shown.
                st.cache_data.clear()
                predictor.predictor().close()
                st.session_state.pop("seen_model", None)
                st.rerun()
