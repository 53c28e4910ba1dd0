"""Damped, anisotropic dispersion between an atom and the probe."""

from torch import Tensor

from nci_core.potentials.damping import tang_toennies
from nci_core.potentials.features import angular_sum

#: Rows of Y that γ₆ uses, c−⅓ and u²−⅓: the C₆ anisotropy of an atom is a second-rank tensor,
#: so no odd or higher function of r̂ belongs to it.
GAMMA6_ROWS = (1, 2)


def anisotropic_coefficient(C: Tensor, gamma: Tensor, Y: Tensor) -> Tensor:
    """C_n(r̂) = C_n·exp(γ_n·Y) ≈ C_n(1 + γ_n·Y), positive for every γ; (m, n) in eV Åⁿ."""
    return C * angular_sum(Y, gamma).exp()


def dispersion(
    r: Tensor,
    q: Tensor,
    Y: Tensor,
    b: Tensor,
    C: tuple[Tensor, Tensor, Tensor],
    gamma: tuple[Tensor, Tensor, Tensor],
) -> Tensor:
    """V_disp = Σ_{n=6,8,10} f_n(bq)·C_n(r̂)/rⁿ; (m, n) in eV, positive (it is subtracted).

    The true distance r stands in the denominators, so V_disp → C₆(r̂)/r⁶ exactly.

    Args:
        r: (m, n) distances in Å.
        q: (m, n) distances by the ruler in Å, for the damping.
        Y: (m, n, 6) angular functions.
        b: damping range Å⁻¹, scalar or (m, 1).
        C: C₆, C₈, C₁₀ in eV Å⁶, eV Å⁸, eV Å¹⁰; scalars or (m, 1).
        gamma: γ₆ (2,), γ₈ (6,), γ₁₀ (6,), each possibly with a leading m.
    """
    x = b * q
    r2 = r * r
    c6 = anisotropic_coefficient(C[0], gamma[0], Y[..., GAMMA6_ROWS])
    c8 = anisotropic_coefficient(C[1], gamma[1], Y)
    c10 = anisotropic_coefficient(C[2], gamma[2], Y)
    inner = tang_toennies(8, x) * c8 + tang_toennies(10, x) * c10 / r2
    return (tang_toennies(6, x) * c6 + inner / r2) / (r2 * r2 * r2)
