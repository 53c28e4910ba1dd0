"""Which plane through or above the host is looked at: as on the Overview, upright, or parallel to the host."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.address import take_numbers
from app.choices import one_of, some_of
from app.text import Markdown

KINDS = {"telling": "As on the Overview", "upright": "From the side", "flat": "From above"}


@dataclass(frozen=True)
class PlaneKeys:
    """Keys of the widgets, which are names in the page's address too; heights go up to `farthest` Å either way."""

    view: str
    turn: str
    height: str
    farthest: float

    def range_of(self, kind: str) -> tuple[str, float, float]:
        """Key of the number that moves a kind of plane, the least and the largest value."""
        return (self.turn, 0, 179) if kind == "upright" else (self.height, -self.farthest, self.farthest)


def choose_plane(
    kinds: list[str],
    keys: PlaneKeys,
    left: DeltaGenerator,
    right: DeltaGenerator,
    *,
    label: Markdown,
    help: Markdown | None = None,
) -> tuple[str, float]:
    """Draw the controls; the kind of plane, and its turn in degrees or its height in Å."""
    kind = one_of(left, label, some_of(KINDS, kinds), key=keys.view, titled=bool(help), help=help)
    if kind == "telling":
        return kind, 0.0
    key, low, high = keys.range_of(kind)
    take_numbers(key, [key], low=low, high=high)
    if kind == "upright":
        if isinstance(st.session_state.get(key), float):  # from the address; a slider of whole numbers refuses it
            st.session_state[key] = int(st.session_state[key])
        value = right.slider(
            "Turned by (°)",
            int(low),
            int(high),
            step=1,
            key=key,
            bind="query-params",
            help="The plane contains the axis through the host's face; at 0° also the host's longest axis.",
        )
    else:
        value = right.number_input(
            "At height (Å)",
            step=0.1,
            format="%.1f",
            key=key,
            bind="query-params",
            help="Of the plane, above that of the host.",
        )
    return kind, float(np.clip(value, low, high)) if np.isfinite(value) else 0.0
