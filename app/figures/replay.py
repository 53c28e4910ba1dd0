"""Test error against the number of labels, for each picker and for random choice."""

from itertools import cycle
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from app.figures.curves import LOG_TICKS, shade
from app.figures.literal import literal
from app.theme import Palette, finish
from nci_core.units import CM1_EV, EnergyUnit

DASHES = ("solid", "dot", "dashdot", "longdash", "solid", "dot")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross")


def replay_figure(
    trials: pd.DataFrame, random: pd.DataFrame, unit: EnergyUnit, colours: Palette, *, height: int = 330
) -> go.Figure:
    """One line a picker, and the random control's mean with ± 1 sd; tables of `replay_tables`, in cm⁻¹."""
    figure = go.Figure()
    factor, hover = CM1_EV * unit.per_ev, "%{x} labels, %{customdata:.1f} CPU min: MAE %{y:.3g}"

    def line(name: str, short: str, n: npt.ArrayLike, rows: pd.DataFrame, **look: Any) -> None:
        figure.add_scatter(
            x=n,
            y=rows["mae_cm1"] * factor,
            mode="lines+markers",
            name=name,
            customdata=rows["cpu_minutes"],
            hovertemplate=f"{hover} {unit.label}<extra>{short}</extra>",
            **look,
        )

    if len(random):
        mean, sd = random["mae_cm1"] * factor, random["sd_cm1"].fillna(0.0) * factor
        lower = np.maximum(mean - sd, 0.2 * mean)  # the axis is logarithmic
        figure.add_trace(shade(random.index, lower, mean + sd, colours.earlier))
        dashed = {"color": colours.earlier, "width": 2.2, "dash": "dash"}
        line("random among these labels, ± 1 sd", "random", random.index, random, line=dashed)
    lines = (colours.student, colours.teacher, colours.exchange, colours.dispersion, colours.reference, colours.pick)
    own = trials[trials["picker"].notna()].sort_values("n").groupby("picker", sort=True)
    for (picker, part), colour, dash, symbol in zip(own, cycle(lines), cycle(DASHES), cycle(SYMBOLS)):
        look = {"line": {"color": colour, "width": 2.6, "dash": dash}, "marker": {"symbol": symbol, "size": 9}}
        line(f"picked by {literal(picker)}", literal(picker), part["n"], part, **look)
    finish(figure, colours, height=height)
    sizes = sorted(trials["n"].unique().tolist())
    title = "labels the student was fitted to"
    figure.update_xaxes(title_text=title, type="log", tickvals=sizes, ticktext=list(map(str, sizes)))
    figure.update_yaxes(title_text=f"MAE on the test set ({unit.label})", type="log", **LOG_TICKS)
    return figure
