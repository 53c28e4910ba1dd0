"""Figures about trust: error bars against errors, and two models point by point."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.data.errors import RANGES
from app.figures.curves import log_ticks
from app.figures.literal import literal
from app.theme import Palette, finish
from nci_core.calibration import WITHIN_1, WITHIN_2, Calibration
from nci_core.units import CM1_EV, EnergyUnit

#: Pixels; figures beside each other are as high.
HEIGHT = 340
SYMBOLS = {"well": "circle", "tail": "diamond", "wall": "square"}
#: Errors below this (cm⁻¹) are drawn here: labels are converged to about as much.
FLOOR_CM1 = 1e-3


def error_bar_figure(rows: pd.DataFrame, unit: EnergyUnit, colours: Palette) -> go.Figure:
    """|error| of each test point against its error bar; columns region, student_error_ev, std_ev.

    Rows without an error bar or beyond the energy limit are left out.
    """
    titles = {"std_ev": "error bar, 1 sd", "student_error_ev": "|student − CCSD(T)|"}
    lines = {"error = 1 sd": (1, "solid"), "2 sd": (2, "dash")}
    figure = _sizes_figure(rows[rows["std_ev"] > 0], titles, lines, "error %{y:.3g}, error bar %{x:.3g}", unit, colours)
    return finish(figure, colours, height=HEIGHT)


def change_figure(rows: pd.DataFrame, names: tuple[str, str], unit: EnergyUnit, colours: Palette) -> go.Figure:
    """|error| of the second model against that of the first, one point a test configuration; `paired` gives rows."""
    titles = {
        f"{which}_error_ev": f"|error|, {which}: {literal(names[k])}" for k, which in enumerate(("first", "second"))
    }
    lines = {"equal errors": (1, "solid")}
    figure = _sizes_figure(rows, titles, lines, "|error| was %{x:.3g}, is %{y:.3g}", unit, colours, square=True)
    return finish(figure, colours, height=400)


def _sizes_figure(
    rows: pd.DataFrame,
    titles: dict[str, str],
    lines: dict[str, tuple[int, str]],
    hover: str,
    unit: EnergyUnit,
    colours: Palette,
    *,
    square: bool = False,
) -> go.Figure:
    """The size of one column (eV) against that of another below the energy limit on logarithmic axes, a trace a region.

    Args:
        rows: one a point, with its region.
        titles: column → title of its axis, the horizontal one first.
        lines: name → slope and dash of lines through the origin.
        hover: tells of x and y; their unit follows.
        square: the horizontal axis holds all values, as the vertical one does.
    """
    rows = rows[rows["region"] != "beyond"]
    figure, (across, up) = go.Figure(), titles
    sizes = rows[[across, up]].abs().clip(lower=FLOOR_CM1 * CM1_EV) * unit.per_ev
    if len(rows):
        x, y = _ends(sizes if square else sizes[[across]]), _ends(sizes)
        for name, (slope, dash) in lines.items():
            figure.add_scatter(
                x=x,
                y=[slope * end for end in x],
                mode="lines",
                name=name,
                line={"color": colours.earlier, "width": 1.5, "dash": dash},
                hoverinfo="skip",
            )
        for update, ends in ((figure.update_xaxes, x), (figure.update_yaxes, y)):
            update(type="log", range=np.log10(ends).tolist(), **log_ticks(np.array(ends)))
    for region, symbol in SYMBOLS.items():
        part = sizes[rows["region"] == region]
        if len(part):
            figure.add_scatter(
                x=part[across].to_numpy(),
                y=part[up].to_numpy(),
                mode="markers",
                name=region,
                customdata=part.index,
                marker={"color": colours.regions[region], "symbol": symbol, "size": 8, "opacity": 0.85},
                hovertemplate=f"configuration %{{customdata}}<br>{hover} {unit.label}<extra>{region}</extra>",
            )
    figure.update_xaxes(title_text=f"{titles[across]} ({unit.label})")
    figure.update_yaxes(title_text=f"{titles[up]} ({unit.label})")
    return figure


def _ends(sizes: pd.DataFrame) -> list[float]:
    return [float(sizes.min(axis=None)) / 1.6, float(sizes.max(axis=None)) * 1.6]


def share_figure(found: list[Calibration], colours: Palette) -> go.Figure:
    """Share of test points within 1 and 2 sd by region, with 95% intervals, against what is expected."""
    figure = go.Figure()
    names = [f"{RANGES.get(item.region, item.region)}, n = {item.n}" for item in found]
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
    finish(figure, colours, height=HEIGHT)
    figure.update_xaxes(title_text="share of test points (%)", range=[-2, 103])
    figure.update_yaxes(
        tickvals=list(range(len(found))), ticktext=names, range=[len(found) - 0.5, -0.5], showgrid=False
    )
    return figure
