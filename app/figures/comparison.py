"""Two campaigns in one figure: test error against what it cost."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from app.figures.curves import LOG_TICKS
from app.figures.literal import literal
from app.theme import Palette, finish
from nci_core.units import CM1_EV, EnergyUnit

#: Column of `comparison.learning` → axis title.
COSTS = {"n_labels": "training labels", "cpu_minutes": "CPU minutes of labels"}


def learning_figure(curves: Mapping[str, pd.DataFrame], unit: EnergyUnit, colours: Palette, *, cost: str) -> go.Figure:
    """MAE on each campaign's own test set against labels or CPU minutes, one line a campaign, by its title."""
    figure = go.Figure()
    looks = ((colours.student, "solid", "circle"), (colours.teacher, "dash", "diamond"))
    for (name, rows), (colour, dash, symbol) in zip(curves.items(), looks, strict=False):
        rows = rows[rows["all"].notna()].sort_values(cost, kind="stable")
        figure.add_scatter(
            x=rows[cost],
            y=rows["all"] * CM1_EV * unit.per_ev,
            mode="lines+markers",
            name=literal(name),
            customdata=rows[["round"]],
            line={"color": colour, "width": 2.6, "dash": dash},
            marker={"size": 9, "symbol": symbol},
            hovertemplate="round %{customdata[0]}: MAE %{y:.3g} " + unit.label + " at %{x:.4g}<extra></extra>",
        )
    finish(figure, colours, height=340)
    figure.update_xaxes(title_text=COSTS[cost], rangemode="tozero")
    figure.update_yaxes(title_text=f"MAE on its own test set ({unit.label})", type="log", **LOG_TICKS)
    return figure
