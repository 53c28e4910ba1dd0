"""Human against machine: the test error that each picker's labels bring, beside random ones."""

from typing import Any

import pandas as pd
import streamlit as st

from app import actions
from app.chart import Drawn, charts
from app.choices import one_of
from app.data import replay as replay_data
from app.data.errors import RANGES
from app.doing import act_button
from app.figures.replay import replay_figure
from app.session import Context, context, errors_shown
from app.tables import grid
from app.text import plain
from nci_core.store import job_queries, labels
from nci_core.units import CM1_EV

POLL = 2.0


def section(context_now: Context) -> None:
    """The section of the History page."""
    st.subheader(
        "Who picked well?",
        help="Fine-tunes the distilled student on the first labels of each picker and on as many random labels, "
        "and measures each fit on the frozen test set. Some minutes on one core.",
    )
    busy = replay_data.under_way(context_now.campaign.store) is not None
    st.fragment(_section, run_every=POLL if busy else None)(busy)


def _section(was_busy: bool) -> None:
    with errors_shown():
        now = context()
        job = replay_data.under_way(now.campaign.store)
        if was_busy and job is None:
            st.rerun()  # stop looking, and show what was found
        left, right = st.columns([1, 2.2], vertical_alignment="bottom")
        act_button(
            left,
            "Compare pickers",
            lambda: actions.replay(now.campaign),
            key="compare_pickers",
            when=job is None,
            icon=":material/groups:",
            width="stretch",
        )
        if job is not None:
            right.progress(min(job.progress, 1.0), text=f"Comparing: {plain(job.message or job.state)}")
        else:
            _failure(now)
        region = str(st.session_state.get("replay_region") or "all")
        found = replay_data.latest(now.campaign.store, region)
        if found is None:
            st.caption(
                "Pickers have not been compared yet. This needs labels of the frozen test set and a distilled student."
            )
            return
        if job is None:
            one_of(right, "Region", RANGES, key="replay_region", titled=True)
        _result(now, found, region)


def _failure(now: Context) -> None:
    last = job_queries.last(now.campaign.store, ("replay",))
    if last is not None and last.state == "error":
        st.warning(f"The last comparison failed: {plain(last.error)}", icon=":material/error:")


def _result(now: Context, found: replay_data.Comparison, region: str) -> None:
    trials = found.trials[found.trials["mae_cm1"].notna()]
    if trials.empty:
        st.caption(f"No test label lies in the {RANGES[region]}.")
        return
    random = replay_data.control(trials)
    left, right = st.columns([1.35, 1], gap="medium")
    with left:
        charts(now, Drawn(replay_figure(trials, random, now.unit, now.colours), "pickers"))
    with right:
        _table(now, trials, random)
    there = len(labels.complete(now.campaign.store, now.campaign.recipe.hash, split="pool"))
    stale = f" New labels have come since: now {there}." if there != found.n_labels else ""
    st.caption(
        f"Each point: one fit from the distilled student; MAE on the {found.n_test} frozen test labels below the "
        f"energy limit. Control: {found.seeds} random subsets of the {found.n_labels} training labels, not of the "
        "whole pool." + stale,
        help="If one picker chose nearly all labels, the control only tests their order. Later pickers had seen the "
        "labels of earlier ones.",
    )


def _table(now: Context, trials: pd.DataFrame, random: pd.DataFrame) -> None:
    own = trials[trials["picker"].notna()].sort_values(["n", "picker"])
    factor, label = CM1_EV * now.unit.per_ev, now.unit.label
    beside = random.reindex(own["n"])
    mae, control = f"MAE ({label})", f"Random ({label})"
    shown = pd.DataFrame(
        {
            "Labels": own["n"].to_numpy(),
            "Picked by": own["picker"].to_numpy(),
            mae: own["mae_cm1"].to_numpy() * factor,
            control: [
                _spread(m, s, now.unit.digits)
                for m, s in zip(beside["mae_cm1"] * factor, beside["sd_cm1"] * factor, strict=True)
            ],
            "CPU min": [
                _text(a, 1) + (f" ({_text(b, 1)})" if pd.notna(b) else "")
                for a, b in zip(own["cpu_minutes"], beside["cpu_minutes"], strict=True)
            ],
        }
    )
    config: dict[str, Any] = {
        mae: st.column_config.NumberColumn(format=f"%.{now.unit.digits}f"),
        control: st.column_config.TextColumn(help="Mean and standard deviation over the random subsets."),
        "CPU min": st.column_config.TextColumn(
            help="Measured cost of the picked labels; in brackets, of the random ones."
        ),
    }
    grid(shown, key="replay-table", column_config=config)


def _text(value: float, digits: int) -> str:
    return f"{value:.{digits}f}" if pd.notna(value) else "—"


def _spread(mean: float, sd: float, digits: int) -> str:
    if pd.isna(mean):
        return "—"
    return _text(mean, digits) + (f" ± {_text(sd, digits)}" if pd.notna(sd) else "")
