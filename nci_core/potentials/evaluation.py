"""All terms of every pair at once, and their derivatives by positions and by parameters, written by hand.

Shapes: K students, n pairs sorted by kind, m configurations. A test compares each derivative with autograd's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

from nci_core.potentials.arrays import Array, added, empty, namespace, stack_rows, summed_products
from nci_core.potentials.correction import Correction, CorrectionSlopes
from nci_core.potentials.pairs import ANGULAR, PairFeatures, PairSites, angular_slopes, position_gradient
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

    @cached_property
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
        sums: of each term, by each of its sums γ·Y; none where its weight is 0.
        q: by the ruler's length at fixed distance and angles, in eV/Å.
        ln_r: by the logarithm of the true distance at fixed q, or None.
        correction: through the network, or None without one.
        position: (K, 3, m) by the position itself, of terms that are made of vectors, or None.
    """

    sums: list[Sequence[Array]]
    q: Array
    ln_r: Array | None
    correction: CorrectionSlopes[Array] | None
    position: Array | None


def slopes(e: Evaluation[Array], weights: Sequence[Array | float]) -> EvaluationSlopes[Array]:
    """Derivatives of Σ weight × channel; weights, one for each term, are numbers or (K, 1, 1).

    Channels that are fitted apart have weights of 0, whose terms are left out.
    """
    each: dict[int, Slopes[Array]] = {
        k: e.terms[k].slopes(weight) for k, weight in enumerate(weights) if counts(weight)
    }
    by_q, ln_r, through, position = None, None, None, None
    for one in each.values():
        by_q = added(by_q, one.q)
        ln_r = added(ln_r, one.ln_r)
        position = added(position, one.position)
    if e.correction is not None:
        through = e.correction.slopes([each[k].energy if k in each else 0.0 for k in e.corrected])
        by_q = added(by_q, through.q)
    sums = [each[k].sums if k in each else () for k in range(len(e.terms))]
    return EvaluationSlopes(sums, 0.0 * e.q if by_q is None else by_q, ln_r, through, position)


def counts(weight: Array | float) -> bool:
    """False for the number 0."""
    return not isinstance(weight, float) or weight != 0.0


def angular_parts(e: Evaluation[Array], s: EvaluationSlopes[Array], p: PairParameters[Array]) -> dict[str, Array]:
    """Derivatives by the sums γ·Y, each by its block, in the layout's order, the ruler's last; (K, n, m) in eV.

    Blocks of terms that were left out are missing.
    """
    parts: dict[str, Array] = {}
    for names, sums in zip(p.layout.angular_by_term, s.sums, strict=True):
        if sums:
            parts |= zip(names, sums, strict=True)
    if p.adaptive:
        parts[p.layout.angular[-1]] = -e.q * s.q
    return parts


def gradient(
    sites: PairSites[Array], x: PairFeatures[Array], e: Evaluation[Array], p: PairParameters[Array], shares: Array
) -> Array:
    """dE/dR (m, 3) in eV/Å of the mean over the students, weighted by shares (K, 1, 1)."""
    s: EvaluationSlopes[Array] = slopes(e, [shares] * len(e.terms))
    stacked: Array = stack_rows(list(angular_parts(e, s, p).values()), s.q)
    # Σ over students and over the sums γ·Y of dE/d(γ·Y) γ: one derivative per angular function.
    G: Array = (p.angular.swapaxes(-1, -2) @ stacked).sum(0)
    by_u, by_c = angular_slopes(x.at_a.u, x.at_a.c, G)
    by_ln_r: Array = (s.q * e.q).sum(0)
    if e.correction is not None and s.correction is not None:
        through_u, through_c = e.correction.angle_slopes(s.correction)
        by_u, by_c = by_u + through_u.sum(0), by_c + through_c.sum(0)
    if s.ln_r is not None:
        by_ln_r = by_ln_r + s.ln_r.sum(0)
    found: Array = position_gradient(sites, x, by_ln_r / x.r, by_u, by_c)
    return found if s.position is None else found + s.position.sum(0).T


@dataclass(frozen=True)
class ParameterSlopes(Generic[Array]):
    """Derivatives of a weighted sum of the channels by the first student's parameters of every pair; eV.

    Attributes:
        blocks: (n, length, m) by block.
        angular: names of angular blocks; sums: (n, names, m) derivatives by their sums γ·Y.
        products: block → (n, a, m) and (n, b, m), of whose products its derivatives (n, a·b, m) consist.
    """

    blocks: Mapping[str, Array]
    angular: Sequence[str]
    sums: Array
    products: Mapping[str, tuple[Array, Array]]


def parameter_slopes(
    e: Evaluation[Array], p: PairParameters[Array], weights: Sequence[float]
) -> ParameterSlopes[Array]:
    """Derivatives of Σ weight × channel; blocks of terms of weight 0 are left out."""
    s: EvaluationSlopes[Array] = slopes(e, weights)
    blocks: dict[str, Array] = {}
    products: dict[str, tuple[Array, Array]] = {}
    for term, weight in zip(e.terms, weights, strict=True):
        if counts(weight):
            blocks |= term.parameter_slopes(weight)
    for name in set(blocks).intersection(p.layout.neutral):
        # What one pair's parameter is given is taken from all; see `of_pairs`.
        blocks[name] = blocks[name] - blocks[name].sum(0) * (1.0 / len(blocks[name]))
    if e.correction is not None and s.correction is not None:
        blocks |= e.correction.bias_slopes(s.correction)
        products = e.correction.weight_slopes(s.correction)
    angular = angular_parts(e, s, p)
    sums = stack_rows([by_sum[0] for by_sum in angular.values()], s.q[0])
    return ParameterSlopes(blocks, list(angular), sums, products)


def jacobian(
    x: PairFeatures[Array], e: Evaluation[Array], p: PairParameters[Array], kinds: int, weights: Sequence[float]
) -> Array:
    """(m, kinds × size) derivatives by the first student's parameters of the channels, weighted; eV."""
    found, what = parameter_slopes(e, p, weights), p.layout
    m = x.r.shape[-1]
    J = empty((kinds, what.size, m), x.r)
    J[:] = 0.0
    # Blocks that change with the surroundings come first, so that one product makes all changes.
    names = sorted(found.blocks, key=lambda name: name not in what.changing)
    joined = namespace(x.r).concat([found.blocks[name] for name in names], axis=1)
    for kind in sorted(set(x.kinds)):
        first = x.kinds.index(kind)
        pairs = slice(first, first + x.kinds.count(kind))
        own: Array = joined[pairs].sum(0)
        changing = sum(found.blocks[name].shape[1] for name in names if name in what.changing)
        rows = joined[pairs, :changing]
        changed: Array = x.atoms.surroundings[pairs].T @ rows.reshape((rows.shape[0], -1))
        changed = changed.reshape((len(changed), changing, m))
        start = 0
        for name in names:
            here = slice(start, start + found.blocks[name].shape[1])
            start = here.stop
            J[kind, what.slices[name]] = own[here]
            if name in what.changing:
                where = what.slices[changing_name(name)]
                J[kind, where] = changed[:, here].reshape((where.stop - where.start, m))
        for name, (left, right) in found.products.items():
            J[kind, what.slices[name]] = summed_products(left[pairs], right[pairs])
        by_angular = summed_products(found.sums[pairs], x.at_a.Y[pairs]).reshape((-1, ANGULAR, m))
        for k, name in enumerate(found.angular):
            J[kind, what.slices[name]] = by_angular[k, what.blocks[name].angular]
    return J.reshape((kinds * what.size, -1)).T
