"""What a label costs, learned from the timings of finished ones: of this campaign, and of those beside it."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from nci_core.campaign.campaign import Campaign, list_campaigns
from nci_core.campaign.pricing.cost_model import CostModel, Price, Subject, Timing
from nci_core.config import FILE_NAME
from nci_core.errors import NCIError
from nci_core.labels.builtin_recipes import RECIPES
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult
from nci_core.labels.work import label_work
from nci_core.store import DATABASE_NAME, label_queries
from nci_core.store.configurations import system_of
from nci_core.systems.dimer import Dimer

#: With this many labels of the kind in question, those of other campaigns say nothing more.
ENOUGH = 5
#: The newest labels that are looked at.
MOST = 300
#: Above this spread (of the logarithm) a price is told as an interval: ± would reach below zero.
WIDE = 0.35


@dataclass(frozen=True)
class LabelCost:
    """CPU minutes of one label.

    Attributes:
        mean_minutes: expected CPU minutes on one core.
        price: their logarithm, with what is uncertain for all labels alike and what differs between them.
        n: finished labels of this recipe and system that it is learned from.
        source: one phrase for people.
        elapsed_ratio: elapsed by CPU minutes of a label.
    """

    mean_minutes: float
    price: Price
    n: int
    source: str
    elapsed_ratio: float = 1.0

    @property
    def sd_minutes(self) -> float:
        """Half of the 68% interval of one label."""
        return self.total(1)[1]

    def _spread(self, count: int) -> float:
        """Of the logarithm of the minutes of `count` labels."""
        return math.hypot(self.price.shared, self.price.each / math.sqrt(max(count, 1)))

    def interval(self, count: int = 1) -> tuple[float, float]:
        """The minutes between which `count` labels end in 68 of 100 cases."""
        spread = self._spread(count)
        return count * self.mean_minutes * math.exp(-spread), count * self.mean_minutes * math.exp(spread)

    def total(self, count: int) -> tuple[float, float]:
        """Expected minutes of `count` labels, and half of their 68% interval."""
        low, high = self.interval(count)
        return count * self.mean_minutes, 0.5 * (high - low)

    def elapsed(self, count: int, workers: int) -> float:
        """Minutes until `count` labels are finished by so many workers."""
        return math.ceil(count / max(workers, 1)) * self.mean_minutes * self.elapsed_ratio

    def text(self, count: int) -> str:
        """For example '74 ± 9', or '74 (30 to 180)' where ± would reach too far.

        >>> LabelCost(6.2, Price(1.82, 0.02, 0.07), 24, "").text(12)
        '74 ± 2'
        >>> LabelCost(1.5, Price(0.4, 0.002, 0.05), 80, "").text(12)
        '18 ± 0.3'
        >>> LabelCost(6.2, Price(1.82, 0.9, 0.1), 0, "").text(1)
        '6.2 (2.5 to 15)'
        """
        if not count:
            return "0"
        minutes, half = self.total(count)
        low, high = self.interval(count)
        if self._spread(count) > WIDE:
            return f"{_short(minutes)} ({_short(low)} to {_short(high)})"
        return f"{_short(minutes)} ± {_short(half, minutes)}"

    def time(self, count: int = 1) -> str:
        """The same of CPU time in the unit that suits it.

        >>> LabelCost(0.02, Price(-3.9, 0.9, 0.1), 0, "").time()
        '1.2 s (0.49 to 3.0)'
        >>> LabelCost(6.2, Price(1.82, 0.02, 0.07), 24, "").time(24)
        '2.5 ± 0.1 h'
        """
        minutes = count * self.mean_minutes
        factor, unit = (60.0, "s") if minutes < 1.5 else (1.0, "min") if minutes < 90 else (1 / 60.0, "h")
        value, bracket, span = replace(self, mean_minutes=factor * self.mean_minutes).text(count).partition(" (")
        return f"{value} {unit}{bracket}{span}"


def _short(value: float, beside: float | None = None) -> str:
    """Two digits, whole from 10 on; `beside` says how many digits the number it belongs to has."""
    size = value if beside is None else beside
    digits = 0 if size >= 10 else 1 - math.floor(math.log10(size)) if size > 0 else 0
    if beside is not None and 0 < value <= 0.5 * 10**-digits:  # it would read "± 0"
        digits = -math.floor(math.log10(value))
    return f"{value:.{digits}f}"


def timing_of(dimer: Dimer, recipe: Recipe, result: LabelResult) -> Timing:
    """A finished label from its result."""
    size, machine = result.fragments["dimer"], result.environment
    return Timing(
        recipe=result.recipe_hash,
        system=dimer.name,
        work=label_work(dimer, recipe, (size.n_basis, size.n_frozen)),
        machine=machine.processor,
        minutes=result.cpu_seconds / 60.0,
        elapsed=result.wall_seconds / 60.0,
        gflops=machine.dgemm_gflops,
    )


def timings(campaign: Campaign) -> list[Timing]:
    """Finished labels whose CPU time is known: the newest of each recipe, those of the target first."""
    known = {recipe.hash: recipe for recipe in (*RECIPES.values(), *campaign.settings.own_recipes)}
    dimers = {system.id: system.dimer for system in campaign.systems}
    target = campaign.recipe.hash
    found = [
        Timing(
            recipe=row.recipe_hash,
            system=dimers[row.system_id].name,
            work=label_work(dimers[row.system_id], known.get(row.recipe_hash), (row.n_basis, row.n_frozen)),
            machine=row.processor or "",
            minutes=row.cpu_seconds / 60.0,
            elapsed=(row.wall_seconds or row.cpu_seconds) / 60.0,
            gflops=row.gflops or 0.0,
        )
        for row in label_queries.timings(campaign.store, MOST)
        if row.n_basis is not None and row.n_frozen is not None
    ]
    return sorted(found, key=lambda timing: (timing.recipe != target, timing.recipe))


@lru_cache(maxsize=64)
def _timings_in(folder: str, stamp: tuple[int, ...]) -> tuple[Timing, ...]:
    try:
        with Campaign.open(folder, read_only=True) as campaign:
            return tuple(timings(campaign))
    except NCIError:  # a damaged neighbour is its own matter
        return ()


def known_timings(folder: Path | None = None, *, but: Path | None = None) -> list[Timing]:
    """Timings of the campaigns in a folder, but one, read again when their databases change; files only."""
    found: list[Timing] = []
    for each in list_campaigns(folder):
        files = [each / FILE_NAME, each / DATABASE_NAME, each / f"{DATABASE_NAME}-wal"]
        if each != but and files[1].is_file():
            found += _timings_in(str(each), tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files))
    return found


def label_cost(campaign: Campaign, recipe: Recipe | None = None, dimer: Dimer | None = None) -> LabelCost:
    """Cost of one label of a recipe (default: the target): learned, with a bar that says how well.

    It is of one of the campaign's dimers; without, of the one whose labels need most work.

    Before any label of the recipe is finished it follows from the size alone, and the bar is wide.
    """
    chosen = recipe or campaign.recipe
    if dimer is None:
        dimer = max((system.dimer for system in campaign.systems), key=lambda each: label_work(each, chosen))
    known = timings(campaign)
    enough = sum(timing.recipe == chosen.hash for timing in known) >= ENOUGH
    others = [] if enough else known_timings(campaign.folder.parent, but=campaign.folder)
    return cost_from(dimer, chosen, known, others)


def cost_from(dimer: Dimer, recipe: Recipe, known: Sequence[Timing], others: Sequence[Timing]) -> LabelCost:
    """Cost of one label, from the timings of its campaign and those of others."""
    mine = [t for t in known if t.recipe == recipe.hash]
    machine = next((t.machine for t in [*mine, *known, *others]), "")
    alike = (t.work for t in [*mine, *others] if (t.recipe, t.system) == (recipe.hash, dimer.name))
    work = next(alike, None) or label_work(dimer, recipe)
    price = CostModel([*known, *others]).price(Subject(recipe.hash, dimer.name, work, machine))
    ratios = [t.elapsed / t.minutes for t in (mine or known)]
    return LabelCost(
        math.exp(price.mean + 0.5 * price.each**2),
        price,
        len(mine),
        _source(recipe, len(mine), len(known) - len(mine), len(others)),
        float(np.median(ratios)) if ratios else 1.0,
    )


def cost_of_labels(campaign: Campaign, ids: Sequence[int], recipe: Recipe | None = None) -> LabelCost:
    """What labels of these configurations cost, each on average: `text(len(ids))` tells the sum."""
    counts = Counter(system_of(campaign.store, ids).values()) if len(campaign.systems) > 1 else None
    if not counts:
        return label_cost(campaign, recipe)
    return average([(label_cost(campaign, recipe, campaign.system(k).dimer), n) for k, n in counts.items()])


def average(parts: Sequence[tuple[LabelCost, int]]) -> LabelCost:
    """One label of a mixture: each cost with how many labels it is of; what is uncertain is so for all alike."""
    first, total = parts[0][0], sum(n for _, n in parts)
    if len(parts) == 1:
        return first
    minutes = np.array([cost.mean_minutes * n for cost, n in parts])
    spreads = [(cost.price.shared, cost.price.each) for cost, _ in parts]
    shared, each = np.average(spreads, axis=0, weights=minutes).tolist()
    mean = float(minutes.sum()) / total
    return replace(first, mean_minutes=mean, price=Price(math.log(mean), shared, each))


def _source(recipe: Recipe, mine: int, other_recipes: int, elsewhere: int) -> str:
    if mine >= ENOUGH:
        return f"learned from {mine} labels"
    words = (f"{recipe.name} labels", "labels of other recipes", "labels of other campaigns")
    counts = zip((mine, other_recipes, elsewhere), words, strict=True)
    parts = [f"{count} {what}" for count, what in counts if count]
    if mine:
        return f"learned from {', '.join(parts)}"
    said = f", scaled from {' and '.join(parts)}" if parts else ""
    return f"an estimate from the size alone{said}; no {recipe.name} label is finished here yet"
