"""Maps of signed differences side by side on one scale, and errors by region and direction."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from app.components.plot_content import PlotContent
from app.coordinates import map_axes, map_xy
from app.figures.points import ENERGIES, map_content
from app.figures.scales import SignedScale, signed_text
from app.theme import Palette, finish
from nci_core.systems import Host
from nci_core.units import EnergyUnit

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """One map: its title, its rows and the column (eV) that colours them; `before`, of the slider, too."""

    title: str
    rows: pd.DataFrame
    column: str
    before: str | None = None

    @property
    def known(self) -> pd.DataFrame:
        """Rows that have a value, the largest last, so that an outlier is never hidden under good points."""
        rows = self.rows[self.rows[self.column].notna()]
        return rows.loc[rows[self.column].abs().sort_values(kind="stable").index]


@dataclass(frozen=True)
class Frame:
    """What the axes of maps hold: the view, places on it (m, 2) in Å, and height by width, 0 for any."""

    view: str
    within: FloatArray
    shape: float


def frame_of(host: Host, rows: pd.DataFrame, view: str) -> Frame:
    """The same axes for every map that shows some of the rows."""
    within = map_xy(host, rows[["x", "y", "z"]].to_numpy(dtype=float), view)
    x, y = np.ptp(np.vstack([within, map_axes(host, view).atoms]), axis=0)
    return Frame(view, within, 1.12 * float(y / x) if view != "unrolled" and x > 0 else 0.0)  # room for marks at edges


def panel_content(
    host: Host,
    panel: Panel,
    frame: Frame,
    scale: SignedScale,
    unit: EnergyUnit,
    *,
    last: bool,
    window: dict[str, list[float]] | None = None,
) -> PlotContent:
    """A panel, the `last` of a row with the colour bar; `window` as in `map_content`."""
    rows = panel.known
    before = None if panel.before is None else rows[panel.before].to_numpy(dtype=float) * unit.per_ev
    return map_content(
        host,
        rows,
        rows[panel.column].to_numpy(dtype=float) * unit.per_ev,
        scale,
        unit,
        view=frame.view,
        colours="signed",
        hover={panel.column: "difference"} | ENERGIES,
        before=before,
        bar=last,
        compact=before is None,
        window=window,
        within=frame.within,
    )


def region_matrix(
    mae_ev: pd.DataFrame, count: pd.DataFrame, unit: EnergyUnit, colours: Palette, *, height: int = 240
) -> go.Figure:
    """MAE by region (rows) and direction (columns), with the number of points in each cell."""
    rows = [name for name in mae_ev.index if count.loc[name].sum()]
    mae, n = mae_ev.loc[rows] * unit.per_ev, count.loc[rows]
    digits = max(0, unit.digits - 1)
    text = [
        [f"{m:.{digits}f}<br>n = {k}" if k else "—" for m, k in zip(a, b, strict=True)]
        for a, b in zip(mae.to_numpy(), n.to_numpy(), strict=True)
    ]
    ground = "#18232B" if colours.dark else "#F3F6F8"
    figure = go.Figure(
        go.Heatmap(
            z=np.log10(np.maximum(mae.to_numpy(dtype=float), 1e-6 * unit.per_ev)),
            x=list(mae.columns),
            y=rows,
            text=text,
            texttemplate="%{text}",
            textfont={"size": 13, "color": colours.text},
            colorscale=[(0.0, ground), (1.0, "#8A4A12" if colours.dark else "#F3C592")],
            showscale=False,
            xgap=3,
            ygap=3,
            hovertemplate="%{y}, %{x}: %{text} " + unit.label + "<extra></extra>",
        )
    )
    finish(figure, colours, height=height)
    figure.update_yaxes(autorange="reversed", showline=False, ticks="", showgrid=False)
    figure.update_xaxes(side="top", showline=False, ticks="", showgrid=False)
    figure.update_layout(margin={"l": 60, "r": 8, "t": 34, "b": 8})
    return figure


def legend_text(scale: SignedScale, unit: EnergyUnit) -> str:
    """One line that explains the colours."""
    return (
        f"Blue: too low, red: too high, grey: no error. Linear up to about ±{signed_text(scale.linear)[1:]}, "
        f"then logarithmic to ±{signed_text(scale.limit)[1:]} {unit.label}; the same colours in every map."
    )
