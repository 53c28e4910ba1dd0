"""What a plot shows, packed for the browser; depends on nothing that a pick changes."""

import base64
import hashlib
import json
from typing import Any

import numpy as np
import numpy.typing as npt

from app.arrays import FloatArray
from app.components.plot_content import Bins, Ground, Hover, Line, PlotContent
from app.figures.scales import Scale
from app.theme import Palette

#: Largest level of the colour scale; the next one stands for "no value".
LEVELS = 254
TEST_FLAG, LABEL_FLAG = 2, 1


def _packed(values: npt.ArrayLike, kind: str) -> str:
    return base64.b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def _digest(value: Any) -> str:
    return hashlib.blake2b(json.dumps(value, sort_keys=True).encode(), digest_size=8).hexdigest()


def _levels(scale: Scale, values: FloatArray | None, count: int) -> str:
    if values is None:
        return _packed(np.full(count, LEVELS // 2), "u1")
    fraction = scale.fraction(values)
    return _packed(np.where(np.isfinite(fraction), np.rint(np.nan_to_num(fraction) * LEVELS), LEVELS + 1), "u1")


def _fields(part: Hover | Line) -> dict[str, Any]:
    """Its fields as the browser takes them."""
    return {name: _packed(each, "<f4") if isinstance(each, np.ndarray) else each for name, each in vars(part).items()}


def _bins(bins: Bins | None, scale: Scale) -> dict[str, Any] | None:
    if bins is None:
        return None
    corners = {"x": _packed(bins.x, "<f4"), "y": _packed(bins.y, "<f4"), "size": bins.size}
    mean = {"mean": _packed(bins.values, "<f4"), "level": _levels(scale, bins.values, len(bins.x))}
    return corners | mean | {"count": _packed(bins.count, "<i4")}


def _ground(ground: Ground | None, scale: Scale) -> dict[str, Any] | None:
    if ground is None:
        return None
    wall = None if ground.wall is None else _packed(np.where(np.isnan(ground.wall), -1.0, ground.wall), "<f4")
    rows, columns = ground.values.shape
    said = {"label": ground.label, "unit": ground.unit, "digits": ground.digits, "wall": wall}
    place = {"x": list(ground.x), "y": list(ground.y), "rows": rows, "columns": columns}
    level, values = _levels(scale, ground.values, ground.values.size), _packed(ground.values, "<f4")
    return place | said | {"level": level, "values": values}


def squares_of(encoded: dict[str, Any], xy: FloatArray) -> list[list[int]]:
    """[[square, how many of the places], …] of those squares of an encoded plot that hold any of the places (m, 2)."""
    bins = encoded["bins"]
    corners = np.stack([np.frombuffer(base64.b64decode(bins[axis]), "<f4") for axis in "xy"], axis=1)
    cells = np.rint(corners / bins["size"]).astype(int)
    number = {cell: k for k, cell in enumerate(map(tuple, cells.tolist()))}
    found, count = np.unique(np.floor(xy / bins["size"]).astype(int), axis=0, return_counts=True)
    pairs = zip(map(tuple, found.tolist()), count.tolist(), strict=True)
    return [[number[cell], n] for cell, n in pairs if cell in number]


def encode(content: PlotContent, palette: Palette) -> dict[str, Any]:
    """Points, colours and axes as the browser takes them; depends on nothing that a pick changes."""
    flags = content.test * TEST_FLAG + content.labelled * LABEL_FLAG
    points: dict[str, Any] = {
        "x": _packed(content.x, "<f4"),
        "y": _packed(content.y, "<f4"),
        "ids": _packed(content.ids, "<i4"),
        "flags": _packed(flags, "u1"),
        "error": None if content.error is None else _packed(content.error, "<f4"),
    }
    scale, n = content.scale, len(content.ids)
    sides = {"left": "before", "right": "after"}
    drawn: dict[str, Any] = {
        "level": _levels(scale, content.values, n),
        "compare": None if content.before is None else {"level": _levels(scale, content.before, n)} | sides,
        "hover": [_fields(line) for line in content.hover],
        "lines": [_fields(line) for line in content.lines],
        "scale": list(getattr(palette, content.colours)),
        "bins": _bins(content.bins, scale),
        "ground": _ground(content.ground, scale),
    }
    keys = {"points_key": _digest(points), "colours_key": _digest(drawn)}
    bar = {"bar": {"title": content.title, "ticks": scale.ticks()} if content.title else None}
    axes = ("x_label", "y_label", "y_linear", "host", "equal", "zero", "view", "extent")
    encoded = points | drawn | keys | bar | {name: getattr(content, name) for name in axes}
    legend = [("square" if line.knots else "line", line.name, line.colour) for line in content.lines if line.name]
    return encoded | {"key": _digest(encoded), "line_legend": legend}
