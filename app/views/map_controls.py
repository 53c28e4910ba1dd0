"""The controls above a map of configurations: which plane, and what colours the points."""

from typing import Any

import pandas as pd

from app import cached
from app.choices import one_from, one_of
from app.coordinates import views, views_help
from nci_core.systems import Monomer


def map_controls(
    host: Monomer, table: pd.DataFrame, plane: Any, colouring: Any, *, page: str, first: str
) -> tuple[str, str]:
    """Draw them into two columns; returns the view and the column of `table` that colours it.

    `page` keeps the choice of each page apart; `first` is the colouring before anyone chose.
    """
    view = one_of(plane, "View", views(host), key=f"{page}_view", first="side", titled=True, help=views_help(host))
    options = [name for name in cached.COLOURINGS if table[name].notna().any()] or ["teacher_ev"]
    colour = one_from(
        colouring, "Colour", {name: cached.COLOURINGS[name][0] for name in options}, key=f"{page}_colour", first=first
    )
    return view, str(colour)
