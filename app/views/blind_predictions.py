"""Labels beside what the student had predicted of them before they were computed, round by round."""

import pandas as pd
import streamlit as st

from app import cached
from app.chart import Drawn, charts
from app.choices import one_from
from app.data.worth import MEANING
from app.figures.blind import blind_figure, sentence
from app.session import Context
from app.tables import with_numbers
from app.text import plain
from nci_core.campaign.queries import blind

HELP = (
    "Each label against what the newest student fitted without it had predicted, in units of that student's error "
    "bar (sd). Labels are picked where the student is unsure, so these are hard points."
)


def show_newest(context: Context) -> None:
    """The labels of the newest round; nothing before there are any."""
    rows = _paid(context)
    if len(rows):
        number = rows["round_number"].max()
        st.markdown(f"**Predicted before they were computed** · labels of round {number}", help=HELP)
        _judged(context, rows[rows["round_number"] == number])


def section(context: Context) -> None:
    """The part of the History page: the labels of any round, each as the student before had predicted it."""
    rows = _paid(context)
    if rows.empty:
        st.info(
            "A finished label appears here with the prediction of a student fitted without it.",
            icon=":material/info:",
        )
        return
    newest = sorted(rows["round_number"].unique().tolist(), reverse=True)
    left, _ = st.columns([1, 2.2])
    number = one_from(left, "Labels of", {n: f"round {n}" for n in newest}, key="blind_round", help=HELP)
    rows = rows[rows["round_number"] == int(number)]
    first, second = st.columns([1, 1.25], gap="medium")
    with first:
        _judged(context, rows, height=380)
    with second:
        _table(context, rows)


def _paid(context: Context) -> pd.DataFrame:
    """The predictions of training labels that a round paid for."""
    found = cached.blind_predictions(context)
    return found[(found["split"] == "pool") & found["round_number"].notna()]


def _judged(context: Context, rows: pd.DataFrame, *, height: int = 230) -> None:
    """How many of them held, and each in units of its error bar."""
    found = blind.judge(rows, context.campaign.bounds)
    if found is not None:
        st.caption(f"{plain(sentence(found))}: {plain(found.sentence)}.")
    if rows["z"].notna().any():
        figure = blind_figure(rows, context.unit, context.colours, height=height)
        charts(context, Drawn(figure, "blind-predictions"))


def _table(context: Context, rows: pd.DataFrame) -> None:
    """One row a label, the worst prediction first."""
    factor, digits = context.unit.per_ev, context.unit.digits
    worst_first = rows.sort_values("z", key=abs, ascending=False, kind="stable")
    recipe = "± recipe"
    shown = pd.DataFrame(
        {
            "Region": cached.table(context)["region"].reindex(worst_first.index),
            "Predicted": worst_first["predicted_ev"] * factor,
            "± sd": worst_first["std_ev"] * factor,
            "Computed": worst_first["computed_ev"] * factor,
            recipe: worst_first["computed_std_ev"] * factor,
            "Off by": (worst_first["predicted_ev"] - worst_first["computed_ev"]) * factor,
            "Off by / sd": worst_first["z"],
        }
    )
    specs = dict.fromkeys(("Predicted", "± sd", "Computed", recipe), f".{digits}f")
    specs |= {"Off by": f"+.{digits}f", "Off by / sd": "+.1f"}
    if shown[recipe].isna().all():
        shown = shown.drop(columns=recipe)
        del specs[recipe]
    st.caption(f"Energies in {context.unit.label}, the worst prediction first.")
    st.dataframe(
        with_numbers(shown.rename_axis("Configuration").reset_index(), specs),
        hide_index=True,
        column_config={recipe: st.column_config.NumberColumn(help=f"{MEANING}.")},
        placeholder="—",
        height=440 if len(rows) > 11 else "content",
        key="blind-table",
        alt="Predictions and labels",
    )
