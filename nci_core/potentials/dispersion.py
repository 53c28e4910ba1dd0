"""Damped, anisotropic dispersion between an atom and the probe."""

from nci_core.potentials.arrays import Array, namespace

#: Rows of Y that γ₆ uses, c−⅓ and u²−⅓: the C₆ anisotropy of an atom is a second-rank tensor,
#: so no odd or higher function of r̂ belongs to it.
GAMMA6_ROWS = slice(1, 3)


def anisotropic_coefficient(C: Array, anisotropy: Array) -> Array:
    """C_n(r̂) = C_n·exp(γ_n·Y) ≈ C_n(1 + γ_n·Y), positive for every γ; in eV Åⁿ, given γ_n·Y."""
    return C * namespace(anisotropy).exp(anisotropy)


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
