"""Places round a host that its symmetry makes equivalent: values at one of them are those at all."""

import numpy as np
import numpy.typing as npt

from nci_core.systems.monomer import Monomer

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Operations that move every atom by less than this (Å) onto its image are exact, and images closer
#: than this are one point: folding then changes no energy by more than some 1e-8 eV, 1e-4 cm⁻¹, even
#: where a wall rises by 1 eV/Å. Rounded coordinates keep the operations that only change signs.
EXACT = 1e-8
#: A direction in general position: the image that reaches farthest along it represents the others.
GENERIC = np.array([0.2357, 0.6131, 0.7540])


def exact_operations(host: Monomer) -> FloatArray:
    """The host's operations that hold to EXACT, (g, 3, 3), the identity first.

    The point group is found with a tolerance that suits published geometries; a field may only be
    copied from one place to another by operations that do not change its values.
    """
    centred = host.positions - host.centre
    kept = [np.eye(3)]
    for operation in host.operations[1:]:
        distance = np.linalg.norm((centred @ operation.T)[:, None] - centred[None], axis=-1)
        distance[host.numbers[:, None] != host.numbers[None]] = np.inf
        if (distance.min(axis=1) < EXACT).all():
            kept.append(operation)
    return np.array(kept)


def distinct(host: Monomer, positions: npt.ArrayLike) -> tuple[IntArray, IntArray]:
    """Rows of positions (m, 3) in Å that are not equivalent, (k,), and for every row which of them it is, (m,)."""
    points = np.asarray(positions, dtype=float).reshape(-1, 3)
    operations = exact_operations(host)
    reach = (points - host.centre) @ np.einsum("gab,a->bg", operations, GENERIC)
    best = operations[np.argmax(reach, axis=1)]
    images = np.einsum("mab,mb->ma", best, points - host.centre)
    # Half a step off the grid: coordinates that are zero but for rounding must not fall on both sides.
    grid = np.floor(images / EXACT + 0.317).astype(np.int64)
    _, first, which = np.unique(grid, axis=0, return_index=True, return_inverse=True)
    return first.astype(np.int64), which.reshape(-1).astype(np.int64)
