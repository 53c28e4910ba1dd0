"""Colours for a continuous field: diverging about zero when it has both signs, else from its low to its high end."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.arrays import FloatArray
from app.data.quantities import Quantity
from app.figures.scales import SignedScale, rounded_up, signed_text
from app.theme import Palette
from nci_core.units import EnergyUnit, from_cm1

#: Readable with any colour vision, even in grey.
ONE_SIDED = "Cividis"
#: How the fractions of an equalised scale are made: this share by rank, the rest by value.
BY_RANK = 0.5
#: Share of the colours for the hundredth of the values at either end.
AT_ENDS = 0.06


@dataclass(frozen=True)
class Equalised:
    """A scale for values of one sign, on which every colour covers a similar share of the map.

    Attributes:
        knots: (k,) increasing values in the unit shown, the first and the last the ends of the scale.
        fractions: (k,) increasing, from 0 to 1.

    >>> scale = Equalised(np.array([-80.0, -30.0, -20.0]), np.array([0.0, 0.5, 1.0]))
    >>> scale.fraction(np.array([-99.0, -25.0])).tolist()
    [0.0, 0.75]
    """

    knots: FloatArray
    fractions: FloatArray

    def fraction(self, values: FloatArray) -> FloatArray:
        """Where values lie on the scale, clipped to 0…1; NaN stays NaN."""
        found: FloatArray = np.interp(np.asarray(values, dtype=float), self.knots, self.fractions)
        return found

    def ticks(self) -> list[tuple[float, str]]:
        """(fraction, text) of round values between the ends that do not lie on each other."""
        low, high = float(self.knots[0]), float(self.knots[-1])
        found: list[tuple[float, float]] = []
        for places in (5, 10, 20):
            step = rounded_up((high - low) / places)
            values = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
            for f, v in zip(self.fraction(values), values, strict=True):
                if all(abs(f - other) > 0.09 for other, _ in found):
                    found.append((float(f), float(v)))
        return [(f, _plain(v)) for f, v in sorted(found)]


def _plain(value: float) -> str:
    """No plus sign where all values have one sign."""
    return signed_text(float(f"{value:.6g}")).removeprefix("+")


def _equalised(values: FloatArray, weights: FloatArray, cap: float) -> Equalised:
    order = np.argsort(values)
    sorted_values, rank = values[order], np.cumsum(weights[order]) / weights.sum()
    shares = np.linspace(0.01, 0.99, 15)
    knots = np.unique(np.clip(np.interp(shares, rank, sorted_values), -cap, cap))
    if len(knots) < 2 or not knots[-1] - knots[0] > 1e-9 * np.abs(knots).max():
        middle, half = float(knots[0]), max(abs(float(knots[0])) * 0.01, 1e-6)
        return Equalised(np.array([middle - half, middle + half]), np.array([0.0, 1.0]))
    by_rank = np.interp(knots, sorted_values, rank)
    by_rank = (by_rank - by_rank[0]) / (by_rank[-1] - by_rank[0])
    by_value = (knots - knots[0]) / (knots[-1] - knots[0])
    fractions = BY_RANK * by_rank + (1.0 - BY_RANK) * by_value
    # The lowest and the highest hundredth share the outermost colours, so that the bar tells how deep the well is.
    low, high = np.clip(sorted_values[[0, -1]], -cap, cap)
    below, above = (AT_ENDS if low < knots[0] else 0.0), (AT_ENDS if high > knots[-1] else 0.0)
    fractions = below + (1.0 - below - above) * fractions
    return Equalised(
        np.concatenate([[low] * (below > 0), knots, [high] * (above > 0)]),
        np.concatenate([[0.0] * (below > 0), fractions, [1.0] * (above > 0)]),
    )


@dataclass(frozen=True)
class FieldScale:
    """How figures colour a field.

    Attributes:
        scale: where values in the unit shown lie.
        colours: Plotly's colour scale; its own of a name, or one that has zero in the middle.
        note: one line that explains the colours.
        unit: of the values.
        palette: of everything else that is drawn.
    """

    scale: SignedScale | Equalised
    colours: str | list[tuple[float, str]]
    note: str
    unit: EnergyUnit
    palette: Palette

    def fraction(self, values: FloatArray) -> FloatArray:
        """Where values, in the unit shown, lie on the scale; NaN stays NaN."""
        return self.scale.fraction(values)

    def colour_bar(self) -> dict[str, object]:
        """Plotly's colour bar with the unit on top."""
        places, texts = zip(*self.scale.ticks(), strict=True)
        title = {"text": self.unit.label, "side": "top", "font": {"size": 13}}
        look = {"title": title, "thickness": 12, "len": 1.0, "outlinewidth": 0}
        return look | {"tickvals": places, "ticktext": texts}


def field_scale(
    values_ev: FloatArray,
    quantity: Quantity,
    unit: EnergyUnit,
    palette: Palette,
    *,
    cap_ev: float,
    weights: npt.ArrayLike = 1.0,
) -> FieldScale:
    """The scale for the values (eV, any shape, NaN where nothing is drawn) of everything drawn with it.

    Of both signs it covers 98% of the values, of energies the whole well too; of one sign all of them; at most
    `cap_ev`. Single outliers do not take the colours of the rest.
    `weights`, of the shape of the values, are the areas that the values stand for; equal if not given.
    """
    known, difference = np.isfinite(values_ev), quantity.other is not None
    found = values_ev[known]
    if difference or not found.size or found.min() < 0 < found.max():
        reach = {"linear_ev": from_cm1(0.5 if difference else 2.0), "cap_ev": cap_ev}
        signed = SignedScale.covering(found, unit.per_ev, **reach)
        if quantity.is_energy and found.size and -found.min() * unit.per_ev > signed.limit:
            signed = SignedScale.covering(found.min(keepdims=True), unit.per_ev, **reach)
        words = "Blue: lower, red: higher" if difference else "Purple: attractive, orange: repulsive"
        note = f"{words}, grey: zero. {signed.words(unit)}."
        return FieldScale(signed, palette.scale("signed" if difference else "energy"), note, unit, palette)
    areas = np.broadcast_to(weights, values_ev.shape)[known]
    scale = _equalised(found * unit.per_ev, areas, cap_ev * unit.per_ev)
    low, high = (_plain(float(f"{v:.3g}")) for v in scale.knots[[0, -1]])
    note = f"Dark: {low}, bright: {high} {unit.label}; the colour changes fastest where most values lie."
    return FieldScale(scale, ONE_SIDED, note, unit, palette)


def surface_levels(quantity: Quantity, values: FloatArray) -> list[float]:
    """Round values, eight in each of two decades, that the field takes; sizes only for differences."""
    if not values.size or not np.abs(values).max() > 0:
        return []
    low, high = float(values.min()), float(values.max())
    if quantity.other is not None:  # a single point next to the wall is no surface
        high = float(np.quantile(np.abs(values), 0.999))
        low = 0.0
    top = np.floor(np.log10(max(abs(low), abs(high))))
    sizes = [m * 10.0**p for p in np.arange(top - 1, top + 1) for m in (1, 1.5, 2, 3, 4, 5, 6, 8)]
    return [float(f"{v:.6g}") for v in [-s for s in reversed(sizes)] + sizes if low < v < high]
