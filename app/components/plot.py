"""The pickable plot: a canvas that sends configuration ids, or what was drawn where ids would be too many.

Maps, parity plots and cuts are all drawn by it, so a configuration is picked the same way everywhere.
Measured against Plotly's lasso and the ECharts brush in docs/design.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.arrays import FloatArray
from app.components.mounted import mounted
from app.components.plot_encoding import squares_of
from app.theme import Palette

#: What a plot tells.
EVENTS = ("picked", "clicked", "history", "range", "lined")
#: Pixels; pages are laid out for windows of this height.
LEAST_WINDOW = 720
MODES = ["replace", "add", "remove"]
MODE_LABEL = "What drawing does to the selection"
#: Said under a plot whose points are too many to be drawn.
SQUARES = "Each square is the mean of many points. A lasso takes all points inside it; a click zooms in."


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
    said = {"marked": "selected", "basket": "in the basket", "proposed": "proposed"}
    found += [(name, text) for name, text in said.items() if len(getattr(marks, name))]
    return [*map(tuple, encoded["line_legend"]), *found]


@dataclass(frozen=True)
class Look:
    """How a plot is drawn; the browser gets it as it is.

    Attributes:
        height: of the canvas in pixels.
        shape: height over width of the drawing, which then follows the width, up to that height; 0 for any.
        pick: lasso and box are offered.
        tools: draw the tool bar.
        link_view: plots of its group are zoomed together.
        to_basket: selections go to the basket, which takes no test point.
        aggregated: tell the page when the view changes.
        mode_label: what replacing, adding and removing is called.
        note: a sentence in the tool bar.
        file: name of saved files.
        title: heading of the plot in a saved picture.
        empty: what is said where nothing is to be seen.
    """

    height: int
    shape: float = 0.0
    pick: bool = True
    tools: bool = True
    link_view: bool = False
    to_basket: bool = False
    aggregated: bool = False
    mode_label: str = MODE_LABEL
    note: str = ""
    file: str = "map"
    title: str = ""
    empty: str = "No configuration passes these filters."


def show(
    encoded: dict[str, Any],
    palette: Palette,
    marks: Marks,
    *,
    key: str,
    on_event: Callable[[str], None] | None = None,
    **options: Any,
) -> Any:
    """Draw what `encode` made, with the options of `message`; `on_event` is called with the event's name.

    The result has picked {ids, mode}, with `outline` [[x, y], …] in place of ids where squares are drawn, clicked
    {id, mode, extend}, history {redo}, range {x, y} and lined {ends, moved} after such an event.
    """

    def told(name: str) -> Callable[[], None]:
        return (lambda: on_event(name)) if on_event else (lambda: None)

    result = mounted("plot")(
        key=key,
        data=message(encoded, palette, marks, key=key, **options),
        **{f"on_{name}_change": told(name) for name in EVENTS},
    )
    # A mount of its own: a pick leaves it unchanged, so the browser gets the points only once.
    mounted("plot_points")(key=f"points-of-{key}", data={"name": key, "points": encoded}, height=1)
    return result


def toolbar(palette: Palette, *, key: str, group: str, pick: bool = True) -> None:
    """Tools for a whole group of plots that are drawn without their own."""
    mounted("plot")(key=key, data=toolbar_message(palette, key=key, group=group, pick=pick))


def message(
    encoded: dict[str, Any],
    palette: Palette,
    marks: Marks,
    *,
    key: str,
    group: str = "",
    kinds: Sequence[str] = ("labelled", "plain", "test"),
    grow: bool = True,
    line: DrawnLine | None = None,
    **look: Any,
) -> dict[str, Any]:
    """Everything but the points: of those that `encode` made, with the fields of `Look`.

    Plots of one `group` share tool and mode. `kinds` of points are in the legend. With `grow` a window higher than
    LEAST_WINDOW gives what it has more to the plot. Where a `line` is to be drawn nothing else is.
    """
    chosen = Look(**look)
    more = {
        "key": encoded["key"],
        "room": LEAST_WINDOW - chosen.height if grow else 0,
        "modes": ["add", "remove", "replace"] if chosen.to_basket else MODES,
        "selected": marks.selected,
        "line": line and asdict(line),
        "legend": _legend(encoded, marks, kinds),
    }
    return asdict(chosen) | _named(palette, key, group or key) | more | _marked(encoded, marks)


def toolbar_message(palette: Palette, *, key: str, group: str, pick: bool = True) -> dict[str, Any]:
    """What `toolbar` draws."""
    tools = {"bar_only": True, "pick": pick, "tools": True, "modes": MODES, "mode_label": MODE_LABEL}
    return tools | _named(palette, key, group) | {"note": "", "legend": []}


def _named(palette: Palette, name: str, group: str) -> dict[str, Any]:
    """Names, and the colours of marks."""
    colours = {"accent": palette.pick, "mark_colour": palette.text, "proposal_colour": palette.proposal}
    return {"name": name, "group": group} | colours
