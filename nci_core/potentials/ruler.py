"""The ruler: the distance by which short-range terms, damping and the network measure."""

from collections.abc import Mapping
from types import MappingProxyType

from nci_core.potentials.arrays import Array, namespace
from nci_core.potentials.pairs import ANGULAR
from nci_core.potentials.terms.term import Block

#: Parameters of an adaptive ruler; a fixed one has none.
BLOCKS: Mapping[str, Block] = MappingProxyType({"lam": Block((ANGULAR,), 0.05, angular=slice(0, ANGULAR))})


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
