"""Measurements, and the file they are kept in."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
from pydantic import BaseModel, ConfigDict, Field

from nci_core.errors import InputError
from nci_core.files import write_atomically
from nci_core.regions import RegionBounds
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]


class Key(NamedTuple):
    """What makes a measurement the same one; see the fields of `Row`."""

    benchmark: str
    model: str
    strategy: str
    split: str
    n_labels: int
    seed: int


class Row(BaseModel):
    """One fit and its errors on held-out points with E below the energy limit (1000 cm⁻¹), in cm⁻¹.

    `well`, `tail` and `wall` are mean absolute errors of the regions, None where a split holds no
    point of one. `full_mae` is over all held-out points, whatever their energy.
    """

    model_config = ConfigDict(extra="forbid")

    benchmark: str
    model: str = Field(description="what was fitted, for example 'distilled adaptive'")
    strategy: str = Field(default="random", description="how the labels were chosen")
    split: str = Field(description="which points are held out")
    n_labels: int
    seed: int
    mae_cm1: float | None = None
    median: float | None = None
    rmse: float | None = None
    max: float | None = None
    well: float | None = None
    tail: float | None = None
    wall: float | None = None
    full_mae: float | None = None
    seconds: float = Field(description="CPU seconds of the fit or the step that is timed")
    more: dict[str, Any] = Field(default_factory=dict, description="what only this benchmark measures")

    @property
    def key(self) -> Key:
        """What makes it the same measurement."""
        return Key(self.benchmark, self.model, self.strategy, self.split, self.n_labels, self.seed)


def errors(predicted: FloatArray, reference: FloatArray, bounds: RegionBounds) -> dict[str, float | None]:
    """The error columns of a row from energies (m,) in eV; the reference energy decides the region."""
    size = np.abs(to_cm1(predicted - reference))
    region = bounds.classify(reference)
    inside = size[region != "beyond"]
    found: dict[str, float | None] = {
        name: float(size[region == name].mean()) if (region == name).any() else None
        for name in ("well", "tail", "wall")
    }
    found["full_mae"] = float(size.mean()) if len(size) else None
    if len(inside):
        found |= {
            "mae_cm1": float(inside.mean()),
            "median": float(np.median(inside)),
            "rmse": float(np.sqrt((inside**2).mean())),
            "max": float(inside.max()),
        }
    return found


class Results:
    """The rows of one benchmark in a file of one JSON document a line; what is there is not measured again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[Row] = []
        if path.is_file():
            for number, line in enumerate(path.read_bytes().splitlines(), start=1):
                try:
                    self.rows.append(Row.model_validate(orjson.loads(line)))
                except ValueError:
                    raise InputError(f"{path}, line {number}, is damaged; delete the file to measure again.") from None
        self._known = {row.key for row in self.rows}

    def has(self, key: Key) -> bool:
        """Whether this measurement is there."""
        return key in self._known

    def add(self, row: Row) -> None:
        """Keep a measurement, at once and whole."""
        self.rows.append(row)
        self._known.add(row.key)
        write_atomically(self.path, b"".join(orjson.dumps(found.model_dump()) + b"\n" for found in self.rows))


def read_rows(path: Path) -> list[Row]:
    """Rows of a finished benchmark: a file as `Results` writes it."""
    return Results(path).rows


def spread(values: Iterable[float | None]) -> dict[str, float]:
    """Mean, median, standard deviation (n − 1) and largest over seeds, and largest ÷ median.

    >>> spread([1.0, 3.0])["sd"]
    1.4142135623730951
    """
    known = np.array([value for value in values if value is not None], dtype=float)
    if not len(known):
        return {}
    median = float(np.median(known))
    return {
        "n": float(len(known)),
        "mean": float(known.mean()),
        "median": median,
        "sd": float(known.std(ddof=1)) if len(known) > 1 else 0.0,
        "worst": float(known.max()),
        "worst_to_median": float(known.max()) / median if median > 0 else 1.0,
    }
