"""Every Plotly figure of the dashboard is drawn here, with a quiet button below it for what can be saved.

Plotly's camera button saves the picture, as PNG or SVG; Streamlit offers no other supported way to it. The numbers
are written when they are asked for, not with each run of a page.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.figures.as_table import figure_table
from app.session import Context
from app.text import Markdown, plain

Table = Callable[[], pd.DataFrame]

FORMATS = {"png": "PNG", "svg": "SVG"}
#: Plotly draws these with WebGL; an SVG of them would hold a raster.
IN_SPACE = ("scatter3d", "surface", "mesh3d")
#: A picture of so many times the size on screen is sharp on a slide.
SCALE = 2
#: Where the session keeps the format of all camera buttons.
FORMAT = "picture_format"


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

    @property
    def in_space(self) -> bool:
        """Whether it is a 3-D view."""
        return any(trace.type in IN_SPACE for trace in self.figure.data)


def charts(
    context: Context,
    *drawn: Drawn,
    widths: Sequence[float] | None = None,
    note: Markdown = "",
    help: Markdown | None = None,
    gap: str = "small",
) -> None:
    """Draw figures side by side; below them a caption, `note` with `help`, and what they can be saved as."""
    chosen = str(st.session_state.get(FORMAT, "png"))
    places = st.columns(list(widths or [1] * len(drawn)), gap=gap) if len(drawn) > 1 else [st.container()]
    for place, item in zip(places, drawn, strict=True):
        place.plotly_chart(item.figure, theme=None, config=_config(context, item, chosen), key=f"{item.name}-figure")
    below = st.container(
        horizontal=True, wrap=False, horizontal_alignment="right", vertical_alignment="center", gap="small"
    )
    if note:
        below.caption(note, help=help)
    key = drawn[0].name
    with below.popover("Save", icon=":material/download:", type="tertiary", key=f"save-{key}"):
        _choices(context, drawn, chosen, key)
    if st.session_state.pop("picture_format_new", False):  # the button may stand in a part that runs on its own
        st.rerun()


def _config(context: Context, item: Drawn, chosen: str) -> dict[str, object]:
    """Plotly's tool bar: what a person needs, and a picture in the chosen format."""
    picture = "png" if item.in_space else chosen
    return {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
        "toImageButtonOptions": {
            "format": picture,
            "scale": SCALE if picture == "png" else 1,
            "filename": _file(context, item),
        },
    }


def _file(context: Context, item: Drawn) -> str:
    return f"{context.campaign.name}-{item.name}"


def _choices(context: Context, drawn: Sequence[Drawn], chosen: str, key: str) -> None:
    widget = f"picture-format-{key}"

    def choose() -> None:
        st.session_state[FORMAT] = st.session_state[widget]
        st.session_state["picture_format_new"] = True

    if not all(item.in_space for item in drawn):
        st.session_state[widget] = chosen
        st.segmented_control(
            "Picture",
            list(FORMATS),
            format_func=FORMATS.__getitem__,
            required=True,
            key=widget,
            on_change=choose,
            help="What the camera in a figure's tool bar saves, for all figures until you leave: PNG at twice the "
            "size on screen, or SVG, a vector drawing.",
        )
    space = " 3-D views are saved as PNG." if any(item.in_space for item in drawn) else ""
    st.caption(f"The camera above the figure saves it.{space}")
    offered: dict[int, str] = {}
    for item in drawn:
        offered.setdefault(id(item.table) if item.table else id(item), item.name)
    for item in (item for item in drawn if item.name in offered.values()):
        st.download_button(
            "Data (CSV)" if len(offered) == 1 else f"Data of {plain(item.name)} (CSV)",
            _csv(item),
            f"{_file(context, item)}.csv",
            "text/csv",
            on_click="ignore",
            key=f"csv-{item.name}",
        )


def _csv(item: Drawn) -> Callable[[], str]:
    def written() -> str:
        table = item.table() if item.table else figure_table(item.figure)
        return table.to_csv(index=table.index.name is not None)

    return written
