"""Gates of the long range: zero at infinity, the −C₆/R⁶ tail, and C₆ itself."""

import numpy as np
import numpy.typing as npt

from nci_core.gates.anisotropy import anisotropy_gate
from nci_core.gates.gate import (
    HOST_RADIUS,
    Committee,
    Gate,
    direction_text,
    directions,
    host_radius,
    member_channels,
    number,
)
from nci_core.gates.sheet import sheet_gate
from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]

#: Distances (Å) from the centre of a host of at most 2.5 Å radius; larger hosts are looked at from farther away.
SLOPE_FROM, SLOPE_TO = 20.0, 40.0
C6_NEAR, C6_FAR = 30.0, 60.0
#: Energies at the far end must be below this (cm⁻¹).
ZERO_CM1 = 1e-3
#: Half-width of the accepted slopes about −6, and factor of the accepted C₆.
SLOPE_WIDTH, C6_FACTOR = 0.25, 2.0


def _stretch(host: Monomer) -> float:
    return max(1.0, host_radius(host) / HOST_RADIUS)


def _at(model: Committee, dimer: Dimer, radius: float, unit_vectors: FloatArray) -> FloatArray:
    """(members, …) energies in eV at `radius` from the centre along unit vectors (…, 3)."""
    host = dimer.a
    energies: FloatArray = member_channels(model, dimer, host.centre + radius * unit_vectors).sum(axis=1)
    return energies


def extrapolated_c6(model: Committee, dimer: Dimer) -> FloatArray:
    """(members, directions) C₆ in eV Å⁶, of dispersion and induction together, from the energies at R and 2R.

    −V R⁶ = C₆(1 + k₁/R + k₂/R² + …). The average over opposite directions removes k₁ and Richardson's
    rule k₂; what is left is of order (host radius/R)⁴, below 0.1%.
    """
    host = dimer.a
    d = directions(host)
    both = np.stack([d, -d])
    near, far = _stretch(host) * C6_NEAR, _stretch(host) * C6_FAR
    a, b = (-_at(model, dimer, r, both).mean(axis=1) * r**6 for r in (near, far))
    weight = (far / near) ** 2
    c6: FloatArray = (weight * b - a) / (weight - 1.0)
    return c6


def tail_gates(model: Committee, dimer: Dimer, c6_expected: float | None = None) -> list[Gate]:
    """Zero at infinity, slope −6 of ln|V|, C₆ positive, and C₆ near `c6_expected` (eV Å⁶, mean over directions)."""
    host = dimer.a
    d, stretch = directions(host), _stretch(host)
    gates = [_zero(model, dimer, stretch * C6_FAR, d), _slope(model, dimer, stretch, d)]
    c6 = extrapolated_c6(model, dimer)
    member, row = np.unravel_index(int(np.argmin(c6)), c6.shape)
    gates.append(
        Gate(
            "c6-sign",
            "Attraction far out",
            "Is C6 positive in every direction, for every member of the ensemble?",
            number(c6.min()),
            "eV Å⁶",
            0.0,
            None,
            "dispersion between closed-shell molecules attracts at any orientation",
            "A member repels far out, so that the mean and its error bar are wrong there.",
            f"{direction_text(d[row])}, member {int(member) + 1}; smallest C6 of all",
        )
    )
    if c6_expected is not None:
        mean = float(np.mean(model.mean_of(c6)))
        gates.append(
            Gate(
                "c6-size",
                "Size of C6",
                "Is the mean C6 still near the one the fit started from?",
                number(mean / c6_expected),
                "times",
                1.0 / C6_FACTOR,
                C6_FACTOR,
                "C6 of free atoms or of D4 is good to some ten per cent, and labels near the well hardly tell it",
                "The fit bent the long range to mend something else.",
                f"mean over directions {mean:.1f} eV Å⁶, started from {c6_expected:.1f}",
            )
        )
    mean_c6 = model.mean_of(c6)
    return [*gates, anisotropy_gate(mean_c6, dimer), *sheet_gate(mean_c6, dimer)]


def _zero(model: Committee, dimer: Dimer, radius: float, d: FloatArray) -> Gate:
    size = np.abs(model.mean_of(_at(model, dimer, radius, d)))
    return Gate(
        "zero",
        "Zero at infinity",
        f"Is the energy zero when the probe is {radius:.0f} Å away?",
        number(size.max()),
        "eV",
        None,
        from_cm1(ZERO_CM1),
        "a tenth of the last digit shown in tables; −C6/R⁶ itself is a hundred times smaller there",
        "All energies carry an offset, and so do binding energies.",
        direction_text(d[int(np.argmax(size))]),
    )


def _slope(model: Committee, dimer: Dimer, stretch: float, d: FloatArray) -> Gate:
    near, far = stretch * SLOPE_FROM, stretch * SLOPE_TO
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = model.mean_of(_at(model, dimer, far, d)) / model.mean_of(_at(model, dimer, near, d))
        slope = np.log(ratio) / np.log(far / near)
    off = np.where(np.isfinite(slope), np.abs(slope + 6.0), np.inf)
    row = int(np.argmax(off))
    return Gate(
        "slope",
        "R⁻⁶ tail",
        f"Is the power of the fall-off −6 between {near:.0f} and {far:.0f} Å?",
        number(slope[row]),
        "",
        -6.0 - SLOPE_WIDTH,
        -6.0 + SLOPE_WIDTH,
        "R⁻⁵ or R⁻⁷ would be off by 1; C8 and the host's own size shift the power by up to about 0.1 here",
        "The long range has the wrong form: do not use the model beyond its labels.",
        f"{direction_text(d[row])}; the farthest from −6 of all",
    )
