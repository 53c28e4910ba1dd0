"""Labels beside what the student had predicted of them before they were computed, round by round."""

import pandas as pd
import streamlit as st

from app import cached
from app.chart import Drawn, charts
from app.choices import one_from
from app.data.worth import MEANING
from app.figures.blind import blind_figure, sentence
from app.session import Context
from app.tables import scaled, with_numbers
from app.text import plain
from nci_core.campaign.queries import blind
from nci_core.campaign.queries.blind import BlindPrediction

HELP = (
    "Each label against what the newest student fitted without it had predicted, in units of that student's error "
    "bar (sd). Labels are picked where the student is unsure, so these are hard points."
)


def show_newest(context: Context) -> None:
    """The labels of the newest round; nothing before there are any."""
    rounds = _rounds(context)
    if rounds:
        number = max(rounds)
        st.markdown(f"**Predicted before they were computed** · labels of round {number}", help=HELP)
        _judged(context, rounds[number])


def section(context: Context) -> None:
    """The part of the History page: the labels of any round, each as the student before had predicted it."""
    rounds = _rounds(context)
    if not rounds:
        st.info(
            "A finished label appears here with the prediction of a student fitted without it.",
            icon=":material/info:",
        )
        return
    newest = sorted(rounds, reverse=True)
    left, _ = st.columns([1, 2.2])
    number = one_from(left, "Labels of", {n: f"round {n}" for n in newest}, key="blind_round", help=HELP)
    rows = rounds[int(number)]
    first, second = st.columns([1, 1.25], gap="medium")
    with first:
        _judged(context, rows, height=380)
    with second:
        _table(context, rows)


def _rounds(context: Context) -> dict[int, list[BlindPrediction]]:
    """Predictions of training labels by the number of the round that paid for them."""
    rounds: dict[int, list[BlindPrediction]] = {}
    for row in cached.blind_predictions(context):
        if row.split == "pool" and row.round_number is not None:
            rounds.setdefault(row.round_number, []).append(row)
    return rounds


def _judged(context: Context, rows: list[BlindPrediction], *, height: int = 230) -> None:
    """How many of them held, and each in units of its error bar."""
    found = blind.judge(rows, context.campaign.settings.bounds)
    if found is not None:
        st.caption(f"{plain(sentence(found))}: {plain(found.sentence)}.")
    if any(row.std_ev for row in rows):
        figure = blind_figure(rows, context.unit, context.colours, height=height)
        charts(context, Drawn(figure, "blind-predictions"))


def _table(context: Context, rows: list[BlindPrediction]) -> None:
    """One row a label, the worst prediction first."""
    factor, digits = context.unit.per_ev, context.unit.digits
    regions = cached.table(context)["region"]
    recipe = "± recipe"
    shown = pd.DataFrame(
        {
            "Configuration": [row.configuration_id for row in rows],
            "Region": [regions.get(row.configuration_id) for row in rows],
            "Predicted": [row.predicted_ev * factor for row in rows],
            "± sd": scaled((row.std_ev for row in rows), factor),
            "Computed": [row.computed_ev * factor for row in rows],
            recipe: scaled((row.computed_std_ev for row in rows), factor),
            "Off by": [(row.predicted_ev - row.computed_ev) * factor for row in rows],
            "Off by / sd": [row.z for row in rows],
        }
    )
    specs = dict.fromkeys(("Predicted", "± sd", "Computed", recipe), f".{digits}f")
    specs |= {"Off by": f"+.{digits}f", "Off by / sd": "+.1f"}
    if shown[recipe].isna().all():
        shown = shown.drop(columns=recipe)
        del specs[recipe]
    st.caption(f"Energies in {context.unit.label}, the worst prediction first.")
    worst_first = shown.loc[shown["Off by / sd"].abs().sort_values(ascending=False, na_position="last").index]
    st.dataframe(
        with_numbers(worst_first.reset_index(drop=True), specs),
        hide_index=True,
        column_config={recipe: st.column_config.NumberColumn(help=f"{MEANING}.")},
        placeholder="—",
        height=440 if len(rows) > 11 else "content",
        key="blind-table",
        alt="Predictions and labels",
    )
