"""Colours for a continuous field: diverging about zero when it has both signs, else from its low to its high end."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.data.fields import Quantity
from app.figures.scales import SignedScale, scale_for, signed_text
from app.theme import Palette
from nci_core.units import EnergyUnit, from_cm1

FloatArray = npt.NDArray[np.float64]

#: Readable with any colour vision, even in grey.
ONE_SIDED = "Cividis"
#: A field of one sign that spans more than this factor is coloured by its logarithm.
DECADES = 30.0


@dataclass(frozen=True)
class OneSided:
    """Fraction of the scale for values of one sign, 0 at `low` and 1 at `high`; all in the unit shown.

    Attributes:
        low, high: the ends.
        linear: below this size nearly linear, then logarithmic; infinite for a linear scale.

    >>> OneSided(-80.0, -20.0, float("inf")).fraction(np.array([-100.0, -50.0, -20.0])).tolist()
    [0.0, 0.5, 1.0]
    """

    low: float
    high: float
    linear: float

    def _bent(self, values: FloatArray | float) -> FloatArray:
        found = np.asarray(values, dtype=float)
        return np.arcsinh(found / self.linear) if np.isfinite(self.linear) else found

    def fraction(self, values: FloatArray) -> FloatArray:
        """Where values lie on the scale, clipped to 0…1; NaN stays NaN."""
        low, high = self._bent(self.low), self._bent(self.high)
        fraction: FloatArray = np.clip((self._bent(values) - low) / max(float(high - low), 1e-300), 0.0, 1.0)
        return fraction

    def ticks(self) -> list[tuple[float, str]]:
        """(fraction, text): round numbers, or powers of ten on a logarithmic scale, and the ends of that one."""
        if np.isfinite(self.linear):
            largest = max(abs(self.low), abs(self.high))
            sizes = 10.0 ** np.arange(np.ceil(np.log10(self.linear)), np.log10(largest) + 1e-9)
            values = np.sign(self.low + self.high) * np.append(sizes, largest)
            values = np.array([v for v in np.append(values, 0.0) if self.low <= v <= self.high])
        else:
            step = (self.high - self.low) / 5
            power = 10.0 ** np.floor(np.log10(step))
            step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= step)
            values = np.arange(np.ceil(self.low / step), np.floor(self.high / step) + 1) * step
        return [(float(f), signed_text(float(v))) for f, v in zip(self.fraction(values), values, strict=True)]


@dataclass(frozen=True)
class FieldScale:
    """What figures need to colour a field.

    Attributes:
        scale: where values in the unit shown lie.
        ticks: (fraction, text).
        colours: Plotly colour scale.
        signed: diverging, 0.5 at zero.
        note: one line that explains the colours.
    """

    scale: SignedScale | OneSided
    ticks: list[tuple[float, str]]
    colours: str | list[tuple[float, str]]
    signed: bool
    note: str

    def fraction(self, values: FloatArray) -> FloatArray:
        """Where values, in the unit shown, lie on the scale; NaN stays NaN."""
        return self.scale.fraction(values)

    def colour_bar(self, unit: EnergyUnit) -> dict[str, object]:
        """Plotly's colour bar with the unit on top."""
        return {
            "title": {"text": unit.label, "side": "top", "font": {"size": 13}},
            "tickvals": [f for f, _ in self.ticks],
            "ticktext": [t for _, t in self.ticks],
            "thickness": 12,
            "len": 1.0,
            "outlinewidth": 0,
        }


def field_scale(
    values_ev: FloatArray, quantity: Quantity, unit: EnergyUnit, colours: Palette, *, cap_ev: float
) -> FieldScale:
    """The scale for the values (eV, any shape, NaN where nothing is drawn) of everything drawn with it.

    Covers 98% of the values, at most `cap_ev`: single outliers do not take the colours of the rest.
    """
    finite = values_ev[np.isfinite(values_ev)] * unit.per_ev
    if quantity.other is not None or not finite.size or (finite.min() < 0 < finite.max()):
        linear = from_cm1(0.5 if quantity.other is not None else 2.0)
        signed = scale_for(values_ev, unit.per_ev, linear_ev=linear, cap_ev=cap_ev)
        name = "signed" if quantity.other is not None else "energy"
        words = "Blue: lower, red: higher" if name == "signed" else "Purple: attractive, orange: repulsive"
        note = (
            f"{words}, grey: zero. Linear up to about ±{signed_text(signed.linear)[1:]}, then logarithmic to "
            f"±{signed_text(signed.limit)[1:]} {unit.label}."
        )
        return FieldScale(signed, signed.ticks(), colours.scale(name), True, note)
    low, high = (float(q) for q in np.quantile(finite, [0.01, 0.99]))
    cap = cap_ev * unit.per_ev
    low, high = max(low, -cap), min(high, cap)
    least, most = sorted((abs(low), abs(high)))
    linear = max(least, most / 1e4) if most > DECADES * least else float("inf")
    bent = OneSided(low, high, linear) if high > low else OneSided(low - 1.0, high + 1.0, float("inf"))
    kind = "logarithmic" if np.isfinite(linear) else "linear"
    note = f"Dark: {signed_text(bent.low)}, bright: {signed_text(bent.high)} {unit.label}, {kind}; 98% of the map."
    return FieldScale(bent, bent.ticks(), ONE_SIDED, False, note)
