"""Error of labels against their cost."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from app.figures.curves import LOG_TICKS
from app.figures.literal import literal
from app.theme import Palette, finish
from nci_core.bench.recipe_rows import RecipeRow
from nci_core.units import CM1_EV, EnergyUnit


def recipes_figure(
    rows: Sequence[RecipeRow],
    front: Sequence[str],
    unit: EnergyUnit,
    colours: Palette,
    *,
    target: tuple[float, float] | None = None,
    height: int = 380,
) -> go.Figure:
    """MAE on attractive points against CPU minutes, both logarithmic; a line joins the recipes in `front`.

    Dotted lines at a target, if there is one: cm⁻¹ and CPU minutes.
    """
    factor = CM1_EV * unit.per_ev
    known = [row for row in rows if row.cpu_minutes and row.mae_attractive_cm1]
    best = sorted((row for row in known if row.recipe in front), key=lambda row: row.cpu_minutes or 0.0)
    figure = go.Figure()
    for mine, colour, mode, name in (
        (best, colours.student, "lines+markers+text", "best for its cost"),
        ([row for row in known if row.recipe not in front], colours.teacher, "markers+text", "others"),
    ):
        figure.add_scatter(
            x=[row.cpu_minutes for row in mine],
            y=[(row.mae_attractive_cm1 or 0.0) * factor for row in mine],
            customdata=[[literal(row.recipe), row.n_attractive, row.rss_gb] for row in mine],
            text=[f"  {literal(row.recipe)}" for row in mine],
            textposition="middle right",
            mode=mode,
            name=name,
            line={"color": colour, "width": 1.8},
            marker={"color": colour, "size": 10},
            hovertemplate="%{customdata[0]}<br>%{x:.2f} CPU minutes, %{customdata[2]:.1f} GB<br>MAE %{y:.3g} "
            + unit.label
            + " on %{customdata[1]} attractive labels<extra></extra>",
            cliponaxis=False,
        )
    finish(figure, colours, height=height)
    ends = {"x": [], "y": []} if target is None else {"x": [target[1]], "y": [target[0] * factor]}
    # On a logarithmic axis plotly takes the places of lines as they are, those of ranges as powers of ten.
    for at in ends["y"]:
        figure.add_hline(at, line={"dash": "dot", "width": 1, "color": colours.reference})
    for at in ends["x"]:
        figure.add_vline(at, line={"dash": "dot", "width": 1, "color": colours.reference})
    titles = {"x": "CPU minutes per label", "y": f"MAE of attractive energies ({unit.label})"}
    for axis, title in titles.items():
        shown = {"title_text": title, "type": "log", "range": _with_room(figure, axis, ends[axis]), **LOG_TICKS}
        figure.update_layout({f"{axis}axis": shown})
    return figure


def _with_room(figure: go.Figure, axis: str, more: list[float]) -> list[float]:
    """Powers of ten between which all points and a target lie, with room for the names beside them."""
    values = np.log10([value for trace in figure.data for value in trace[axis]] + more or [1.0])
    return [float(values.min()) - 0.1, float(values.max()) + (0.25 if axis == "x" else 0.15)]
