"""Figures of teachers: against labels, along a cut, and what their students err by with few labels."""

from collections.abc import Mapping
from itertools import cycle

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.data.cuts import Cut
from app.figures.curves import LOG_TICKS
from app.figures.literal import literal
from app.theme import Palette, finish
from nci_core.store.teacher_curves import Curves
from nci_core.teachers.comparison import NOBODY
from nci_core.units import CM1_EV, EnergyUnit

LINES = ("teacher", "exchange", "dispersion", "electrostatics", "proposal", "pick")
DASHES = ("solid", "dot", "dashdot", "longdash", "dash")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross")
#: Curves along a cut are drawn up to so many times the depth of the well.
TOP = 2.5
HEIGHT = 380


def looks(names: list[str], colours: Palette) -> dict[str, dict[str, str]]:
    """Colour, dash and symbol of each teacher, the same in every figure as long as there are the same teachers."""
    lines = [getattr(colours, name) for name in LINES]
    turns = zip(names, cycle(lines), cycle(DASHES), cycle(SYMBOLS), strict=False)
    return {name: {"colour": colour, "dash": dash, "symbol": symbol} for name, colour, dash, symbol in turns}


def parity_figure(
    rows: pd.DataFrame, columns: Mapping[str, str], unit: EnergyUnit, colours: Palette, *, top_ev: float
) -> go.Figure:
    """Energies of teachers (specification → column, eV) over those of labels up to `top_ev`, and the line of equals."""
    figure, f = go.Figure(), unit.per_ev
    shown = rows[rows["label_ev"] < top_ev]
    for spec, look in looks(list(columns), colours).items():
        figure.add_scatter(
            x=shown["label_ev"] * f,
            y=shown[columns[spec]] * f,
            mode="markers",
            name=literal(spec),
            marker={"color": look["colour"], "symbol": symbols(shown, look["symbol"]), "size": 7, "opacity": 0.8},
            hovertemplate=f"CCSD(T) %{{x:.{unit.digits}f}}, teacher %{{y:.{unit.digits}f}} {unit.label}"
            f"<extra>{literal(spec)}</extra>",
        )
    low = float(shown["label_ev"].min()) * f if len(shown) else 0.0
    high = float(shown["label_ev"].max()) * f if len(shown) else 1.0
    dashed = {"color": colours.earlier, "width": 1.5, "dash": "dash"}
    figure.add_scatter(x=[low, high], y=[low, high], mode="lines", name="equal", line=dashed, hoverinfo="skip")
    finish(figure, colours, height=HEIGHT)
    figure.update_xaxes(title_text=f"CCSD(T) interaction energy ({unit.label})")
    figure.update_yaxes(title_text=f"teacher's interaction energy ({unit.label})")
    return figure


def symbols(rows: pd.DataFrame, symbol: str) -> list[str]:
    """One a row: filled for the frozen test set, open for training labels."""
    return [symbol if split == "test" else f"{symbol}-open" for split in rows["split"]]


def cut_figure(
    teachers: pd.DataFrame, columns: Mapping[str, str], cut: Cut, unit: EnergyUnit, colours: Palette
) -> go.Figure:
    """Teachers (distance in Å and a column in eV each) along a cut, with the student and the labels on it."""
    figure, f = go.Figure(), unit.per_ev
    hover = f"%{{x:.2f}} Å, %{{y:.{unit.digits}f}} {unit.label}"
    for spec, look in looks(list(columns), colours).items():
        known = teachers[["distance", columns[spec]]].dropna()
        figure.add_scatter(
            x=known["distance"],
            y=known[columns[spec]] * f,
            mode="lines+markers",
            name=literal(spec),
            line={"color": look["colour"], "width": 1.8, "dash": look["dash"]},
            marker={"symbol": look["symbol"], "size": 7},
            hovertemplate=f"{hover}<extra>{literal(spec)}</extra>",
        )
    if len(cut.student):
        line = {"color": colours.student, "width": 2.6}
        x, y = cut.student["distance"], cut.student["energy_ev"] * f
        figure.add_scatter(
            x=x, y=y, mode="lines", name="student", line=line, hovertemplate=f"{hover}<extra>student</extra>"
        )
    if len(cut.labels):
        square = {"color": colours.reference, "symbol": "square", "size": 7}
        x, y = cut.labels["distance"], cut.labels["label_ev"] * f
        figure.add_scatter(
            x=x, y=y, mode="markers", name="CCSD(T)", marker=square, hovertemplate=f"{hover}<extra>CCSD(T)</extra>"
        )
    finish(figure, colours, height=HEIGHT)
    parts = [*(teachers[name] for name in columns.values()), cut.labels["label_ev"]]
    parts += [cut.student["energy_ev"]] if len(cut.student) else []
    values = np.concatenate([part.to_numpy(dtype=float) for part in parts])
    values = values[np.isfinite(values)]
    deepest = min(float(values.min()) if len(values) else 0.0, -5.0 * CM1_EV)
    figure.update_xaxes(title_text="distance from the host's centre (Å)")
    figure.update_yaxes(title_text=f"interaction energy ({unit.label})", range=[1.25 * deepest * f, -TOP * deepest * f])
    return figure


def curve_figure(found: Curves, unit: EnergyUnit, colours: Palette) -> go.Figure:
    """Test error of students over the number of labels, a line a teacher with ± 1 sd over the seeds."""
    figure, f = go.Figure(), CM1_EV * unit.per_ev
    means = found.means()
    styles = looks([name for name in means if name != NOBODY], colours)
    styles[NOBODY] = {"colour": colours.earlier, "dash": "dash", "symbol": "circle-open"}
    sizes = sorted({n for each in means.values() for n in each})
    for name, each in means.items():
        look, x = styles[name], np.array(sorted(each))
        middle, sd = (np.array([each[n][k] for n in x]) * f for k in (0, 1))
        figure.add_scatter(
            x=x,
            y=middle,
            mode="lines+markers",
            name="no teacher" if name == NOBODY else literal(name),
            customdata=sd,
            error_y={"array": sd, "arrayminus": np.minimum(sd, 0.7 * middle), "thickness": 1.2, "width": 4},
            line={"color": look["colour"], "width": 2.4, "dash": look["dash"]},
            marker={"symbol": look["symbol"], "size": 8},
            hovertemplate="%{x} labels: MAE %{y:.3g} ± %{customdata:.2g} " + unit.label + "<extra></extra>",
        )
    finish(figure, colours, height=HEIGHT)
    title = "labels the student was fine-tuned on"
    figure.update_xaxes(title_text=title, type="log", tickvals=sizes, ticktext=list(map(str, sizes)))
    figure.update_yaxes(title_text=f"MAE on the test set ({unit.label})", type="log", **LOG_TICKS)
    return figure
