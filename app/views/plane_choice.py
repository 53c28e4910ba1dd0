"""Which plane through or above the host is looked at: as on the Overview, upright, or parallel to the host."""

from collections.abc import Iterable, Mapping

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app.address import take_numbers
from app.choices import one_of, some_of
from app.text import Markdown

KINDS = {"telling": "As on the Overview", "upright": "From the side", "flat": "From above"}
#: For each kind of plane that can be moved: the key of its number, which is its name in the page's address too, and
#: the least and the largest turn in degrees or height in Å.
Numbers = Mapping[str, tuple[str, float, float]]


def choose_plane(
    kinds: Iterable[str],
    key: str,
    numbers: Numbers,
    left: DeltaGenerator,
    right: DeltaGenerator,
    *,
    label: Markdown,
    help: Markdown | None = None,
) -> tuple[str, float]:
    """Draw the controls, the first under `key`; the kind of plane, and its turn in degrees or its height in Å."""
    kind = one_of(left, label, some_of(KINDS, kinds), key=key, titled=bool(help), help=help)
    if kind == "telling":
        return kind, 0.0
    name, low, high = numbers[kind]
    take_numbers(name, [name], low=low, high=high)
    if kind == "upright":
        if isinstance(st.session_state.get(name), float):  # from the address; a slider of whole numbers refuses it
            st.session_state[name] = int(st.session_state[name])
        value = right.slider(
            "Turned by (°)",
            int(low),
            int(high),
            step=1,
            key=name,
            bind="query-params",
            help="The plane contains the axis through the host's face; at 0° also the host's longest axis.",
        )
    else:
        value = right.number_input(
            "At height (Å)",
            step=0.1,
            format="%.1f",
            key=name,
            bind="query-params",
            help="Of the plane, above that of the host.",
        )
    return kind, float(np.clip(value, low, high)) if np.isfinite(value) else 0.0
