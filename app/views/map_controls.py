"""The controls above a map of configurations: which plane, and what colours the points."""

from typing import Any

import pandas as pd

from app import cached
from app.coordinates import VIEWS, views, views_help
from nci_core.systems import Monomer


def map_controls(
    host: Monomer, table: pd.DataFrame, plane: Any, colouring: Any, *, page: str, first: str
) -> tuple[str, str]:
    """Draw them into two columns; returns the view and the column of `table` that colours it.

    `page` keeps the choice of each page apart; `first` is the colouring before anyone chose.
    """
    view = plane.segmented_control(
        "View",
        views(host),
        format_func=VIEWS.__getitem__,
        default="side",
        required=True,
        key=f"{page}_view",
        bind="query-params",
        help=views_help(host),
    )
    options = [name for name in cached.COLOURINGS if table[name].notna().any()] or ["teacher_ev"]
    colour = colouring.selectbox(
        "Colour",
        options,
        index=options.index(first) if first in options else 0,
        format_func=lambda name: cached.COLOURINGS[name][0],
        key=f"{page}_colour",
        bind="query-params",
    )
    return str(view or "side"), str(colour)
