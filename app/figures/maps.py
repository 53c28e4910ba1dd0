"""Maps of signed differences, side by side on one colour scale."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from app.coordinates import map_axes, map_xy
from app.figures.literal import literal
from app.figures.scales import SignedScale, signed_text
from app.theme import Palette, finish
from nci_core.systems import Host
from nci_core.units import EnergyUnit

#: WebGL pays from here on; below, SVG needs no graphics context.
GL_FROM = 1500


@dataclass(frozen=True)
class Panel:
    """One map: its title and the difference (eV) of each row; rows where it is missing are left out."""

    title: str
    rows: pd.DataFrame
    difference_ev: pd.Series


def error_maps(
    host: Host, panels: list[Panel], scale: SignedScale, unit: EnergyUnit, colours: Palette, *, view: str, height: int
) -> go.Figure:
    """One map for each panel, same axes and same colours; the configuration id is in `customdata`."""
    axes = map_axes(host, view)
    figure = make_subplots(
        rows=1,
        cols=len(panels),
        shared_yaxes=True,
        horizontal_spacing=0.025,
        subplot_titles=[literal(panel.title) for panel in panels],
    )
    for column, panel in enumerate(panels, start=1):
        draw_host(figure, axes.atoms, axes.symbols, axes.bonds, colours, column)
        figure.add_trace(_points(host, panel, unit, colours, view), row=1, col=column)
    ticks = scale.ticks()
    figure.update_layout(
        coloraxis={
            "colorscale": colours.scale("signed"),
            "cmin": 0.0,
            "cmax": 1.0,
            "colorbar": {
                "title": {"text": unit.label, "side": "top", "font": {"size": 13}},
                "tickvals": [f for f, _ in ticks],
                "ticktext": [t for _, t in ticks],
                "thickness": 12,
                "len": 1.0,
                "outlinewidth": 0,
            },
        },
        showlegend=False,
    )
    for trace in figure.data:
        if trace.name == "points":
            trace.marker.color = scale.fraction(np.asarray(trace.marker.color, dtype=float))
    finish(figure, colours, height=height)
    figure.update_layout(margin={"l": 62, "r": 8, "t": 34, "b": 50})
    figure.update_xaxes(title_text=axes.x_short, title_standoff=6, matches="x", range=_span(panels, host, view, 0))
    figure.update_yaxes(matches="y", range=_span(panels, host, view, 1))
    figure.update_yaxes(title_text=axes.y_short, title_standoff=6, row=1, col=1)
    figure.update_annotations(font_size=14)
    return figure


def _points(host: Host, panel: Panel, unit: EnergyUnit, colours: Palette, view: str) -> go.Scatter | go.Scattergl:
    keep = panel.difference_ev.notna()
    rows, difference = panel.rows[keep], panel.difference_ev[keep].to_numpy(dtype=float) * unit.per_ev
    # Largest last, so that an outlier is never hidden under good points.
    order = np.argsort(np.abs(difference), kind="stable")
    rows, difference = rows.iloc[order], difference[order]
    xy = map_xy(host, rows[["x", "y", "z"]].to_numpy(dtype=float), view)
    kind = go.Scattergl if len(rows) > GL_FROM else go.Scatter
    return kind(
        x=xy[:, 0],
        y=xy[:, 1],
        mode="markers",
        name="points",
        marker={
            "size": 10 if len(rows) < 120 else 7 if len(rows) < 800 else 5,
            "color": difference,
            "coloraxis": "coloraxis",
            "line": {"color": colours.earlier, "width": 0.8 if len(rows) < 800 else 0},
        },
        customdata=np.column_stack([rows.index.to_numpy(), difference]),
        hovertemplate="configuration %{customdata[0]:.0f}<br>%{customdata[1]:+."
        + str(unit.digits)
        + "f} "
        + unit.label
        + "<extra></extra>",
    )


def _span(panels: list[Panel], host: Host, view: str, axis: int) -> list[float]:
    parts = [map_xy(host, p.rows[["x", "y", "z"]].to_numpy(dtype=float), view)[:, axis] for p in panels if len(p.rows)]
    values = np.concatenate([*parts, map_axes(host, view).atoms[:, axis]])
    return [float(values.min()) - 0.4, float(values.max()) + 0.4]


def draw_host(
    figure: go.Figure,
    atoms: np.ndarray,
    symbols: tuple[str, ...],
    bonds: list[tuple[int, int]],
    colours: Palette,
    column: int,
) -> None:
    """Bonds and element symbols of the host, atoms (n, 2) in map coordinates (Å), into one column of a figure."""
    for i, j in bonds:
        line = {"color": colours.earlier, "width": 2}
        ends = atoms[[i, j]]
        trace = go.Scatter(x=ends[:, 0], y=ends[:, 1], mode="lines", line=line, hoverinfo="skip", showlegend=False)
        figure.add_trace(trace, row=1, col=column)
    names = pd.DataFrame({"x": atoms[:, 0].round(1), "y": atoms[:, 1].round(1), "s": symbols}).drop_duplicates()
    figure.add_trace(
        go.Scatter(
            x=names["x"],
            y=names["y"],
            text=names["s"],
            mode="text",
            textfont={"color": colours.text, "size": 12},
            hoverinfo="skip",
            showlegend=False,
        ),
        row=1,
        col=column,
    )


def region_matrix(
    mae_ev: pd.DataFrame, count: pd.DataFrame, unit: EnergyUnit, colours: Palette, *, height: int = 240
) -> go.Figure:
    """MAE by region (rows) and direction (columns), with the number of points in each cell."""
    rows = [name for name in mae_ev.index if count.loc[name].sum()]
    mae, n = mae_ev.loc[rows] * unit.per_ev, count.loc[rows]
    digits = max(0, unit.digits - 1)
    text = [
        [f"{m:.{digits}f}<br>n = {k}" if k else "—" for m, k in zip(a, b, strict=True)]
        for a, b in zip(mae.to_numpy(), n.to_numpy(), strict=True)
    ]
    ground = "#18232B" if colours.dark else "#F3F6F8"
    figure = go.Figure(
        go.Heatmap(
            z=np.log10(np.maximum(mae.to_numpy(dtype=float), 1e-6 * unit.per_ev)),
            x=list(mae.columns),
            y=rows,
            text=text,
            texttemplate="%{text}",
            textfont={"size": 13, "color": colours.text},
            colorscale=[(0.0, ground), (1.0, "#8A4A12" if colours.dark else "#F3C592")],
            showscale=False,
            xgap=3,
            ygap=3,
            hovertemplate="%{y}, %{x}: %{text} " + unit.label + "<extra></extra>",
        )
    )
    finish(figure, colours, height=height)
    figure.update_yaxes(autorange="reversed", showline=False, ticks="", showgrid=False)
    figure.update_xaxes(side="top", showline=False, ticks="", showgrid=False)
    figure.update_layout(margin={"l": 60, "r": 8, "t": 34, "b": 8})
    return figure


def legend_text(scale: SignedScale, unit: EnergyUnit) -> str:
    """One line that explains the colours."""
    return (
        f"Blue: too low, red: too high, grey: no error. Linear up to about ±{signed_text(scale.linear)[1:]}, "
        f"then logarithmic to ±{signed_text(scale.limit)[1:]} {unit.label}; the same colours in every map."
    )
