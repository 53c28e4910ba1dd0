"""Test error against the number of labels, for each picker and for random choice."""

import numpy as np
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
    """One line a picker, and the random control's mean with ± 1 sd; tables of `app.data.replay`, in cm⁻¹."""
    figure = go.Figure()
    factor = CM1_EV * unit.per_ev
    hover = "%{x} labels, %{customdata:.1f} CPU min: MAE %{y:.3g} " + unit.label
    if len(random):
        mean, sd = random["mae_cm1"] * factor, random["sd_cm1"].fillna(0.0) * factor
        n = random.index.to_numpy()
        lower = np.maximum(mean - sd, 0.2 * mean)  # the axis is logarithmic
        figure.add_trace(shade(n, lower, mean + sd, colours.earlier))
        figure.add_scatter(
            x=n,
            y=mean,
            mode="lines+markers",
            name="random among these labels, ± 1 sd",
            customdata=random["cpu_minutes"],
            line={"color": colours.earlier, "width": 2.2, "dash": "dash"},
            hovertemplate=hover + "<extra>random</extra>",
        )
    own = trials[trials["picker"].notna()]
    lines = (colours.student, colours.teacher, colours.repulsion, colours.dispersion, colours.reference, colours.pick)
    for k, (picker, part) in enumerate(own.groupby("picker", sort=True)):
        part = part.sort_values("n")
        figure.add_scatter(
            x=part["n"],
            y=part["mae_cm1"] * factor,
            mode="lines+markers",
            name=f"picked by {literal(picker)}",
            customdata=part["cpu_minutes"],
            line={"color": lines[k % len(lines)], "width": 2.6, "dash": DASHES[k % len(DASHES)]},
            marker={"symbol": SYMBOLS[k % len(SYMBOLS)], "size": 9},
            hovertemplate=hover + f"<extra>{literal(picker)}</extra>",
        )
    finish(figure, colours, height=height)
    sizes = sorted(trials["n"].unique().tolist())
    figure.update_xaxes(
        title_text="labels the student was fitted to",
        type="log",
        tickvals=sizes,
        ticktext=[f"{size}" for size in sizes],
    )
    figure.update_yaxes(title_text=f"MAE on the test set ({unit.label})", type="log", **LOG_TICKS)
    return figure
