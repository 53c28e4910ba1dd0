"""Human against machine: the test error that each picker's labels bring, beside random ones."""

import pandas as pd
import streamlit as st

from app import actions
from app.chart import Drawn, charts
from app.choices import one_of
from app.data.errors import RANGES
from app.doing import act_button, live
from app.figures.replay import replay_figure
from app.session import Context
from app.tables import grid
from app.text import plain
from nci_core.rounding import number_text
from nci_core.store import job_queries, labels, replay_tables
from nci_core.store.base import ACTIVE
from nci_core.units import CM1_EV


def section(context: Context) -> None:
    """The section of the History page."""
    st.subheader(
        "Who picked well?",
        help="Fine-tunes the distilled student on the first labels of each picker and on as many random labels, "
        "and measures each fit on the frozen test set. Some minutes on one core.",
    )
    last = job_queries.last(context.campaign.store, ("replay",))
    busy = last is not None and last.state in ACTIVE
    live(_section, busy, busy)


def _section(now: Context, was_busy: bool) -> None:
    last = job_queries.last(now.campaign.store, ("replay",))
    busy = last is not None and last.state in ACTIVE
    if was_busy and not busy:
        st.rerun()  # stop looking, and show what was found
    left, right = st.columns([1, 2.2], vertical_alignment="bottom")
    act_button(
        left,
        "Compare pickers",
        lambda: actions.replay(now.campaign),
        key="compare_pickers",
        when=not busy,
        icon=":material/groups:",
        width="stretch",
    )
    if last is not None and busy:
        right.progress(min(last.progress, 1.0), text=f"Comparing: {plain(last.message or last.state)}")
    elif last is not None and last.state == "error":
        st.warning(f"The last comparison failed: {plain(last.error)}", icon=":material/error:")
    region = str(st.session_state.get("replay_region") or "all")
    found = replay_tables.latest(now.campaign.store, region)
    if found is None:
        st.caption(
            "Pickers have not been compared yet. This needs labels of the frozen test set and a distilled student."
        )
        return
    if not busy:
        one_of(right, "Region", RANGES, key="replay_region", titled=True)
    _result(now, found, region)


def _result(now: Context, found: replay_tables.Comparison, region: str) -> None:
    trials = found.trials[found.trials["mae_cm1"].notna()]
    if trials.empty:
        st.caption(f"No test label lies in the {RANGES[region]}.")
        return
    random = replay_tables.control(trials)
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
    mae, control = f"MAE ({now.unit.label})", f"Random ({now.unit.label})"
    own = trials[trials["picker"].notna()].join(random.add_suffix("_random"), on="n").sort_values(["n", "picker"])
    energies = ["mae_cm1", "mae_cm1_random", "sd_cm1_random"]
    own[energies] *= CM1_EV * now.unit.per_ev
    digits = f".{now.unit.digits}f"
    shown = pd.DataFrame(
        {
            "Labels": own["n"],
            "Picked by": own["picker"],
            mae: own["mae_cm1"],
            control: own["mae_cm1_random"].map(lambda value: number_text(value, digits))
            + own["sd_cm1_random"].map(lambda sd: f" ± {sd:{digits}}" if pd.notna(sd) else ""),
            "CPU min": own["cpu_minutes"].map(lambda value: number_text(value, ".1f"))
            + own["cpu_minutes_random"].map(lambda value: f" ({value:.1f})" if pd.notna(value) else ""),
        }
    )
    means = {
        control: "Mean and standard deviation over the random subsets.",
        "CPU min": "Measured cost of the picked labels; in brackets, of the random ones.",
    }
    grid(shown, {mae: digits}, key="replay-table", help=means)
