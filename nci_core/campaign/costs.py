"""What a label costs, from the timings of finished ones."""

from dataclasses import dataclass

import numpy as np

from nci_core.campaign.campaign import Campaign
from nci_core.reference.recipes import Recipe
from nci_core.store import labels
from nci_core.systems.dimer import Dimer

#: (CPU minutes, basis functions) measured for one `standard` label of He–ethylene on one core,
#: the anchor of the estimate before a campaign has timings of its own.
ANCHOR = (0.4, 85)
#: Canonical CCSD(T) grows with about the fifth to sixth power of the functions at these sizes.
POWER = 5.0


@dataclass(frozen=True)
class LabelCost:
    """CPU minutes of one label.

    Attributes:
        mean_minutes: expected CPU minutes on one core.
        sd_minutes: spread between labels; for a guess, as large as the mean.
        n: finished labels it is measured from; 0 for a guess.
        source: one phrase for people.
    """

    mean_minutes: float
    sd_minutes: float
    n: int
    source: str

    def total(self, count: int) -> tuple[float, float]:
        """Expected minutes of `count` labels and their standard deviation (independent labels)."""
        return count * self.mean_minutes, float(np.sqrt(count)) * self.sd_minutes


def guess_functions(dimer: Dimer, recipe: Recipe) -> int:
    """Rough number of basis functions: 14 a heavy atom, 3 a hydrogen, and the probe with midbond."""
    heavy = sum(symbol != "H" for symbol in dimer.host.symbols)
    light = len(dimer.host.symbols) - heavy
    return 14 * heavy + 3 * light + 23 + (22 if recipe.midbond else 0)


def label_cost(campaign: Campaign) -> LabelCost:
    """Cost of one label of the campaign's recipe: measured if any is finished, else a scaled guess."""
    finished = labels.fetch(campaign.store, campaign.recipe.hash, status="complete")
    minutes = np.array([row.cpu_seconds / 60.0 for row in finished if row.cpu_seconds])
    if len(minutes):
        spread = float(minutes.std(ddof=1)) if len(minutes) > 1 else float(minutes[0]) / 2
        return LabelCost(float(minutes.mean()), spread, len(minutes), f"measured on {len(minutes)} labels")
    scaled = ANCHOR[0] * (guess_functions(campaign.dimer, campaign.recipe) / ANCHOR[1]) ** POWER
    return LabelCost(scaled, scaled, 0, "a guess from the size of the system; no label is finished yet")
