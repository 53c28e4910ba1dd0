"""Errors against reference energies, by region and by sector. Numpy only."""

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.regions import REGIONS, Bounds
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ErrorSummary:
    """Errors over n points, in cm⁻¹; the error is prediction − reference."""

    n: int
    mae_cm1: float
    rmse_cm1: float
    max_cm1: float
    bias_cm1: float

    def as_dict(self) -> dict[str, float]:
        """The fields as a plain dictionary."""
        return asdict(self)


def mae_error(mae: float, rmse: float, n: int) -> float:
    """Standard error of a mean absolute error, in its unit, from n points with this RMSE; NaN for one point.

    √[(RMSE² − MAE²)/(n − 1)]: RMSE² is the mean of the squares of |error|, so the difference is their variance.

    >>> round(mae_error(2.0, 5.0**0.5, 2), 12), mae_error(2.0, 2.0, 1)
    (1.0, nan)
    """
    return float(np.sqrt(max(rmse**2 - mae**2, 0.0) / (n - 1))) if n > 1 else float("nan")


def summarise(predicted: FloatArray, reference: FloatArray) -> ErrorSummary | None:
    """Summary of predicted − reference, both (m,) in eV; None when m = 0.

    >>> summarise(np.array([1.0]), np.array([1.0])).mae_cm1
    0.0
    """
    predicted, reference = np.asarray(predicted, dtype=float), np.asarray(reference, dtype=float)
    if predicted.shape != reference.shape:
        raise InputError(f"{predicted.shape} predictions for {reference.shape} reference energies.")
    if not (np.isfinite(predicted).all() and np.isfinite(reference).all()):
        raise InputError("Energies that are not numbers (NaN or infinite) cannot be evaluated; remove those rows.")
    if predicted.size == 0:
        return None
    error = to_cm1(predicted - reference)
    return ErrorSummary(
        n=int(error.size),
        mae_cm1=float(np.abs(error).mean()),
        rmse_cm1=float(np.sqrt((error**2).mean())),
        max_cm1=float(np.abs(error).max()),
        bias_cm1=float(error.mean()),
    )


def correlation(predicted: FloatArray, reference: FloatArray) -> float | None:
    """Pearson's r of predictions with reference energies, both (m,) in eV; None where it has no meaning.

    >>> correlation(np.array([1.0, 2.0, 4.0]), np.array([2.0, 4.0, 8.0])), correlation(np.ones(3), np.ones(3))
    (1.0, None)
    """
    if len(predicted) < 3 or not np.ptp(predicted) > 0 or not np.ptp(reference) > 0:
        return None
    return round(float(np.corrcoef(predicted, reference)[0, 1]), 12)


def by_region(
    predicted: FloatArray, reference: FloatArray, bounds: Bounds
) -> tuple[ErrorSummary | None, dict[str, ErrorSummary]]:
    """Errors over the range of interest (E < limit), and within each region that has points.

    The reference energy decides the region; points beyond the limit appear under "beyond" and
    are not in the first figure, where one wall point would outweigh the whole well.
    """
    region = bounds.classify(reference)
    inside = region != "beyond"
    regions = {
        name: summary
        for name in REGIONS
        if (summary := summarise(predicted[region == name], reference[region == name])) is not None
    }
    return summarise(predicted[inside], reference[inside]), regions


def summaries(predicted: FloatArray, reference: FloatArray, bounds: Bounds) -> dict[str, ErrorSummary]:
    """The same in one table, the range of interest as "all"; empty without points."""
    overall, regions = by_region(predicted, reference, bounds)
    return ({"all": overall} if overall else {}) | regions
