"""The last step of a new campaign, and what is seen afterwards: its way to the first student."""

from pathlib import Path

import numpy as np
import streamlit as st

from app import actions, draft_address
from app.background import background, follow, problem, under_way
from app.data import jobs as job_data
from app.draft import ROLES, TEXTS, Draft
from app.draft_hosts import PREFIX
from app.session import errors_shown, load_campaign
from app.text import plain
from app.views import refused_teacher
from app.views.new_campaign_summary import above, draw_molecule
from app.views.queue import minutes_text, say_if_stopped
from nci_core.campaign import Campaign, home
from nci_core.campaign.creating import create
from nci_core.campaign.rounds.requests import is_refused
from nci_core.store import job_queries
from nci_core.store.base import ACTIVE
from nci_core.store.job_tables import elapsed_minutes
from nci_core.store.schema import Job
from nci_core.switches import read_only

#: Seconds that making a campaign may take, and between two looks at its jobs.
CREATE_SECONDS, POLL = 600.0, 1.0
#: Share of a job from which on its pace tells how long the rest takes.
TELLING = 0.04


def show_start(now: Draft) -> None:
    """Title and the one button."""
    if now.host is None:
        st.info("Choose a molecule first.", icon=":material/info:")
        return
    st.text_input(
        "Title",
        key=f"{PREFIX}title",
        placeholder=now.title,
        max_chars=TEXTS["title"],
        persist_state="session",
        help="Shown in the sidebar; the campaign's folder is named after it.",
    )
    plan = now.plan()
    trained, tested = (
        [f"**{plain(system.host.name)}**" for system in plan.systems if system.role == role] for role in ROLES
    )
    over = ", ".join(trained) + (f", only tested over {', '.join(tested)}" if tested else "")
    each = " of each system" if len(plan.systems) > 1 else ""
    st.markdown(
        f"**{plain(now.probe)}** over {over}, taught by {plain(' + '.join(plan.teachers))}, "
        f"labels of recipe *{plain(plan.recipe)}*, {plan.n:,} configurations{each} with a test set "
        f"of {plan.n_test:,}.\n\n"
        "The teachers' energies and the first student are computed even if you close this page."
    )
    key = f"create {plan.model_dump_json()} {home()}"
    asked, future = st.session_state.get(f"{PREFIX}creating", ("", None))
    if st.button(
        "Create and begin",
        type="primary",
        icon=":material/rocket_launch:",
        disabled=future is not None and not future.done(),
        key=f"{PREFIX}create",
    ):
        future = background().ask(key, create, plan, seconds=CREATE_SECONDS, firm=True)
        st.session_state[f"{PREFIX}creating"] = (key, future)
        st.rerun()
    if future is None:
        return
    if not future.done():
        under_way(future, "Creating the campaign and sampling")
        follow([future])
        return
    background().forget(lambda key, _: key == asked)  # the same plan may be tried or made again
    if failed := problem(future):
        if asked == key:
            st.error(plain(failed), icon=":material/error:")
    else:
        draft_address.forget()
        st.query_params["made"] = st.session_state["open_campaign"] = future.result()
        st.rerun()


def show_progress(folder: Path) -> None:
    """How far a new campaign has come; the same after a reload, for it is read from the campaign."""
    campaign = load_campaign(folder)
    left, right = st.columns([1.25, 1], gap="large")
    with right:
        first = campaign.systems[0]
        draw_molecule(first.dimer, above(first.dimer), np.empty((0, 3)))
        if len(campaign.systems) > 1:
            st.caption(f"The first of {len(campaign.systems)} systems is drawn: {plain(first.name)}.")
    with left:
        st.subheader(plain(campaign.title))
        ready = campaign.active_model() is not None
        over = ready and not job_queries.is_busy(campaign.store)
        progress = st.container()
        pick, label = st.columns(2)
        picking = pick.button(
            "Pick configurations",
            type="primary" if ready else "secondary",
            icon=":material/lasso_select:",
            disabled=not ready,
            width="stretch",
            key=f"{PREFIX}pick",
        )
        labelling = label.button(
            "Label the test set", icon=":material/science:", width="stretch", key=f"{PREFIX}label-test"
        )
        if not ready:
            st.caption("It goes on when this page is closed; the campaign is in the sidebar.")
        st.button(
            "Start another campaign",
            icon=":material/add:",
            type="tertiary",
            key=f"{PREFIX}other",
            on_click=draft_address.forget,
        )
    if picking or labelling:
        st.session_state["open_campaign"] = folder.name
        st.switch_page(st.session_state["pages"]["select" if picking else "label-train"], query_params={})
    with progress:  # last: it may begin the page anew, and a click would be lost
        st.fragment(_progress, run_every=None if over else POLL)(folder)


def _progress(folder: Path) -> None:
    with errors_shown():
        campaign = load_campaign(folder)
        teach, distil = (job_queries.last(campaign.store, (kind,)) for kind in ("teach", "distill"))
        _step(campaign, teach, "Energies of the teachers", "not started")
        _step(campaign, distil, "First student, distilled from them", "starts when they are done")
        if any(job is not None and job.state in ACTIVE for job in (teach, distil)):
            say_if_stopped(campaign)
        if campaign.active_model() is not None:
            st.success("The first student is ready. Now pick configurations for CCSD(T).")
            seen = (folder.name, job_queries.is_busy(campaign.store))
            if st.session_state.get("first-student-seen") != seen:  # buttons, and how often this is drawn
                st.session_state["first-student-seen"] = seen
                st.rerun(scope="app")


def _step(campaign: Campaign, job: Job | None, what: str, before: str) -> None:
    state = before if job is None else job_data.STATES[job.state]
    share = 0.0 if job is None else 1.0 if job.state == "complete" else job.progress
    said = [state] if job is None or job.state != "running" else [state, job.message, _left(job)]
    bar, button = st.columns([4, 1], vertical_alignment="bottom")
    bar.progress(min(max(share, 0.0), 1.0), plain(f"{what}: {', '.join(filter(None, said))}"))
    if job is None:
        return
    if job.state in ACTIVE:
        if button.button(
            "Stopping …" if job.cancel_requested else "Stop",
            disabled=job.cancel_requested or read_only(),
            width="stretch",
            key=f"{PREFIX}stop-{job.kind}",
            help="What is computed already is kept.",
        ):
            actions.cancel(campaign, [job.id])
            st.rerun()
    elif is_refused(job):
        refused_teacher.offer(campaign, f"{PREFIX}all-the-same")
    elif job.state in ("error", "cancelled"):
        if button.button("Go on", disabled=read_only(), width="stretch", key=f"{PREFIX}retry-{job.kind}"):
            actions.retry(campaign, [job.id])
            st.rerun()
        if job.error:
            st.error(plain(job.error), icon=":material/error:")


def _left(job: Job) -> str:
    """'about 12 min left', once enough is done to tell."""
    so_far = elapsed_minutes(job.started_at, None)
    if so_far is None or job.progress < TELLING:
        return ""
    minutes = so_far * (1.0 - job.progress) / job.progress
    return f"about {minutes_text(minutes)} left"
