"""What labels are expected to bring, and how to spend a budget on them. Numpy only.

All of it follows from one linearised Gaussian posterior (`nci_core.selection.design`): it needs no
energies of the candidates, so what a basket would bring is known before it is computed. It is the
model's own expectation, no more certain than the linearisation and the assumed noise are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.selection.design import FloatArray, add_label, greedy_i_optimal, total_variance_reduction

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Linearised:
    """A student as a linear function of its parameters, which have a Gaussian posterior.

    Attributes:
        J: (n, p) derivatives of the energies of n points by whitened parameters, eV.
        variance: (n,) noise variance (eV²) that a fit would grant a label of each point.
        covariance: (p, p) posterior covariance of the whitened parameters, given the labels so far.
        targets: (n,) bool, points whose uncertainty counts.
    """

    J: FloatArray
    variance: FloatArray
    covariance: FloatArray
    targets: BoolArray

    def std(self) -> FloatArray:
        """(n,) posterior standard deviation (eV) of the energy of each point."""
        std: FloatArray = np.sqrt(np.maximum(np.einsum("np,np->n", self.J @ self.covariance, self.J), 0.0))
        return std

    def rms(self, chosen: BoolArray | None = None) -> float:
        """Root mean square (eV) of the standard deviations of some points, or of the targets; 0 without points."""
        std = self.std()[self.targets if chosen is None else chosen]
        return float(np.sqrt((std**2).mean())) if len(std) else 0.0

    def with_labels(self, rows: Sequence[int] | IntArray) -> "Linearised":
        """The same after labels of these points, in whatever order."""
        covariance = self.covariance
        for row in rows:
            covariance = add_label(covariance, self.J[row], float(self.variance[row]))
        return replace(self, covariance=covariance)

    def falls(self, rows: Sequence[int] | IntArray) -> FloatArray:
        """(k,) fall (eV²) of the targets' summed variance by each label, taken in this order."""
        G = self.J[self.targets].T @ self.J[self.targets]
        covariance, found = self.covariance, []
        for row in rows:
            j, v = self.J[row : row + 1], self.variance[row : row + 1]
            found.append(float(total_variance_reduction(j, v, covariance, G)[0]))
            covariance = add_label(covariance, j[0], float(v[0]))
        return np.array(found)

    def rms_along(self, falls: FloatArray) -> FloatArray:
        """(k + 1,) RMS standard deviation (eV) of the targets before and after each of k labels that bring `falls`."""
        total = self.rms() ** 2 - np.concatenate([[0.0], np.cumsum(falls)]) / max(int(self.targets.sum()), 1)
        path: FloatArray = np.sqrt(np.maximum(total, 0.0))
        return path


@dataclass(frozen=True)
class Spending:
    """How to spend a budget.

    Attributes:
        rows: (k,) points to label, in the order they were chosen.
        falls: (k,) fall of the targets' summed variance (eV²) by each, given those before it.
        minutes: (k,) what it and those before it cost together.
    """

    rows: IntArray
    falls: FloatArray
    minutes: FloatArray


def spend(
    model: Linearised, budget_minutes: float, cost_minutes: npt.ArrayLike, free: BoolArray, most: int
) -> Spending:
    """Labels that lower the targets' summed variance most per minute, until the budget is used.

    Greedy: each is the best of those that can still be paid, given the ones before it. With equal costs
    this is `i_optimal`'s order. The budget is never exceeded.

    Args:
        model: posterior given the labels so far.
        budget_minutes: what the labels may cost together, at least 0.
        cost_minutes: expected cost of each point's label, (n,) or one number; positive.
        free: (n,) points that may be chosen.
        most: how many at most.

    Raises InputError for a budget or a cost that is not such a number.
    """
    n = len(model.J)
    cost = np.broadcast_to(np.asarray(cost_minutes, dtype=float), (n,))
    if not np.isfinite(budget_minutes) or budget_minutes < 0:
        raise InputError(f"A budget of {budget_minutes:g} minutes cannot be spent; give zero or more.")
    if not (np.isfinite(cost).all() and (cost > 0).all()):
        raise InputError("The cost of a label must be a positive number of minutes.")
    chosen, falls = greedy_i_optimal(
        model.J, model.variance, model.covariance, model.targets, free, most, cost, budget_minutes
    )
    rows = np.array(chosen, dtype=np.int64)
    return Spending(rows, np.array(falls), np.cumsum(cost[rows]))


def random_paths(
    model: Linearised, free: BoolArray, minutes: FloatArray, cost_minutes: npt.ArrayLike, seeds: Sequence[int]
) -> FloatArray:
    """(len(seeds), k) RMS standard deviation (eV) of the targets once random orders of the free points cost `minutes`.

    The control of `spend`: `minutes` (k,) rise from 0, and `cost_minutes` are as there. Between two labels the value is
    on the line between them.
    """
    candidates = np.flatnonzero(free)
    cost = np.broadcast_to(np.asarray(cost_minutes, dtype=float), (len(free),))
    paths = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(candidates)
        spent = np.concatenate([[0.0], np.cumsum(cost[order])])
        count = int(np.searchsorted(spent, minutes[-1]))  # the label with which the last minute is reached
        paths.append(np.interp(minutes, spent[: count + 1], model.rms_along(model.falls(order[:count]))))
    return np.array(paths)
