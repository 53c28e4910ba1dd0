"""Where the configurations of a map lie: for marks on squares, and for drawings that the browser could not resolve."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.path import Path as Outline

from app import cached, own_energies
from app.arrays import FloatArray
from app.session import Context
from nci_core.errors import InputError
from nci_core.systems.map_places import map_xy

#: Corners of a drawing that are looked at; the browser sends fewer.
MOST_CORNERS = 1000


@dataclass(frozen=True)
class MapPlaces:
    """The places on one map; `ids` are the configurations it shows, `view` a key of `app.coordinates.VIEWS`.

    A page's callbacks keep it until the next run, so it holds no table.
    """

    context: Context
    ids: pd.Index
    view: str

    def _xy(self, ids: pd.Index) -> FloatArray:
        table = cached.table(self.context)
        if not ids.isin(table.index).all():  # places of people's own energies
            table = own_energies.positions(self.context)
        return map_xy(self.context.host, table.loc[ids, ["x", "y", "z"]].to_numpy(dtype=float), self.view)

    def where(self, ids: Sequence[int]) -> FloatArray:
        """(k, 2) places of those of `ids` that the map shows."""
        wanted = pd.Index(ids)
        return self._xy(wanted[wanted.isin(self.ids)])

    def inside(self, outline: Any) -> list[int]:
        """The configurations of the map inside a drawing [[x, y], …]; InputError if it is none."""
        try:
            corners = np.array(outline, dtype=float)
        except (TypeError, ValueError):
            corners = np.empty((0, 0))
        if corners.ndim != 2 or corners.shape[1] != 2 or not 3 <= len(corners) <= MOST_CORNERS:
            raise InputError("The drawing could not be read; draw it again.")
        if not np.isfinite(corners).all():
            raise InputError("The drawing reaches beyond the map; draw it again.")
        return [int(i) for i in self.ids[Outline(corners).contains_points(self._xy(self.ids))]]
