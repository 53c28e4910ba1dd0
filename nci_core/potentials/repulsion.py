"""Exchange repulsion of an atom and the probe: an anisotropic exponential."""

import torch
from torch import Tensor

from nci_core.potentials.features import angular_sum

#: Distance (Å) about which the exponent is expanded: a typical contact of a light probe.
Q_REFERENCE = 3.0
#: Curvature saturates beyond 1/√0.1 ≈ 3.2 Å from there, so the tail decays as exp(−αq).
SATURATION = 0.1


def repulsion(
    q: Tensor, Y: Tensor, a: Tensor, A: Tensor, alpha: Tensor, beta: Tensor, n1: Tensor | float = 0.0
) -> Tensor:
    """V_rep = exp{a + A·Y − α(q−3) − β(q−3)²/[1 + 0.1(q−3)²] + n₁}; (m, n) in eV, positive.

    Args:
        q: (m, n) distances by the ruler, Å.
        Y: (m, n, 6) angular functions.
        a: ln(V_rep/eV) at 3 Å; scalar or (m, 1), like alpha and beta.
        A: anisotropy (6,) or (m, 6).
        alpha: decay, Å⁻¹, positive.
        beta: curvature, Å⁻².
        n1: (m, n) correction of ln V_rep.
    """
    x = q - Q_REFERENCE
    x2 = x * x
    exponent = a + angular_sum(Y, A) - alpha * x - beta * x2 / (1.0 + SATURATION * x2) + n1
    return torch.exp(exponent)
