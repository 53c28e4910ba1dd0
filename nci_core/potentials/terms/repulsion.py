"""What ends where densities do: exchange repulsion and electrostatic penetration, anisotropic exponentials."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar

from nci_core.potentials.arrays import Array, namespace
from nci_core.potentials.environments import PairKind
from nci_core.potentials.pairs import ANGULAR, PairFeatures
from nci_core.potentials.terms import pair_physics
from nci_core.potentials.terms.term import FAR_ERROR, MOST, Block, Evaluated, Means, Slopes, Term

#: Distance (Å) about which the exponent is expanded: a typical contact of a light probe.
Q_REFERENCE = 3.0
#: Curvature saturates beyond 1/√0.1 ≈ 3.2 Å from there, so the tail decays as exp(−αq).
SATURATION = 0.1
#: Share of exchange repulsion that penetration takes back; over benzene, ethylene and water helium has 0.2 to 0.3.
PENETRATION = 0.25
#: What fine-tuning may change of electrostatics beside exchange: labels cannot tell the two apart.
ALONE = 0.02


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
class ExponentialThere(Evaluated[Array]):
    """An exponential term at some configurations.

    Attributes:
        energy: (K, n, m) in eV, of the term's sign.
        q: (K, n, m) by the ruler, Å.
        bend: `curvature(q)`.
        alpha, beta: (K, n, 1).
        prefix: of the names of the term's blocks.
    """

    energy: Array
    q: Array
    bend: tuple[Array, Array]
    alpha: Array
    beta: Array
    prefix: str

    def slopes(self, weight: Array | float) -> Slopes[Array]:
        """By A·Y, of which the energy is an exponential, and by q."""
        energy = weight * self.energy
        return Slopes(energy, (energy,), energy * repulsion_slope(self.bend[1], self.alpha, self.beta))

    def parameter_slopes(self, weight: Array | float) -> dict[str, Array]:
        """By a, ln α and β."""
        energy = weight * self.energy
        found = {
            "a": energy[..., None, :],
            "ln_alpha": (self.alpha * (Q_REFERENCE - self.q) * energy)[..., None, :],
            "beta": (-self.bend[0] * energy)[..., None, :],
        }
        return {f"{self.prefix}{name}": values for name, values in found.items()}


class Exponential(Term):
    """± `repulsion`; its class attributes say what it is of.

    Attributes:
        sign: 1 or −1.
        prefix: of the names of its blocks.
        share: what it is of the repulsion that balances dispersion where van der Waals radii touch, before any data.
    """

    sign: ClassVar[float]
    prefix: ClassVar[str]
    share: ClassVar[float]

    def prior_means(self, kind: PairKind) -> Means:
        """A share of what balances dispersion where the van der Waals radii touch: α V = Σ n f_n C_n/Rⁿ⁺¹ there."""
        alpha, contact = pair_physics.decay(kind), pair_physics.contact(kind)
        pull = self.share * pair_physics.attraction(kind, contact)
        means = {"a": math.log(pull / alpha) + alpha * (contact - Q_REFERENCE), "ln_alpha": math.log(alpha)}
        return {f"{self.prefix}{name}": value for name, value in means.items()}

    def evaluate(
        self,
        stored: Mapping[str, Array],
        x: PairFeatures[Array],
        q: Array,
        sums: Sequence[Array],
        correction: Array | float,
    ) -> ExponentialThere[Array]:
        """See `repulsion`."""
        bend, beta = curvature(q), stored[f"{self.prefix}beta"]
        alpha = namespace(beta).exp(stored[f"{self.prefix}ln_alpha"])
        energy = self.sign * repulsion(q, bend[0], stored[f"{self.prefix}a"], sums[0], alpha, beta, correction)
        return ExponentialThere(energy, q, bend, alpha, beta, self.prefix)

    def reach(self, stored: Mapping[str, Array], largest: Sequence[Array], correction: Array | float) -> Array:
        """Where exp{a + |A·Y| − α(q−3) + 10|β| + |n₁|} has fallen to FAR_ERROR; the curvature is at most 10 Å²."""
        alpha = namespace(largest[0]).exp(stored[f"{self.prefix}ln_alpha"][..., 0])
        most = stored[f"{self.prefix}a"][..., 0] + largest[0] + abs(stored[f"{self.prefix}beta"][..., 0]) / SATURATION
        ends: Array = Q_REFERENCE + (most + correction - math.log(FAR_ERROR)) / alpha
        return ends

    def far(self, stored: Mapping[str, Array], x: PairFeatures[Array], sums: Sequence[Array]) -> float:
        """Nothing."""
        return 0.0


def blocks(prefix: str, a: float, A: float, ln_alpha: float, beta: float, most: float = MOST) -> Mapping[str, Block]:
    """Parameters of an exponential with their widths, under names with this prefix; `most`: see `Block`."""
    named = {
        "a": Block((1,), a, of_elements=True, change=0.3),
        "A": Block((ANGULAR,), A, angular=slice(0, ANGULAR)),
        "ln_alpha": Block((1,), ln_alpha, of_elements=True, change=0.3),
        "beta": Block((1,), beta),
    }
    return MappingProxyType({f"{prefix}{name}": replace(block, most=most) for name, block in named.items()})


class Exchange(Exponential):
    """Exchange repulsion: V = exp{a + A·Y − α(q−3) − …}."""

    name = "exchange"
    sign, prefix, share = 1.0, "", 1.0 / (1.0 - PENETRATION)
    blocks: ClassVar[Mapping[str, Block]] = blocks("", 1.0, 0.25, 0.15, 0.15)


class Electrostatics(Exponential):
    """First-order electrostatics of an atom, which has no moments: penetration attracts where densities overlap."""

    name = "electrostatics"
    sign, prefix, share = -1.0, "e_", PENETRATION / (1.0 - PENETRATION)
    follows = "exchange"
    blocks: ClassVar[Mapping[str, Block]] = blocks("e_", 1.0, 0.25, 0.15, 0.15, most=ALONE)
