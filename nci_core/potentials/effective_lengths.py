"""What a model's ruler reads: the length it uses in place of each distance between probe and host atom."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from nci_core.potentials.parameters import unpack
from nci_core.potentials.ruler import adaptive_ruler, fixed_ruler
from nci_core.potentials.student import batches
from nci_core.systems.hosts import Host

if TYPE_CHECKING:
    from nci_core.potentials.ensemble import Ensemble

FloatArray = npt.NDArray[np.float64]


def effective_lengths(model: "Ensemble", host: Host, positions: npt.ArrayLike) -> FloatArray:
    """Every member's ruler q between each probe position and each host atom.

    q = r·exp(−λ·Y) with an adaptive ruler, q = r with a fixed one. q/r depends on the direction
    only, so the places of equal q round an atom lie at r = q·exp(λ·Y).

    Args:
        model: an ensemble that knows the host's elements.
        host: n atoms.
        positions: (m, 3) probe positions in Å, none of them on a nucleus.

    Returns:
        (members, m, n) in Å; columns in the order of the host's atoms.

    Raises:
        ModelError: the host has an element the model does not know.
    """
    rows = {e: [i for i, s in enumerate(host.symbols) if s == name] for e, name in enumerate(model.elements)}
    parts = []
    with torch.no_grad():
        for seen, R in batches(host, model.elements, positions, model.device):
            q = torch.empty(len(model.members), len(R), len(host.symbols), dtype=torch.float64, device=R.device)
            for e, x in seen.items():
                for k, student in enumerate(model.members):
                    lam = unpack(student.theta[e], student.config).lam
                    q[k][:, rows[e]] = fixed_ruler(x.r) if lam is None else adaptive_ruler(x.r, x.Y, lam)
            parts.append(q)
    lengths: FloatArray = torch.cat(parts, dim=1).cpu().numpy()
    return lengths
