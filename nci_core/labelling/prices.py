"""What labels of a file will cost, learned from those that are finished: of this file, and of campaigns beside it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nci_core.campaign.pricing.cost_model import CostModel, Price, Subject
from nci_core.campaign.pricing.costs import LabelCost, known_timings, make_timing
from nci_core.campaign.pricing.label_size import label_work
from nci_core.labelling.tasks import Task
from nci_core.labels.environment import processor_name
from nci_core.labels.results import LabelResult

#: Finished labels of the file that are learned from, the last ones.
MOST = 200
#: CPU minutes of any label, however small: measuring the machine, setting up, iterating. He₂ in 6-31G takes 0.4 s.
LEAST_MINUTES = 0.007


@dataclass(frozen=True)
class Prices:
    """CPU minutes of tasks.

    Attributes:
        prices: of each task, the logarithm of its minutes.
        source: one phrase on what they follow from.
    """

    prices: tuple[Price, ...]
    source: str

    @property
    def minutes(self) -> list[float]:
        """Expected CPU minutes of each task."""
        return [max(math.exp(price.mean + 0.5 * price.each**2), LEAST_MINUTES) for price in self.prices]

    def total(self) -> LabelCost:
        """One task on average, with how uncertain they all are together: `.text(n)` tells the sum of n."""
        n = len(self.prices)
        mean = sum(self.minutes) / n if n else 0.0
        shared, each = (
            sum(values) / max(n, 1) for values in zip(*((p.shared, p.each) for p in self.prices), strict=True)
        )
        return LabelCost(mean, Price(math.log(mean), shared, each), 0, self.source)


def price(tasks: Sequence[Task], finished: Sequence[tuple[Task, LabelResult]]) -> Prices:
    """What tasks will cost, from labels of the same file that are finished and from the campaigns of this machine."""
    mine = [
        make_timing(
            task.at.dimer,
            result.recipe_hash,
            task.recipe,
            (result.fragments["dimer"].n_basis, result.fragments["dimer"].n_frozen),
            (result.cpu_seconds, result.wall_seconds),
            result.environment.processor,
            result.environment.dgemm_gflops,
        )
        for task, result in finished[-MOST:]
        if result.cpu_seconds > 0
    ]
    others = known_timings()
    model, machine = CostModel([*mine, *others]), processor_name()
    works: dict[tuple[object, ...], float] = {}
    found = []
    for task in tasks:
        key = (tuple(sorted(task.at.dimer.a.symbols)), tuple(sorted(task.at.dimer.b.symbols)), task.recipe.hash)
        if key not in works:
            works[key] = label_work(task.at.dimer, task.recipe)
        found.append(model.price(Subject(task.recipe.hash, task.at.dimer.name, works[key], machine)))
    return Prices(tuple(found), _source({"of this file": len(mine), "of campaigns": len(others)}))


def _source(counts: Mapping[str, int]) -> str:
    said = " and ".join(f"{count:,} label{'s' * (count != 1)} {whose}" for whose, count in counts.items() if count)
    return f"learned from {said}" if said else "an estimate from the size alone; no label is finished yet"
