"""Learning curves and active selection from stored benchmark rows."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from app.figures.curves import LOG_TICKS
from app.figures.literal import literal
from app.figures.replay import DASHES, SYMBOLS
from app.theme import Palette, finish
from nci_core.units import CM1_EV, EnergyUnit


def spread_bars(entries: Sequence[Mapping[str, Any]], factor: float) -> dict[str, Any]:
    """Error bars of means and standard deviations over seeds, times a factor, for a logarithmic axis.

    A bar that would reach below a fifth of the mean leaves that axis.
    """
    return {
        "type": "data",
        "symmetric": False,
        "array": [entry["sd"] * factor for entry in entries],
        "arrayminus": [min(entry["sd"], 0.8 * entry["mean"]) * factor for entry in entries],
        "thickness": 1,
        "width": 2,
    }


def efficiency_figure(
    entries: Sequence[dict[str, Any]],
    by: str,
    unit: EnergyUnit,
    colours: Palette,
    *,
    emphasised: str,
    height: int = 380,
) -> go.Figure:
    """MAE against the number of labels, one line for each value of `by`; bars: ± 1 sd over seeds.

    `entries` are groups of `nci_core.bench.targets.groups`, in cm⁻¹; `emphasised` is drawn thicker.
    """
    figure = go.Figure()
    factor = CM1_EV * unit.per_ev
    lines = (colours.student, colours.teacher, colours.exchange, colours.dispersion, colours.reference, colours.pick)
    names = sorted({str(entry[by]) for entry in entries}, key=lambda name: (name != emphasised, name))
    for k, name in enumerate(names):
        mine = sorted((e for e in entries if e[by] == name), key=lambda e: e["n_labels"])
        colour = lines[k % len(lines)]
        figure.add_scatter(
            x=[e["n_labels"] for e in mine],
            y=[e["mean"] * factor for e in mine],
            error_y=spread_bars(mine, factor),
            customdata=[[e["n"], e["median"] * factor, e["worst"] * factor] for e in mine],
            mode="lines+markers",
            name=literal(name),
            line={"color": colour, "width": 3.2 if name == emphasised else 1.8, "dash": DASHES[k % len(DASHES)]},
            marker={"symbol": SYMBOLS[k % len(SYMBOLS)], "size": 8},
            hovertemplate="%{x} labels: MAE %{y:.3g} "
            + unit.label
            + "<br>%{customdata[0]:.0f} seeds, median %{customdata[1]:.3g}, worst %{customdata[2]:.3g}<extra>"
            + literal(name)
            + "</extra>",
        )
    finish(figure, colours, height=height)
    figure.update_xaxes(title_text="CCSD(T) labels", type="log", **LOG_TICKS)
    figure.update_yaxes(title_text=f"MAE on held-out points ({unit.label})", type="log", **LOG_TICKS)
    return figure
