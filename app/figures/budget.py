"""Expected uncertainty: against minutes spent, and on the map before and after a basket."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.coordinates import map_axes, map_xy
from app.figures.curves import band
from app.figures.literal import literal
from app.figures.maps import draw_host
from app.theme import Palette, finish
from nci_core.campaign.budget import Outlook
from nci_core.systems import Host
from nci_core.units import EnergyUnit


def spending_figure(
    found: Outlook,
    basket: tuple[float, float] | None,
    budget_minutes: float,
    unit: EnergyUnit,
    colours: Palette,
    *,
    height: int = 300,
) -> go.Figure:
    """Expected RMS standard deviation against CPU minutes: I-optimal, random ±1 sd, and the basket.

    `basket` is (minutes, RMS sd in eV) of what is in the basket now, None when it is empty.
    """
    f, minutes = unit.per_ev, found.minutes
    figure = go.Figure()
    mean, sd = found.random_ev * f, found.random_sd_ev * f
    hover = f"%{{x:.1f}} CPU min: ±%{{y:.{unit.digits}f}} {unit.label}"
    figure.add_trace(
        go.Scatter(
            x=np.concatenate([minutes, minutes[::-1]]),
            y=np.concatenate([mean + sd, (mean - sd)[::-1]]),
            mode="lines",
            fill="toself",
            fillcolor=band(colours.earlier, 0.28),
            line={"width": 0},
            hoverinfo="skip",
            showlegend=False,
        )
    )
    for name, values, colour, dash in (
        ("random, ± 1 sd", mean, colours.earlier, "dash"),
        ("I-optimal", found.greedy_ev * f, colours.student, "solid"),
    ):
        figure.add_trace(
            go.Scatter(
                x=minutes,
                y=values,
                mode="lines",
                name=name,
                line={"color": colour, "width": 2.4, "dash": dash},
                hovertemplate=hover + f"<extra>{name}</extra>",
            )
        )
    if basket is not None:
        figure.add_trace(
            go.Scatter(
                x=[basket[0]],
                y=[basket[1] * f],
                mode="markers",
                name="basket",
                marker={
                    "symbol": "diamond",
                    "size": 13,
                    "color": colours.pick,
                    "line": {"color": colours.ground, "width": 1.5},
                },
                hovertemplate=hover + "<extra>the basket now</extra>",
            )
        )
    finish(figure, colours, height=height)
    if 0 < budget_minutes <= minutes[-1] * 1.1:
        figure.add_vline(x=budget_minutes, line={"color": colours.text, "width": 1, "dash": "dot"})
    figure.update_layout(margin={"l": 60, "r": 8, "t": 36, "b": 46})
    figure.update_xaxes(title_text="CPU minutes from now", rangemode="tozero")
    figure.update_yaxes(title_text=f"expected RMS sd ({unit.label})", rangemode="tozero")
    return figure


def _ticks(low: float, high: float) -> list[float]:
    every = [m * 10.0**p for p in range(-7, 7) for m in (1, 2, 5)]
    inside = [value for value in every if low * 0.999 <= value <= high * 1.001]
    return inside if len(inside) <= 7 else [value for value in inside if f"{value:e}"[0] == "1"]


def expectation_maps(
    host: Host,
    rows: pd.DataFrame,
    chosen: list[int],
    after_title: str,
    unit: EnergyUnit,
    colours: Palette,
    *,
    height: int = 300,
) -> go.Figure:
    """Two maps in (ρ, z) on one logarithmic colour scale: expected sd now, and after the labels `chosen`.

    `rows` is indexed by configuration id, with x, y, z (Å), before_ev and after_ev; `chosen` are ringed.
    """
    both = rows[["before_ev", "after_ev"]].to_numpy(dtype=float) * unit.per_ev
    low, high = np.quantile(both[both > 0], [0.02, 0.98]) if (both > 0).any() else (0.1, 1.0)
    high = max(float(high), 1.5 * float(low))  # a flat map keeps a scale with two ends
    titles = {"before_ev": "now", "after_ev": literal(after_title)}
    figure = make_subplots(
        rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.03, subplot_titles=list(titles.values())
    )
    for column, name in enumerate(titles, start=1):
        value = np.log10(np.clip(rows[name] * unit.per_ev, low, high))
        _points(figure, host, rows.assign(value=value), chosen if column == 2 else [], unit, colours, column)
    ticks = _ticks(float(low), high)
    _colour_axis(figure, colours, float(np.log10(low)), float(np.log10(high)), f"sd<br>({unit.label})")
    figure.update_coloraxes(
        colorbar_tickvals=[float(np.log10(value)) for value in ticks], colorbar_ticktext=[f"{v:g}" for v in ticks]
    )
    return _finish_maps(figure, host, rows, colours, height)


def fall_map(
    host: Host, rows: pd.DataFrame, chosen: list[int], unit: EnergyUnit, colours: Palette, *, height: int = 300
) -> go.Figure:
    """One map in (ρ, z): by how many per cent the expected sd falls; arguments as in `expectation_maps`."""
    value = 100.0 * (1.0 - rows["after_ev"] / rows["before_ev"].where(rows["before_ev"] > 0)).fillna(0.0)
    figure = make_subplots(rows=1, cols=1, subplot_titles=["expected sd falls by"])
    _points(figure, host, rows.assign(value=value), chosen, unit, colours, 1)
    _colour_axis(figure, colours, 0.0, max(float(value.max()) if len(value) else 0.0, 1.0), "fall")
    figure.update_coloraxes(colorbar_ticksuffix="%")
    return _finish_maps(figure, host, rows, colours, height)


def _points(
    figure: go.Figure,
    host: Host,
    rows: pd.DataFrame,
    chosen: list[int],
    unit: EnergyUnit,
    colours: Palette,
    column: int,
) -> None:
    """Points coloured by the column `value`, the largest last so that none is hidden, and rings round `chosen`."""
    axes = map_axes(host, "side")
    draw_host(figure, axes.atoms, axes.symbols, axes.bonds, colours, column)
    part = rows.sort_values("value")
    xy = map_xy(host, part[["x", "y", "z"]].to_numpy(dtype=float), "side")
    before, after = (part[name].to_numpy(dtype=float) * unit.per_ev for name in ("before_ev", "after_ev"))
    fall = 100.0 * (1.0 - after / np.where(before > 0, before, 1.0))
    trace = go.Scatter(
        x=xy[:, 0],
        y=xy[:, 1],
        mode="markers",
        marker={
            "size": 7 if len(part) < 800 else 5,
            "color": part["value"],
            "coloraxis": "coloraxis",
            "line": {"color": colours.earlier, "width": 0.5},
        },
        customdata=np.column_stack([part.index.to_numpy(), before, after, fall]),
        hovertemplate=f"configuration %{{customdata[0]:.0f}}<br>±%{{customdata[1]:.{unit.digits}f}} → "
        f"±%{{customdata[2]:.{unit.digits}f}} {unit.label}, %{{customdata[3]:.0f}}% less<extra></extra>",
        showlegend=False,
    )
    figure.add_trace(trace, row=1, col=column)
    ringed = xy[part.index.isin(chosen)]
    if len(ringed):
        ring = {"symbol": "circle-open", "size": 12, "color": colours.pick, "line": {"width": 2}}
        rings = go.Scatter(
            x=ringed[:, 0], y=ringed[:, 1], mode="markers", marker=ring, hoverinfo="skip", showlegend=False
        )
        figure.add_trace(rings, row=1, col=column)


def _colour_axis(figure: go.Figure, colours: Palette, low: float, high: float, title: str) -> None:
    half = colours.energy[len(colours.energy) // 2 :]
    figure.update_layout(
        coloraxis={
            "colorscale": [(i / (len(half) - 1), colour) for i, colour in enumerate(half)],
            "cmin": low,
            "cmax": high,
            "colorbar": {
                "title": {"text": title, "side": "top", "font": {"size": 13}},
                "thickness": 12,
                "outlinewidth": 0,
            },
        }
    )


def _finish_maps(figure: go.Figure, host: Host, rows: pd.DataFrame, colours: Palette, height: int) -> go.Figure:
    axes = map_axes(host, "side")
    finish(figure, colours, height=height)
    xy = np.vstack([map_xy(host, rows[["x", "y", "z"]].to_numpy(dtype=float), "side"), axes.atoms])
    low, high = xy.min(axis=0) - 0.4, xy.max(axis=0) + 0.4
    figure.update_layout(margin={"l": 56, "r": 8, "t": 34, "b": 46})
    figure.update_xaxes(title_text=axes.x_short, title_standoff=6, matches="x", range=[float(low[0]), float(high[0])])
    figure.update_yaxes(title_standoff=6, matches="y", range=[float(low[1]), float(high[1])])
    figure.update_yaxes(title_text=axes.y_short, row=1, col=1)
    figure.update_annotations(font_size=14)
    return figure
