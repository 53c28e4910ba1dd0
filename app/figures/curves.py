"""Lines: learning over rounds, live curves of a fit."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from app.arrays import FloatArray
from app.data.errors import RANGES
from app.theme import Palette, finish
from nci_core.metrics import mae_error
from nci_core.units import CM1_EV, EnergyUnit

#: Decades of a logarithmic axis over which 1, 2 and 5 of each have room for their numbers.
MOST_DECADES = 2.2
#: Ticks of a logarithmic axis: 1, 2 and 5 in every decade, so that even a short span has labels.
LOG_TICKS = {
    "tickvals": [m * 10.0**p for p in range(-6, 7) for m in (1, 2, 5)],
    "ticktext": [f"{m * 10.0**p:g}" for p in range(-6, 7) for m in (1, 2, 5)],
}


def band(colour: str, opacity: float) -> str:
    """A palette colour (#rrggbb) with an opacity, for filled areas."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def shade(x: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, colour: str, name: str = "") -> go.Scatter:
    """A shaded band between two curves (m,) over x (m,); without a name it is not in the legend."""
    x, low, high = map(np.asarray, (x, low, high))
    return go.Scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        mode="lines",
        fill="toself",
        fillcolor=band(colour, 0.25),
        line={"width": 0},
        hoverinfo="skip",
        name=name or None,
        showlegend=bool(name),
    )


def history_figure(curves: pd.DataFrame, unit: EnergyUnit, colours: Palette) -> go.Figure:
    """MAE on the frozen test set over the rounds, one line a region, with its standard error for the whole range.

    Columns: round, region, mae_cm1, rmse_cm1, n, n_labels.
    """
    figure = go.Figure()
    factor = CM1_EV * unit.per_ev
    for region, name in RANGES.items():
        part, whole = curves[curves["region"] == region].sort_values("round"), region == "all"
        if part.empty:
            continue
        figure.add_scatter(
            x=part["round"],
            y=part["mae_cm1"] * factor,
            mode="lines+markers",
            name=name,
            customdata=part[["n", "n_labels"]],
            line={"color": colours.regions[region], "width": 3.2 if whole else 1.8},
            marker={"size": 9 if whole else 7},
            error_y={
                "array": [mae_error(*row) * factor for row in part[["mae_cm1", "rmse_cm1", "n"]].to_numpy()],
                "visible": whole,
            },
            hovertemplate=f"round %{{x}}: MAE %{{y:.3g}} {unit.label}"
            "<br>%{customdata[0]} test points, model fitted on %{customdata[1]} labels"
            f"<extra>{region}</extra>",
        )
    finish(figure, colours, height=360)
    first, last = (float(curves["round"].min()), float(curves["round"].max())) if len(curves) else (0.0, 0.0)
    figure.update_xaxes(
        title_text="round (0: distilled, before any label)",
        dtick=max(1, round((last - first) / 12)),
        # Left to itself, Plotly shows a single round between −1 and 1.
        range=[first - 0.5, last + 0.5] if last - first < 2 else None,
    )
    figure.update_yaxes(title_text=f"MAE on the test set ({unit.label})", type="log", **LOG_TICKS)
    return figure


def fit_figure(events: pd.DataFrame, unit: EnergyUnit, colours: Palette, *, region: str = "all") -> go.Figure:
    """Live curves of a job that makes several fits one after another: error on the training labels, else the loss.

    Step by step the median of the fits so far and the band from the lowest to the highest, in which a fit that has
    ended keeps its last value; the newest is drawn itself too.
    """
    figure = go.Figure()
    column = f"train_mae_{region}_cm1"
    in_energy = column in events and bool(events[column].notna().any())
    column, factor = (column, CM1_EV * unit.per_ev) if in_energy else ("loss", 1.0)
    rows = events.reindex(columns=["member", column]).dropna(subset=[column])
    parts = rows[column].astype(float).groupby(rows["member"].fillna(0), sort=False)
    fits = [part.to_numpy() * factor for _, part in parts]
    if len(fits) > 1:
        longest = max(map(len, fits))
        ended = np.array([np.pad(fit, (0, longest - len(fit)), mode="edge") for fit in fits[:-1]])
        steps = np.arange(1, longest + 1)
        low, high = ended.min(axis=0), ended.max(axis=0)
        figure.add_trace(shade(steps, low, high, colours.student, "lowest to highest"))
        many = f"median of {len(ended)} fits" if len(ended) > 1 else "first fit"
        figure.add_trace(_steps(np.median(ended, axis=0), many, colours.student, "solid"))
    if fits:
        figure.add_trace(_steps(fits[-1], f"fit {len(fits)}", colours.reference, "dot"))
    finish(figure, colours, height=300)
    figure.update_xaxes(title_text="optimiser step of each fit")
    title = f"MAE on the training labels ({unit.label})" if in_energy else "loss (weighted squares, no unit)"
    figure.update_yaxes(title_text=title, type="log", **log_ticks(np.concatenate(fits) if fits else np.ones(1)))
    return figure


def log_ticks(values: FloatArray) -> dict[str, Any]:
    """Ticks of a logarithmic axis over values (positive): 1, 2 and 5 of each decade while they have room.

    >>> log_ticks(np.array([1e-4, 1e2]))
    {'dtick': 1}
    """
    positive = values[values > 0]
    wide = len(positive) > 0 and bool(np.log10(positive.max() / positive.min()) > MOST_DECADES)
    return {"dtick": 1} if wide else dict(LOG_TICKS)


def _steps(values: FloatArray, name: str, colour: str, dash: str) -> go.Scatter:
    return go.Scatter(
        x=np.arange(1, len(values) + 1),
        y=values,
        mode="lines",
        name=name,
        line={"color": colour, "width": 2, "dash": dash},
        hovertemplate="step %{x}: %{y:.3g}<extra>" + name + "</extra>",
    )
