"""Induction: the dipole that the field of a's multipoles induces in the atom b."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import ClassVar

from scipy.special import gammainccinv

from nci_core.potentials.arrays import Array, namespace
from nci_core.potentials.environments import PairKind
from nci_core.potentials.pairs import PairFeatures
from nci_core.potentials.terms import pair_physics
from nci_core.potentials.terms.term import FAR_ERROR, Block, Evaluated, Means, Slopes, Term
from nci_core.units import COULOMB_EV_ANGSTROM

#: Fields are the teacher's: correlation changes dipole moments by some hundredths, and labels, which know the terms'
#: sum alone, can hardly tell induction from what else ends where densities do.
OF_TEACHERS = 0.1
#: b·q beyond which damping f₃ is 1: 1 − f₃(x) is an incomplete gamma function.
FAR_DAMPED = float(gammainccinv(4.0, FAR_ERROR))


def field_damping(x: Array) -> tuple[Array, Array]:
    """f₃(x) = 1 − e⁻ˣ(1 + x + x²/2 + x³/6) of Tang and Toennies and its derivative x³e⁻ˣ/6; DOI 10.1063/1.447150."""
    e = namespace(x).exp(-x)
    x2 = x * x
    third = x2 * x * (1.0 / 6.0)
    return 1.0 - e * (1.0 + x + 0.5 * x2 + third), e * third


def dot(vectors: Array, others: Array) -> Array:
    """Scalar products along the last axis but one."""
    product: Array = (vectors * others).sum(-2)
    return product


def radial_and_across(x: PairFeatures[Array], charges: Array, dipoles: Array) -> tuple[Array, Array]:
    """What undamped fields have along r̂ and against d, each (K, n, m) in e/Å²: c/r² + 3m u/r³ and m/r³."""
    r2 = x.r * x.r
    across = dipoles / (r2 * x.r)
    return charges / r2 + 3.0 * x.at_a.u * across, across


def field(x: PairFeatures[Array], radial: Array, across: Array) -> Array:
    """(K, 3, m) field of all atoms, e/Å²."""
    total: Array = (radial[:, :, None] * x.direction).sum(1) - x.outward.T @ across
    return total


def polarizability(x: PairFeatures[Array]) -> float:
    """α of b in eV Å⁴/e², for fields in e/Å²."""
    return COULOMB_EV_ANGSTROM * x.atoms.polarizability


@dataclass(frozen=True)
class InductionThere(Evaluated[Array]):
    """Induction at some configurations.

    Attributes:
        energy: (K, n, m) in eV, −½ α F·F_i: each atom's share of −½ α F².
        x: features of the pairs.
        pull: (K, 3, m) −α F, in eV Å/e.
        along: −αF·r̂ and −αF·d of every pair, each (K, n, m).
        charges, dipoles: (K, n, 1) q in e, m in e Å.
        damping: f and df/dx at x = b·q, each (K, n, m).
        b: (K, n, 1) in Å⁻¹.
        q: (K, n, m) by the ruler, Å.
    """

    energy: Array
    x: PairFeatures[Array]
    pull: Array
    along: tuple[Array, Array]
    charges: Array
    dipoles: Array
    damping: tuple[Array, Array]
    b: Array
    q: Array

    @cached_property
    def undamped(self) -> tuple[Array, Array]:
        """−αF·r̂/r² and −αF·[3(d·r̂)r̂ − d]/r³, by which damped charges and dipoles are multiplied, each (K, n, m)."""
        (of_r, of_d), r2 = self.along, self.x.r * self.x.r
        return of_r / r2, (3.0 * self.x.at_a.u * of_r - of_d) / (r2 * self.x.r)

    @cached_property
    def by_ln_b(self) -> Array:
        """(K, n, m) derivative by the logarithm of damping's b, or of its q, eV."""
        charge, dipole = self.undamped
        return self.b * self.q * self.damping[1] * (self.charges * charge + self.dipoles * dipole)

    @property
    def summed(self) -> Array:
        """(K, 3, m) the field F, in e/Å²: energies of parts of the atoms do not add up, fields do."""
        total: Array = self.pull * (-1.0 / polarizability(self.x))
        return total

    def slopes(self, weight: Array | float) -> Slopes[Array]:
        """By damping's q; a factor of one atom's field changes twice that atom's share."""
        by_q = weight * self.by_ln_b / self.q
        return Slopes(2.0 * weight * self.energy, (), by_q)

    def position_slopes(self, weight: Array | float) -> Array:
        """(K, 3, m) by b's position at fixed damping, eV/Å."""
        direction, d, r = self.x.direction, self.x.outward[..., None], self.x.r
        of_r, of_d = self.along
        i3 = 1.0 / (r * r * r)
        f, u = self.damping[0], self.x.at_a.u
        by_charge, by_dipole = f * self.charges * i3, 3.0 * f * self.dipoles * i3 / r
        # ∇(F·r̂/r²) = [F − 3(F·r̂)r̂]/r³; ∇(F·[3(d·r̂)r̂ − d]/r³) = 3[d F·r̂ + F u − 5u(F·r̂)r̂ + (d·F)r̂]/r⁴.
        radial = -3.0 * by_charge * of_r + by_dipole * (of_d - 5.0 * u * of_r)
        found: Array = (radial[:, :, None] * direction + (by_dipole * of_r)[:, :, None] * d).sum(1)
        together: Array = weight * (found + (by_charge + by_dipole * u).sum(1)[:, None] * self.pull)
        return together

    def parameter_slopes(self, weight: Array | float) -> dict[str, Array]:
        """By charge, dipole and ln b."""
        (charge, dipole), f = self.undamped, weight * self.damping[0]
        return {
            "charge": (f * charge)[..., None, :],
            "dipole": (f * dipole)[..., None, :],
            "ln_b_field": (weight * self.by_ln_b)[..., None, :],
        }


class Induction(Term):
    """−½ α F² with F = Σ_i f₃(b q_i) {c_i r̂/r² + m_i [3(d_i·r̂)r̂ − d_i]/r³}, damped fields of charges and dipoles.

    Many atoms make one field, so this is the one term that is not a sum over pairs: an atom's share of it is
    −½ α F·F_i. The charges c_i are those of D4 and what is learnt, and add up to zero, for monomers are neutral;
    dipoles lie along the outward directions d_i.
    """

    name = "induction"
    corrected = False
    blocks: ClassVar[Mapping[str, Block]] = MappingProxyType(
        {
            "charge": Block((1,), 0.1, change=0.3, most=OF_TEACHERS, neutral=True),
            "dipole": Block((1,), 0.1, change=0.3, most=OF_TEACHERS),
            "ln_b_field": Block((1,), 0.25, of_elements=True, most=OF_TEACHERS),
        }
    )

    def prior_means(self, kind: PairKind) -> Means:
        """Damped as the densities decay."""
        return {"ln_b_field": math.log(pair_physics.decay(kind))}

    def evaluate(
        self,
        stored: Mapping[str, Array],
        x: PairFeatures[Array],
        q: Array,
        sums: Sequence[Array],
        correction: Array | float,
    ) -> InductionThere[Array]:
        """See the class; it is not corrected."""
        b = namespace(q).exp(stored["ln_b_field"])
        charges, dipoles = stored["charge"], stored["dipole"]
        damping = field_damping(b * q)
        radial, across = radial_and_across(x, charges, dipoles)
        radial, across = damping[0] * radial, damping[0] * across
        pull = -polarizability(x) * field(x, radial, across)
        along = dot(pull[:, None], x.direction), x.outward @ pull
        return InductionThere(
            0.5 * (radial * along[0] - across * along[1]), x, pull, along, charges, dipoles, damping, b, q
        )

    def reach(self, stored: Mapping[str, Array], largest: Sequence[Array], correction: Array | float) -> Array:
        """Where damping is 1."""
        undamped: Array = FAR_DAMPED / namespace(stored["ln_b_field"]).exp(stored["ln_b_field"])[..., 0]
        return undamped

    def far(self, stored: Mapping[str, Array], x: PairFeatures[Array], sums: Sequence[Array]) -> Array:
        """(K, 3, m) undamped field."""
        return field(x, *radial_and_across(x, stored["charge"], stored["dipole"]))

    def total(self, summed: Array, x: PairFeatures[Array]) -> Array:
        """−½ α F²."""
        energy: Array = (-0.5 * polarizability(x)) * dot(summed, summed)
        return energy
