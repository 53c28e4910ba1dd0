"""What every selection strategy is given, and what it gives back. Numpy only."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.regions import Bounds, RegionBounds
from nci_core.systems.configurations import Configurations

if TYPE_CHECKING:
    from nci_core.potentials.ensemble import Ensemble

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Selection:
    """Chosen points, best first.

    Attributes:
        indices: (k,) rows of the pool; fewer than asked for when candidates run out.
        scores: (k,) what the strategy maximised when it took each; comparable within one strategy.
        std: (n,) expected posterior standard deviation (eV) of every pool point before the new
            labels, where the strategy knows it.
    """

    indices: IntArray
    scores: FloatArray
    std: FloatArray | None = None


@dataclass(frozen=True)
class Pool:
    """Configurations of one system, labelled ones included.

    Attributes:
        configurations: n of them.
        price: (n,) what each label costs, positive, in any unit that all pools share; None: all the same.
    """

    configurations: Configurations
    price: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.configurations)


@dataclass(frozen=True)
class SelectionRequest:
    """A question to a strategy.

    Attributes:
        pools: of one system or several; rows count through all of them, one after the other, n altogether.
        count: how many to choose.
        labelled: rows that have labels (or will have: queued ones count too).
        excluded: rows that must never be chosen, such as a frozen test set; they steer nothing either.
        energies: (n,) predicted energies in eV, of the student or else the teacher; points at or
            above the limit are not chosen. None: every point is a candidate.
        ensemble: the model, for strategies that need one.
        sigma_cm1: noise of a label in cm⁻¹; None: what a fit to as many labels of one host would assume.
        bounds: energy regions, of all rows or of each.
        seed: of random choices.
    """

    pools: Sequence[Pool]
    count: int
    labelled: npt.ArrayLike = field(default_factory=tuple)
    excluded: npt.ArrayLike = field(default_factory=tuple)
    energies: FloatArray | None = None
    ensemble: "Ensemble | None" = None
    sigma_cm1: float | None = None
    bounds: Bounds = field(default_factory=RegionBounds)
    seed: int = 0

    def __post_init__(self) -> None:
        n = len(self)
        if self.count < 1:
            raise InputError(f"Cannot select {self.count} points; ask for at least 1.")
        for name in ("labelled", "excluded"):
            rows = np.asarray(getattr(self, name), dtype=np.int64).reshape(-1)
            if len(rows) and (rows.min() < 0 or rows.max() >= n):
                raise InputError(f"The {name} rows go beyond the pool of {n} points.")
            object.__setattr__(self, name, rows)
        if self.energies is not None and np.shape(self.energies) != (n,):
            raise InputError(f"There are {np.size(self.energies)} energies for a pool of {n} points.")
        prices = [(pool.price, len(pool)) for pool in self.pools if pool.price is not None]
        if any(price.shape != (m,) for price, m in prices) or len(prices) not in (0, len(self.pools)):
            raise InputError("Give a price for every label of all pools, or for none: they are compared by it.")

    def __len__(self) -> int:
        return sum(map(len, self.pools))

    def price(self) -> FloatArray | None:
        """(n,) what each label costs; None where all cost the same."""
        known = [pool.price for pool in self.pools if pool.price is not None]
        return np.concatenate(known) if known else None

    def inside(self, energies: FloatArray | None = None) -> npt.NDArray[np.bool_]:
        """(n,) whether each point is predicted within the range of interest and is not excluded."""
        energies = self.energies if energies is None else energies
        keep = np.ones(len(self), dtype=bool)
        if energies is not None:
            keep = self.bounds.classify(energies) != "beyond"
        keep[np.asarray(self.excluded)] = False
        return keep

    def candidates(self, energies: FloatArray | None = None) -> npt.NDArray[np.bool_]:
        """(n,) whether each point may be chosen: inside and not yet labelled."""
        keep = self.inside(energies)
        keep[np.asarray(self.labelled)] = False
        return keep
