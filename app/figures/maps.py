"""Maps of signed differences side by side on one scale."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from app.arrays import FloatArray
from app.components.plot_content import PlotContent
from app.figures.points import energies_of, map_content
from app.figures.scales import SignedScale
from nci_core.systems import Monomer
from nci_core.systems.map_places import map_axes, map_xy
from nci_core.units import EnergyUnit


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


def frame_of(host: Monomer, rows: pd.DataFrame, view: str) -> Frame:
    """The same axes for every map that shows some of the rows."""
    within = map_xy(host, rows[["x", "y", "z"]].to_numpy(dtype=float), view)
    x, y = np.ptp(np.vstack([within, map_axes(host, view).atoms]), axis=0)
    return Frame(view, within, 1.12 * float(y / x) if view != "unrolled" and x > 0 else 0.0)  # room for marks at edges


def panel_content(
    host: Monomer,
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
        hover={panel.column: "difference"} | energies_of(rows),
        before=before,
        bar=last,
        compact=before is None,
        window=window,
        within=frame.within,
    )


def legend_text(scale: SignedScale, unit: EnergyUnit) -> str:
    """One line that explains the colours."""
    return f"Blue: too low, red: too high, grey: no error. {scale.words(unit)}; the same colours in every map."
