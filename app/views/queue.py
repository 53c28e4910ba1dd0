"""The queue of calculations: states, expected end, and everything known about one job."""

from typing import Any

import pandas as pd
import streamlit as st

from app import actions, linked
from app.data import jobs as job_data
from app.session import Context, context, errors_shown
from app.text import Markdown, plain
from app.views.details import show_label
from nci_core.jobs import engine_status
from nci_core.jobs.sizes import why_too_large
from nci_core.store import job_batches, labels
from nci_core.store import jobs as queue
from nci_core.store.base import State

#: Different reasons of failure that are spelt out below the table.
MOST_REASONS = 3
FAILED = ("error", "cancelled")
STATE_MARKS = {"waiting": "·", "running": "▶", "complete": "✓", "error": "✕", "cancelled": "–"}


def show_queue() -> None:
    """Draw it; a fragment, so it reads the campaign anew each time."""
    with errors_shown():
        now = context()
        counts = queue.counts(now.campaign.store)
        if not sum(counts.values()):
            st.caption("The queue is empty: nothing has been computed from here yet.")
            return
        recipe = _recipe(now)
        if recipe is not None:
            counts = labels.status_counts(now.campaign.store, _hashes(now)[recipe], with_job=True)
        jobs = job_data.job_table(now.campaign.store, _start(sum(counts.values())), recipe)
        summary = [f"{counts[state]:,} {name}" for state, name in job_data.STATES.items() if counts[state]]  # type: ignore[index]
        st.caption("Queue: " + " · ".join(summary) + _expected(now, jobs, recipe))
        chosen = _table(jobs, _held_up(now, jobs))
        _buttons(now, jobs, chosen, counts, recipe)
        if len(chosen) == 1:
            _one(now, jobs[jobs["id"] == chosen[0]].iloc[0])


def _hashes(now: Context) -> dict[str, str]:
    """Name → hash of the campaign's recipes."""
    return {recipe.name: recipe.hash for recipe in now.campaign.recipes}


def _recipe(now: Context) -> str | None:
    """The recipe whose labels to show, None for all jobs; a choice where labels of several were asked for."""
    names = job_data.recipes_queued(now.campaign.store, _hashes(now))
    if len(names) < 2:
        return None
    everything = "all recipes"
    name = st.segmented_control(
        "Recipe of the labels",
        [everything, *names],
        format_func=plain,
        default=everything,
        required=True,
        key="queue-recipe",
    )
    return None if name == everything else str(name)


def _start(total: int) -> int:
    """Number of the first row to show; a choice where not all of them fit on one page."""
    if total <= job_data.PAGE:
        return 0
    pages = -(-total // job_data.PAGE)
    st.session_state["queue_page"] = min(st.session_state.get("queue_page", 1), pages)  # some may have gone
    page = st.number_input(f"Page of {pages:,}", 1, pages, key="queue_page", help=f"{job_data.PAGE} jobs each.")
    return (int(page) - 1) * job_data.PAGE


def _held_up(now: Context, jobs: pd.DataFrame) -> dict[int, str]:
    """Why waiting jobs cannot start: no worker has room for them, or the scheduler has gone."""
    status = engine_status(now.campaign.folder)
    waiting = jobs.loc[jobs["state"] == "waiting", "id"].astype(int).tolist()
    if status.error and (status.running or waiting):
        st.warning(plain(status.error), icon=":material/warning:")
    found = {row.id: why_too_large(row, status.worker_sizes) for row in job_batches.by_id(now.campaign.store, waiting)}
    return {number: reason for number, reason in found.items() if reason}


def _expected(now: Context, jobs: pd.DataFrame, recipe: str | None) -> Markdown:
    hashes = _hashes(now)
    each = job_data.label_minutes(now.campaign.store, list(hashes.values()))
    if not each:
        return ""
    engine = engine_status(now.campaign.folder)
    waiting = job_data.waiting_labels(now.campaign.store, hashes if recipe is None else {recipe: hashes[recipe]})
    minutes = job_data.minutes_left(jobs, each, engine.workers or 1, waiting)
    if minutes is None:
        return ""
    text = f"{minutes:.0f} min" if minutes >= 3 else f"{60 * minutes:.0f} s"
    return f" · labels done in about **{text}**"


def _what(kind: str, configuration: float | None, recipe: str = "") -> str:
    name = f"{recipe} label" if recipe else job_data.KINDS.get(kind, kind)
    return name if configuration is None or pd.isna(configuration) else f"{name} {int(configuration)}"


def _table(jobs: pd.DataFrame, held_up: dict[int, str]) -> list[int]:
    said = [held_up.get(int(number), text) for number, text in zip(jobs["id"], jobs["message"], strict=True)]
    message = jobs["error"].where(jobs["error"] != "", said)
    several = len(set(jobs["recipe"]) - {""}) > 1
    what = zip(jobs["kind"], jobs["configuration"], jobs["recipe"] if several else [""] * len(jobs), strict=True)
    shown = pd.DataFrame(
        {
            "State": [f"{STATE_MARKS[s]} {job_data.STATES[s]}" for s in jobs["state"]],
            "What": [_what(*each) for each in what],
            "Progress": jobs["progress"],
            "Minutes": jobs["minutes"].astype(float),
            "Message": message,
        }
    )
    config: dict[str, Any] = {
        "Progress": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="percent", width=90),
        "Minutes": st.column_config.NumberColumn(format="%.1f", width=70),
        "State": st.column_config.TextColumn(width=90),
        "Message": st.column_config.TextColumn(),
    }
    event = st.dataframe(
        shown,
        hide_index=True,
        column_config=config,
        height=38 + 36 * min(max(len(jobs), 1), 8),
        on_select="rerun",
        selection_mode="multi-row",
        placeholder="—",
        key="queue-table",
    )
    return [int(jobs.iloc[i]["id"]) for i in event.selection.rows if i < len(jobs)]


def _buttons(now: Context, jobs: pd.DataFrame, chosen: list[int], counts: dict[State, int], recipe: str | None) -> None:
    picked = jobs[jobs["id"].isin(chosen)]
    failed = jobs[jobs["state"].isin(FAILED)]
    to_cancel = picked[picked["state"].isin(job_data.ACTIVE)]
    to_retry = picked[picked["state"].isin(FAILED)]
    # Without a tick all are meant, those on other pages too, but of the recipe shown.
    none_to_cancel = to_cancel.empty if chosen else not counts["running"] + counts["waiting"]
    none_to_retry = to_retry.empty if chosen else not counts["error"] + counts["cancelled"]
    waiting = picked[picked["state"] == "waiting"]
    first, second, third = st.columns([1, 1, 1])
    scope = "selected" if chosen else "all"
    if first.button(f"Cancel {scope}", disabled=none_to_cancel or now.read_only, width="stretch", key="cancel_jobs"):
        actions.cancel(now.campaign, to_cancel["id"].astype(int).tolist() if chosen else None, recipe)
        st.rerun()
    if second.button(
        f"Retry {'selected' if chosen else 'failed'}",
        disabled=none_to_retry or now.read_only,
        width="stretch",
        key="retry_jobs",
    ):
        actions.retry(now.campaign, to_retry["id"].astype(int).tolist() if chosen else None, recipe)
        st.rerun()
    if third.button(
        "Run next",
        disabled=waiting.empty or now.read_only,
        width="stretch",
        key="first_jobs",
        help="Tick waiting rows: they run before all others.",
    ):
        actions.put_first(now.campaign, waiting["id"].astype(int).tolist())
        st.rerun()
    # Without a tick the reasons of all failures are said once each: the table cuts them off.
    wrong = (picked if chosen else failed)[lambda rows: rows["error"] != ""]
    for reason, rows in list(wrong.groupby("error", sort=False))[:MOST_REASONS]:
        numbers = ", ".join(str(n) for n in rows["id"].head(5)) + (" …" if len(rows) > 5 else "")
        st.error(f"{'Jobs' if len(rows) > 1 else 'Job'} {plain(numbers)}: {plain(reason)}", icon=":material/error:")


def _one(now: Context, row: pd.Series) -> None:
    """A job's own page: what it computed, and its log."""
    number = int(row["id"])
    job = job_data.job(now.campaign.store, number)
    if job is None:
        return
    st.markdown(f"**Job {number}**, start {job.attempt} of at most {job.max_attempts}. {plain(job.message)}")
    configuration = row["configuration"]
    if job.kind == "label" and configuration is not None and not pd.isna(configuration):
        found = job_data.label_of_job(now.campaign.store, number)
        linked.view(now, int(configuration))
        if found is not None:
            show_label(now, found)
    with st.expander("Log", expanded=job.state == "error"):
        path = now.campaign.folder / "logs" / f"job-{number}.log"
        if path.is_file() and path.stat().st_size:
            st.code(path.read_text(encoding="utf-8", errors="replace")[-6000:], language=None)
        else:
            events = job_data.events(now.campaign.store, number)
            st.dataframe(events.tail(50), hide_index=True) if len(events) else st.caption("It wrote no log.")
