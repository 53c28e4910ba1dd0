"""A campaign without configurations: one button takes it to its first student."""

import streamlit as st

from app import actions
from app.doing import say
from app.session import Context, errors_shown
from app.text import plain


def no_configurations(context: Context) -> None:
    """What to do in a campaign that is still empty."""
    campaign = context.campaign
    st.info(
        f"**{plain(campaign.title)}** has no configurations yet. Sample some; the teachers' energies and the first "
        "student follow automatically.",
        icon=":material/info:",
    )
    each = " of each system" if len(campaign.systems) > 1 else ""
    if st.button(
        "Sample, teach and distil",
        type="primary",
        icon=":material/rocket_launch:",
        disabled=context.read_only,
        key="begin_campaign",
        help=f"250 configurations{each}, 30 of them the frozen test set, and three radial cuts. For other numbers use "
        "`nci sample`.",
    ):
        with errors_shown():
            actions.begin(campaign)
            say("Configurations are sampled; the teachers are at work.")
            st.switch_page(st.session_state["pages"]["label-train"], query_params={})
