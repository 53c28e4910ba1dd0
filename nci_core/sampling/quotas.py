"""Shares of the regions in a sample: wells are a small part of space, however much they matter."""

import math
from collections import Counter

import numpy as np

from nci_core.regions import RegionBounds

#: Largest share of the regions beside the well, which so has 0.3 at least. What lies beyond counts as wall.
MOST = {"tail": 0.30, "wall": 0.40}
#: The well is made denser at most this many times: where a guide has next to none, it is not filled to the brim.
DENSEST = 4


class Quotas:
    """Decides point by point, in their order, so that a longer sample begins with the shorter one.

    A candidate of a region that has its share is left out, as long as not more than DENSEST − 1 have been left out for
    each that was taken.
    """

    def __init__(self, bounds: RegionBounds) -> None:
        self._bounds = bounds
        self._taken: Counter[str] = Counter()
        self._left_out = 0

    def take(self, energy_ev: float) -> bool:
        """Whether a candidate of this guide energy is taken."""
        region = str(self._bounds.classify(np.array([energy_ev]))[0])
        region = "wall" if region == "beyond" else region
        count = self._taken.total() + 1
        full = self._taken[region] + 1 > math.ceil(MOST.get(region, 1.0) * count)
        if full and self._left_out < (DENSEST - 1) * count:
            self._left_out += 1
            return False
        self._taken[region] += 1
        return True
