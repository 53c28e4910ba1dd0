"""The last step of a new campaign, and what is seen afterwards: its way to the first student."""

from pathlib import Path

import numpy as np
import streamlit as st

from app import actions
from app.background import background, follow, problem
from app.data import jobs as job_data
from app.draft import PREFIX, Draft
from app.session import errors_shown, load_campaign
from app.text import plain
from app.views.new_campaign_summary import above, draw_molecule
from nci_core.campaign import Campaign, home
from nci_core.campaign.creating import create
from nci_core.store import jobs
from nci_core.store.schema import Job

#: Seconds that making a campaign may take, and between two looks at its jobs.
CREATE_SECONDS, POLL = 600.0, 1.0


def show_start(now: Draft) -> None:
    """Title and the one button."""
    if now.host is None:
        st.info("Choose a molecule first.", icon=":material/info:")
        return
    st.text_input(
        "Title",
        key=f"{PREFIX}title",
        placeholder=f"{now.probe} – {now.host.name}",
        max_chars=100,
        persist_state="session",
        help="Shown in the sidebar; the campaign's folder is named after it.",
    )
    plan = now.plan()
    st.markdown(
        f"**{plain(plan.probe)}** over **{plain(plan.host.name)}**, taught by {plain(' + '.join(plan.teachers))}, "
        f"labels of recipe *{plain(plan.recipe)}*, {plan.n:,} configurations with a test set of {plan.n_test:,}.\n\n"
        "The teachers' energies and the first student are computed in processes of their own: you may close this page."
    )
    key = f"create {plan.model_dump_json()} {home()}"
    future = background().known(key)
    if st.button(
        "Create and begin",
        type="primary",
        icon=":material/rocket_launch:",
        disabled=future is not None and not problem(future),
        key=f"{PREFIX}create",
    ):
        background().forget(key)
        future = background().ask(key, create, plan, seconds=CREATE_SECONDS)
    if future is None:
        return
    if failed := problem(future):
        st.error(plain(failed), icon=":material/error:")
    elif future.done():
        st.query_params["made"] = future.result()
        background().forget(key)
        st.rerun()
    else:
        st.info("Making the campaign and sampling it …", icon=":material/progress_activity:")
        follow([future])


def show_progress(folder: Path) -> None:
    """How far a new campaign has come; the same after a reload, for it is read from the campaign."""
    campaign = load_campaign(folder)
    left, right = st.columns([1.25, 1], gap="large")
    with right:
        draw_molecule(campaign.dimer, above(campaign.dimer), np.empty((0, 3)))
    with left:
        st.subheader(plain(campaign.title))
        ready = campaign.active_model() is not None
        st.fragment(_progress, run_every=None if ready else POLL)(folder)
        first, second = st.columns(2)
        with first:
            picking = st.button(
                "Pick configurations",
                type="primary" if ready else "secondary",
                icon=":material/lasso_select:",
                disabled=not ready,
                width="stretch",
                key=f"{PREFIX}pick",
                on_click=_open,
                args=(folder.name,),
            )
        with second:
            labelling = st.button(
                "Label the test set",
                icon=":material/science:",
                width="stretch",
                key=f"{PREFIX}label-test",
                on_click=_open,
                args=(folder.name,),
            )
        if not ready:
            st.caption("It goes on when this page is closed; the campaign is in the sidebar.")
        st.button(
            "Start another campaign", icon=":material/add:", type="tertiary", key=f"{PREFIX}other", on_click=_another
        )
    if picking or labelling:
        st.switch_page(st.session_state["pages"]["select" if picking else "label-train"])


def _open(name: str) -> None:
    """Choose the campaign in the sidebar, before that is drawn."""
    st.session_state["campaign"] = name


def _another() -> None:
    st.query_params.pop("made", None)
    for key in [key for key in st.session_state if str(key).startswith(PREFIX)]:
        del st.session_state[key]


def _progress(folder: Path) -> None:
    with errors_shown():
        campaign = load_campaign(folder)
        teach = jobs.last(campaign.store, ("teach",))
        distil = jobs.last(campaign.store, ("distill",))
        _step(campaign, teach, "Energies of the teachers", "not begun")
        _step(campaign, distil, "First student, distilled from them", "begins by itself when they are there")
        if campaign.active_model() is not None:
            st.success("The first student is ready. Pick the configurations that CCSD(T) shall correct.")
            if not st.session_state.get(f"{PREFIX}ready-{folder.name}"):
                st.session_state[f"{PREFIX}ready-{folder.name}"] = True
                st.rerun(scope="app")


def _step(campaign: Campaign, job: Job | None, what: str, before: str) -> None:
    state = before if job is None else job_data.STATES[job.state]
    share = 0.0 if job is None else 1.0 if job.state == "complete" else job.progress
    message = f", {job.message}" if job is not None and job.message and job.state == "running" else ""
    st.progress(min(max(share, 0.0), 1.0), plain(f"{what}: {state}{message}"))
    if job is not None and job.state in ("error", "cancelled"):
        if job.error:
            st.error(plain(job.error), icon=":material/error:")
        if st.button("Try again", key=f"{PREFIX}retry-{job.kind}"):
            actions.retry(campaign, [job.id])
            st.rerun()
