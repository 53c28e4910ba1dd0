"""Colour scales for quantities that span decades: linear near zero, then logarithmic; of both signs or of one."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from app.arrays import FloatArray
from nci_core.units import EnergyUnit, from_cm1

#: Errors below this (cm⁻¹) are nearly neutral.
LINEAR_CM1 = 0.5
#: Ticks nearer than this share of the colour bar would be written over each other (14 of 260 pixels).
CLOSEST = 0.055


@dataclass(frozen=True)
class SignedScale:
    """Fraction of the scale = ½ + ½ asinh(v/linear)/asinh(limit/linear), clipped to 0…1.

    Attributes:
        limit: value at the ends of the scale.
        linear: below this the scale is nearly linear. Both in the unit shown.

    >>> SignedScale(100.0, 1.0).fraction(np.array([-1e6, 0.0, 100.0])).tolist()
    [0.0, 0.5, 1.0]
    """

    limit: float
    linear: float

    @classmethod
    def covering(cls, values_ev: FloatArray, per_ev: float, *, linear_ev: float, cap_ev: float) -> Self:
        """A scale that covers 98% of |values| (eV), at most `cap_ev`, rounded up to 1, 2 or 5 × 10ⁿ of the unit."""
        sizes = np.abs(values_ev[np.isfinite(values_ev)])
        wanted = float(np.quantile(sizes, 0.98)) if sizes.size else 10 * linear_ev
        return cls(rounded_up(min(max(wanted, 4 * linear_ev), cap_ev) * per_ev), linear_ev * per_ev)

    def _share(self, values: npt.ArrayLike) -> FloatArray:
        """asinh(v/linear)/asinh(limit/linear), clipped to −1…1; NaN stays NaN."""
        share = np.arcsinh(np.asarray(values, dtype=float) / self.linear) / np.arcsinh(self.limit / self.linear)
        return np.clip(share, -1.0, 1.0)

    def fraction(self, values: FloatArray) -> FloatArray:
        """Where values (any shape, in the unit shown) lie on the scale, 0 to 1; NaN stays NaN."""
        return 0.5 + 0.5 * self._share(values)

    def ticks(self) -> list[tuple[float, str]]:
        """(fraction, text) of the ticks: zero and powers of ten up to the limit, ends included."""
        powers = np.arange(np.floor(np.log10(self.linear)), np.floor(np.log10(self.limit) + 1e-9) + 1)
        sizes = [10.0**p for p in powers if 10.0**p >= 0.9 * self.linear]
        if not sizes or self.limit / sizes[-1] > 1.8:
            crowded = sizes and float(self._share(sizes[-1])) > 1.0 - 2.0 * CLOSEST
            sizes = [*(sizes[:-1] if crowded else sizes), self.limit]
        values = np.array([-v for v in reversed(sizes)] + [0.0] + sizes)
        return [(float(f), signed_text(v)) for f, v in zip(self.fraction(values), values, strict=True)]

    def words(self, unit: EnergyUnit) -> str:
        """Where it is linear and where it ends."""
        return (
            f"Linear up to about ±{signed_text(self.linear)[1:]}, then logarithmic to "
            f"±{signed_text(self.limit)[1:]} {unit.label}"
        )


class SizeScale(SignedScale):
    """For what is never negative: asinh(v/linear)/asinh(limit/linear), clipped to 0…1; attributes as of `SignedScale`.

    >>> SizeScale(100.0, 1.0).fraction(np.array([0.0, 100.0, 1e6])).tolist()
    [0.0, 1.0, 1.0]
    """

    def fraction(self, values: FloatArray) -> FloatArray:
        """Where values (any shape, in the unit shown) lie on the scale, 0 to 1; NaN stays NaN."""
        return np.clip(self._share(values), 0.0, 1.0)

    def ticks(self) -> list[tuple[float, str]]:
        """(fraction, text): zero and powers of ten up to the limit, without signs."""
        return [(f, text.removeprefix("+")) for f, text in super().ticks() if not text.startswith("−")]


#: What figures colour by.
Scale = SignedScale | SizeScale


def signed_text(value: float) -> str:
    """A short number with a real minus sign: '0', '+0.1', '−250'.

    >>> signed_text(-0.1), signed_text(1000.0)
    ('−0.1', '+1000')
    """
    if value == 0:
        return "0"
    return f"{value:+.3g}".replace("-", "−") if abs(value) < 1000 else f"{value:+.0f}".replace("-", "−")


def rounded_up(value: float) -> float:
    """The next of 1, 2 and 5 × 10ⁿ, for a positive value.

    >>> rounded_up(0.3), rounded_up(20.0)
    (0.5, 20.0)
    """
    magnitude = 10.0 ** np.floor(np.log10(value))
    return float(next(m * magnitude for m in (1, 2, 5, 10) if m * magnitude >= value * 0.999))


def error_scale(errors_ev: npt.ArrayLike, unit: EnergyUnit, *, cap_ev: float) -> SignedScale:
    """The colours of errors (eV, any number of them, NaN left out), in the unit shown."""
    errors = np.asarray(errors_ev, dtype=float)
    return SignedScale.covering(errors, unit.per_ev, linear_ev=from_cm1(LINEAR_CM1), cap_ev=cap_ev)
