"""The queue of calculations: states, expected end, and everything known about one job."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from app import actions, cached, selection
from app.choices import as_written, one_of
from app.data import jobs as job_data
from app.doing import act_button
from app.figures.blind import predicted_text
from app.session import Context
from app.tables import grid
from app.text import Markdown, plain
from app.views.details import show_label
from nci_core.campaign import Campaign
from nci_core.campaign.pricing.costs import label_cost
from nci_core.errors import JobError
from nci_core.jobs import EngineStatus, engine_status
from nci_core.jobs.remaining import label_minutes, remaining, running_labels, waiting_labels
from nci_core.jobs.sizes import why_too_large
from nci_core.store import job_batches, job_queries, label_queries, labels
from nci_core.store import jobs as queue
from nci_core.store.base import ACTIVE, State
from nci_core.store.job_tables import SET_ASIDE, events_table, jobs_table

#: Different reasons of failure that are spelt out below the table.
MOST_REASONS = 3
#: Minutes beyond the usual that are not worth a word: each label starts a process, and a busy machine takes its time.
STARTING = 0.5
FAILED: tuple[State, ...] = ("error", "cancelled")
PREDICTED_HELP = (
    "For a finished label its interaction energy, ± how far its recipe is from the basis-set limit, and what the "
    "newest student that was fitted without it had predicted, ± its standard deviation."
)
STATE_MARKS = {"waiting": "·", "running": "▶", "complete": "✓", "error": "✕", "cancelled": "–"}


def show_queue(now: Context) -> None:
    """Draw it."""
    counts = job_queries.counts(now.campaign.store)
    if not sum(counts.values()):
        st.caption("The queue is empty.")
        return
    recipe = _recipe(now)
    if recipe is not None:
        counts = label_queries.status_counts(now.campaign.store, now.campaign.find_recipe(recipe).hash, with_job=True)
    jobs = jobs_table(now.campaign.store, _start(sum(counts.values())), job_data.PAGE, recipe)
    summary = [f"{n:,} {job_data.STATES[state]}" for state, n in counts.items() if n]
    status = engine_status(now.campaign.folder)
    st.caption("Queue: " + " · ".join(summary) + _expected(now, status, recipe))
    if counts["waiting"] + counts["running"]:
        say_if_stopped(now.campaign)
    chosen = _table(now, jobs, _held_up(now, jobs, status))
    _buttons(now, jobs, chosen, counts, recipe)
    if len(chosen) == 1:
        _one(now, jobs[jobs["id"] == chosen[0]].iloc[0])


def _recipe(now: Context) -> str | None:
    """The recipe whose labels to show, None for all jobs; a choice where labels of several were asked for."""
    store, everything = now.campaign.store, "all recipes"
    asked = [recipe.name for recipe in now.campaign.recipes if label_queries.queued(store, recipe.hash)]
    if len(asked) < 2:
        return None
    name = one_of(
        st,
        "Recipe of the labels",
        as_written([everything, *asked]),
        key="queue-recipe",
        first=everything,
        titled=True,
        in_address=False,
    )
    return None if name == everything else name


def _start(total: int) -> int:
    """Number of the first row to show; a choice where not all of them fit on one page."""
    if total <= job_data.PAGE:
        return 0
    pages = -(-total // job_data.PAGE)
    st.session_state["queue_page"] = min(st.session_state.get("queue_page", 1), pages)  # some may have gone
    page = st.number_input(f"Page of {pages:,}", 1, pages, key="queue_page", help=f"{job_data.PAGE} jobs each.")
    return (int(page) - 1) * job_data.PAGE


def say_if_stopped(campaign: Campaign) -> None:
    """Say so when nothing works on the jobs that wait or run: their numbers would stand still."""
    status = engine_status(campaign.folder)
    if status.error:
        st.warning(plain(status.error), icon=":material/warning:")
    if status.running:
        return
    words, button = st.columns([2.2, 1], vertical_alignment="center")
    words.warning("Nothing is being computed: the queue has stopped.", icon=":material/pause:")
    act_button(button, "Go on", lambda: actions.start_engine(campaign), key="start_engine", width="stretch")


def _held_up(now: Context, jobs: pd.DataFrame, status: EngineStatus) -> dict[int, str]:
    """Why waiting jobs cannot start: no worker has room for them."""
    waiting = jobs.loc[jobs["state"] == "waiting", "id"].astype(int).tolist()
    found = {row.id: why_too_large(row, status.worker_sizes) for row in job_batches.by_id(now.campaign.store, waiting)}
    return {number: reason for number, reason in found.items() if reason}


def _expected(now: Context, status: EngineStatus, recipe: str | None) -> Markdown:
    """' · all labels in about 12 min', of all of them, whichever page of the table is shown."""
    if not status.running:
        return ""
    store, hashes = now.campaign.store, {each.name: each.hash for each in now.campaign.recipes}
    shown = hashes if recipe is None else {recipe: hashes[recipe]}
    running, waiting = running_labels(store, shown), waiting_labels(store, shown)
    usual = label_minutes(store, hashes)
    for name in shown.keys() - usual.keys():  # before the first of a recipe is finished the estimate tells
        usual[name] = label_cost(now.campaign, now.campaign.find_recipe(name)).elapsed(1, 1)
    found = remaining(running, waiting, usual, status.workers or 1)
    if found is None:
        return ""
    said = []
    so_far, expected = found.overdue or (0.0, 0.0)
    late = so_far - expected > STARTING
    if found.minutes > 0:
        minutes = f"**{minutes_text(found.minutes)}**"
        said.append(f"all labels in {minutes} or more" if late else f"all labels in about {minutes}")
    if late:
        said.append(f"one takes longer than usual ({minutes_text(so_far)} so far, usually {minutes_text(expected)})")
    return f" · {'; '.join(said)}" if said else ""


def minutes_text(minutes: float) -> Markdown:
    """A duration that is seen to pass: seconds, then tenths of a minute, then minutes."""
    return f"{60 * minutes:.0f} s" if minutes < 1.95 else f"{minutes:.{0 if minutes >= 9.95 else 1}f} min"


def _table(now: Context, jobs: pd.DataFrame, held_up: dict[int, str]) -> list[int]:
    """Draw the jobs of one page; the numbers of those that are ticked."""
    results, several = _results(now, jobs), len(set(jobs["recipe"]) - {""}) > 1
    names = {system.id: system.name for system in now.campaign.systems if now.several}

    def state(job: Any) -> str:
        if job.state != "running":
            return f"{STATE_MARKS[job.state]} {job_data.STATES[job.state]}"
        done = f"running {100 * job.progress:.0f}%" if job.progress > 0 else "running"
        return f"{STATE_MARKS[job.state]} {'stopping' if job.cancel_requested else done}"

    def what(job: Any) -> str:
        label = f"{job.recipe} label" if several and job.recipe else "label"
        name = label if job.kind == "label" else job_data.KINDS.get(job.kind, job.kind)
        name += f" {int(job.configuration)}" if pd.notna(job.configuration) else ""
        return f"{name} · {names[job.system_id]}" if job.system_id in names else name

    rows = [
        {
            "State": state(job),
            "What": what(job),
            "Minutes": job.minutes,
            "Message": job.error or held_up.get(job.id) or results.get(job.id) or job.message,
        }
        for job in jobs.itertuples()
    ]
    shown = pd.DataFrame(rows, columns=["State", "What", "Minutes", "Message"]).astype({"Minutes": float})
    config: dict[str, Any] = {
        "State": st.column_config.TextColumn(width=100),
        "What": st.column_config.TextColumn(width=80 if not several and not names else None),
        "Minutes": st.column_config.NumberColumn(width=62),
        "Message": st.column_config.TextColumn(help=PREDICTED_HELP),
    }
    event = grid(
        shown,
        {"Minutes": ".1f"},
        column_config=config,
        height=38 + 36 * min(max(len(jobs), 1), 8),
        on_select="rerun",
        selection_mode="multi-row",
        # A tick belongs to a row's number: it must not pass to another job when the rows change places.
        key=f"queue-table-{hash(tuple(jobs['id']))}",
    )
    return [int(jobs.iloc[i]["id"]) for i in event.selection.rows if i < len(jobs)]


def _results(now: Context, jobs: pd.DataFrame) -> dict[int, str]:
    """Job → energy of its finished label, with what the student had said of it where that is of the target recipe.

    A label that was set aside keeps the reason as its message.
    """
    said = cached.blind_predictions(now)
    found: dict[int, str] = {}
    for row in jobs[jobs["energy_ev"].notna() & ~jobs["message"].str.startswith(SET_ASIDE)].itertuples():
        found[row.id] = now.text(row.energy_ev, row.label_std_ev)
        if row.recipe == now.campaign.recipe.name and row.configuration in said.index:
            found[row.id] += f", predicted {predicted_text(said.loc[row.configuration], now.unit)}"
    return found


def _buttons(now: Context, jobs: pd.DataFrame, chosen: list[int], counts: dict[State, int], recipe: str | None) -> None:
    picked = jobs[jobs["id"].isin(chosen)]

    def ticked(states: Sequence[str]) -> list[int]:
        return picked.loc[picked["state"].isin(states), "id"].astype(int).tolist()

    def offer(place: Any, label: Markdown, states: Sequence[State], act: Callable[..., None], key: str) -> None:
        """Without a tick all are meant, those on other pages too, but of the recipe shown."""
        ids = ticked(states) if chosen else None
        there = sum(counts[state] for state in states) if ids is None else len(ids)
        act_button(place, label, partial(act, now.campaign, ids, recipe), key=key, when=there, width="stretch")

    first, second, third = st.columns([1, 1, 1])
    offer(first, f"Cancel {'selected' if chosen else 'all'}", ACTIVE, actions.cancel, "cancel_jobs")
    offer(second, f"Try {'selected' if chosen else 'failed'} again", FAILED, actions.retry, "retry_jobs")
    waiting = ticked(["waiting"])
    act_button(
        third,
        "Run next",
        lambda: actions.put_first(now.campaign, waiting),
        key="first_jobs",
        when=waiting,
        help="Tick waiting rows: they run before all others.",
        width="stretch",
    )
    # Without a tick the reasons of all failures are said once each: the table cuts them off.
    wrong = picked if chosen else jobs[jobs["state"].isin(FAILED)]
    wrong = wrong[wrong["error"] != ""]
    for reason, rows in list(wrong.groupby("error", sort=False))[:MOST_REASONS]:
        numbers = ", ".join(str(n) for n in rows["id"].head(5)) + (" …" if len(rows) > 5 else "")
        st.error(f"{'Jobs' if len(rows) > 1 else 'Job'} {plain(numbers)}: {plain(reason)}", icon=":material/error:")


def _one(now: Context, row: pd.Series) -> None:
    """A job's own page: what it computed, and its log."""
    number = int(row["id"])
    try:
        job = queue.get(now.campaign.store, number)
    except JobError:  # it went with the demo that was reset
        return
    st.markdown(f"**Job {number}**, start {job.attempt} of at most {job.max_attempts}. {plain(job.message)}")
    if job.kind == "label" and pd.notna(row["configuration"]):
        selection.view(now, int(row["configuration"]))
        if found := label_queries.of_jobs(now.campaign.store, [number]).get(number):
            show_label(now, labels.get(now.campaign.store, found.id))
    with st.expander("Log", expanded=job.state == "error"):
        path = now.campaign.folder / "logs" / f"job-{number}.log"
        if path.is_file() and path.stat().st_size:
            st.code(path.read_text(encoding="utf-8", errors="replace")[-6000:], language=None)
        elif len(events := events_table(now.campaign.store, number)):
            st.dataframe(events.tail(50), hide_index=True)
        else:
            st.caption("It wrote no log.")
