"""Expected uncertainty: against minutes spent, and on the map before and after a basket."""

from dataclasses import replace

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.components.plot_content import Hover, PlotContent
from app.figures.curves import shade
from app.figures.points import map_content
from app.figures.scales import SizeScale
from app.theme import Palette, finish
from nci_core.campaign.pricing.budget import Outlook
from nci_core.systems import Monomer
from nci_core.units import EnergyUnit, from_cm1

#: Expected standard deviations below this (cm⁻¹) are nearly nothing.
NEAR_ZERO_CM1 = 0.05
#: Columns of expected standard deviations → what people read.
EXPECTED = {"before_ev": "expected sd now", "after_ev": "expected sd then"}


def spending_figure(
    found: Outlook,
    basket: tuple[float, float] | None,
    budget_minutes: float,
    unit: EnergyUnit,
    colours: Palette,
    *,
    height: int = 300,
) -> go.Figure:
    """Expected RMS standard deviation against CPU minutes: I-optimal, random ±1 sd, and the basket.

    `basket` is (minutes, RMS sd in eV) of what is in the basket now, None when it is empty.
    """
    f, minutes = unit.per_ev, found.minutes
    figure = go.Figure()
    mean, sd = found.random_ev * f, found.random_sd_ev * f
    hover = f"%{{x:.1f}} CPU min: ±%{{y:.{unit.digits}f}} {unit.label}"
    figure.add_trace(shade(minutes, mean - sd, mean + sd, colours.earlier))
    for name, values, colour, dash in (
        ("random, ± 1 sd", mean, colours.earlier, "dash"),
        ("I-optimal", found.greedy_ev * f, colours.student, "solid"),
    ):
        figure.add_scatter(
            x=minutes,
            y=values,
            mode="lines",
            name=name,
            line={"color": colour, "width": 2.4, "dash": dash},
            hovertemplate=hover + f"<extra>{name}</extra>",
        )
    if basket is not None:
        figure.add_scatter(
            x=[basket[0]],
            y=[basket[1] * f],
            mode="markers",
            name="basket",
            marker={
                "symbol": "diamond",
                "size": 13,
                "color": colours.pick,
                "line": {"color": colours.ground, "width": 1.5},
            },
            hovertemplate=hover + "<extra>the basket now</extra>",
        )
    finish(figure, colours, height=height)
    if 0 < budget_minutes <= minutes[-1] * 1.1:
        figure.add_vline(x=budget_minutes, line={"color": colours.text, "width": 1, "dash": "dot"})
    figure.update_layout(margin={"l": 60, "r": 8, "t": 36, "b": 46})
    figure.update_xaxes(title_text="CPU minutes from now", rangemode="tozero")
    figure.update_yaxes(title_text=f"expected RMS sd ({unit.label})", rangemode="tozero")
    return figure


def expectation_contents(host: Monomer, rows: pd.DataFrame, after: str, unit: EnergyUnit) -> dict[str, PlotContent]:
    """Two maps on one scale, by title: the expected sd now, and `after` the labels.

    `rows` are of the campaign's table, with before_ev and after_ev.
    """
    both = rows[["before_ev", "after_ev"]].to_numpy(dtype=float)
    scale = SizeScale.covering(both, unit.per_ev, linear_ev=from_cm1(NEAR_ZERO_CM1), cap_ev=np.inf)
    return {
        title: _content(host, rows, rows[column] * unit.per_ev, scale, unit, bar=title == after)
        for title, column in (("now", "before_ev"), (after, "after_ev"))
    }


def fall_content(host: Monomer, rows: pd.DataFrame, unit: EnergyUnit) -> PlotContent:
    """By how many per cent the expected sd falls; rows as in `expectation_contents`."""
    fall = 100.0 * (1.0 - rows["after_ev"] / rows["before_ev"].where(rows["before_ev"] > 0)).fillna(0.0)
    scale = SizeScale(max(float(fall.max()) if len(fall) else 0.0, 1.0), 10.0)
    content = _content(host, rows, fall, scale, unit, bar=True)
    assert content.values is not None
    return replace(content, title="%", hover=[Hover("less by", content.values, "%", 0), *content.hover])


def _content(
    host: Monomer, rows: pd.DataFrame, values: pd.Series, scale: SizeScale, unit: EnergyUnit, *, bar: bool
) -> PlotContent:
    values = values.sort_values(kind="stable")  # the largest last, so that none is hidden
    return map_content(
        host,
        rows.loc[values.index],
        values.to_numpy(dtype=float),
        scale,
        unit,
        view="side",
        colours="size",
        hover=EXPECTED,
        bar=bar,
        compact=True,
    )
