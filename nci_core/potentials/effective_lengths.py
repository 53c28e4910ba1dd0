"""What a model's ruler reads: the length it uses in place of each distance between the atoms of a dimer."""

from typing import TYPE_CHECKING

import numpy as np

from nci_core.potentials.arrays import FloatArray, to_numpy
from nci_core.potentials.student import prepare
from nci_core.systems.configurations import Configurations

if TYPE_CHECKING:
    from nci_core.potentials.ensemble import Ensemble


def effective_lengths(model: "Ensemble", at: Configurations) -> FloatArray:
    """The ruler q of every member that counts between b and each atom of a.

    q = r·exp(−λ·Y) with an adaptive ruler, q = r with a fixed one. q/r depends on the direction
    only, so the places of equal q round an atom lie at r = q·exp(λ·Y).

    Args:
        model: an ensemble that knows the dimer's pairs.
        at: m configurations with b, an atom, on no nucleus.

    Returns:
        (counted, m, n) in Å; columns in the order of a's atoms.

    Raises:
        ModelError: the dimer has a pair that the model does not know.
    """
    parts, counted = [], model.counted
    prepared = prepare(counted, at.dimer)
    for x, e in prepared.batches(at.R):
        q = np.empty((len(counted), x.r.shape[-1], len(prepared.sites.order)))
        q[..., list(prepared.sites.order)] = to_numpy(e.q).swapaxes(-1, -2)
        parts.append(q)
    return np.concatenate(parts, axis=1)
