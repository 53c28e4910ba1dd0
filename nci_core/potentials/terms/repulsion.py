"""Exchange repulsion of two atoms: an anisotropic exponential."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from nci_core.potentials.arrays import Array, namespace
from nci_core.potentials.environments import PairKind
from nci_core.potentials.pairs import ANGULAR, PairFeatures
from nci_core.potentials.terms import pair_physics
from nci_core.potentials.terms.term import Block, Evaluated, Means, Slopes, Term

#: Distance (Å) about which the exponent is expanded: a typical contact of a light probe.
Q_REFERENCE = 3.0
#: Curvature saturates beyond 1/√0.1 ≈ 3.2 Å from there, so the tail decays as exp(−αq).
SATURATION = 0.1


def curvature(q: Array) -> tuple[Array, Array]:
    """x²/(1 + 0.1x²) with x = q − 3, in Å², and its derivative 2x/(1 + 0.1x²)² by q, in Å."""
    x = q - Q_REFERENCE
    x2 = x * x
    share = 1.0 / (1.0 + SATURATION * x2)
    return x2 * share, 2.0 * x * share * share


def repulsion(
    q: Array, bend: Array, a: Array, anisotropy: Array, alpha: Array, beta: Array, n1: Array | float = 0.0
) -> Array:
    """V_rep = exp{a + A·Y − α(q−3) − β(q−3)²/[1 + 0.1(q−3)²] + n₁} in eV, positive; shapes broadcast.

    Args:
        q: distances by the ruler, Å.
        bend: the first of `curvature(q)`, Å².
        a: ln(V_rep/eV) at 3 Å.
        anisotropy: A·Y.
        alpha: decay, Å⁻¹, positive.
        beta: curvature, Å⁻².
        n1: correction of ln V_rep.
    """
    return namespace(q).exp(a + anisotropy - alpha * (q - Q_REFERENCE) - beta * bend + n1)


def repulsion_slope(bend_slope: Array, alpha: Array, beta: Array) -> Array:
    """d ln V_rep/dq = −α − β d(bend)/dq, in Å⁻¹."""
    return -alpha - beta * bend_slope


@dataclass(frozen=True)
class RepulsionThere(Evaluated[Array]):
    """Repulsion at some configurations.

    Attributes:
        energy: (K, n, m) V_rep in eV, positive.
        q: (K, n, m) by the ruler, Å.
        bend: `curvature(q)`.
        alpha, beta: (K, n, 1).
    """

    energy: Array
    q: Array
    bend: tuple[Array, Array]
    alpha: Array
    beta: Array

    def slopes(self, weight: Array | float) -> Slopes[Array]:
        """By A·Y, of which the energy is an exponential, and by q."""
        energy = weight * self.energy
        return Slopes(energy, (energy,), energy * repulsion_slope(self.bend[1], self.alpha, self.beta))

    def parameter_slopes(self, weight: float) -> dict[str, Array]:
        """By a, ln α and β."""
        energy = weight * self.energy[0]
        return {
            "a": energy[:, None],
            "ln_alpha": (self.alpha[0] * (Q_REFERENCE - self.q[0]) * energy)[:, None],
            "beta": (-self.bend[0][0] * energy)[:, None],
        }


class Repulsion(Term):
    """Exchange repulsion."""

    name = "repulsion"
    blocks: ClassVar[Mapping[str, Block]] = MappingProxyType(
        {
            "a": Block((1,), 1.0, of_elements=True, change=0.3),
            "A": Block((ANGULAR,), 0.25, angular=slice(0, ANGULAR), change=0.3),
            "ln_alpha": Block((1,), 0.15, of_elements=True, change=0.3),
            "beta": Block((1,), 0.15),
        }
    )

    def prior_means(self, kind: PairKind) -> Means:
        """Balances dispersion where the van der Waals radii touch: α V_rep = Σ n f_n C_n/Rⁿ⁺¹ there."""
        alpha, contact = pair_physics.decay(kind), pair_physics.contact(kind)
        pull = pair_physics.attraction(kind, contact)
        return {"a": math.log(pull / alpha) + alpha * (contact - Q_REFERENCE), "ln_alpha": math.log(alpha)}

    def evaluate(
        self,
        stored: Mapping[str, Array],
        x: PairFeatures[Array],
        q: Array,
        sums: Sequence[Array],
        correction: Array | float,
    ) -> RepulsionThere[Array]:
        """See `repulsion`."""
        bend, beta = curvature(q), stored["beta"]
        alpha = namespace(beta).exp(stored["ln_alpha"])
        energy = repulsion(q, bend[0], stored["a"], sums[0], alpha, beta, correction)
        return RepulsionThere(energy, q, bend, alpha, beta)
