"""The pickable plot: a canvas that sends configuration ids, or what was drawn where ids would be too many.

Maps, parity plots and cuts are all drawn by it, so a configuration is picked the same way everywhere.
Measured against Plotly's lasso and the ECharts brush in docs/design.md.
"""

from collections.abc import Callable
from typing import Any

from app.components.mounted import mounted
from app.components.plot_message import DrawnLine, Marks, message, toolbar_message
from app.theme import Palette

__all__ = ["DrawnLine", "Marks", "show", "toolbar"]


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
        on_picked_change=told("picked"),
        on_clicked_change=told("clicked"),
        on_history_change=told("history"),
        on_range_change=told("range"),
        on_lined_change=told("lined"),
    )
    # A mount of its own: a pick leaves it unchanged, so the browser gets the points only once.
    mounted("plot_points")(key=f"points-of-{key}", data={"name": key, "points": encoded}, height=1)
    return result


def toolbar(palette: Palette, *, key: str, group: str, pick: bool = True) -> None:
    """Tools for a whole group of plots that are drawn without their own."""
    mounted("plot")(key=key, data=toolbar_message(palette, key=key, group=group, pick=pick))
