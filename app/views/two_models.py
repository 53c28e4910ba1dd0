"""History's part that compares two models: what they were fitted to, and their errors point by point."""

import numpy as np
import pandas as pd
import streamlit as st

from app import cached
from app.chart import Drawn, charts
from app.data import trust as data
from app.data.errors import RANGES, as_shown
from app.data.jobs import model_name
from app.figures.trust import change_figure
from app.session import Context
from app.tables import energies_in, grid, printed
from app.text import plain
from app.views.trust import choose_model, model_gates
from nci_core.errors import NCIError
from nci_core.store.schema import Model


def show(context: Context, models: list[Model]) -> None:
    """The part of the History page."""
    if len(models) < 2:
        st.info("There is only one student; fine-tune it first, then compare.", icon=":material/info:")
        return
    active = context.model.id if context.model else models[-1].id
    left, right = st.columns(2)
    with right:
        second = choose_model(context, models, "Second", "compare_second", active)
    with left:
        others = [model for model in models if model.id != second.id]
        earlier = [others[0].id, *(model.id for model in others if model.id < second.id)]
        first = choose_model(context, others, "First", f"compare_first_{second.id}", earlier[-1])
    tables = [cached.averaged(context, cached.table(context, model.id)) for model in (first, second)]
    rows = data.paired(*tables)
    _facts(context, [first, second], tables)
    if rows.empty:
        st.info(
            "No test configuration has both a finished label and energies of both students.", icon=":material/info:"
        )
        return
    names = f"round {first.round_number}", f"round {second.round_number}"
    if first.round_number == second.round_number:
        names = f"model {first.id}", f"model {second.id}"
    _paired_errors(context, rows)
    left, right = st.columns([1.1, 1], gap="medium")
    with left:
        _moved(context, rows)
    with right:
        st.markdown("**Point by point**, test set. Below the line the second model is better.")
        figure = change_figure(rows, names, context.unit, context.colours)
        pairs = rows[["region", "first_error_ev", "second_error_ev"]]
        charts(context, Drawn(figure, "two-models", lambda: energies_in(pairs, context.unit)))


def _facts(context: Context, pair: list[Model], tables: list[pd.DataFrame]) -> None:
    rounds, _ = cached.history(context)
    columns: dict[str, dict[str, str]] = {}
    for name, model, table in zip(("First", "Second"), pair, tables, strict=True):
        until = rounds[rounds["number"] <= model.round_number]
        picked = rounds.loc[rounds["number"] == model.round_number, "picked_by"]
        found = data.calibration(data.measured_points(table), context.campaign.bounds)
        columns[f"{name}: {model_name(model)}"] = {
            "Training labels": str(model.n_labels),
            "Picked by": str(picked.iloc[0]) if len(picked) and model.kind != "distilled" else "—",
            "CPU minutes of labels": f"{until['cpu_minutes'].sum():.0f} up to this round" if model.n_labels else "0",
            "Fit": f"{model.seconds:.1f} s on {model.device}",
            "Physics checks": _gates_words(context, model),
            "Error bars on the test set": data.calibration_summary(found),
        }
    st.table(printed(pd.DataFrame(columns).rename_axis(index="Student"), {}))


def _gates_words(context: Context, model: Model) -> str:
    try:
        return data.gates_summary(list(model_gates(context, model)))
    except NCIError as error:  # a lost model file must not hide the comparison
        return f"unknown: {error}"


def _paired_errors(context: Context, rows: pd.DataFrame) -> None:
    label, errors = context.unit.label, data.paired_errors(rows)
    headers = {
        "region": "Region",
        "first_mae_ev": f"First, MAE ({label})",
        "second_mae_ev": f"Second, MAE ({label})",
        "change_ev": f"Change ({label})",
        "se_ev": "± se",
        "improved": "Improved",
    }
    helps = {
        "change_ev": "Second minus first: negative means that the second is better.",
        "se_ev": "Standard error of the change, from its scatter between the test points.",
        "improved": "Test points where the second model has the smaller error.",
    }
    improved = [f"{better} of {n} points" for better, n in zip(errors["better"], errors["n"], strict=True)]
    shown, specs = as_shown(
        errors.assign(region=errors["region"].replace(RANGES), improved=improved),
        headers,
        context.unit,
        signed={"change_ev"},
        digits=context.unit.digits + 1,  # good models differ by less than tables elsewhere show
    )
    config = {headers[name]: st.column_config.Column(help=text) for name, text in helps.items()}
    st.markdown(f"**Mean absolute error on the frozen test set{context.whose}**")
    grid(shown, specs, key="compare-errors", column_config=config)
    overall = errors[errors["region"] == "all"]
    if len(overall):
        st.markdown(plain(data.change_words(overall.iloc[0])))


def _moved(context: Context, rows: pd.DataFrame) -> None:
    label, order = context.unit.label, rows[rows["region"] != "beyond"].sort_values("change_ev")
    place = np.arange(len(order))
    extremes = order[(place < 5) | (place >= len(order) - 5)]
    moved, specs = as_shown(
        extremes.assign(Configuration=extremes.index),
        {
            "Configuration": "Configuration",
            "region": "Region",
            "first_error_ev": f"First error ({label})",
            "second_error_ev": f"Second error ({label})",
        },
        context.unit,
        signed=rows.columns,
        digits=context.unit.digits + 1,
    )
    st.markdown("**Test points that improved most**, and those that improved least or got worse")
    grid(moved, specs, key="compare-moved")
