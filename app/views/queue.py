"""The queue of calculations: states, expected end, and everything known about one job."""

from typing import Any

import pandas as pd
import streamlit as st

from app import actions, linked
from app.data import jobs as job_data
from app.session import Context, context, errors_shown
from app.views.details import show_label
from nci_core.jobs import engine_status

#: Different reasons of failure that are spelt out below the table.
MOST_REASONS = 3
STATE_MARKS = {"waiting": "·", "running": "▶", "complete": "✓", "error": "✕", "cancelled": "–"}


def show_queue() -> None:
    """Draw it; a fragment, so it reads the campaign anew each time."""
    with errors_shown():
        now = context()
        jobs = job_data.job_table(now.campaign.store)
        if jobs.empty:
            st.caption("No calculation has been asked for yet.")
            return
        jobs = _of_recipe(jobs)
        counts = jobs["state"].value_counts()
        summary = [f"{counts[state]} {name}" for state, name in job_data.STATES.items() if state in counts]
        st.caption("Queue: " + " · ".join(summary) + _expected(now, jobs))
        chosen = _table(jobs)
        _buttons(now, jobs, chosen)
        if len(chosen) == 1:
            _one(now, jobs[jobs["id"] == chosen[0]].iloc[0])


def _of_recipe(jobs: pd.DataFrame) -> pd.DataFrame:
    """The rows of one recipe, or all of them; a choice where labels of several were asked for."""
    names = sorted(set(jobs["recipe"]) - {""})
    if len(names) < 2:
        return jobs
    everything = "all recipes"
    name = st.segmented_control(
        "Recipe of the labels", [everything, *names], default=everything, required=True, key="queue-recipe"
    )
    return jobs if name == everything else jobs[jobs["recipe"] == name]


def _expected(now: Context, jobs: pd.DataFrame) -> str:
    costs = job_data.label_costs(now.campaign.store, [recipe.hash for recipe in now.campaign.recipes])
    if costs.empty:
        return ""
    engine = engine_status(now.campaign.folder)
    each = {str(name): float(value) for name, value in costs.groupby("recipe")["wall_minutes"].mean().items()}
    minutes = job_data.minutes_left(jobs, each, engine.workers or 1)
    if minutes is None:
        return ""
    text = f"{minutes:.0f} min" if minutes >= 3 else f"{60 * minutes:.0f} s"
    return f" · labels done in about **{text}**"


def _what(kind: str, configuration: float | None, recipe: str = "") -> str:
    name = f"{recipe} label" if recipe else job_data.KINDS.get(kind, kind)
    return name if configuration is None or pd.isna(configuration) else f"{name} {int(configuration)}"


def _table(jobs: pd.DataFrame) -> list[int]:
    several = len(set(jobs["recipe"]) - {""}) > 1
    what = zip(jobs["kind"], jobs["configuration"], jobs["recipe"] if several else [""] * len(jobs), strict=True)
    shown = pd.DataFrame(
        {
            "State": [f"{STATE_MARKS[s]} {job_data.STATES[s]}" for s in jobs["state"]],
            "What": [_what(*each) for each in what],
            "Progress": jobs["progress"],
            "Minutes": jobs["minutes"].astype(float),
            "Message": jobs["error"].where(jobs["error"] != "", jobs["message"]),
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


def _buttons(now: Context, jobs: pd.DataFrame, chosen: list[int]) -> None:
    picked = jobs[jobs["id"].isin(chosen)]
    active = jobs[jobs["state"].isin(job_data.ACTIVE)]
    failed = jobs[jobs["state"].isin(["error", "cancelled"])]
    to_cancel = picked[picked["state"].isin(job_data.ACTIVE)] if chosen else active
    to_retry = picked[picked["state"].isin(["error", "cancelled"])] if chosen else failed
    waiting = picked[picked["state"] == "waiting"]
    first, second, third = st.columns([1, 1, 1])
    scope = "selected" if chosen else "all"
    if first.button(f"Cancel {scope}", disabled=to_cancel.empty or now.read_only, width="stretch", key="cancel_jobs"):
        actions.cancel(now.campaign, to_cancel["id"].astype(int).tolist())
        st.rerun()
    if second.button(
        f"Retry {'selected' if chosen else 'failed'}",
        disabled=to_retry.empty or now.read_only,
        width="stretch",
        key="retry_jobs",
    ):
        actions.retry(now.campaign, to_retry["id"].astype(int).tolist())
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
        st.error(f"{'Jobs' if len(rows) > 1 else 'Job'} {numbers}: {reason}", icon=":material/error:")


def _one(now: Context, row: pd.Series) -> None:
    """A job's own page: what it computed, and its log."""
    number = int(row["id"])
    job = job_data.job(now.campaign.store, number)
    if job is None:
        return
    st.markdown(f"**Job {number}**, start {job.attempt} of at most {job.max_attempts}. {job.message}")
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
