"""Shares of the regions in a sample: wells are a small part of space, however much they matter."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from nci_core.regions import RegionBounds

FloatArray = npt.NDArray[np.float64]

#: Largest share of the regions beside the well, which so has 0.3 and a little more. What lies beyond counts as wall.
MOST = {"tail": 0.28, "wall": 0.40}
#: At most this many candidates for a point: where a guide has next to no well, that is not filled to the brim.
DENSEST = 4
#: The least regular of all steps: it falls into step with no other sequence.
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0


class Quotas:
    """Which candidates are taken, decided batch by batch from those so far: a longer sample begins with the shorter.

    Of each region a share is taken, spread evenly over its candidates. To take each as it comes until a region is full
    would not do: candidates follow a regular sequence, and the same part of a region would always come too late.
    """

    def __init__(self, bounds: RegionBounds) -> None:
        self._bounds = bounds
        self._seen: Counter[str] = Counter()

    def take(self, energies_ev: FloatArray) -> npt.NDArray[np.bool_]:
        """(m,) whether each candidate of a batch, by its guide energy, is taken."""
        regions = self._bounds.classify(energies_ev)
        regions[regions == "beyond"] = "wall"
        before = self._seen.copy()
        self._seen.update(regions.tolist())
        shares = kept_shares(self._seen)
        taken = np.ones(len(regions), dtype=bool)
        for name in MOST:
            rows = np.flatnonzero(regions == name)
            taken[rows] = ((before[name] + np.arange(len(rows))) * GOLDEN) % 1.0 < shares[name]
        return taken


def kept_shares(counts: Counter[str]) -> dict[str, float]:
    """The share of each region's candidates that is taken, so that none of MOST is exceeded; the well is taken whole.

    >>> shares = kept_shares(Counter(well=15, tail=45, wall=40))
    >>> {name: round(share, 3) for name, share in shares.items()}
    {'tail': 0.292, 'wall': 0.469}
    >>> kept_shares(Counter(well=60, tail=20, wall=20))
    {'tail': 1.0, 'wall': 1.0}
    """
    all_of_them = counts.total()
    shares = dict.fromkeys(MOST, 1.0)
    for _ in range(100):  # each round shrinks what is taken, until no share changes by more than 1e-6
        taken = counts["well"] + sum(share * counts[name] for name, share in shares.items())
        taken = max(taken, all_of_them / DENSEST)
        shares = {name: min(1.0, most * taken / counts[name]) if counts[name] else 1.0 for name, most in MOST.items()}
    return shares
