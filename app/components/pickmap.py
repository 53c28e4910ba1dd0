"""The pickable map: a canvas that sends configuration ids, nothing else.

Measured against Plotly's lasso and the ECharts brush in docs/design.md.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from app.coordinates import map_axes, map_xy
from app.figures.scales import SignedScale
from app.theme import Palette
from nci_core.systems import Host

FOLDER = Path(__file__).parent
HTML = """<div class="nci-map"><div class="tools"></div>
<div class="plot" tabindex="0" role="application" aria-label="Map of configurations">
<canvas></canvas><canvas></canvas><div class="tip" role="status"></div></div><div class="legend"></div></div>"""
#: Largest level of the colour scale; the next one stands for "no value".
LEVELS = 254
TEST_FLAG, LABEL_FLAG = 2, 1


@dataclass(frozen=True)
class Hover:
    """One line of the tooltip: numbers, or codes into `names` (−1: none)."""

    label: str
    values: npt.NDArray[Any]
    unit: str = ""
    digits: int = 2
    names: tuple[str, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """What the browser needs."""
        return {
            "label": self.label,
            "values": _packed(self.values, "<f4"),
            "unit": self.unit,
            "digits": self.digits,
            "names": list(self.names),
        }


@dataclass(frozen=True)
class MapContent:
    """What a map shows. `table` has the columns of `configuration_table`; `values` colours its rows, NaN is grey."""

    host: Host
    table: pd.DataFrame
    view: str
    values: npt.NDArray[np.float64]
    scale: SignedScale
    colours: str
    title: str
    hover: Sequence[Hover] = field(default_factory=tuple)


@cache
def _component() -> Any:
    script, style = (FOLDER / name for name in ("map.js", "map.css"))
    return st.components.v2.component(
        "nci_map",
        html=HTML,
        css=style.read_text(encoding="utf-8"),
        js=script.read_text(encoding="utf-8"),
        isolate_styles=False,
    )


@cache
def _points_component() -> Any:
    script = (FOLDER / "map.js").read_text(encoding="utf-8")
    return st.components.v2.component("nci_map_points", html="<i hidden></i>", js=script, isolate_styles=False)


def _packed(values: npt.ArrayLike, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def _digest(*texts: str) -> str:
    return hashlib.blake2b("".join(texts).encode(), digest_size=8).hexdigest()


def encode(content: MapContent, palette: Palette) -> dict[str, Any]:
    """Points, colours and axes as the browser takes them; depends on nothing that a pick changes."""
    table = content.table
    xy = map_xy(content.host, table[["x", "y", "z"]].to_numpy(dtype=float), content.view)
    axes = map_axes(content.host, content.view)
    fraction = content.scale.fraction(content.values)
    level = np.where(np.isfinite(fraction), np.rint(np.nan_to_num(fraction) * LEVELS), LEVELS + 1)
    flags = (table["split"] == "test").to_numpy() * TEST_FLAG + table["label_ev"].notna().to_numpy() * LABEL_FLAG
    points: dict[str, str] = {
        "x": _packed(xy[:, 0], "<f4"),
        "y": _packed(xy[:, 1], "<f4"),
        "ids": _packed(table.index.to_numpy(), "<i4"),
        "flags": _packed(flags, "u1"),
    }
    packed_level = _packed(level, "u1")
    lines = [line.as_data() for line in content.hover]
    scale = list(getattr(palette, content.colours))
    encoded = points | {
        "points_key": _digest(*points.values()),
        "level": packed_level,
        "hover": lines,
        "colours_key": _digest(packed_level, *scale, *(line["values"] for line in lines)),
        "scale": scale,
        "bar": {"title": content.title, "ticks": content.scale.ticks()},
        "x_label": axes.x_label,
        "y_label": axes.y_label,
        "host": {"atoms": axes.atoms.round(4).tolist(), "symbols": list(axes.symbols), "bonds": axes.bonds},
        "view": content.view,
    }
    return encoded | {"key": _digest(json.dumps(encoded, sort_keys=True))}


def show(
    encoded: dict[str, Any],
    palette: Palette,
    *,
    key: str,
    height: int,
    pick: bool,
    basket: Sequence[int] = (),
    proposed: Sequence[int] = (),
    selected: int | None = None,
    has_test: bool = True,
    note: str = "",
    on_picked: Callable[[], None] | None = None,
    on_clicked: Callable[[], None] | None = None,
) -> Any:
    """Draw a map. Its result has `picked` ({ids, mode}) and `clicked` ({id, mode}) after such an event."""
    legend = [("labelled", "has a CCSD(T) label"), ("plain", "no label yet")]
    legend += [("test", "test set")] if has_test else []
    legend += [("basket", "in the basket")] if pick or len(basket) else []
    legend += [("proposed", "proposed")] if len(proposed) else []
    data = {
        "name": key,
        "key": encoded["key"],
        "height": height,
        "pick": pick,
        "note": note,
        "basket": [int(i) for i in basket],
        "proposed": [int(i) for i in proposed],
        "selected": selected,
        "accent": palette.pick,
        "proposal_colour": palette.proposal,
        "legend": legend,
    }
    nothing: Callable[[], None] = lambda: None  # noqa: E731
    result = _component()(
        key=key, data=data, on_picked_change=on_picked or nothing, on_clicked_change=on_clicked or nothing
    )
    # A mount of its own: a pick leaves it unchanged, so the browser gets the points only once.
    _points_component()(key=f"points-of-{key}", data={"name": key, "points": encoded}, height=1)
    return result
