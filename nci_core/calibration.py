"""Do error bars hold what they say? z = (prediction − reference)/sd by region; numpy and scipy only."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.regions import REGIONS, Bounds
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]

#: Shares of a normal distribution within 1 and within 2 standard deviations.
WITHIN_1, WITHIN_2 = 0.682689, 0.954500
#: With fewer points than this nothing is concluded: a 95% interval of the share would span more than half of 0–1.
FEWEST = 10
#: Probability that right error bars are called wrong, in each region.
SIGNIFICANCE = 0.05

#: The accuracy that weak interactions ask for, cm⁻¹.
ACCURACY_CM1 = 1.0

Verdict = Literal["too few", "fair", "too small", "too large", "outliers"]


def out_of_range(std: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Whether labels say too little about a point: the 95% error bar, ± 2 sd, is wider than 1 cm⁻¹.

    Args:
        std: (m,) standard deviations in eV; NaN, no error bar, is not flagged.

    >>> out_of_range(from_cm1(np.array([0.2, 0.8]))).tolist()
    [False, True]
    """
    return np.asarray(2.0 * np.asarray(std, dtype=float) > from_cm1(ACCURACY_CM1))


@dataclass(frozen=True)
class Calibration:
    """How n errors compare with their error bars.

    Attributes:
        region: a region, or "all" (everything below the energy limit).
        n: points with an error bar; `n_without` had none.
        within_1, within_2: shares with |z| ≤ 1 and ≤ 2; 0.68 and 0.95 are expected.
        low_1, high_1, low_2, high_2: 95% intervals of these shares (Clopper and Pearson).
        rms_z: √⟨z²⟩, expected 1: how many times too small the error bars are.
        verdict: "fair" when ⟨z²⟩ lies in the 95% interval of χ²ₙ/n; "outliers" when it is above it
            although the share within 1 sd is as expected or larger.
    """

    region: str
    n: int
    n_without: int
    within_1: float
    within_2: float
    low_1: float
    high_1: float
    low_2: float
    high_2: float
    rms_z: float
    verdict: Verdict

    @property
    def sentence(self) -> str:
        """The verdict in words, after "in the well" or the like."""
        if self.verdict == "too few":
            return f"only {self.n} point{'s' if self.n > 1 else ''}: too few to judge"
        if self.verdict == "fair":
            return "the error bars agree with the errors"
        if self.verdict == "outliers":
            return "most error bars are right, but some errors lie far outside"
        if self.verdict == "too small":
            return f"the error bars are about {_times(self.rms_z)} times too small"
        return f"the error bars are about {_times(1.0 / max(self.rms_z, 1e-12))} times too large"


def _times(factor: float) -> str:
    return f"{factor:.1f}" if factor < 10 else f"{factor:.0f}"


def z_scores(predicted: FloatArray, std: FloatArray, reference: FloatArray) -> FloatArray:
    """(predicted − reference)/std, all (m,) in eV; NaN where std is missing or zero. InputError for unequal shapes."""
    predicted, std, reference = (np.asarray(a, dtype=float) for a in (predicted, std, reference))
    if not predicted.shape == std.shape == reference.shape:
        raise InputError(f"{predicted.shape} predictions, {std.shape} error bars, {reference.shape} references.")
    z: FloatArray = np.full(predicted.shape, np.nan)
    known = np.isfinite(std) & (std > 0)
    z[known] = (predicted[known] - reference[known]) / std[known]
    return z


def summarise_z(z: FloatArray, region: str = "all") -> Calibration | None:
    """Summary of z (m,), NaN being points without an error bar; None when no point has one."""
    known = z[np.isfinite(z)]
    n = len(known)
    if not n:
        return None
    inside = [int((np.abs(known) <= k).sum()) for k in (1, 2)]
    (low_1, high_1), (low_2, high_2) = (_share_interval(count, n) for count in inside)
    rms = float(np.sqrt(np.mean(known**2)))
    return Calibration(
        region=region,
        n=n,
        n_without=len(z) - n,
        within_1=inside[0] / n,
        within_2=inside[1] / n,
        low_1=low_1,
        high_1=high_1,
        low_2=low_2,
        high_2=high_2,
        rms_z=rms,
        verdict=_verdict(n, rms, high_1),
    )


def _share_interval(count: int, n: int) -> tuple[float, float]:
    """The 95% interval of a share of which `count` of n were seen: Clopper and Pearson, DOI 10.1093/biomet/26.4.404."""
    from scipy.special import betaincinv  # here: `scipy.stats` takes the dashboard's start 0.8 s, this 0.3 s

    low = float(betaincinv(count, n - count + 1, SIGNIFICANCE / 2)) if count else 0.0
    high = float(betaincinv(count + 1, n - count, 1 - SIGNIFICANCE / 2)) if count < n else 1.0
    return low, high


def _verdict(n: int, rms: float, high_1: float) -> Verdict:
    if n < FEWEST:
        return "too few"
    from scipy.special import chdtri

    low, high = (float(chdtri(n, above)) / n for above in (1 - SIGNIFICANCE / 2, SIGNIFICANCE / 2))
    if low <= rms**2 <= high:
        return "fair"
    if rms**2 < low:
        return "too large"
    return "outliers" if high_1 >= WITHIN_1 else "too small"


def calibrate(predicted: FloatArray, std: FloatArray, reference: FloatArray, bounds: Bounds) -> list[Calibration]:
    """Calibration of everything below the energy limit ("all", first) and of each region that has points.

    All (m,) in eV. Meant for points that no fit has seen: on training points errors are smaller than elsewhere.
    The reference decides the region.
    """
    z, region = z_scores(predicted, std, reference), bounds.classify(reference)
    found = [summarise_z(z[region != "beyond"])] + [summarise_z(z[region == name], name) for name in REGIONS]
    return [item for item in found if item is not None]
