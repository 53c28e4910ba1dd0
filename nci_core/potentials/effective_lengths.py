"""What a model's ruler reads: the length it uses in place of each distance between probe and host atom."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nci_core.potentials.arrays import to_numpy
from nci_core.potentials.student import prepare
from nci_core.systems import Monomer

if TYPE_CHECKING:
    from nci_core.potentials.ensemble import Ensemble

FloatArray = npt.NDArray[np.float64]


def effective_lengths(model: "Ensemble", host: Monomer, positions: npt.ArrayLike) -> FloatArray:
    """The ruler q of every member that counts between each probe position and each host atom.

    q = r·exp(−λ·Y) with an adaptive ruler, q = r with a fixed one. q/r depends on the direction
    only, so the places of equal q round an atom lie at r = q·exp(λ·Y).

    Args:
        model: an ensemble that knows the host's elements.
        host: n atoms.
        positions: (m, 3) probe positions in Å, none of them on a nucleus.

    Returns:
        (counted, m, n) in Å; columns in the order of the host's atoms.

    Raises:
        ModelError: the host has an element the model does not know.
    """
    parts = []
    counted = model.counted
    for batch in prepare(counted, host).batches(positions):
        q = np.empty((len(counted), batch.features.r.shape[-1], len(host.symbols)))
        q[..., list(batch.atoms.order)] = to_numpy(batch.terms.q).swapaxes(-1, -2)
        parts.append(q)
    return np.concatenate(parts, axis=1)
