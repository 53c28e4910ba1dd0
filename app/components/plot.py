"""The pickable plot: a canvas that sends configuration ids, nothing else.

Maps, parity plots and cuts are all drawn by it, so a configuration is picked the same way everywhere.
Measured against Plotly's lasso and the ECharts brush in docs/design.md.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import streamlit as st

from app.figures.scales import SignedScale
from app.theme import Palette

FOLDER = Path(__file__).parent
SCRIPTS = ("plot_scales.js", "plot_paint.js", "plot.js", "plot_svg.js", "plot_keys.js")
HTML = """<div class="nci-plot"><div class="tools"></div>
<div class="plot" tabindex="0" role="application" aria-label="Plot of configurations. Arrow keys walk from point
to point, Enter opens one, Space selects it."><canvas></canvas><canvas></canvas>
<div class="tip" role="status"></div></div>
<label class="slider" hidden>before<input type="range" class="split" min="0" max="100" value="50"
aria-label="Where the map changes from before to after">after</label><div class="foot"><div class="legend"></div>
<div class="group saves" role="group" aria-label="Save"></div></div></div>"""
#: Largest level of the colour scale; the next one stands for "no value".
LEVELS = 254
TEST_FLAG, LABEL_FLAG = 2, 1
MODES = ("replace", "add", "remove")
#: Said under a plot whose points are too many to be drawn.
SQUARES = "Each square: the mean of many points. Zoom in (Ctrl + scroll, or +) to pick single ones."

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Hover:
    """One line of the tooltip and one column of the table: numbers, or codes into `names` (−1: none)."""

    label: str
    values: npt.NDArray[Any]
    unit: str = ""
    digits: int = 2
    names: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """What the browser needs."""
        return {
            "label": self.label,
            "values": _packed(self.values, "<f4"),
            "unit": self.unit,
            "digits": self.digits,
            "names": list(self.names),
        }


@dataclass(frozen=True)
class Line:
    """A curve under the points, with a band between `low` and `high` if given; all (k,).

    `knots` marks the places where it is known, for a curve that only joins a few of them.
    """

    name: str
    x: FloatArray
    y: FloatArray
    colour: str
    low: FloatArray | None = None
    high: FloatArray | None = None
    width: float = 2.2
    dash: tuple[int, ...] = ()
    knots: bool = False

    def as_data(self) -> dict[str, Any]:
        """What the browser needs."""
        numbers = {"x": self.x, "y": self.y, "low": self.low, "high": self.high}
        packed = {key: _packed(values, "<f4") for key, values in numbers.items() if values is not None}
        return packed | {
            "name": self.name,
            "colour": self.colour,
            "width": self.width,
            "dash": list(self.dash),
            "knots": self.knots,
        }


@dataclass(frozen=True)
class Bins:
    """Squares that stand for many points: lower left corners (k,), one size, and how many are in each."""

    x: FloatArray
    y: FloatArray
    size: float
    count: npt.NDArray[np.int64]
    values: FloatArray


@dataclass(frozen=True)
class PlotContent:
    """What a plot shows; all arrays (m,), in the unit of their axis.

    Attributes:
        ids: configuration ids.
        x, y: places of the points.
        values: colours, NaN is grey; None: every point has the same colour.
        scale: of the colours.
        colours: name of the palette's scale.
        title: above the colour bar, the unit; "" leaves the bar out.
        labelled, test: how a point is drawn.
        hover: lines of the tooltip.
        x_label, y_label: with unit.
        view: what the axes are; zoom is kept as long as it stays the same.
        host: atoms (n, 2), symbols and bonds drawn under the points.
        equal: one Å is as long on both axes.
        y_linear: y is linear up to here and logarithmic beyond; 0 for a linear axis.
        before: colours of the state before, for a map with a slider between the two.
        error: half length of the vertical bar of each point.
        lines: curves under the points.
        zero: draw the line y = 0.
        bins: drawn instead of points that are too many.
        extent: x and y from … to; default, what holds everything.
    """

    ids: npt.NDArray[Any]
    x: FloatArray
    y: FloatArray
    labelled: npt.NDArray[np.bool_]
    test: npt.NDArray[np.bool_]
    scale: SignedScale
    values: FloatArray | None = None
    colours: str = "signed"
    title: str = ""
    hover: Sequence[Hover] = ()
    x_label: str = ""
    y_label: str = ""
    view: str = ""
    host: dict[str, Any] | None = None
    equal: bool = False
    y_linear: float = 0.0
    before: FloatArray | None = None
    error: FloatArray | None = None
    lines: Sequence[Line] = field(default_factory=tuple)
    zero: bool = False
    bins: Bins | None = None
    extent: tuple[float, float, float, float] | None = None


@cache
def _script() -> str:
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)


@cache
def _component() -> Any:
    style = (FOLDER / "plot.css").read_text(encoding="utf-8")
    return st.components.v2.component("nci_plot", html=HTML, css=style, js=_script(), isolate_styles=False)


@cache
def _points_component() -> Any:
    return st.components.v2.component("nci_plot_points", html="<i hidden></i>", js=_script(), isolate_styles=False)


def _packed(values: npt.ArrayLike, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def _digest(value: Any) -> str:
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=8).hexdigest()


def _levels(scale: SignedScale, values: FloatArray | None, count: int) -> str:
    if values is None:
        return _packed(np.full(count, LEVELS // 2), "u1")
    fraction = scale.fraction(values)
    return _packed(np.where(np.isfinite(fraction), np.rint(np.nan_to_num(fraction) * LEVELS), LEVELS + 1), "u1")


def encode(content: PlotContent, palette: Palette) -> dict[str, Any]:
    """Points, colours and axes as the browser takes them; depends on nothing that a pick changes."""
    flags = content.test * TEST_FLAG + content.labelled * LABEL_FLAG
    points: dict[str, Any] = {
        "x": _packed(content.x, "<f4"),
        "y": _packed(content.y, "<f4"),
        "ids": _packed(content.ids, "<i4"),
        "flags": _packed(flags, "u1"),
        "error": None if content.error is None else _packed(content.error, "<f4"),
    }
    scale, n = content.scale, len(content.ids)
    bins = content.bins
    drawn: dict[str, Any] = {
        "level": _levels(scale, content.values, n),
        "compare": None if content.before is None else {"level": _levels(scale, content.before, n)},
        "hover": [line.as_data() for line in content.hover],
        "lines": [line.as_data() for line in content.lines],
        "scale": list(getattr(palette, content.colours)),
        "bins": None
        if bins is None
        else {
            "x": _packed(bins.x, "<f4"),
            "y": _packed(bins.y, "<f4"),
            "size": bins.size,
            "count": _packed(bins.count, "<i4"),
            "level": _levels(scale, bins.values, len(bins.x)),
        },
    }
    if drawn["compare"] is not None:
        drawn["compare"] |= {"left": "before", "right": "after"}
    encoded = (
        points
        | drawn
        | {
            "points_key": _digest(points),
            "colours_key": _digest(drawn),
            "bar": {"title": content.title, "ticks": scale.ticks()} if content.title else None,
            "x_label": content.x_label,
            "y_label": content.y_label,
            "y_linear": content.y_linear,
            "host": content.host,
            "equal": content.equal,
            "zero": content.zero,
            "view": content.view,
            "extent": content.extent,
        }
    )
    legend = [("line", line.name, line.colour) for line in content.lines if line.name]
    return encoded | {"key": _digest(encoded), "line_legend": legend}


@dataclass(frozen=True)
class Marks:
    """What changes with a pick: selected configurations, the one in view, the basket and the proposals."""

    marked: Sequence[int] = ()
    selected: int | None = None
    basket: Sequence[int] = ()
    proposed: Sequence[int] = ()


def _legend(encoded: dict[str, Any], marks: Marks, kinds: Sequence[str]) -> list[tuple[str, ...]]:
    texts = {"labelled": "has a CCSD(T) label", "plain": "no label yet", "test": "test set"}
    found: list[tuple[str, ...]] = [("square", SQUARES)] if encoded["bins"] else [(kind, texts[kind]) for kind in kinds]
    found += [("marked", "selected")] if len(marks.marked) else []
    found += [("basket", "in the basket")] if len(marks.basket) else []
    found += [("proposed", "proposed")] if len(marks.proposed) else []
    return [*map(tuple, encoded["line_legend"]), *found]


def show(
    encoded: dict[str, Any],
    palette: Palette,
    marks: Marks,
    *,
    key: str,
    height: int,
    group: str = "",
    pick: bool = True,
    tools: bool = True,
    link_view: bool = False,
    to_basket: bool = False,
    aggregated: bool = False,
    kinds: Sequence[str] = ("labelled", "plain", "test"),
    note: str = "",
    file: str = "map",
    empty: str = "No configuration passes these filters.",
    on_event: Callable[[str], None] | None = None,
) -> Any:
    """Draw a plot.

    Args:
        encoded: what `encode` made.
        palette: colours of the marks.
        marks: what is selected.
        key: of the component; its result has picked {ids, mode}, clicked {id, mode, extend}, history
            {redo} and range {x, y} after such an event.
        height: of the canvas in pixels.
        group: plots of one group share tool and mode, and with `link_view` zoom.
        pick: lasso and box are offered.
        tools: draw the tool bar.
        link_view: see `group`.
        to_basket: selections go to the basket, which takes no test point.
        aggregated: tell the page when the view changes.
        kinds: kinds of points in the legend.
        note: a sentence in the tool bar.
        file: name of saved files.
        empty: what is said where nothing is to be seen.
        on_event: called with the event's name.
    """
    data = {
        "name": key,
        "key": encoded["key"],
        "height": height,
        "group": group or key,
        "pick": pick,
        "tools": tools,
        "link_view": link_view,
        "to_basket": to_basket,
        "aggregated": aggregated,
        "modes": ["add", "remove", "replace"] if to_basket else list(MODES),
        "mode_label": "What drawing does to the basket" if to_basket else "What drawing does to the selection",
        "note": note,
        "file": file,
        "empty": empty,
        "marked": [int(i) for i in marks.marked],
        "basket": [int(i) for i in marks.basket],
        "proposed": [int(i) for i in marks.proposed],
        "selected": marks.selected,
        "accent": palette.pick,
        "mark_colour": palette.text,
        "proposal_colour": palette.proposal,
        "legend": _legend(encoded, marks, kinds),
    }

    def told(name: str) -> Callable[[], None]:
        return (lambda: on_event(name)) if on_event else (lambda: None)

    result = _component()(
        key=key,
        data=data,
        on_picked_change=told("picked"),
        on_clicked_change=told("clicked"),
        on_history_change=told("history"),
        on_range_change=told("range"),
    )
    # A mount of its own: a pick leaves it unchanged, so the browser gets the points only once.
    _points_component()(key=f"points-of-{key}", data={"name": key, "points": encoded}, height=1)
    return result


def toolbar(palette: Palette, *, key: str, group: str) -> None:
    """Tools for a whole group of plots that are drawn without their own."""
    data = {
        "name": key,
        "bar_only": True,
        "group": group,
        "pick": True,
        "tools": True,
        "modes": list(MODES),
        "mode_label": "What drawing does to the selection",
        "note": "",
        "legend": [],
        "accent": palette.pick,
        "mark_colour": palette.text,
        "proposal_colour": palette.proposal,
    }
    _component()(key=key, data=data)
