"""Figures about trust: error bars against errors, and two models point by point."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.data.trust import REGION_NAMES
from app.figures.curves import log_ticks
from app.figures.literal import literal
from app.theme import Palette, finish
from nci_core.calibration import WITHIN_1, WITHIN_2, Calibration
from nci_core.units import CM1_EV, EnergyUnit

SYMBOLS = {"well": "circle", "tail": "diamond", "wall": "square", "beyond": "x"}
#: Errors below this (cm⁻¹) are drawn here: labels are converged to about as much.
FLOOR_CM1 = 1e-3


def _ends(values: np.ndarray) -> tuple[float, float]:
    return float(values.min()) / 1.6, float(values.max()) * 1.6


def _log_axes(figure: go.Figure, x: tuple[float, float], y: tuple[float, float]) -> None:
    for update, ends in ((figure.update_xaxes, x), (figure.update_yaxes, y)):
        update(type="log", range=[float(np.log10(e)) for e in ends], **log_ticks(np.array(ends)))


def error_bar_figure(rows: pd.DataFrame, unit: EnergyUnit, colours: Palette, *, height: int = 340) -> go.Figure:
    """|error| of each test point against its error bar; columns region, student_error_ev, std_ev.

    Rows without an error bar or beyond the energy limit are left out.
    """
    rows = rows[(rows["std_ev"] > 0) & (rows["region"] != "beyond")]
    figure = go.Figure()
    floor = FLOOR_CM1 * CM1_EV
    sd = rows["std_ev"].clip(lower=floor).to_numpy(dtype=float) * unit.per_ev
    error = rows["student_error_ev"].abs().clip(lower=floor).to_numpy(dtype=float) * unit.per_ev
    if len(rows):
        x, y = _ends(sd), _ends(np.concatenate([error, sd]))
        for k, dash, name in ((1, "solid", "error = 1 sd"), (2, "dash", "2 sd")):
            figure.add_scatter(
                x=list(x),
                y=[k * x[0], k * x[1]],
                mode="lines",
                name=name,
                line={"color": colours.earlier, "width": 1.5, "dash": dash},
                hoverinfo="skip",
            )
        _log_axes(figure, x, y)
    _points_by_region(figure, rows, sd, error, "error %{y:.3g}, error bar %{x:.3g} " + unit.label, colours)
    finish(figure, colours, height=height)
    figure.update_xaxes(title_text=f"error bar, 1 sd ({unit.label})")
    figure.update_yaxes(title_text=f"|student − CCSD(T)| ({unit.label})")
    return figure


def _points_by_region(
    figure: go.Figure, rows: pd.DataFrame, x: np.ndarray, y: np.ndarray, hover: str, colours: Palette
) -> None:
    """One trace a region, each with its colour and symbol; `hover` tells of x and y."""
    for region, symbol in SYMBOLS.items():
        mask = (rows["region"] == region).to_numpy()
        if mask.any():
            figure.add_scatter(
                x=x[mask],
                y=y[mask],
                mode="markers",
                name=region,
                customdata=rows.index[mask],
                marker={"color": colours.regions[region], "symbol": symbol, "size": 8, "opacity": 0.85},
                hovertemplate=f"configuration %{{customdata}}<br>{hover}<extra>{region}</extra>",
            )


def share_figure(found: list[Calibration], colours: Palette, *, height: int = 340) -> go.Figure:
    """Share of test points within 1 and 2 sd by region, with 95% intervals, against what is expected."""
    figure = go.Figure()
    names = [f"{REGION_NAMES.get(item.region, item.region)}, n = {item.n}" for item in found]
    for level, expected, colour, symbol, shift in (
        (1, WITHIN_1, colours.student, "circle", -0.12),
        (2, WITHIN_2, colours.teacher, "diamond", 0.12),
    ):
        share, low, high = (
            100 * np.array([getattr(item, f"{part}_{level}") for item in found]) for part in ("within", "low", "high")
        )
        rows = np.arange(len(found)) + shift
        figure.add_scatter(
            x=[100 * expected] * 2,
            y=[-0.5, len(found) - 0.5],
            mode="lines",
            line={"color": colour, "width": 1.5, "dash": "dash"},
            name=f"expected within {level} sd",
            showlegend=False,
            hovertemplate=f"expected within {level} sd: {100 * expected:.0f}%<extra></extra>",
        )
        figure.add_scatter(
            x=share,
            y=rows,
            mode="markers",
            name=f"within {level} sd (expected {100 * expected:.0f}%)",
            error_x={"type": "data", "array": high - share, "arrayminus": share - low, "thickness": 1.6},
            marker={"color": colour, "symbol": symbol, "size": 10},
            customdata=np.column_stack([low, high, [item.n for item in found]]),
            hovertemplate="%{x:.0f}% of %{customdata[2]:.0f} points<br>"
            "95% interval %{customdata[0]:.0f}–%{customdata[1]:.0f}%"
            f"<extra>within {level} sd</extra>",
        )
    finish(figure, colours, height=height)
    figure.update_xaxes(title_text="share of test points (%)", range=[-2, 103])
    figure.update_yaxes(
        tickvals=list(range(len(found))), ticktext=names, range=[len(found) - 0.5, -0.5], showgrid=False
    )
    return figure


def change_figure(
    rows: pd.DataFrame, names: tuple[str, str], unit: EnergyUnit, colours: Palette, *, height: int = 400
) -> go.Figure:
    """|error| of the second model against that of the first, one point a test configuration; `paired` gives rows."""
    rows = rows[rows["region"] != "beyond"]
    figure = go.Figure()
    floor = FLOOR_CM1 * CM1_EV
    x, y = (
        rows[f"{which}_error_ev"].abs().clip(lower=floor).to_numpy(dtype=float) * unit.per_ev
        for which in ("first", "second")
    )
    if len(rows):
        ends = _ends(np.concatenate([x, y]))
        figure.add_scatter(
            x=list(ends),
            y=list(ends),
            mode="lines",
            name="equal errors",
            line={"color": colours.earlier, "width": 1.5},
            hoverinfo="skip",
        )
        _log_axes(figure, ends, ends)
    _points_by_region(figure, rows, x, y, "|error| was %{x:.3g}, is %{y:.3g} " + unit.label, colours)
    finish(figure, colours, height=height)
    figure.update_xaxes(title_text=f"|error|, first: {literal(names[0])} ({unit.label})")
    figure.update_yaxes(title_text=f"|error|, second: {literal(names[1])} ({unit.label})")
    return figure
