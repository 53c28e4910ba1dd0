"""The seeded sampler of probe positions around a rigid host."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
from ase.data import covalent_radii

from nci_core.errors import InputError
from nci_core.regions import RegionBounds
from nci_core.sampling.guide import Guide, as_guide
from nci_core.sampling.inside import enclosed
from nci_core.sampling.quotas import Quotas
from nci_core.sampling.rays import anchors, directions, low_discrepancy, rotation_axes
from nci_core.systems import Configurations, Dimer
from nci_core.systems.potential import Potential
from nci_core.units import from_cm1, to_cm1

FloatArray = npt.NDArray[np.float64]

#: Positions are stored on this grid (Å), so that they survive text files and compare exactly.
GRID = 1e-4
#: Nodes along a ray on which the guide is evaluated.
NODES = 160
#: Rays handled at once, to bound memory.
BATCH = 256
#: Points of one sample: ten times what any surface here needed, and as many rows as the store is measured with.
MOST_POINTS = 100_000
#: The wall end of a sample lies this many times higher than the energies of interest, because the default guide is off
#: by up to a factor of two there.
ABOVE_LIMIT = 1.5
#: The measure of change, asinh(E/E₀), becomes logarithmic well inside the well.
SCALES_OF_WELL = 4.0


@dataclass(frozen=True)
class SampleSettings:
    """What the sample covers.

    Attributes:
        limit_cm1: guide energy (cm⁻¹) at which the wall end of the sample lies. Above the 1,000 cm⁻¹
            of interest, because the default guide is off by up to a factor of two there; with a
            fitted model as guide 1,000 will do.
        reach: largest distance (Å) from the nearest host atom.
        energy_scale_cm1: E₀ of asinh(E/E₀), the measure of how much the energy changes.
        change_share: share of the points placed where that measure changes; the others are spread
            evenly over distance, so that the tail is covered.
        axis_share: share of the points on the host's rotation axes.
        clash_factor: probe–atom distances below this multiple of the sum of covalent radii are
            a clash, whatever the guide says.
        max_tries: candidates per wanted point before giving up.
        bounds: where they are given, no region beside the well has more than its share (`quotas.MOST`).
    """

    limit_cm1: float = 1500.0
    reach: float = 10.0
    energy_scale_cm1: float = 5.0
    change_share: float = 0.75
    axis_share: float = 0.05
    clash_factor: float = 1.1
    max_tries: int = 20
    bounds: RegionBounds | None = None

    @classmethod
    def of(cls, bounds: RegionBounds) -> Self:
        """What a sample of a system with these region bounds covers: all scales follow the system's own.

        >>> settings = SampleSettings.of(RegionBounds(-20.0, 1000.0))
        >>> settings.limit_cm1, settings.energy_scale_cm1
        (1500.0, 5.0)
        """
        limit, scale = ABOVE_LIMIT * bounds.limit_cm1, -bounds.well_below_cm1 / SCALES_OF_WELL
        return cls(limit_cm1=limit, energy_scale_cm1=scale, bounds=bounds)

    def __post_init__(self) -> None:
        shares_fit = 0 <= self.change_share <= 1 and 0 <= self.axis_share <= 1
        positive = min(self.limit_cm1, self.reach, self.energy_scale_cm1, self.clash_factor, self.max_tries) > 0
        if not shares_fit or not positive:
            raise InputError("Sample settings need positive numbers and shares between 0 and 1.")


@dataclass(frozen=True)
class SampleResult:
    """A sample and what was thrown away.

    Attributes:
        positions: (n, 3) in Å, symmetry-unique, on a grid of 1e-4 Å, no two equivalent.
        energies: (n,) guide energies in eV.
        rejected: reason → number of candidates: "clash" (nuclei too close), "wall" (guide energy
            at or above the limit), "duplicate" (equivalent to another point), "inside" (enclosed by the host),
            "left out" (its region has enough points), "no wall" (rays on which the guide never reaches the
            limit; their points start at the clash distance and are kept, so this one is a warning).
        seed: what reproduces the sample.
    """

    positions: FloatArray
    energies: FloatArray
    rejected: dict[str, int] = field(default_factory=dict)
    seed: int = 0


def sample(
    dimer: Dimer,
    n: int,
    seed: int,
    *,
    guide: Guide | Potential | None = None,
    settings: SampleSettings | None = None,
    taken: Collection[str] = (),
) -> SampleResult:
    """n probe positions from the wall to the tail, denser where the guide's energy changes.

    Candidates lie on rays that start at the host's centre or at one of its atoms, in all
    directions, so that faces, edges, bonds and corners are covered whatever the host's shape. Along
    each ray the allowed stretch runs from the outermost point with E = limit to `reach`; the
    distance is drawn from a mixture of |d asinh(E/E₀)/ds| and a uniform density. All draws come
    from one low-discrepancy sequence with a seeded shift. Points are folded into the
    symmetry-unique wedge, and those that the host encloses, as a cage does, are none. Around a linear host all rays lie
    in a half plane and start at its centre, evenly in the polar angle. Where the settings have region bounds,
    candidates of a region that has enough points are left out.

    Args:
        dimer: host and probe.
        n: number of points.
        seed: the same seed gives the same positions on every machine.
        guide: energies(positions) → eV, or a potential;
            None for the default pair potential.
        settings: what to cover.
        taken: geometry hashes that must not come again, for a second pass.

    Raises InputError for fewer than 1 or more than 100,000 points, when the guide gives numbers that are not
    finite, or when fewer than n points can be found.
    """
    if n < 1:
        raise InputError(f"A sample needs at least one point, got n = {n}.")
    if n > MOST_POINTS:
        raise InputError(f"A sample has at most {MOST_POINTS:,} points, got n = {n:,}; sample fewer.")
    dimer.check_computable()
    settings = settings or SampleSettings()
    energies_of = as_guide(dimer, guide)
    counts: Counter[str] = Counter(clash=0, wall=0, duplicate=0)
    quotas = None if settings.bounds is None else Quotas(settings.bounds)
    hashes = set(taken)
    kept_positions: list[FloatArray] = []
    kept_energies: list[float] = []
    for start in range(0, settings.max_tries * n, BATCH):
        u = low_discrepancy(BATCH, 6, seed, start)
        candidates = _on_rays(dimer, u, energies_of, settings, counts)
        candidates = np.rint(dimer.at(candidates).unique().R / GRID) * GRID
        placed = dimer.at(candidates)
        energy = _checked(energies_of, candidates)
        clash, inside = is_clash(placed, settings.clash_factor), enclosed(dimer.a, candidates)
        usable = ~(clash | inside) & (energy < from_cm1(settings.limit_cm1))
        wanted = np.ones(len(energy), dtype=bool)
        if quotas is not None:
            wanted[usable] = quotas.take(energy[usable])
        columns = candidates, energy, clash, inside, wanted, placed.geometry_hashes()
        for point, e, clashes, within, want, digest in zip(*columns, strict=True):
            if clashes:
                counts["clash"] += 1
            elif within:
                counts["inside"] += 1
            elif e >= from_cm1(settings.limit_cm1):
                counts["wall"] += 1
            elif digest in hashes:
                counts["duplicate"] += 1
            elif not want:
                counts["left out"] += 1
            else:
                hashes.add(digest)
                kept_positions.append(point)
                kept_energies.append(e)
                if len(kept_positions) == n:
                    return SampleResult(np.array(kept_positions), np.array(kept_energies), dict(counts), seed)
    raise InputError(
        f"Only {len(kept_positions)} of {n} points found around {dimer.a.name} after "
        f"{settings.max_tries * n} candidates ({dict(counts)}); check the guide and the sample settings."
    )


def is_clash(at: Configurations, factor: float) -> npt.NDArray[np.bool_]:
    """(m,) whether an atom of the probe is closer to one of the host than factor times the sum of covalent radii."""
    radii = covalent_radii[at.dimer.a.numbers][:, None] + covalent_radii[at.dimer.b.numbers]
    clash: npt.NDArray[np.bool_] = (at.distances < factor * radii).any(axis=(1, 2))
    return clash


def _checked(guide: Guide, positions: FloatArray) -> FloatArray:
    energy = np.asarray(guide(positions), dtype=float)
    if energy.shape != (len(positions),) or not np.isfinite(energy).all():
        raise InputError("The guide potential gave energies that are not finite numbers, one per position.")
    return energy


def _on_rays(dimer: Dimer, u: FloatArray, guide: Guide, settings: SampleSettings, counts: Counter[str]) -> FloatArray:
    """One candidate per row of u (m, 6) in [0, 1); (m, 3) in Å."""
    origins = anchors(dimer.a)[(u[:, 0] * len(anchors(dimer.a))).astype(int)]
    towards = directions(dimer.a, u[:, 1:4])
    axes = rotation_axes(dimer.a)
    if len(axes):
        on_axis = u[:, 4] < settings.axis_share
        which = (u[:, 4] / max(settings.axis_share, 1e-12) * len(axes)).astype(int)
        origins[on_axis] = dimer.a.centre
        towards[on_axis] = axes[which[on_axis]]
    size = np.linalg.norm(dimer.a.positions[:, None] - dimer.a.positions[None], axis=-1).max()
    # Nodes crowd near the host, where energies change fast.
    t = np.linspace(0.0, 1.0, NODES)
    s = 0.3 + (settings.reach + size) * t**1.5
    points = origins[:, None] + s[:, None] * towards[:, None]
    placed = dimer.at(points.reshape(-1, 3))
    nearest = placed.separations.reshape(len(u), NODES)
    clash = is_clash(placed, settings.clash_factor).reshape(len(u), NODES)
    energy = np.full(clash.shape, np.inf)
    energy[~clash] = _checked(guide, points[~clash])
    blocked = energy >= from_cm1(settings.limit_cm1)
    inside = nearest <= settings.reach
    chosen = np.empty((len(u), 3))
    for m in range(len(u)):
        last = int(np.flatnonzero(blocked[m])[-1]) if blocked[m].any() else 0
        if clash[m, last]:
            counts["no wall"] += 1
        stretch = np.flatnonzero(inside[m] & (np.arange(NODES) >= last))
        if len(stretch) < 2:  # wall as far as the reach
            chosen[m] = points[m, last]
            continue
        distance = _draw(s[stretch], to_cm1(energy[m, stretch]), float(u[m, 5]), settings)
        chosen[m] = origins[m] + distance * towards[m]
    return chosen


def _draw(s: FloatArray, energy_cm1: FloatArray, u: float, settings: SampleSettings) -> float:
    """The distance at which the cumulative density over nodes s (k,) reaches u."""
    level = np.arcsinh(energy_cm1 / settings.energy_scale_cm1)
    top = float(np.arcsinh(settings.limit_cm1 / settings.energy_scale_cm1))
    if level[0] > top and np.isfinite(level[0]):  # start where the limit is crossed, between two nodes
        s = s.copy()
        s[0] += (s[1] - s[0]) * (level[0] - top) / (level[0] - level[1])
    level = np.minimum(level, top)
    change = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(level)))])
    even = s - s[0]
    share = settings.change_share if change[-1] > 0 else 0.0
    cumulative = share * change / max(change[-1], 1e-300) + (1.0 - share) * even / even[-1]
    return float(np.interp(u, cumulative, s))
