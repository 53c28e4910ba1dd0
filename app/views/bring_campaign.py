"""A part of the page New campaign: one that was exported, here or on another machine, comes back from its file."""

import streamlit as st

from app import actions
from app.session import errors_shown
from app.text import plain
from nci_core.campaign.exchange.archive_packed import MOST_PACKED_BYTES, SUFFIXES
from nci_core.files import MB

#: Name of the campaign that was brought last.
BROUGHT = "brought_campaign"


def show_bring() -> None:
    """Choose the file, import it, and open what came of it."""
    with st.expander("Import an exported campaign", icon=":material/unarchive:"):
        sent = st.file_uploader(
            "Exported campaign",
            type=[suffix.removeprefix(".") for suffix in SUFFIXES],
            key="bring_file",
            max_upload_size=int(MOST_PACKED_BYTES / MB),
            help="A zip or tar that *Data, Take away* or `nci export` made. It is checked whole before anything of it "
            "is kept, and becomes a campaign of its own.",
        )
        if sent is not None and st.button("Import", type="primary", icon=":material/unarchive:", key="bring_in"):
            with errors_shown(), st.spinner("Reading and checking …"):
                st.session_state[BROUGHT] = actions.bring_in(sent.getvalue(), sent.name)
                st.rerun()
        name = st.session_state.get(BROUGHT)
        if name is not None:
            st.success(f"Campaign {plain(name)} was imported.", icon=":material/check_circle:")
            if st.button("Open it", icon=":material/arrow_forward:", key="bring_open"):
                st.session_state["open_campaign"] = st.session_state.pop(BROUGHT)
                st.switch_page(st.session_state["pages"]["overview"], query_params={})
