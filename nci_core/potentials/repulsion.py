"""Exchange repulsion of an atom and the probe: an anisotropic exponential."""

from nci_core.potentials.arrays import Array, namespace

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
