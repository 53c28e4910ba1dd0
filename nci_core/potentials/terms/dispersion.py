"""Damped, anisotropic dispersion between two atoms."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from nci_core.potentials.arrays import Array, Functions, namespace, stack_rows
from nci_core.potentials.damping import ORDERS, tang_toennies
from nci_core.potentials.environments import PairKind
from nci_core.potentials.pairs import ANGULAR, PairFeatures
from nci_core.potentials.terms import pair_physics
from nci_core.potentials.terms.term import FAR_ERROR, LONGER, Block, Evaluated, Means, Slopes, Term

#: Rows of Y that γ₆ uses, c−⅓ and u²−⅓: the C₆ anisotropy of an atom is a second-rank tensor,
#: so no odd or higher function of r̂ belongs to it.
GAMMA6_ROWS = slice(1, 3)
#: What is computed from the monomers keeps the width that the computation has: half of it, times κ = 2.
COMPUTED = 0.5
#: Lengths (Å) by the ruler at which damping is asked whether it still counts, and between two of them.
FAR_STEP = 0.5
FAR_LENGTHS = tuple(5.0 + FAR_STEP * k for k in range(51))
#: Å beyond which no host reaches.
NOWHERE = 1e9


def anisotropic_coefficient(C: Array, anisotropy: Array) -> Array:
    """C_n(r̂) = C_n·exp(γ_n·Y) ≈ C_n(1 + γ_n·Y), positive for every γ; in eV Åⁿ, given γ_n·Y."""
    return C * namespace(anisotropy).exp(anisotropy)


def long_range_c6(ln_c6: Array, gamma6: Array, Y: Array) -> Array:
    """C₆(r̂) of n pairs in eV Å⁶, (n, m), from ln C₆ (n, 1), γ₆ (n, 2) and angular functions Y (n, 6, m)."""
    anisotropy: Array = (gamma6[:, None] @ Y[:, GAMMA6_ROWS])[:, 0]
    return anisotropic_coefficient(namespace(ln_c6).exp(ln_c6), anisotropy)


def undamped_dispersion(
    r: Array, C: tuple[Array, Array, Array], anisotropy: tuple[Array, Array, Array]
) -> tuple[Array, Array, Array]:
    """C_n(r̂)/rⁿ for n = 6, 8, 10, in eV, positive.

    The true distance r stands here, so that damped dispersion → C₆(r̂)/r⁶ exactly.

    Args:
        r: distances in Å.
        C: C₆, C₈, C₁₀ in eV Å⁶, eV Å⁸, eV Å¹⁰.
        anisotropy: γ_n·Y.
    """
    i2 = 1.0 / (r * r)
    i6 = i2 * i2 * i2
    i8 = i6 * i2
    six, eight, ten = (anisotropic_coefficient(C[k], anisotropy[k]) for k in range(3))
    return six * i6, eight * i8, ten * (i8 * i2)


@dataclass(frozen=True)
class DispersionThere(Evaluated[Array]):
    """Dispersion at some configurations.

    Attributes:
        energy: (K, n, m) in eV, negative.
        q: (K, n, m) by the ruler, Å.
        orders: damped dispersion of each order, 3 × (K, n, m) in eV, positive.
        damping_slope: (K, n, m) derivative of their sum by b·q, eV.
        b: (K, n, 1) in Å⁻¹.
    """

    energy: Array
    q: Array
    orders: tuple[Array, Array, Array]
    damping_slope: Array
    b: Array

    def slopes(self, weight: Array | float) -> Slopes[Array]:
        """By γₙ·Y, of which each order is an exponential, by q, which damps them, and by the true distance."""
        minus = -weight
        six, eight, ten = parts = [minus * part for part in self.orders]
        power = -ORDERS[0] * six - ORDERS[1] * eight - ORDERS[2] * ten
        return Slopes(weight * self.energy, parts, self.b * (minus * self.damping_slope), power)

    def parameter_slopes(self, weight: Array | float) -> dict[str, Array]:
        """By ln b and ln Cₙ."""
        minus = -weight
        six, eight, ten = (minus * part for part in self.orders)
        by_damping = self.b * self.q * (minus * self.damping_slope)
        return {
            "ln_b": by_damping[..., None, :],
            "ln_C6": six[..., None, :],
            "ln_C": stack_rows([eight, ten], self.q),
        }


class Dispersion(Term):
    """Dispersion of the orders 6, 8 and 10, damped by Tang and Toennies."""

    name = "dispersion"
    blocks: ClassVar[Mapping[str, Block]] = MappingProxyType(
        {
            "ln_b": Block((1,), 0.25, of_elements=True, change=0.3),
            "ln_C6": Block((1,), 0.03, most=COMPUTED),
            "ln_C": Block((2,), 0.25),
            "gamma6": Block((GAMMA6_ROWS.stop - GAMMA6_ROWS.start,), 0.05, angular=GAMMA6_ROWS, most=COMPUTED),
            "gamma8": Block((ANGULAR,), 0.2, angular=slice(0, ANGULAR)),
            "gamma10": Block((ANGULAR,), 0.2, angular=slice(0, ANGULAR)),
        }
    )
    fading = True

    def prior_means(self, kind: PairKind) -> Means:
        """Of free atoms; coefficients are factors of those of the atoms in their molecule, so 1."""
        return {"ln_b": math.log(pair_physics.decay(kind))}

    def evaluate(
        self,
        stored: Mapping[str, Array],
        x: PairFeatures[Array],
        q: Array,
        sums: Sequence[Array],
        correction: Array | float,
    ) -> DispersionThere[Array]:
        """−Σ f_n(bq) C_n(r̂)/rⁿ, times the exponential of the correction."""
        xp = namespace(q)
        b, C6, C = xp.exp(stored["ln_b"]), xp.exp(stored["ln_C6"]), xp.exp(stored["ln_C"])
        damping, slopes = tang_toennies(b * q)
        gamma6, gamma8, gamma10 = sums
        bare = undamped_dispersion(x.r, (C6, C[..., 0:1], C[..., 1:2]), (gamma6, gamma8, gamma10))
        if not isinstance(correction, float):
            factor = xp.exp(correction)
            bare = bare[0] * factor, bare[1] * factor, bare[2] * factor
        six, eight, ten = damping[0] * bare[0], damping[1] * bare[1], damping[2] * bare[2]
        damping_slope = slopes[0] * bare[0] + slopes[1] * bare[1] + slopes[2] * bare[2]
        return DispersionThere(-(six + eight + ten), q, (six, eight, ten), damping_slope, b)

    def reach(self, stored: Mapping[str, Array], largest: Sequence[Array], correction: Array | float) -> Array:
        """Where damping takes no more than FAR_ERROR; for the network's correction see `correction.faded`."""
        xp: Functions[Array] = namespace(stored["ln_b"])
        b, C6, C = xp.exp(stored["ln_b"]), xp.exp(stored["ln_C6"]), xp.exp(stored["ln_C"])
        anisotropy = largest[0][..., None], largest[1][..., None], largest[2][..., None]
        ends: Array = 0.0 * largest[0] + FAR_LENGTHS[0]
        for q in FAR_LENGTHS[:-1]:
            damping, _ = tang_toennies(b * q)
            bare = undamped_dispersion(b * 0.0 + q / LONGER, (C6, C[..., 0:1], C[..., 1:2]), anisotropy)
            lost = (1.0 - damping[0]) * bare[0] + (1.0 - damping[1]) * bare[1] + (1.0 - damping[2]) * bare[2]
            ends = ends + FAR_STEP * (lost[..., 0] > FAR_ERROR)
        # Damping that still counts at the last length asked may count anywhere.
        return ends + NOWHERE * (ends > FAR_LENGTHS[-2])

    def far(self, stored: Mapping[str, Array], x: PairFeatures[Array], sums: Sequence[Array]) -> Array:
        """(K, 1, m) −Σ C_n(r̂)/rⁿ."""
        exp = namespace(x.r).exp
        C6, C = exp(stored["ln_C6"]), exp(stored["ln_C"])
        six, eight, ten = undamped_dispersion(x.r, (C6, C[..., 0:1], C[..., 1:2]), (sums[0], sums[1], sums[2]))
        total: Array = -(six + eight + ten).sum(-2)[:, None]
        return total
