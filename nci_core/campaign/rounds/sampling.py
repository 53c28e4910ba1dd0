"""Sampling a campaign: configurations, cuts through the surface, and the frozen test set."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nci_core.campaign.campaign import Campaign
from nci_core.campaign.systems import System
from nci_core.errors import InputError
from nci_core.regions import RegionBounds, sectors
from nci_core.sampling import Guide, SampleSettings, as_guide, sample
from nci_core.selection.random_choice import in_equal_parts
from nci_core.store import configurations, systems
from nci_core.store.base import Split
from nci_core.store.configurations import Batch, add_together
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]

#: Distances (Å) along a cut grow geometrically from the wall to here, or so far beyond the host's outermost atom.
CUT_END, CUT_BEYOND = 8.0, 5.0
#: Points of one cut: closer than 0.01 Å they tell nothing more.
MOST_CUT_POINTS = 1_000
#: Origin of what was drawn, not on a cut.
SAMPLED = "sample"
#: Guide energy (cm⁻¹) at which a cut starts.
CUT_WALL_CM1 = 600.0


@dataclass(frozen=True)
class Sampled:
    """What a sampling step did; counts for people."""

    n_new: int
    n_known: int
    n_test: int
    rejected: dict[str, int]


def cut_directions(dimer: Dimer) -> dict[str, FloatArray]:
    """Named unit vectors (3,) of the radial cuts: the host's three principal axes, two of a linear host."""
    long, middle, thin = dimer.a.axes
    if dimer.a.linear:
        return {"side": thin, "end": long}
    return {"face": thin, "edge, long axis": long, "edge, short axis": middle}


def cut_points(dimer: Dimer, direction: FloatArray, distances: FloatArray) -> FloatArray:
    """(m, 3) positions in Å at the given distances (m,) from the host's centre along a unit vector (3,)."""
    points: FloatArray = dimer.a.centre + distances[:, None] * direction
    return points


def cut_end(dimer: Dimer, direction: FloatArray) -> float:
    """Distance (Å) from the centre where a cut along a unit vector (3,) ends: well outside of hosts of any size."""
    return max(CUT_END, CUT_BEYOND + float(((dimer.a.positions - dimer.a.centre) @ direction).max()))


def cut_start(dimer: Dimer, direction: FloatArray, guide: Guide) -> float:
    """Distance (Å) from the centre where the guide's energy falls below 600 cm⁻¹ for good, seen from outside."""
    distances = np.arange(1.5, cut_end(dimer, direction), 0.01)
    blocked = np.flatnonzero(to_cm1(guide(cut_points(dimer, direction, distances))) >= CUT_WALL_CM1)
    return float(distances[min(blocked[-1] + 1, len(distances) - 1) if len(blocked) else 0])


@dataclass(frozen=True)
class SamplePlan:
    """Configurations of a sampling step before any is stored; positions in Å.

    Attributes:
        test: (t, 3) the test set.
        pool: (p, 3) the others.
        cuts: (k, 3) points of each radial cut by its name.
        rejected: reason → number of candidates, as in `sampling.SampleResult`.
    """

    test: FloatArray
    pool: FloatArray
    cuts: dict[str, FloatArray]
    rejected: dict[str, int]

    @property
    def count(self) -> int:
        """All configurations, those of the cuts included."""
        return len(self.test) + len(self.pool) + sum(map(len, self.cuts.values()))


def plan_sample(
    dimer: Dimer,
    bounds: RegionBounds,
    n: int,
    *,
    seed: int,
    n_test: int = 0,
    points_per_cut: int = 0,
    guide: Guide | None = None,
    taken: Collection[str] = (),
) -> SamplePlan:
    """Where n configurations would lie, `n_test` of them the test set, and points of radial cuts; stores nothing.

    The same arguments give the same points; what counts as the well, and how high the wall is climbed, the bounds say.
    Raises InputError for numbers that make no sense, and where the guide
    (default: the built-in pair potential) has no parameters for an element.
    """
    if n_test < 0 or points_per_cut < 0:
        raise InputError("The numbers of test configurations and of points per cut cannot be negative.")
    if points_per_cut > MOST_CUT_POINTS:
        raise InputError(f"A cut has at most {MOST_CUT_POINTS:,} points, got {points_per_cut:,}; ask for fewer.")
    if n_test >= n:
        raise InputError(f"A test set of {n_test} needs more than {n} configurations; raise --n or lower --test.")
    potential = as_guide(dimer, guide)
    result = sample(dimer, n, seed, guide=potential, settings=SampleSettings.of(bounds), taken=taken)
    chosen = choose_test(potential(result.positions), n_test, seed, bounds)
    pool = np.setdiff1d(np.arange(n), chosen)
    cuts = {}
    for name, direction in cut_directions(dimer).items() if points_per_cut else ():
        ends = cut_start(dimer, direction, potential), cut_end(dimer, direction)
        distances = np.geomspace(*ends, points_per_cut)
        cuts[name] = np.round(dimer.at(cut_points(dimer, direction, distances)).unique().R, 4)
    return SamplePlan(result.positions[chosen], result.positions[pool], cuts, dict(result.rejected))


def choose_test(guide_energies: FloatArray, count: int, seed: int, bounds: RegionBounds) -> npt.NDArray[np.int64]:
    """Rows of a random test set, drawn in equal parts from the regions of the guide's energies (m,)."""
    random = np.random.default_rng([seed, 20241])
    return in_equal_parts(bounds.classify(guide_energies), ("wall", "well", "tail"), count, random)


def batch(system: System, at: Configurations, *, origin: str, split: Split = "pool", seed: int | None = None) -> Batch:
    """Configurations of a system as they are stored."""
    hashes, where = at.geometry_hashes(), sectors(at.dimer.a, at.R).tolist()
    return Batch(system.id, at.R, hashes, origin, split, where, seed, rotations=at.q)


def find_guide(campaign: Campaign, dimer: Dimer, guide: str | Path) -> Guide:
    """The guide for a dimer called "pair" (built in), "model" (the campaign's student) or a checkpoint's path.

    A distilled student is the teacher's smooth stand-in: sampling by it is denser where the
    teacher's energy changes.
    """
    if guide == "pair":
        return as_guide(dimer, None)
    from nci_core.potentials.models import load_model

    if guide == "model":
        row = campaign.active_model()
        if row is None:
            raise InputError(f"Campaign {campaign.name} has no student yet; sample by --guide pair first.")
        guide = campaign.model_path(row)
    return as_guide(dimer, load_model(guide, dimer=dimer))


def sample_campaign(
    campaign: Campaign,
    n: int,
    *,
    seed: int,
    n_test: int = 0,
    points_per_cut: int = 0,
    guide: str | Path = "pair",
    system: System | None = None,
) -> Sampled:
    """Sample n configurations of one system or of each, of which `n_test` become its frozen test set.

    A transfer system gets its test set alone, drawn as those of the others. Test sets are drawn before any energy of
    teacher or reference exists, at random within the regions of the guide, and frozen at once. All of it is stored
    together: whatever ends the process before leaves the campaign as it was, and the same call does the same again.
    Raises InputError as `plan_sample`, if a test set was frozen earlier, and for a transfer system without a test set.
    """
    chosen = campaign.systems if system is None else (system,)
    if n_test > 0:
        _require_open(campaign, chosen)
    elif system is not None and system.role == "transfer":
        raise InputError(f"System {system.name} is only tested on; say how many test configurations it gets (--test).")
    batches: list[Batch] = []
    rejected: Counter[str] = Counter()
    for each in chosen:
        trained = each.role == "train"
        if not trained and not n_test:
            continue
        plan = plan_sample(
            each.dimer,
            each.bounds,
            n,
            seed=seed,
            n_test=n_test,
            points_per_cut=points_per_cut if trained else 0,
            guide=find_guide(campaign, each.dimer, guide),
            taken=configurations.geometry_hashes(campaign.store, system_id=each.id),
        )
        rejected.update(plan.rejected)
        if n_test:
            batches.append(batch(each, each.dimer.at(plan.test), origin=SAMPLED, split="test", seed=seed))
        if trained:
            batches.append(batch(each, each.dimer.at(plan.pool), origin=SAMPLED, seed=seed))
        batches += [batch(each, each.dimer.at(points), origin=f"cut:{name}") for name, points in plan.cuts.items()]
    added = list(zip(batches, add_together(campaign.store, batches, freeze=n_test > 0), strict=True))
    return Sampled(
        n_new=sum(done.n_new for _, done in added),
        n_known=sum(done.n_known for of, done in added if of.origin == SAMPLED),
        n_test=sum(done.n_new for of, done in added if of.split == "test"),
        rejected=dict(rejected),
    )


def _require_open(campaign: Campaign, chosen: Sequence[System]) -> None:
    """Raise InputError where the test set of one of these systems is frozen."""
    frozen = {row.id for row in systems.fetch(campaign.store) if row.test_frozen_at is not None}
    closed = next((system.name for system in chosen if system.id in frozen), None)
    if closed is not None and len(campaign.systems) == 1:
        raise InputError("The test set of this campaign is frozen already; sample without a test set (--test 0).")
    if closed is not None:
        raise InputError(
            f"The test set of system {closed} is frozen already; sample without test sets (--test 0), or a system "
            "that has none yet (--system)."
        )
