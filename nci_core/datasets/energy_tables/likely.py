"""Which unit and sign energies are in, told by what a teacher or a student has at the same points."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.datasets.energy_tables.choices import ENERGY_UNITS
from nci_core.units import energy_unit_named

FloatArray = npt.NDArray[np.float64]

#: Fewer comparable points tell nothing.
FEWEST = 3
#: Points whose energy is at least this share of the deepest are compared: small ones are mostly noise.
DEEP = 0.1
#: A factor this far from the likeliest unit, or ratios that scatter more, belong to no unit.
FAR, SCATTER = np.log(1.6), 0.8
#: Free-atom dispersion is right within a factor of two only.
FAR_DISPERSION = np.log(2.5)


@dataclass(frozen=True)
class Likely:
    """What energies look like.

    Attributes:
        unit: of `ENERGY_UNITS`, None where they follow none.
        bound: sign of bound energies, "negative" or "positive".
        ratio: median of energy / expected, in the unit that is assumed (negative: the other sign).
        scatter: median |ratio / median − 1|.
        n: points that were compared.
        against: what with, for people.
    """

    unit: str | None
    bound: str
    ratio: float
    scatter: float
    n: int
    against: str


def likely(energy_ev: FloatArray, expected_ev: FloatArray, unit: str, bound: str, against: str) -> Likely | None:
    """Unit and sign that make energies (m,) agree best with what is expected (m,), NaN where nothing is.

    Args:
        energy_ev: converted as the person says: from `unit`, with bound energies of sign `bound`.
        expected_ev: at the same points.
        unit: of `ENERGY_UNITS`.
        bound: "negative" or "positive".
        against: what is expected by, for people; "dispersion" in it widens what counts as agreement.

    Returns None where too few points can be compared. Attractive points count, for walls are steep: an energy
    there says more of the geometry than of the unit.
    """
    known = np.isfinite(expected_ev) & np.isfinite(energy_ev) & (expected_ev < 0.0)
    if known.sum() < FEWEST:
        return None
    known &= expected_ev <= DEEP * np.quantile(expected_ev[known], 0.02)
    if known.sum() < FEWEST:
        return None
    ratios = energy_ev[known] / expected_ev[known]
    ratio = float(np.median(ratios))
    if ratio == 0.0:
        return Likely(None, bound, 0.0, np.inf, int(known.sum()), against)
    scatter = float(np.median(np.abs(ratios / ratio - 1.0)))
    here = energy_unit_named(unit) or np.nan
    # Energies written in u and read as `unit` are too large by unit / u.
    off = {name: abs(np.log(abs(ratio) * (energy_unit_named(name) or np.nan) / here)) for name in ENERGY_UNITS}
    best = unit if off.get(unit, np.inf) < np.log(1.25) else min(off, key=lambda name: off[name])
    far = FAR_DISPERSION if "dispersion" in against else FAR
    if "dispersion" in against and off.get(unit, np.inf) < far:
        best = unit
    fits = off[best] < far and scatter < SCATTER
    sign = bound if ratio > 0 else {"negative": "positive", "positive": "negative"}[bound]
    return Likely(best if fits else None, sign, ratio, scatter, int(known.sum()), against)
