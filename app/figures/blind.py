"""Labels beside what the student had predicted of them, in units of its error bars."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from app.theme import Palette, finish
from nci_core.calibration import WITHIN_1, WITHIN_2, Calibration
from nci_core.labels.label_errors import label_text
from nci_core.rounding import with_uncertainty
from nci_core.units import EnergyUnit

#: Errors beyond so many error bars are drawn at the edge, with their number.
EDGE = 5.0


def predicted_text(row: pd.Series, unit: EnergyUnit) -> str:
    """The prediction with its standard deviation, without the unit: '−4.0 ± 0.2'; row of `blind_predictions`."""
    return with_uncertainty(row["predicted_ev"] * unit.per_ev, row["std_ev"] * unit.per_ev, unit.digits)


def computed_text(row: pd.Series, unit: EnergyUnit) -> str:
    """The label, with the standard error of its recipe where that is known, without the unit."""
    return label_text(row["computed_ev"], row["computed_std_ev"], unit)


def blind_sentence(row: pd.Series, unit: EnergyUnit) -> str:
    """'Configuration 12: predicted −4.0 ± 0.2, computed −4.05 cm⁻¹.'"""
    said = f"predicted {predicted_text(row, unit)}, computed {computed_text(row, unit)} {unit.label}"
    return f"Configuration {row.name}: {said}."


def sentence(found: Calibration) -> str:
    """How many predictions held, beside how many of right error bars would.

    >>> from nci_core.calibration import summarise_z
    >>> sentence(summarise_z(np.array([0.1, -0.7, 0.4, 1.6])))
    '3 of 4 labels lie within 1 sd of the prediction and 4 within 2 sd; correct error bars would give about 3 and 4'
    """
    inside = [round(share * found.n) for share in (found.within_1, found.within_2)]
    due = [round(share * found.n) for share in (WITHIN_1, WITHIN_2)]
    labels = f"{found.n} labels lie" if found.n > 1 else "1 label lies"
    return (
        f"{inside[0]} of {labels} within 1 sd of the prediction and {inside[1]} within 2 sd; "
        f"correct error bars would give about {due[0]} and {due[1]}"
    )


def blind_figure(found: pd.DataFrame, unit: EnergyUnit, colours: Palette, *, height: int = 230) -> go.Figure:
    """(predicted − computed)/sd of each label, the lowest energy first, with bands of ±1 and ±2 sd."""
    rows = found[found["z"].notna()].sort_values("computed_ev", kind="stable")
    figure = go.Figure()
    for edge, opacity in ((2.0, 0.10), (1.0, 0.16)):
        figure.add_hrect(y0=-edge, y1=edge, fillcolor=colours.student, opacity=opacity, line_width=0, layer="below")
    figure.add_hline(y=0, line={"color": colours.earlier, "width": 1})
    z = rows["z"].to_numpy()
    figure.add_scatter(
        x=np.arange(1, len(rows) + 1),
        y=np.clip(z, -EDGE, EDGE),
        mode="markers",
        name="labels",
        text=[
            f"configuration {number}<br>predicted {predicted_text(row, unit)} {unit.label}, "
            f"computed {computed_text(row, unit)}<br>off by {row['z']:+.1f} sd"
            for number, row in rows.iterrows()
        ],
        customdata=rows.index.tolist(),
        marker={
            "size": 9 if len(rows) < 60 else 6,
            "color": colours.student,
            "symbol": np.select([z > EDGE, z < -EDGE], ["triangle-up", "triangle-down"], "circle").tolist(),
            "line": {"color": colours.ground, "width": 1},
        },
        hovertemplate="%{text}<extra></extra>",
    )
    finish(figure, colours, height=height)
    figure.update_layout(showlegend=False, margin={"l": 56, "r": 8, "t": 10, "b": 48})
    figure.update_xaxes(title_text="labels, from the lowest energy to the highest", showgrid=False)
    most = min(max(2.6, float(np.abs(z).max(initial=0.0)) * 1.1), EDGE * 1.08)
    figure.update_yaxes(title_text="(predicted − computed) / sd", range=[-most, most])
    return figure
