"""Teachers beside labels and beside each other: errors, what they differ by, and whether one does harm. Numpy only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.metrics import ErrorSummary, correlation, summaries, summarise
from nci_core.regions import Bounds
from nci_core.rounding import with_uncertainty

FloatArray = npt.NDArray[np.float64]

#: Name of the line without a teacher, in learning curves.
NOBODY = "none"
#: A difference of so many standard errors is beyond the spread; below so many seeds there is no spread to speak of.
BEYOND, FEWEST_SEEDS = 2.0, 3


@dataclass(frozen=True)
class Judged:
    """What labels say of a teacher.

    Attributes:
        regions: errors (cm⁻¹) below the energy limit as "all", and of each region that has labels.
        sectors: errors below the limit by angular sector.
        correlation: Pearson's r with the labels below the limit; None for fewer than three.
    """

    regions: Mapping[str, ErrorSummary]
    sectors: Mapping[str, ErrorSummary]
    correlation: float | None


def judge(energies: FloatArray, labels: FloatArray, sectors: npt.NDArray[np.str_], bounds: Bounds) -> Judged:
    """A teacher's energies (m,) in eV against labels (m,) in eV, which decide the region."""
    inside = bounds.classify(labels) != "beyond"
    found = {
        str(sector): summary
        for sector in dict.fromkeys(sectors.tolist())
        if (summary := summarise(energies[inside & (sectors == sector)], labels[inside & (sectors == sector)]))
    }
    return Judged(summaries(energies, labels, bounds), found, correlation(energies[inside], labels[inside]))


@dataclass(frozen=True)
class CurvePoint:
    """Test error of a student: distilled from one teacher, or NOBODY, and fine-tuned on n labels drawn by a seed."""

    teacher: str
    n: int
    seed: int
    mae_cm1: float


@dataclass(frozen=True)
class Harm:
    """A teacher whose students are worse with n labels, beyond the spread, than those of another, or of nobody.

    Attributes:
        teacher, other: which is worse than which.
        n: labels.
        mae_cm1, other_cm1: mean errors over the seeds; sd_cm1, other_sd_cm1: their standard deviations.
    """

    teacher: str
    other: str
    n: int
    mae_cm1: float
    sd_cm1: float
    other_cm1: float
    other_sd_cm1: float

    @property
    def hurts(self) -> bool:
        """Whether no teacher at all is better, and not only another one."""
        return self.other == NOBODY

    @property
    def sentence(self) -> str:
        """For people.

        >>> Harm("gfn2-xtb", NOBODY, 10, 4.0, 1.0, 2.0, 0.5).sentence
        'Teacher gfn2-xtb hurts: with 10 labels its student errs by 4.0 ± 1.0 cm⁻¹, one without a teacher by 2.0 ± 0.5.'
        """
        own = with_uncertainty(self.mae_cm1, self.sd_cm1, 2)
        better = with_uncertainty(self.other_cm1, self.other_sd_cm1, 2)
        if self.hurts:
            return (
                f"Teacher {self.teacher} hurts: with {self.n} labels its student errs by {own} cm⁻¹, one without a "
                f"teacher by {better}."
            )
        return (
            f"Teacher {self.teacher} is worse than {self.other}: with {self.n} labels its student errs by {own} cm⁻¹, "
            f"that of {self.other} by {better}."
        )


def worse(points: Sequence[CurvePoint]) -> list[Harm]:
    """For each teacher that is worse than nobody, or else than the best one, where that is clearest.

    Differences are taken seed by seed, since the seed draws the labels: they are beyond the spread where their mean is
    more than BEYOND standard errors above zero, with at least FEWEST_SEEDS seeds.
    """
    table: dict[str, dict[int, dict[int, float]]] = {}
    for each in points:
        table.setdefault(each.teacher, {}).setdefault(each.n, {})[each.seed] = each.mae_cm1
    found = []
    for teacher in table:
        if teacher == NOBODY:
            continue
        rivals = [NOBODY] if NOBODY in table else []
        harm = _clearest(table, teacher, rivals)
        harm = harm or _clearest(table, teacher, [name for name in table if name not in (teacher, NOBODY)])
        found += [harm] if harm else []
    return found


def _clearest(
    table: Mapping[str, Mapping[int, Mapping[int, float]]], teacher: str, rivals: Sequence[str]
) -> Harm | None:
    """The largest ratio of mean errors among those that are beyond the spread; None where none is."""
    best: tuple[float, Harm] | None = None
    for other in rivals:
        for n in sorted(table[teacher].keys() & table[other].keys()):
            seeds = sorted(table[teacher][n].keys() & table[other][n].keys())
            own, its = (np.array([table[name][n][seed] for seed in seeds]) for name in (teacher, other))
            if not beyond_spread(own - its):
                continue
            ratio = float(own.mean() / its.mean())
            if best is None or ratio > best[0]:
                spreads = float(own.std(ddof=1)), float(its.std(ddof=1))
                best = ratio, Harm(teacher, other, n, float(own.mean()), spreads[0], float(its.mean()), spreads[1])
    return best[1] if best else None


def beyond_spread(differences: FloatArray) -> bool:
    """Whether the mean of differences (k,), one a seed, is above zero by more than its spread tells.

    >>> beyond_spread(np.array([1.0, 1.1, 0.9])), beyond_spread(np.array([1.0, -1.0, 0.9])), beyond_spread(np.ones(2))
    (True, False, False)
    """
    if len(differences) < FEWEST_SEEDS:
        return False
    error = float(differences.std(ddof=1)) / np.sqrt(len(differences))
    return bool(differences.mean() > BEYOND * error)
