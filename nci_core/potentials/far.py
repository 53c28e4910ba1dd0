"""Energies over large hosts: where densities do not overlap, only what is left there is evaluated.

Beyond 10 to 15 Å damping is 1, exponentials and the network's corrections are 0, to `FAR_ERROR`; how far out, each term
says of each pair. Positions are taken some at a time that lie together, so that most atoms of a large host are far
from all of them. On a CPU alone: a GPU does not mind the arithmetic.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.potentials.arrays import FloatArray
from nci_core.potentials.correction import faded, largest_output
from nci_core.potentials.evaluation import evaluate
from nci_core.potentials.pairs import PairSites, pair_features
from nci_core.potentials.parameters import Layout, PairParameters
from nci_core.potentials.terms.term import FAR_ERROR, LONGER, Term

#: Hosts of fewer atoms have too few far ones, and fewer positions do not pay for asking which these are.
LARGE, MANY = 300, 64
#: Positions together; more lie farther apart, fewer make products of matrices so small that their calls count.
TOGETHER = 64
#: Pairs evaluated at once: with as many positions a core's cache holds what they need.
PAIRS_TOGETHER = 64
#: How large each angular function can be in size, for |u|, |c| ≤ 1.
LARGEST_ANGULAR = np.array([1.0, 2.0 / 3.0, 1.0, 2.0 / 3.0, 16.0 / 45.0, 1.0])


def pays(what: Layout, atoms: int, positions: int) -> bool:
    """Whether to evaluate so: only terms that say what is left of them far out can be."""
    return atoms >= LARGE and positions >= MANY and all(type(term).far is not Term.far for term in what.terms)


def reaches(p: PairParameters[FloatArray]) -> FloatArray:
    """(n,) distances in Å beyond which a pair is far for all of K students; infinite with a term that is never far."""
    sums = np.abs(p.angular) @ LARGEST_ANGULAR
    largest = p.layout.sums_of(sums[..., None])
    correction: Any = 0.0 if p.network is None else largest_output(p.network)
    found = np.full(sums.shape[:2], faded(FAR_ERROR, float(np.max(correction))))
    for term, own in zip(p.layout.terms, largest, strict=True):
        extra = correction if term.corrected and not term.fading else 0.0
        found = np.maximum(found, term.reach(p.stored, [each[..., 0] for each in own], extra))
    # Lengths by the ruler are the distance times or divided by this at most.
    stretch = np.exp(sums[..., -1]) if p.adaptive else np.ones_like(found)
    distances: FloatArray = np.where(stretch > LONGER, np.inf, found * stretch).max(0)
    return distances


def together(positions: FloatArray, size: int) -> Iterator[npt.NDArray[np.int64]]:
    """Rows of positions (m, 3) in groups of at most `size` that lie near each other, by halving along the longest side.

    >>> [sorted(rows.tolist()) for rows in together(np.array([[0.0, 0, 0], [9, 0, 0], [1, 0, 0], [8, 0, 0]]), 2)]
    [[0, 2], [1, 3]]
    """
    waiting = [np.arange(len(positions))]
    while waiting:
        rows = waiting.pop()
        if len(rows) <= size:
            if len(rows):
                yield rows
            continue
        side = int(np.ptp(positions[rows], axis=0).argmax())
        order = rows[np.argsort(positions[rows, side], kind="stable")]
        waiting += [order[len(order) // 2 :], order[: len(order) // 2]]


def channels(sites: PairSites[FloatArray], p: PairParameters[FloatArray], positions: FloatArray) -> FloatArray:
    """(K, terms, m) energies in eV at positions (m, 3) of b."""
    atoms, reach = sites.positions[..., 0], reaches(p)
    found = np.empty((p.angular.shape[0], len(p.layout.terms), len(positions)))
    for rows in together(positions, TOGETHER):
        here = positions[rows]
        centre = 0.5 * (here.min(0) + here.max(0))
        radius = np.linalg.norm(here - centre, axis=1).max()
        far = np.linalg.norm(atoms - centre, axis=1) - radius > reach
        found[..., rows] = _at(sites, p, here, far)
    return found


def _at(
    sites: PairSites[FloatArray], p: PairParameters[FloatArray], here: FloatArray, far: npt.NDArray[np.bool_]
) -> FloatArray:
    """(K, terms, m) energies at positions from which these pairs (n,) are far."""
    sums: list[Any] = [0.0] * len(p.layout.terms)
    for pairs, is_far in _blocks(far):
        x, own = pair_features(sites.take(pairs), here), p.take(pairs)
        if is_far:
            by_term = own.layout.sums_of(own.angular @ x.at_a.Y)
            parts = [term.far(own.stored, x, each) for term, each in zip(p.layout.terms, by_term, strict=True)]
        else:
            parts = [term.summed for term in evaluate(x, own).terms]
        sums = [total + part for total, part in zip(sums, parts, strict=True)]
    blank = np.zeros((p.angular.shape[0], 1, len(here)))
    totals = [term.total(each + blank, x) for term, each in zip(p.layout.terms, sums, strict=True)]
    return np.stack(totals, axis=1)


def _blocks(far: npt.NDArray[np.bool_]) -> Iterator[tuple[npt.NDArray[np.int64], bool]]:
    """Pairs that are far and pairs that are not, some at a time, in their order."""
    for is_far in (False, True):
        rows = np.flatnonzero(far == is_far)
        for start in range(0, len(rows), PAIRS_TOGETHER):
            yield rows[start : start + PAIRS_TOGETHER], is_far
