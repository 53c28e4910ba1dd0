"""Gates along radial scans: one well, a wall that rises, no hole behind it, signs of the terms, smoothness."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.gates.gate import Committee, Gate, direction_text, directions, host_radius, member_channels, number
from nci_core.systems import Monomer
from nci_core.systems.dimer import Dimer
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]

#: Outer end of the scans beyond the host's radius, and their step (Å).
SCAN_REACH, SCAN_STEP = 9.0, 0.02
#: Scans end this near (Å) to a host atom: a light atom with less than several eV comes no nearer.
CONTACT = 1.2
#: A ray that passes every atom at more than this (Å) leads into a cavity and meets no wall.
CAVITY = 2.0
#: Minima above −1 cm⁻¹ and dips of less than 0.01 cm⁻¹ are not counted: nothing is bound by them.
WELL_CM1, DIP_CM1 = -1.0, 0.01
#: The wall must rise up to this multiple of the range of interest.
WALL_TOP = 2.0
#: Directions and step (Å) of the scans for smoothness, and the largest jump (cm⁻¹) they may hide.
FINE_DIRECTIONS, FINE_STEP, JUMP_CM1 = 12, 0.01, 5e-3
#: Signs of terms between closed shells, one of them an atom, whose electrostatics is penetration of densities.
SIGNS = {"electrostatics": -1.0, "exchange": 1.0, "induction": -1.0, "dispersion": -1.0}


@dataclass(frozen=True)
class Ray:
    """A scan from outside inwards: distances (k,) in Å and mean energies (k,) in eV; `meets_wall` unless a cavity."""

    direction: FloatArray
    distance: FloatArray
    energy: FloatArray
    meets_wall: bool


def _outer_part(host: Monomer, d: FloatArray, distances: FloatArray) -> list[tuple[FloatArray, bool]]:
    """For each direction the descending distances down to contact with an atom, and whether there is contact."""
    points = host.centre + distances[:, None, None] * d
    gaps = np.linalg.norm(points[:, :, None] - host.positions, axis=-1).min(axis=-1)
    parts = []
    for k in range(len(d)):
        touching = np.flatnonzero(gaps[:, k] < CONTACT)
        stop = int(touching[0]) if len(touching) else len(distances)
        parts.append((distances[:stop], bool(gaps[:, k].min() < CAVITY)))
    return parts


def _rays(model: Committee, dimer: Dimer, d: FloatArray, step: float) -> tuple[list[Ray], FloatArray]:
    """Scans along d (n, 3), and the channels (members, terms, m) of all their points."""
    host = dimer.a
    parts = _outer_part(host, d, np.arange(host_radius(host) + SCAN_REACH, 0.0, -step))
    points = np.concatenate([host.centre + r[:, None] * d[k] for k, (r, _) in enumerate(parts)])
    channels = member_channels(model, dimer, points)
    energies = model.mean_of(channels.sum(axis=1))
    ends = np.cumsum([len(r) for r, _ in parts])[:-1]
    split = np.split(energies, ends)
    return [Ray(d[k], r, split[k], wall) for k, (r, wall) in enumerate(parts)], channels


def minima(ray: Ray, top_ev: float) -> int:
    """Number of minima outside the place where the wall reaches `top_ev`."""
    inside = np.flatnonzero(ray.energy > top_ev)
    y = ray.energy[: inside[0] + 1] if len(inside) else ray.energy
    count, peak, lowest = 0, y[0], y[0]
    for value in y:
        # A minimum counts once the energy has risen from it by more than a dip.
        if value < lowest:
            lowest = value
        elif value - lowest > from_cm1(DIP_CM1) and peak - lowest > from_cm1(DIP_CM1):
            count += bool(lowest < from_cm1(WELL_CM1))
            peak = lowest = value
        if value > peak:
            peak = lowest = value
    return count


def _worst_drop(ray: Ray, top_ev: float) -> tuple[float, float]:
    """Largest fall of the energy (eV) on the way in, between the minimum and the wall's top; and where (Å)."""
    start = int(np.argmin(np.where(np.cumsum(ray.energy > top_ev) > 0, np.inf, ray.energy)))
    y = ray.energy[start:]
    reached = np.flatnonzero(y > top_ev)
    y = y[: reached[0] + 1] if len(reached) else y
    fall = np.maximum.accumulate(y) - y
    row = int(np.argmax(fall))
    return float(fall[row]), float(ray.distance[start + row])


def _behind(ray: Ray, top_ev: float) -> tuple[float, float]:
    """Lowest energy (eV) behind the place where the wall reaches its top, or the highest if it never does; where."""
    reached = np.flatnonzero(ray.energy > top_ev)
    if not len(reached):
        row = int(np.argmax(ray.energy))
        return float(ray.energy[row]), float(ray.distance[row])
    row = int(reached[0] + np.argmin(ray.energy[reached[0] :]))
    return float(ray.energy[row]), float(ray.distance[row])


def scan_gates(model: Committee, dimer: Dimer, limit_ev: float) -> list[Gate]:
    """One well a direction, a rising wall, no hole behind it, signs of the terms, smoothness.

    `limit_ev` is the upper end of the range of interest in eV.
    """
    host = dimer.a
    d = directions(host)
    rays, channels = _rays(model, dimer, d, SCAN_STEP)
    top = WALL_TOP * limit_ev
    counts = [minima(ray, top) for ray in rays]
    most = int(np.argmax(counts))
    gates = [
        Gate(
            "one-well",
            "No spurious well",
            "How many minima are there at most along a line from the centre?",
            float(counts[most]),
            "",
            None,
            1.0,
            "repulsion and attraction of a compact molecule balance once; minima too shallow to bind do not count",
            "The probe would be bound where there is nothing; bound states and rates are wrong.",
            direction_text(d[most]),
        )
    ]
    walls = [ray for ray in rays if ray.meets_wall]
    if walls:
        gates += _wall_gates(walls, limit_ev, top)
    gates += [*_signs(channels, model.terms), _smooth(model, dimer, limit_ev)]
    return gates


def _wall_gates(walls: list[Ray], limit_ev: float, top: float) -> list[Gate]:
    drops = [_worst_drop(ray, top) for ray in walls]
    k = int(np.argmax([drop for drop, _ in drops]))
    depths = [_behind(ray, top) for ray in walls]
    j = int(np.argmin([depth for depth, _ in depths]))
    return [
        Gate(
            "wall",
            "Wall rises inwards",
            "Does the energy only rise from the minimum to twice the energy limit?",
            number(drops[k][0]),
            "eV",
            None,
            from_cm1(DIP_CM1),
            "exchange repulsion grows as the atoms approach; a smaller fall would not show in any table",
            "The wall has a dent: classical turning points and scattering angles are wrong.",
            f"{direction_text(walls[k].direction)}, {drops[k][1]:.2f} Å from the centre",
        ),
        Gate(
            "hole",
            "No hole behind the wall",
            f"Does the energy stay above the limit further in, up to {CONTACT} Å from an atom?",
            number(depths[j][0]),
            "eV",
            limit_ev,
            None,
            "the upper end of the range of interest: what is lower could be reached by tunnelling or in a simulation",
            "A simulation can fall into a hole inside the molecule and never come back.",
            f"{direction_text(walls[j].direction)}, {depths[j][1]:.2f} Å from the centre; lowest of all",
        ),
    ]


def _signs(channels: FloatArray, terms: Sequence[str]) -> list[Gate]:
    """The gate of the terms whose sign is known; none where it is of no term."""
    known = [(k, SIGNS[name]) for k, name in enumerate(terms) if name in SIGNS]
    if not known:
        return []
    wrong = np.max([(-sign * channels[:, k]).max() for k, sign in known])  # NaN wins
    said = [f"{terms[k]} never {'negative' if sign > 0 else 'positive'}" for k, sign in known]
    return [
        Gate(
            "channels",
            "Signs of the terms",
            f"Is {', '.join(said)}, for every member?",
            number(wrong),
            "eV",
            None,
            0.0,
            "exchange repels; penetration of densities, induction and dispersion attract by their nature; the value is "
            "the largest breach, below zero if none",
            "The terms cancel each other's errors, so that none can be trusted alone.",
        )
    ]


def _smooth(model: Committee, dimer: Dimer, limit_ev: float) -> Gate:
    """Fourth differences along fine scans: a jump δ gives 3δ, a smooth potential about (αh)⁴V."""
    host = dimer.a
    d = directions(host, FINE_DIRECTIONS)
    rays, _ = _rays(model, dimer, d, FINE_STEP)
    found = []
    for ray in rays:
        inside = np.flatnonzero(ray.energy > limit_ev)
        jump = np.abs(np.diff(ray.energy[: inside[0]] if len(inside) else ray.energy, 4)) / 3.0
        if len(jump):
            row = int(np.argmax(jump))
            found.append((jump[row], f"{direction_text(ray.direction)}, {ray.distance[row + 2]:.2f} Å"))
    worst, where = found[int(np.argmax([jump for jump, _ in found]))]
    return Gate(
        "smooth",
        "Smoothness",
        "Is the energy free of jumps and kinks?",
        number(worst),
        "eV",
        None,
        from_cm1(JUMP_CM1),
        f"half of the last digit shown; steps of {FINE_STEP} Å on a smooth exponential wall leave a tenth of it",
        "Forces jump, so that trajectories do not conserve energy.",
        where,
    )
