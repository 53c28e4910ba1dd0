"""Plots of the dashboard in a report."""

from collections.abc import Callable, Sequence
from typing import Any

from app.components.plot import Marks, message, toolbar_message
from app.components.plot_content import PlotContent
from app.components.plot_encoding import encode
from app.report.page import Page
from app.theme import DARK, LIGHT, Palette


def draw_plots(
    page: Page,
    draw: Callable[[Palette], dict[str, PlotContent]],
    caption: str,
    *,
    height: int,
    shape: float = 0.0,
    linked: bool = False,
    kinds: Sequence[str] = (),
) -> None:
    """Plots as the dashboard's, by title, in one row; `linked` ones are zoomed together."""
    group = f"row-{len(page.figures) + 1}"

    def row(colours: Palette) -> list[dict[str, Any]]:
        drawn = [{"data": toolbar_message(colours, key=group, group=group, pick=False)}]
        for number, (title, content) in enumerate(draw(colours).items(), start=1):
            encoded, name = encode(content, colours), f"{group}-{number}"
            data = message(
                encoded,
                colours,
                Marks(),
                key=name,
                height=height,
                group=group,
                pick=False,
                tools=False,
                link_view=linked,
                kinds=kinds,
                file=name,
                title=title,
                grow=False,
                shape=shape,
            )
            drawn.append({"data": data, "points": encoded})
        return drawn

    page.plots(row(LIGHT), row(DARK), list(draw(LIGHT)), caption)
