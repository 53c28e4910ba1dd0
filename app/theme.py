"""Colours, readable with any colour vision, on light and on dark ground; tests/app/test_app_colours.py checks both."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import plotly.graph_objects as go


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, as #rrggbb.

    Attributes:
        dark: whether the ground is dark.
        ground, text, grid: of the page and of axes.
        teacher, student, earlier, reference: the same in every figure (`earlier`: the model compared with).
        electrostatics, exchange, induction, dispersion: the student's terms.
        signed: diverging scale for errors, from negative to positive, neutral at zero.
        energy: diverging scale for energies, from attractive to repulsive, neutral at zero.
        size: sequential scale for what is never negative, from zero on.
        pick, proposal: rings of the basket and of proposals on the map.
        regions: colour of each region and of "all".
    """

    dark: bool
    ground: str
    text: str
    grid: str
    teacher: str
    student: str
    earlier: str
    reference: str
    electrostatics: str
    exchange: str
    induction: str
    dispersion: str
    signed: tuple[str, ...]
    energy: tuple[str, ...]
    size: tuple[str, ...]
    pick: str
    proposal: str
    regions: dict[str, str]

    def scale(self, name: str) -> list[tuple[float, str]]:
        """`signed`, `energy` or `size` as a Plotly colour scale."""
        colours: tuple[str, ...] = getattr(self, name)
        return [(i / (len(colours) - 1), colour) for i, colour in enumerate(colours)]

    def of_terms(self, terms: Sequence[str]) -> dict[str, str]:
        """A colour for each term or channel; repulsion, that of before, has exchange's, and unknown ones take turns."""
        known = {name: getattr(self, name) for name in ("electrostatics", "exchange", "induction", "dispersion")}
        known |= dict.fromkeys(("repulsion", "exchange_induction"), self.exchange)
        others = cycle((self.pick, self.proposal, self.text))
        return {name: known[name] if name in known else next(others) for name in terms}


LIGHT = Palette(
    dark=False,
    ground="#FFFFFF",
    text="#17242D",
    grid="#DDE5EA",
    teacher="#C55A00",
    student="#0072B2",
    earlier="#7B8A94",
    reference="#17242D",
    electrostatics="#8F24F9",
    exchange="#BD5B84",
    induction="#A58950",
    dispersion="#005432",
    # ColorBrewer RdBu reversed and PuOr reversed, the middle darkened so that it shows on white.
    signed=("#053061", "#2166AC", "#6AACD0", "#C9D3D9", "#F0A27F", "#B2182B", "#67001F"),
    energy=("#2D004B", "#542788", "#998EC3", "#CBC9C6", "#F1A340", "#B35806", "#7F3B08"),
    size=("#D3DCE1", "#9FC3C9", "#5FA3AE", "#2F7F92", "#1C5A77", "#14365A", "#0B1A3A"),
    pick="#237848",
    proposal="#A7116C",
    regions={"all": "#17242D", "well": "#0072B2", "tail": "#005432", "wall": "#C55A00", "beyond": "#7B8A94"},
)
DARK = Palette(
    dark=True,
    ground="#10181E",
    text="#E6EDF1",
    grid="#2A3740",
    teacher="#F0A030",
    student="#56B4E9",
    earlier="#93A3AD",
    reference="#FFFFFF",
    electrostatics="#9460FB",
    exchange="#C790AB",
    induction="#C4541C",
    dispersion="#4BF6B7",
    signed=("#A8D8FF", "#4AA3E0", "#3A7FB4", "#646F77", "#BC6A4C", "#F07A55", "#FFD0BF"),
    energy=("#CDB4FF", "#A98BE8", "#8671B8", "#6A696E", "#B07A30", "#EBA040", "#FFD590"),
    size=("#46525A", "#43717C", "#4793A0", "#5DB5BD", "#86D3D2", "#B8EBE3", "#EEFBF4"),
    pick="#48E3A5",
    proposal="#F487C6",
    regions={"all": "#E6EDF1", "well": "#56B4E9", "tail": "#58F0AB", "wall": "#F0A030", "beyond": "#93A3AD"},
)


def palette(theme_type: str | None) -> Palette:
    """The palette of Streamlit's theme type, 'light' or 'dark'."""
    return DARK if theme_type == "dark" else LIGHT


def finish(figure: go.Figure, colours: Palette, *, height: int) -> go.Figure:
    """The look shared by all figures: ground of the page, quiet grid, legend above the data."""
    figure.update_layout(
        height=height,
        paper_bgcolor=colours.ground,  # a saved picture is readable wherever it is put
        plot_bgcolor="rgba(0,0,0,0)",
        font={"color": colours.text, "size": 13},
        margin={"l": 64, "r": 16, "t": 44, "b": 58},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.02, "x": 0, "title": None},
        hoverlabel={"font": {"size": 13}},
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": colours.earlier, "activecolor": colours.text},
    )
    axis = {
        "gridcolor": colours.grid,
        "linecolor": colours.earlier,
        "showline": True,
        "zeroline": False,
        "ticks": "outside",
        "automargin": True,
        "title": {"font": {"size": 14}},
    }
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    return figure
