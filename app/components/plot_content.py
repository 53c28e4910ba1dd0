"""What a pickable plot shows: points, the lines under them, squares that stand for too many points."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.arrays import FloatArray
from app.figures.scales import Scale


@dataclass(frozen=True)
class Hover:
    """One line of the tooltip and one column of the table: numbers, or codes into `names` (−1: none).

    With `table_only` a column of the saved table alone. A `spread` is said on the line before it, after a ±.
    """

    label: str
    values: npt.NDArray[Any]
    unit: str = ""
    digits: int = 2
    names: tuple[str, ...] = ()
    table_only: bool = False
    spread: bool = False


@dataclass(frozen=True)
class Line:
    """A curve under the points, with a band between `low` and `high` if given; all (k,).

    `knots`: known at a few places only, which are drawn as squares and not joined.
    """

    name: str
    x: FloatArray
    y: FloatArray
    colour: str
    low: FloatArray | None = None
    high: FloatArray | None = None
    width: float = 2.2
    dash: tuple[int, ...] = ()
    knots: bool = False


@dataclass(frozen=True)
class Bins:
    """Squares that stand for many points: lower left corners (k,), one size, and how many are in each."""

    x: FloatArray
    y: FloatArray
    size: float
    count: npt.NDArray[np.int64]
    values: FloatArray


@dataclass(frozen=True)
class Ground:
    """A field under everything, on a regular grid: values (b, a) from y[0] to y[1] and from x[0] to x[1].

    Values are in the unit shown and use the colour scale of the plot. `wall` (b, a) is positive outside the wall; where
    it is not given, NaN is left open, else what lies inside the wall is, and NaN outside is hatched.
    """

    label: str
    x: tuple[float, float]
    y: tuple[float, float]
    values: FloatArray
    unit: str = ""
    digits: int = 2
    wall: FloatArray | None = None


@dataclass(frozen=True)
class PlotContent:
    """What a plot shows; all arrays (m,), in the unit of their axis.

    Attributes:
        ids: configuration ids.
        x, y: places of the points.
        values: colours, NaN is grey; None: every point has the same colour.
        scale: of the colours.
        colours: name of the palette's scale.
        title: above the colour bar, the unit; "" leaves the bar out.
        labelled, test: how a point is drawn.
        hover: lines of the tooltip.
        x_label, y_label: with unit.
        view: what the axes are; zoom is kept as long as it stays the same.
        host: atoms (n, 2), symbols and bonds drawn under the points.
        equal: one Å is as long on both axes.
        y_linear: y is linear up to here and logarithmic beyond; 0 for a linear axis.
        before: colours of the state before, for a map with a slider between the two.
        error: half length of the vertical bar of each point.
        lines: curves under the points.
        zero: draw the line y = 0.
        bins: drawn instead of points that are too many.
        ground: a field drawn under host, lines and points.
        extent: x and y from … to; default, what holds everything.
    """

    ids: npt.NDArray[Any]
    x: FloatArray
    y: FloatArray
    labelled: npt.NDArray[np.bool_]
    test: npt.NDArray[np.bool_]
    scale: Scale
    values: FloatArray | None = None
    colours: str = "signed"
    title: str = ""
    hover: Sequence[Hover] = ()
    x_label: str = ""
    y_label: str = ""
    view: str = ""
    host: dict[str, Any] | None = None
    equal: bool = False
    y_linear: float = 0.0
    before: FloatArray | None = None
    error: FloatArray | None = None
    lines: Sequence[Line] = ()
    zero: bool = False
    bins: Bins | None = None
    ground: Ground | None = None
    extent: tuple[float, float, float, float] | None = None
