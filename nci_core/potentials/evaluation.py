"""All terms of every pair at once, and their derivatives by positions and by parameters, written by hand.

Shapes: K students, n pairs sorted by kind, m configurations. A test compares each derivative with autograd's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic

from nci_core.potentials.arrays import Array, empty, namespace, stack_rows
from nci_core.potentials.correction import Correction, CorrectionSlopes
from nci_core.potentials.pairs import PairFeatures, PairSites, angular_slopes, position_gradient
from nci_core.potentials.parameters import PairParameters, changing_name
from nci_core.potentials.ruler import adaptive_ruler
from nci_core.potentials.terms import Evaluated, Slopes


@dataclass(frozen=True)
class Evaluation(Generic[Array]):
    """The terms at some configurations, and what derivatives need.

    Attributes:
        terms: each term, in the student's order.
        q: (K, n, m) by the ruler, Å.
        correction: the network's, or None.
        corrected: which terms it corrects.
    """

    terms: Sequence[Evaluated[Array]]
    q: Array
    correction: Correction[Array] | None
    corrected: Sequence[int]

    @property
    def channels(self) -> Array:
        """(terms, K, m) energies in eV, summed over the pairs."""
        return namespace(self.q).stack([term.energy.sum(-2) for term in self.terms])


def evaluate(x: PairFeatures[Array], p: PairParameters[Array]) -> Evaluation[Array]:
    """The terms of pairs with parameters (K, n, …)."""
    sums: Array = p.angular @ x.at_a.Y
    shape = (*sums.shape[:-2], sums.shape[-1])
    q = adaptive_ruler(x.r, sums[..., -1, :]) if p.adaptive else namespace(sums).broadcast_to(x.r, shape)
    terms, correction = p.layout.terms, None
    exponents: list[Array | float] = [0.0] * len(terms)
    if p.network is not None:
        which = p.layout.corrected
        correction = Correction.at(q, x.at_a.u, x.at_a.c, p.network, [terms[k].fading for k in which])
        for k, exponent in zip(which, correction.exponents(), strict=True):
            exponents[k] = exponent
    parts = zip(terms, p.layout.sums_of(sums), exponents, strict=True)
    found = [term.evaluate(p.stored, x, q, own, each) for term, own, each in parts]
    return Evaluation(found, q, correction, p.layout.corrected)


@dataclass(frozen=True)
class EvaluationSlopes(Generic[Array]):
    """Derivatives of a weighted sum of the channels by what each pair's terms are made of; eV, each (K, n, m).

    Attributes:
        sums: by each sum γ·Y of the terms, in the layout's order.
        q: by the ruler's length at fixed distance and angles, in eV/Å.
        ln_r: by the logarithm of the true distance at fixed q, or None.
        correction: through the network, or None without one.
        position: (K, 3, m) by the position itself, of terms that are made of vectors, or None.
    """

    sums: list[Array]
    q: Array
    ln_r: Array | None
    correction: CorrectionSlopes[Array] | None
    position: Array | None


def slopes(e: Evaluation[Array], weights: Sequence[Array | float]) -> EvaluationSlopes[Array]:
    """Derivatives of Σ weight × channel; weights, one for each term, are numbers or (K, 1, 1)."""
    each: list[Slopes[Array]] = [term.slopes(weight) for term, weight in zip(e.terms, weights, strict=True)]
    by_q, ln_r, through, position = each[0].q, None, None, None
    for one in each[1:]:
        by_q = by_q + one.q
    for one in each:
        if one.ln_r is not None:
            ln_r = one.ln_r if ln_r is None else ln_r + one.ln_r
        if one.position is not None:
            position = one.position if position is None else position + one.position
    if e.correction is not None:
        through = e.correction.slopes([each[k].energy for k in e.corrected])
        by_q = by_q + through.q
    return EvaluationSlopes([by_sum for one in each for by_sum in one.sums], by_q, ln_r, through, position)


def angular_parts(e: Evaluation[Array], s: EvaluationSlopes[Array], p: PairParameters[Array]) -> list[Array]:
    """Derivatives by every sum γ·Y in the layout's order, the ruler's last; each (K, n, m) in eV."""
    parts = list(s.sums)
    if p.adaptive:
        parts.append(-e.q * s.q)
    return parts


def gradient(
    sites: PairSites[Array], x: PairFeatures[Array], e: Evaluation[Array], p: PairParameters[Array], shares: Array
) -> Array:
    """dE/dR (m, 3) in eV/Å of the mean over the students, weighted by shares (K, 1, 1)."""
    s: EvaluationSlopes[Array] = slopes(e, [shares] * len(e.terms))
    stacked: Array = stack_rows(angular_parts(e, s, p), s.q)
    # Σ over students and over the sums γ·Y of dE/d(γ·Y) γ: one derivative per angular function.
    G: Array = (p.angular.swapaxes(-1, -2) @ stacked).sum(0)
    by_u, by_c = angular_slopes(x.at_a.u, x.at_a.c, G)
    by_ln_r: Array = (s.q * e.q).sum(0)
    if s.correction is not None:
        by_u, by_c = by_u + s.correction.u.sum(0), by_c + s.correction.c.sum(0)
    if s.ln_r is not None:
        by_ln_r = by_ln_r + s.ln_r.sum(0)
    found: Array = position_gradient(sites, x, by_ln_r / x.r, by_u, by_c)
    return found if s.position is None else found + s.position.sum(0).T


def parameter_slopes(
    x: PairFeatures[Array], e: Evaluation[Array], p: PairParameters[Array], weights: Sequence[float]
) -> dict[str, Array]:
    """Derivatives of Σ weight × channel by each block of the first student's pairs, (n, length of the block, m)."""
    s: EvaluationSlopes[Array] = slopes(e, weights)
    found: dict[str, Array] = {}
    for term, weight in zip(e.terms, weights, strict=True):
        found |= term.parameter_slopes(weight)
    for name, by_sum in zip(p.layout.angular, angular_parts(e, s, p), strict=True):
        found[name] = by_sum[0][:, None] * x.at_a.Y[:, p.layout.blocks[name].angular]
    if e.correction is not None and s.correction is not None:
        found |= e.correction.parameter_slopes(s.correction)
    return found


def jacobian(
    x: PairFeatures[Array], e: Evaluation[Array], p: PairParameters[Array], kinds: int, weights: Sequence[float]
) -> Array:
    """(m, kinds × size) derivatives by the first student's parameters of the channels, weighted; eV."""
    found, what = parameter_slopes(x, e, p, weights), p.layout
    J = empty((kinds, what.size, x.r.shape[-1]), x.r)
    J[:] = 0.0
    for kind in sorted(set(x.kinds)):
        first = x.kinds.index(kind)
        pairs = slice(first, first + x.kinds.count(kind))
        for name, by_block in found.items():
            J[kind, what.slices[name]] = by_block[pairs].sum(0)
            if name in what.changing:
                of_pairs = by_block[pairs]
                rows = of_pairs.reshape((of_pairs.shape[0], -1))
                changed: Array = x.atoms.surroundings[pairs].T @ rows
                J[kind, what.slices[changing_name(name)]] = changed.reshape((-1, x.r.shape[-1]))
    return J.reshape((kinds * what.size, -1)).T
