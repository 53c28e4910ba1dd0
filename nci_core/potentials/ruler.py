"""The ruler: the distance by which repulsion, damping and the network measure."""

from torch import Tensor

from nci_core.potentials.features import angular_sum


def fixed_ruler(r: Tensor) -> Tensor:
    """q = r; (m, n) in Å."""
    return r


def adaptive_ruler(r: Tensor, Y: Tensor, lam: Tensor) -> Tensor:
    """q = r·exp(−λ·Y), a distance that shrinks in the directions where the atom reaches far.

    Args:
        r: (m, n) distances in Å.
        Y: (m, n, 6) angular functions.
        lam: λ, dimensionless, (6,) or (m, 6).

    Returns:
        (m, n) in Å; q/r is bounded, so nothing changes at long range.
    """
    return r * (-angular_sum(Y, lam)).exp()
