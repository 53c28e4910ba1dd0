"""The ruler: the distance by which repulsion, damping and the network measure."""

from nci_core.potentials.arrays import Array, namespace


def adaptive_ruler(r: Array, stretch: Array) -> Array:
    """q = r·exp(−λ·Y), a distance that shrinks in the directions where the atom reaches far.

    dq/dr = q/r and dq/d(λ·Y) = −q. A fixed ruler is q = r.

    Args:
        r: distances in Å.
        stretch: λ·Y, dimensionless.

    Returns:
        Å; q/r is bounded, so nothing changes at long range.
    """
    return r * namespace(stretch).exp(-stretch)
