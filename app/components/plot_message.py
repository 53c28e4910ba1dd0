"""What the browser is told about a plot: how it is drawn, its tools, and what is marked; no Streamlit here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from app.arrays import FloatArray
from app.components.plot_encoding import squares_of
from app.theme import Palette

FOLDER = Path(__file__).parent
SCRIPTS = (
    "picture_compose.js",
    "plot_scales.js",
    "field_paint.js",
    "plot_paint.js",
    "plot.js",
    "plot_svg.js",
    "plot_pick.js",
    "plot_line.js",
    "plot_link.js",
    "plot_save.js",
    "plot_keys.js",
)
HTML = """<div class="nci-plot"><div class="tools"></div>
<div class="plot" tabindex="0" role="application" aria-label="Plot of configurations. Arrow keys walk from point
to point, Enter opens one, Space selects it."><canvas></canvas><canvas></canvas>
<div class="tip" role="status"></div></div>
<label class="slider" hidden>before<input type="range" class="split" min="0" max="100" value="50"
aria-label="Where the map changes from before to after">after</label><div class="foot"><div class="legend"></div>
<div class="group saves" role="group" aria-label="Save"></div></div></div>"""
#: Pixels; pages are laid out for windows of this height.
LEAST_WINDOW = 720
MODES = ("replace", "add", "remove")
#: Said under a plot whose points are too many to be drawn.
SQUARES = "Each square is the mean of many points. A lasso takes all points inside it; a click zooms in."


@cache
def script() -> str:
    """The module that draws plots; its default export mounts one as Streamlit's components are."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)


@cache
def style() -> str:
    """The style of plots, in terms of Streamlit's CSS variables."""
    return (FOLDER / "plot.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Marks:
    """What changes with a pick: selected configurations, the one in view, the basket and the proposals.

    `where` gives the places (k, 2) of those configurations that a map shows, for maps of squares.
    """

    marked: Sequence[int] = ()
    selected: int | None = None
    basket: Sequence[int] = ()
    proposed: Sequence[int] = ()
    where: Callable[[Sequence[int]], FloatArray] | None = None


@dataclass(frozen=True)
class DrawnLine:
    """A line that is drawn and moved with the mouse, over the points.

    Attributes:
        ends: ((x, y), (x, y)) of where it is now, in the unit of the axes.
        off: it does not lie in the plane that the plot shows.
    """

    ends: tuple[tuple[float, float], tuple[float, float]]
    off: bool = False


def _marked(encoded: dict[str, Any], marks: Marks) -> dict[str, Any]:
    """Ids of what is marked; where squares are drawn, which of them hold how many."""
    sets = {"marked": marks.marked, "basket": marks.basket, "proposed": marks.proposed}
    if encoded["bins"] and marks.where is not None:
        where = marks.where
        squares = {name: squares_of(encoded, where(ids)) for name, ids in sets.items() if len(ids)}
        return {"squares": squares, "total": len(marks.marked)} | {name: [] for name in sets}
    return {"squares": {}, "total": len(marks.marked)} | {name: [int(i) for i in ids] for name, ids in sets.items()}


def _legend(encoded: dict[str, Any], marks: Marks, kinds: Sequence[str]) -> list[tuple[str, ...]]:
    texts = {"labelled": "has a CCSD(T) label", "plain": "no label yet", "test": "test set"}
    found: list[tuple[str, ...]] = [("square", SQUARES)] if encoded["bins"] else [(kind, texts[kind]) for kind in kinds]
    found += [("marked", "selected")] if len(marks.marked) else []
    found += [("basket", "in the basket")] if len(marks.basket) else []
    found += [("proposed", "proposed")] if len(marks.proposed) else []
    return [*map(tuple, encoded["line_legend"]), *found]


def message(
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
    title: str = "",
    empty: str = "No configuration passes these filters.",
    line: DrawnLine | None = None,
    grow: bool = True,
    shape: float = 0.0,
) -> dict[str, Any]:
    """Everything but the points.

    Args:
        encoded: what `encode` made.
        palette: colours of the marks.
        marks: what is selected.
        key: name of the plot.
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
        title: heading of the plot in a saved picture.
        empty: what is said where nothing is to be seen.
        line: a line to be drawn; then nothing else is.
        grow: a window higher than LEAST_WINDOW gives what it has more to the plot.
        shape: height over width of the drawing, which then follows the width, up to that height; 0 for any.
    """
    return {
        "name": key,
        "key": encoded["key"],
        "height": height,
        "room": LEAST_WINDOW - height if grow else 0,
        "shape": shape,
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
        "title": title,
        "empty": empty,
        "selected": marks.selected,
        "line": None if line is None else {"ends": line.ends, "off": line.off},
        "accent": palette.pick,
        "mark_colour": palette.text,
        "proposal_colour": palette.proposal,
        "legend": _legend(encoded, marks, kinds),
    } | _marked(encoded, marks)


def toolbar_message(palette: Palette, *, key: str, group: str, pick: bool = True) -> dict[str, Any]:
    """Tools for a whole group of plots that are drawn without their own."""
    return {
        "name": key,
        "bar_only": True,
        "group": group,
        "pick": pick,
        "tools": True,
        "modes": list(MODES),
        "mode_label": "What drawing does to the selection",
        "note": "",
        "legend": [],
        "accent": palette.pick,
        "mark_colour": palette.text,
        "proposal_colour": palette.proposal,
    }
