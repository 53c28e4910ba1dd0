"""All terms of every pair at once, and their derivatives by positions and by parameters, written by hand.

Shapes: K students, n pairs sorted by kind, m configurations. A test compares each derivative with autograd's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

from nci_core.potentials.arrays import Array, added, empty, namespace, stack_rows, summed_products
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
    """

    sums: list[Sequence[Array]]
    q: Array
    ln_r: Array | None
    correction: CorrectionSlopes[Array] | None


def slopes(e: Evaluation[Array], weights: Sequence[Array | float]) -> EvaluationSlopes[Array]:
    """Derivatives of Σ weight × channel; weights, one for each term, are numbers, (K, 1, 1) or (1, 1, m).

    Channels that are fitted apart have weights of 0, whose terms are left out.
    """
    each: dict[int, Slopes[Array]] = {
        k: e.terms[k].slopes(weight) for k, weight in enumerate(weights) if counts(weight)
    }
    by_q, ln_r, through = None, None, None
    for one in each.values():
        by_q = added(by_q, one.q)
        ln_r = added(ln_r, one.ln_r)
    if e.correction is not None:
        through = e.correction.slopes([each[k].energy if k in each else 0.0 for k in e.corrected])
        by_q = added(by_q, through.q)
    sums = [each[k].sums if k in each else () for k in range(len(e.terms))]
    return EvaluationSlopes(sums, 0.0 * e.q if by_q is None else by_q, ln_r, through)


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
    for term in e.terms:
        by_position = term.position_slopes(shares)
        if by_position is not None:
            found = found + by_position.sum(0).T
    return found


@dataclass(frozen=True)
class ParameterSlopes(Generic[Array]):
    """Derivatives of a weighted sum of the channels by the parameters of every pair; eV.

    Attributes:
        blocks: (K, n, length, m) by block.
        angular: names of angular blocks; sums: (K, n, names, m) derivatives by their sums γ·Y.
        products: block → (K, n, a, m) and (K, n, b, m), of whose products its derivatives (K, n, a·b, m) consist.
    """

    blocks: Mapping[str, Array]
    angular: Sequence[str]
    sums: Array
    products: Mapping[str, tuple[Array, Array]]


def parameter_slopes(
    e: Evaluation[Array], p: PairParameters[Array], weights: Sequence[Array | float]
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
        mean: Array = blocks[name].sum(1) * (1.0 / blocks[name].shape[1])
        blocks[name] = blocks[name] - mean[:, None]
    if e.correction is not None and s.correction is not None:
        blocks |= e.correction.bias_slopes(s.correction)
        products = e.correction.weight_slopes(s.correction)
    angular = angular_parts(e, s, p)
    return ParameterSlopes(blocks, list(angular), stack_rows(list(angular.values()), s.q), products)


def jacobian(
    x: PairFeatures[Array],
    e: Evaluation[Array],
    p: PairParameters[Array],
    kinds: int,
    weights: Sequence[Array | float],
) -> Array:
    """(K, kinds × size, m) derivatives by each student's parameters of the sum of its channels, weighted; eV.

    Weights, one for each term, are numbers, or (1, 1, m): one for each configuration.
    """
    found: ParameterSlopes[Array] = parameter_slopes(e, p, weights)
    what = p.layout
    students, _, m = e.q.shape
    J: Array = empty((students, kinds, what.size, m), x.r)
    changing: list[str] = [name for name in what.changing if name in found.blocks]
    rest: list[str] = [name for name in found.blocks if name not in what.changing]
    # One product makes the sums over the pairs of what changes with the surroundings, and all changes.
    together: Array | None = None
    if changing:
        together = namespace(x.r).concat([found.blocks[name] for name in changing], axis=2)
    written = [*changing, *map(changing_name, changing), *rest, *found.products, *found.angular]
    for kind in range(kinds):
        if kind not in x.kinds:
            J[:, kind] = 0.0
            continue
        for name in what.slices.keys() - set(written):
            J[:, kind, what.slices[name]] = 0.0
        first = x.kinds.index(kind)
        pairs = slice(first, first + x.kinds.count(kind))
        for name in rest:
            J[:, kind, what.slices[name]] = found.blocks[name][:, pairs].sum(1)
        if together is not None:
            rows = together[:, pairs]
            changed: Array = x.atoms.surroundings[pairs].T @ rows.reshape((students, rows.shape[1], -1))
            changed = changed.reshape((students, -1, rows.shape[2], m))
            own: Array = rows.sum(1)
            start = 0
            for name in changing:
                here = slice(start, start + found.blocks[name].shape[2])
                start = here.stop
                J[:, kind, what.slices[name]] = own[:, here]
                where = what.slices[changing_name(name)]
                J[:, kind, where] = changed[:, :, here].reshape((students, where.stop - where.start, m))
        for name, (left, right) in found.products.items():
            by_product = summed_products(left[:, pairs], right[:, pairs])
            J[:, kind, what.slices[name]] = by_product.reshape((students, m, -1)).swapaxes(1, 2)
        by_angular = summed_products(found.sums[:, pairs], x.at_a.Y[pairs])
        for k, name in enumerate(found.angular):
            J[:, kind, what.slices[name]] = by_angular[:, :, k, what.blocks[name].angular].swapaxes(1, 2)
    return J.reshape((students, kinds * what.size, m))
