"""How wrong a learnt difference of two methods is where it has no label: numbers from labels that were left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.fitting.settings import SIGMA_CM1
from nci_core.potentials.arrays import FloatArray
from nci_core.units import from_cm1, to_cm1

#: With fewer labels of hosts left out whole nothing is concluded: two parameters are estimated from them.
FEWEST_OF_HOSTS = 5
#: Values that are tried: shares of |δ|, and floors in cm⁻¹ from the noise of one label, below which nothing is known.
SHARES = np.concatenate([[0.0], np.geomspace(0.005, 2.0, 40)])
FLOORS_CM1 = np.geomspace(SIGMA_CM1, 100.0, 71)


@dataclass(frozen=True)
class LeftOut:
    """Labels of one host that a fit had not seen.

    Attributes:
        host: name of the system.
        whole: whether the host had no label in the fit.
        learnt: labels that the fit had.
        delta: (m,) costly − cheap, eV.
        predicted, spread: (m,) of the fit, eV.
        inside: (m,) whether the costly energy is below the system's limit.
    """

    host: str
    whole: bool
    learnt: int
    delta: FloatArray
    predicted: FloatArray
    spread: FloatArray
    inside: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class ErrorBar:
    """sd² = spread² + (share·δ)² + floor².

    `spread` is what the labels leave open if student and prior are right. The rest is what they were wrong by where
    labels were left out: a share of what was predicted, which is large on the wall, and a floor.

    Attributes:
        share: s ≥ 0.
        floor_ev: f in eV.
        n: labels left out that both come from.
    """

    share: float
    floor_ev: float
    n: int

    def std(self, delta: FloatArray, spread: FloatArray) -> FloatArray:
        """(m,) standard deviations in eV of differences δ with this spread, (m,) each.

        >>> ErrorBar(0.5, 0.0, 9).std(np.array([8.0]), np.array([3.0])).tolist()
        [5.0]
        """
        return np.asarray(np.sqrt(spread**2 + (self.share * delta) ** 2 + self.floor_ev**2))

    def at_least(self, other: "ErrorBar") -> "ErrorBar":
        """No smaller anywhere than another one: a new host is not easier than one with labels."""
        return ErrorBar(max(self.share, other.share), max(self.floor_ev, other.floor_ev), self.n)


def error_bar(found: Sequence[LeftOut]) -> ErrorBar | None:
    """Share and floor that make the residuals most probable, each normal with its own sd; None for too few.

    Residuals r = δ − predicted: minimal Σ ln v + r²/v, v = spread² + (s·predicted)² + f², over SHARES and FLOORS_CM1.
    """
    if not found or (found[0].whole and sum(len(each.delta) for each in found) < FEWEST_OF_HOSTS):
        return None
    predicted, spread, delta = (
        to_cm1(np.concatenate([getattr(each, name) for each in found])) for name in ("predicted", "spread", "delta")
    )
    variance = (
        spread**2 + (SHARES[:, None, None] * predicted) ** 2 + (FLOORS_CM1[None, :, None]) ** 2
    )  # (shares, floors, m)
    cost = (np.log(variance) + (delta - predicted) ** 2 / variance).sum(axis=-1)
    share, floor = np.unravel_index(int(np.argmin(cost)), cost.shape)
    return ErrorBar(float(SHARES[share]), float(from_cm1(FLOORS_CM1[floor])), len(delta))


def mean_error(found: Sequence[LeftOut]) -> float:
    """Mean over hosts of |δ − predicted|, eV, below their limits; infinite for a host without such labels, 0 for none.

    Of every host as much, whatever number of labels it has.
    """
    errors = [np.abs(each.predicted - each.delta)[each.inside] for each in found]
    return float(np.mean([each.mean() if len(each) else np.inf for each in errors])) if errors else 0.0


def folds(sizes: Sequence[int], count: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """Which of `count` parts each label of each host is in: of every host as evenly as it goes, and in all.

    >>> [np.bincount(part, minlength=3).tolist() for part in folds([4, 2], 3, 0)]
    [[2, 1, 1], [0, 1, 1]]
    """
    random, first, found = np.random.default_rng([seed, 17]), 0, []
    for size in sizes:
        found.append((random.permutation(size) + first) % count)
        first += size
    return found


def summary(found: Sequence[LeftOut]) -> list[dict[str, Any]]:
    """Errors by host and by what was left out, as JSON: over labels below the limit, cm⁻¹.

    `mae_cm1` of δ, `mae_cheap_cm1` of the cheap method alone (that is |δ|), `sd_cm1` of δ's residuals about zero.
    """
    entries: list[dict[str, Any]] = []
    for host, whole in dict.fromkeys((each.host, each.whole) for each in found):
        mine = [each for each in found if (each.host, each.whole) == (host, whole)]
        delta, predicted, inside = (
            np.concatenate([getattr(each, name) for each in mine]) for name in ("delta", "predicted", "inside")
        )
        entry: dict[str, Any] = {"host": host, "left_out": "host" if whole else "labels", "n": int(inside.sum())}
        if inside.any():
            residual = to_cm1(predicted - delta)[inside]
            entry |= {
                "mae_cm1": float(np.abs(residual).mean()),
                "sd_cm1": float(np.sqrt((residual**2).mean())),
                "mae_cheap_cm1": float(np.abs(to_cm1(delta)[inside]).mean()),
            }
        entries.append(entry)
    return entries
