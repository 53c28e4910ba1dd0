"""What a recipe's prediction error is: fitted to labels whose errors are known, and tried on hosts left out.

Errors are taken as normal with the variance of `prediction_error`, σ² = floor² + Σ_k (share_k · part_k)²; floor and
shares are those of maximum likelihood, none negative. Errors and parts in cm⁻¹.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, get_args

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from nci_core.calibration import Calibration, summarise_z
from nci_core.errors import InputError
from nci_core.labels.prediction_error import Part, PredictionError

FloatArray = npt.NDArray[np.float64]

#: cm⁻¹: no label is better known than this, so that the likelihood has a largest value.
SMALLEST_FLOOR_CM1 = 1e-3

Number = Annotated[float, Field(ge=-1e6, le=1e6, allow_inf_nan=False)]
Word = Annotated[str, Field(min_length=1, max_length=200)]


class KnownError(BaseModel):
    """A label whose error is known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: Word
    probe: Word
    parts: dict[Part, Number] = Field(description="of its interaction energy, cm⁻¹: `labels.parts_cm1`")
    error_cm1: Number = Field(description="label less reference, cm⁻¹")


def shared_parts(rows: Sequence[KnownError]) -> list[Part]:
    """The parts that every row has, in the order of `Part`."""
    return [part for part in get_args(Part) if all(part in row.parts for row in rows)]


def fit_prediction_error(rows: Sequence[KnownError], parts: Sequence[Part], source: str = "") -> PredictionError:
    """Floor and shares of these parts by maximum likelihood; a part whose share comes out 0 is left out.

    Raises InputError where a row lacks a part, or there are fewer than two rows for each number to be found.
    """
    weights = _variances(_squares(rows, parts), _errors(rows))
    shares = {part: float(np.sqrt(w)) for part, w in zip(parts, weights[1:], strict=True) if w > 1e-12}
    return PredictionError(floor_cm1=float(np.sqrt(weights[0])), shares=shares, source=source)


@dataclass(frozen=True)
class LeftOut:
    """Every row judged by a fit to the rows of all other hosts.

    Attributes:
        parts: that the error follows, beside its floor.
        std_cm1: (n,) standard errors in cm⁻¹, in the order of the rows.
        score: mean log likelihood of a row, to compare choices of parts by; larger is better.
        calibration: coverage within 1 and 2 standard errors, and RMS z.
    """

    parts: tuple[Part, ...]
    std_cm1: FloatArray
    score: float
    calibration: Calibration


def leave_hosts_out(rows: Sequence[KnownError], parts: Sequence[Part]) -> LeftOut:
    """Coverage of the error on hosts that its fit has not seen; raises InputError as the fit, and for one host."""
    squares, errors = _squares(rows, parts), _errors(rows)
    hosts = np.array([row.host for row in rows])
    if len(set(hosts)) < 2:
        raise InputError("Leaving hosts out needs rows of two hosts or more.")
    variance = np.empty(len(rows))
    for host in dict.fromkeys(hosts.tolist()):
        out = hosts == host
        variance[out] = squares[out] @ _variances(squares[~out], errors[~out])
    summary = coverage(errors, np.sqrt(variance))
    assert summary is not None  # every variance is at least that of the smallest floor
    score = float(-0.5 * np.mean(np.log(2 * np.pi * variance) + errors**2 / variance))
    return LeftOut(tuple(parts), np.sqrt(variance), score, summary)


def compare_parts(rows: Sequence[KnownError], most: int = 2) -> list[LeftOut]:
    """Every choice of at most so many of the parts that all rows have, by its score on hosts left out, best first."""
    shared = shared_parts(rows)
    choices = itertools.chain.from_iterable(itertools.combinations(shared, n) for n in range(most + 1))
    return sorted((leave_hosts_out(rows, choice) for choice in choices), key=lambda found: -found.score)


def coverage(errors_cm1: npt.ArrayLike, std_cm1: npt.ArrayLike, name: str = "all") -> Calibration | None:
    """Shares of errors (n,) within 1 and 2 of their standard errors (n,), and RMS z; None if no label has one.

    A standard error that is NaN or 0 says nothing and is counted apart.

    >>> found = coverage([0.1, -0.3, 0.5], [0.2, 0.2, 0.2])
    >>> round(found.within_1, 2), round(found.within_2, 2), round(found.rms_z, 2)
    (0.33, 0.67, 1.71)
    """
    errors, std = np.asarray(errors_cm1, dtype=float), np.asarray(std_cm1, dtype=float)
    known = np.isfinite(std) & (std > 0)
    return summarise_z(np.where(known, errors / np.where(known, std, 1.0), np.nan), name)


def _errors(rows: Sequence[KnownError]) -> FloatArray:
    return np.array([row.error_cm1 for row in rows])


def _squares(rows: Sequence[KnownError], parts: Sequence[Part]) -> FloatArray:
    """(n, 1 + parts): what the squares of floor and shares are multiplied with."""
    for part in parts:
        if missing := sum(part not in row.parts for row in rows):
            raise InputError(f"{missing} of {len(rows)} rows have no {part}; the others have other parts.")
    return np.array([[1.0, *(row.parts[part] ** 2 for part in parts)] for row in rows])


def _variances(squares: FloatArray, errors: FloatArray) -> FloatArray:
    """Squares of floor and shares (k,) of maximum likelihood, none negative.

    Minimised from several places, for the likelihood of a sum of variances may have several largest values.
    """
    from scipy.optimize import minimize

    n, k = squares.shape
    if n < 2 * k:
        raise InputError(f"{n} rows are too few for a floor and {k - 1} shares; {2 * k} are the least.")
    total = float(np.mean(errors**2)) or SMALLEST_FLOOR_CM1**2
    # In units in which each term alone, at 1, explains the mean square of the errors.
    means = squares.mean(axis=0)
    scale = total / np.where(means > 0, means, 1.0)
    scaled = squares * scale / total
    ratio = errors**2 / total
    lowest = np.zeros(k)
    lowest[0] = min(1.0, SMALLEST_FLOOR_CM1**2 / total)

    def loss(w: FloatArray) -> tuple[float, FloatArray]:
        variance = scaled @ w
        slope = scaled.T @ (1.0 / variance - ratio / variance**2)
        return 0.5 * float(np.mean(np.log(variance) + ratio / variance)), 0.5 * slope / n

    starts = [np.full(k, 1.0 / k)] + [np.where(np.arange(k) == which, 1.0, 0.02) for which in range(k)]
    bounds = [(low, 1e4) for low in lowest]
    found = [minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds) for start in starts]
    best = min(found, key=lambda one: float(one.fun))
    weights: FloatArray = np.asarray(best.x, dtype=float) * scale
    return weights
