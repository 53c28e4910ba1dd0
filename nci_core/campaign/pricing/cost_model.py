"""A regression for the price of a label: ln(CPU minutes) from size, machine, recipe and system. Numpy only.

Linear in few features with a Gaussian prior on each coefficient, so it says something before there is any label
and forgets its prior when there are many. The spread between labels is learned with the coefficients.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: CPU minutes of one label at the anchors of work and speed, and the spread of that guess (of its logarithm).
ANCHOR_MINUTES, ANCHOR_SD = 0.4, 0.7
#: ln of operations (`labels/work.py`) of a `standard` label of He–ethylene; gigaflops of a core of these years.
ANCHOR_WORK, ANCHOR_GFLOPS = 25.2, 25.0
#: Minutes grow as a power of the operations: below 1, since small matrices are multiplied slowly.
POWER, POWER_SD = 0.85, 0.1
#: Minutes fall as a power of the speed of a matrix product, which is not all that a label does.
SPEED_POWER, SPEED_SD = -0.8, 0.3
#: Spread of what a recipe, a machine, and a recipe of one system have of their own.
OWN_SD = {"recipe": 0.3, "machine": 0.3, "system": 0.15}
#: Spread between labels of one recipe, system and machine: expected beforehand, and as good as how many labels.
EACH_SD, EACH_WEIGHT = 0.12, 4.0
SWEEPS = 30


@dataclass(frozen=True)
class Subject:
    """What a price depends on.

    Attributes:
        recipe: hash of the recipe.
        system: name of the dimer.
        work: ln of the operations of all fragments.
        machine: name of the processor; empty when unknown.
    """

    recipe: str
    system: str
    work: float
    machine: str = ""


@dataclass(frozen=True)
class Timing(Subject):
    """A finished label: `minutes` of CPU time, `elapsed` minutes, and gigaflops of the machine then (0: unknown)."""

    minutes: float = 0.0
    elapsed: float = 0.0
    gflops: float = 0.0


@dataclass(frozen=True)
class Price:
    """ln(CPU minutes) of a label: `mean`, the sd `shared` by all labels of its kind, and the sd of `each`."""

    mean: float
    shared: float
    each: float

    @property
    def sd(self) -> float:
        """Of the logarithm for one label."""
        return math.hypot(self.shared, self.each)


def _own(subject: Subject) -> tuple[tuple[str, str], ...]:
    """Kind and name of what a label shares with others beside its size."""
    return (
        ("recipe", subject.recipe),
        ("machine", subject.machine),
        ("system", f"{subject.system} {subject.recipe}"),
    )


def _speeds(timings: Sequence[Timing]) -> dict[str, float]:
    """ln of each machine's gigaflops over the anchor: the median, since a busy machine measures itself too slow."""
    found: dict[str, list[float]] = {}
    for timing in timings:
        if timing.gflops > 0:
            found.setdefault(timing.machine, []).append(timing.gflops)
    return {name: math.log(float(np.median(values)) / ANCHOR_GFLOPS) for name, values in found.items()}


class CostModel:
    """Coefficients with their covariance, and the spread between labels, learned from finished labels."""

    def __init__(self, timings: Sequence[Timing]) -> None:
        self._speed = _speeds(timings)
        known = sorted({own for timing in timings for own in _own(timing) if own[1]})
        self._columns = {own: 3 + k for k, own in enumerate(known)}
        prior = np.zeros(3 + len(known))
        prior[:3] = math.log(ANCHOR_MINUTES), POWER, SPEED_POWER
        sd = np.array([ANCHOR_SD, POWER_SD, SPEED_SD, *(OWN_SD[kind] for kind, _ in known)])
        self._mean, self._covariance, self._each = prior, np.diag(sd**2), EACH_SD
        if timings:
            X = np.array([self._features(timing)[0] for timing in timings])
            self._fit(X, np.log([timing.minutes for timing in timings]), prior, np.diag(sd**-2.0))

    def _features(self, subject: Subject) -> tuple[FloatArray, float]:
        """Row of the design, and the variance that what has never been seen adds."""
        row = np.zeros(3 + len(self._columns))
        row[:3] = 1.0, subject.work - ANCHOR_WORK, self._speed.get(subject.machine, 0.0)
        unseen = 0.0
        for own in _own(subject):
            if own in self._columns:
                row[self._columns[own]] = 1.0
            else:
                unseen += OWN_SD[own[0]] ** 2
        return row, unseen

    def _fit(self, X: FloatArray, y: FloatArray, prior: FloatArray, precision: FloatArray) -> None:
        """Coefficients given the spread and the spread given the coefficients, in turn."""
        for _ in range(SWEEPS):
            self._covariance = np.linalg.inv(precision + X.T @ X / self._each**2)
            self._mean = self._covariance @ (precision @ prior + X.T @ y / self._each**2)
            misfit = float(((y - X @ self._mean) ** 2).sum() + np.einsum("np,pq,nq->", X, self._covariance, X))
            self._each = math.sqrt((EACH_WEIGHT * EACH_SD**2 + misfit) / (EACH_WEIGHT + len(y)))

    def price(self, subject: Subject) -> Price:
        """What one label of this kind is expected to cost."""
        row, unseen = self._features(subject)
        return Price(float(row @ self._mean), math.sqrt(float(row @ self._covariance @ row) + unseen), self._each)
