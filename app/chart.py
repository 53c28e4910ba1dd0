"""Every Plotly figure of the dashboard is drawn here, with a quiet button below it for what can be saved.

A row of figures is saved as one picture, as a person sees it: PNG at three times the size on screen, or SVG
(`app/components/picture.js`). The numbers are written when they are asked for, not with each run of a page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.components.mounted import mounted
from app.figures.as_table import figure_table
from app.session import Context
from app.text import Markdown, plain
from nci_core.visible import visible

Table = Callable[[], pd.DataFrame]

#: Plotly's tool bar: what a person needs. Its camera would save one figure of several.
CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["toImage", "select2d", "lasso2d", "autoScale2d"]}


@dataclass(frozen=True)
class Drawn:
    """A figure to draw.

    Attributes:
        figure: itself.
        name: what it shows; with the campaign's name it is the name of saved files.
        table: the numbers drawn, with units in the headers, made when asked for; None: taken from the figure.
            Figures with the same one share its button.
    """

    figure: go.Figure
    name: str
    table: Table | None = None


def charts(
    context: Context,
    *drawn: Drawn,
    widths: Sequence[float] | None = None,
    note: Markdown = "",
    help: Markdown | None = None,
    gap: str = "small",
    title: str = "",
) -> None:
    """Draw figures side by side; below them a caption, `note` with `help`, and what they can be saved as.

    `title` stands above the saved picture, after the campaign's.
    """
    places = st.columns(list(widths or [1] * len(drawn)), gap=gap) if len(drawn) > 1 else [st.container()]
    keys = [f"{item.name}-figure" for item in drawn]
    for place, item, key in zip(places, drawn, keys, strict=True):
        place.plotly_chart(item.figure, theme=None, config=CONFIG, key=key)
    below = st.container(
        horizontal=True, wrap=False, horizontal_alignment="right", vertical_alignment="center", gap="small"
    )
    if note:
        below.caption(note, help=help)
    first, campaign = drawn[0].name, context.campaign
    with below.popover("Save", icon=":material/download:", type="tertiary", key=f"save-{first}"):
        words = visible(" · ".join(filter(None, (campaign.title, title))))
        saved = {"figures": keys, "title": words, "file": f"{campaign.name}-{first}"}
        mounted("picture")(key=f"picture-{first}", data=saved)
        _offer_numbers(campaign.name, drawn)


def _offer_numbers(campaign: str, drawn: Sequence[Drawn]) -> None:
    offered: dict[int, Drawn] = {}
    for item in drawn:
        offered.setdefault(id(item.table or item), item)
    for item in offered.values():
        st.download_button(
            "Data (CSV)" if len(offered) == 1 else f"Data of {plain(item.name)} (CSV)",
            partial(_csv, item),
            f"{campaign}-{item.name}.csv",
            "text/csv",
            on_click="ignore",
            key=f"csv-{item.name}",
        )


def _csv(item: Drawn) -> str:
    table = item.table() if item.table else figure_table(item.figure)
    return table.to_csv(index=table.index.name is not None)
