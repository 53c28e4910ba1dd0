"""A teacher that was found absurd before it taught: what is said of it, and going on with it all the same."""

import streamlit as st

from app import actions
from app.doing import act_button
from app.text import plain
from nci_core.campaign import Campaign
from nci_core.campaign.rounds.requests import is_refused
from nci_core.store import job_queries


def offer(campaign: Campaign, key: str) -> None:
    """Draw it where the last teaching ended so; nothing else."""
    job = job_queries.last(campaign.store, ("teach",))
    if not is_refused(job):
        return
    said, button = st.columns([4, 1], vertical_alignment="center")
    said.warning(plain(job.error or ""), icon=":material/warning:")
    act_button(
        button,
        "Teach all the same",
        lambda: actions.teach_all_the_same(campaign),
        key=key,
        help="The student learns these energies; only labels will correct them.",
        width="stretch",
    )
