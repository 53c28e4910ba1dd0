"""Predicted against computed on unseen hosts, and errors by size of the host, by training set and by teacher."""

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from app.figures.benchmarks import spread_bars
from app.figures.curves import LOG_TICKS
from app.figures.literal import literal
from app.figures.replay import DASHES, SYMBOLS
from app.theme import Palette, finish
from nci_core.bench.transfer_rows import DIRECT
from nci_core.units import CM1_EV, EnergyUnit


def _lines(colours: Palette) -> tuple[str, ...]:
    return (colours.student, colours.teacher, colours.dispersion, colours.exchange, colours.pick, colours.reference)


def parity_figure(points: pd.DataFrame, unit: EnergyUnit, colours: Palette) -> go.Figure:
    """Predicted against computed energy with bars of 1 sd, one colour a system; points of `data.transfer.judged`."""
    figure, factor = go.Figure(), unit.per_ev
    ends = [float(points["reference_ev"].min()) * factor, float(points["reference_ev"].max()) * factor]
    figure.add_scatter(
        x=ends, y=ends, mode="lines", line={"color": colours.grid, "width": 1.5}, showlegend=False, hoverinfo="skip"
    )
    for (name, mine), colour, symbol in zip(
        points.groupby("system", sort=False), cycle(_lines(colours)), cycle(SYMBOLS)
    ):
        figure.add_scatter(
            x=mine["reference_ev"] * factor,
            y=mine["student_ev"] * factor,
            error_y={"type": "data", "array": mine["std_ev"].fillna(0.0) * factor, "thickness": 1, "width": 2},
            customdata=mine[["std_ev", "error_ev"]] * factor,
            mode="markers",
            name=literal(name),
            marker={"color": colour, "symbol": symbol, "size": 7},
            hovertemplate="computed %{x:.4g}, predicted %{y:.4g} ± %{customdata[0]:.2g} "
            + unit.label
            + "<br>error %{customdata[1]:+.3g}<extra>"
            + literal(name)
            + "</extra>",
        )
    finish(figure, colours, height=400)
    figure.update_xaxes(title_text=f"computed ({unit.label})")
    figure.update_yaxes(title_text=f"predicted, ± 1 sd ({unit.label})")
    return figure


def size_figure(errors: pd.DataFrame, unit: EnergyUnit, colours: Palette) -> go.Figure:
    """MAE on attractive points against the number of heavy atoms, seen and unseen systems apart."""
    figure = go.Figure()
    looks = {True: ("trained on", colours.teacher, "circle-open"), False: ("unseen", colours.student, "diamond")}
    for seen, (name, colour, symbol) in looks.items():
        mine = errors[(errors["trained"] == seen) & errors["mae_attractive_ev"].notna()]
        if mine.empty:
            continue
        figure.add_scatter(
            x=mine["heavy_atoms"],
            y=mine["mae_attractive_ev"] * unit.per_ev,
            text=[literal(system) for system in mine["system"]],
            textposition="top center",
            cliponaxis=False,
            mode="markers+text",
            name=name,
            marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2}},
            hovertemplate="%{text}: MAE %{y:.3g} " + unit.label + "<extra></extra>",
        )
    finish(figure, colours, height=400)
    most = 1.15 * float(errors["heavy_atoms"].max())  # room for a name beside the last one
    figure.update_xaxes(title_text="atoms of the host beyond hydrogen", range=[0.0, most])
    figure.update_yaxes(title_text=f"MAE, attractive test points ({unit.label})", type="log", **LOG_TICKS)
    return figure


def training_figure(entries: Sequence[Mapping[str, Any]], unit: EnergyUnit, colours: Palette) -> go.Figure:
    """MAE on one host against the training set, one line a teacher; bars are ± 1 sd over seeds.

    `entries` are of `nci_core.bench.transfer_rows.over_seeds`, all of one host, reference and number of labels.
    """
    figure, factor = go.Figure(), CM1_EV * unit.per_ev
    sets = sorted({tuple(entry["training"]) for entry in entries}, key=len)
    words = [literal(("" if k == 0 else "+ ") + names[-1]) for k, names in enumerate(sets)]
    teachers = dict.fromkeys(str(entry["teacher"]) for entry in entries)
    for name, colour, symbol, dash in zip(teachers, cycle(_lines(colours)), cycle(SYMBOLS), cycle(DASHES)):
        mine = sorted((e for e in entries if e["teacher"] == name), key=lambda entry: len(entry["training"]))
        mine = [entry for entry in mine if entry.get("mean") is not None]
        figure.add_scatter(
            x=[words[sets.index(tuple(entry["training"]))] for entry in mine],
            y=[entry["mean"] * factor for entry in mine],
            error_y=spread_bars(mine, factor),
            mode="lines+markers",
            name="no teacher" if name == DIRECT else literal(name),
            line={"color": colour, "width": 2.2, "dash": dash},
            marker={"symbol": symbol, "size": 9},
            hovertemplate="%{x}: MAE %{y:.3g} " + unit.label + "<extra>" + literal(name) + "</extra>",
        )
    finish(figure, colours, height=380)
    figure.update_xaxes(title_text="trained on", categoryorder="array", categoryarray=words)
    figure.update_yaxes(title_text=f"MAE, attractive points ({unit.label})", type="log", **LOG_TICKS)
    return figure
