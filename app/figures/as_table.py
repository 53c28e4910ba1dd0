"""The numbers that a figure draws, as a table; for figures without a table of their own."""

from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.figures.literal import read_back

#: Traces with a value at each point of a grid.
GRIDS = ("contour", "heatmap")


def figure_table(figure: go.Figure) -> pd.DataFrame:
    """One row a point drawn: series, x, y (z), and the ends of error bars; headers are the axis titles.

    Outlines that tell nothing when pointed at and have no name, such as a molecule drawn below points, are left out.
    """
    told = (trace for trace in figure.data if trace.name or trace.hoverinfo != "skip")
    parts = [part for trace in told if len(part := _rows(figure, trace))]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _rows(figure: go.Figure, trace: Any) -> pd.DataFrame:
    named = {letter: _title(figure, trace, letter) for letter in "xyz"}
    name = None if trace.name is None else read_back(trace.name)
    found: dict[str, Any] = {}
    if trace.type in GRIDS:
        x, y = np.meshgrid(np.asarray(trace.x), np.asarray(trace.y))
        found |= {named["x"]: x.ravel(), named["y"]: y.ravel(), "value": np.asarray(trace.z).ravel()}
        return pd.DataFrame({"series": name} | found)
    for letter, title in named.items():
        values = getattr(trace, letter, None)
        if values is None:
            continue
        found[title] = _listed(figure, trace, letter, values)
        bars = getattr(trace, f"error_{letter}", None)
        if bars is not None and bars.array is not None:
            middle, up = np.asarray(values, dtype=float), np.asarray(bars.array, dtype=float)
            down = up if bars.arrayminus is None else np.asarray(bars.arrayminus, dtype=float)
            found |= {f"{title}, low": middle - down, f"{title}, high": middle + up}
    if trace.text is not None and not isinstance(trace.text, str):
        found["text"] = [read_back(each) if isinstance(each, str) else each for each in trace.text]
    return pd.DataFrame({"series": name} | found)


def _axis(figure: go.Figure, trace: Any, letter: str) -> Any:
    if trace.type.endswith("3d"):
        return figure.layout[trace.scene or "scene"][f"{letter}axis"]
    if letter == "z":
        return None
    return figure.layout[f"{letter}axis{(getattr(trace, f'{letter}axis') or letter)[1:]}"]


def _title(figure: go.Figure, trace: Any, letter: str) -> str:
    """The axis title, that of the axis it shares, or the letter."""
    axis = _axis(figure, trace, letter)
    if axis is not None and axis.title.text is None and axis.matches:
        axis = figure.layout[f"{letter}axis{axis.matches[1:]}"]
    return letter if axis is None or not axis.title.text else read_back(str(axis.title.text))


def _listed(figure: go.Figure, trace: Any, letter: str, values: Any) -> list[Any]:
    """Values as they are, or the words that stand at them where the axis has words for ticks."""
    axis, there = _axis(figure, trace, letter), np.asarray(values)
    words = getattr(axis, "ticktext", None)
    if words is None or getattr(axis, "type", None) == "log" or not np.issubdtype(there.dtype, np.number):
        return list(there)
    nearest = np.abs(np.subtract.outer(there, np.asarray(axis.tickvals, dtype=float))).argmin(axis=1)
    return [read_back(str(words[k])) for k in nearest]
