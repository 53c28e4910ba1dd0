"""The point group of a rigid host, found from its geometry as a set of 3×3 matrices."""

import itertools

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Atoms that an operation maps within this distance (Å) count as coinciding: published
#: geometries are given to 1e-3 to 1e-4 Å, real distortions are larger.
SYMMETRY_TOLERANCE = 5e-3


def _orthonormal(a: FloatArray, b: FloatArray) -> FloatArray | None:
    """Right-handed axes from two vectors, or None when they are (nearly) parallel."""
    c = np.cross(a, b)
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if min(lengths) < 0.1 or np.linalg.norm(c) < 0.05 * lengths[0] * lengths[1]:  # at the centre, or parallel
        return None
    x = a / np.linalg.norm(a)
    z = c / np.linalg.norm(c)
    return np.column_stack([x, np.cross(z, x), z])


def _maps_onto_itself(operation: FloatArray, numbers: npt.NDArray[np.int64], centred: FloatArray) -> bool:
    distance = np.linalg.norm((centred @ operation.T)[:, None] - centred[None], axis=-1)
    distance[numbers[:, None] != numbers[None]] = np.inf
    return bool((distance.min(axis=1) < SYMMETRY_TOLERANCE).all())


def point_group_operations(numbers: npt.NDArray[np.int64], positions: FloatArray) -> FloatArray:
    """All proper and improper operations about the centroid; (g, 3, 3), the identity first.

    Two atoms off one line fix an orientation, so every operation maps that pair onto a pair of
    equal elements and distances; both handednesses are tried. Axially symmetric hosts (atoms,
    linear molecules) have infinite groups: they get the eight sign changes of their axes, a
    subgroup, which is safe because the group only serves to recognise equivalent points.

    Args:
        numbers: (n,) atomic numbers.
        positions: (n, 3) in Å.

    >>> water = np.array([[0.0, 0, 0.117], [0, 0.757, -0.469], [0, -0.757, -0.469]])
    >>> point_group_operations(np.array([8, 1, 1]), water).shape  # C2v
    (4, 3, 3)
    """
    centred = positions - positions.mean(axis=0)
    pair = next(
        (
            (i, j, axes)
            for i, j in itertools.permutations(range(len(numbers)), 2)
            if (axes := _orthonormal(centred[i], centred[j])) is not None
        ),
        None,
    )
    if pair is None:
        _, axes = np.linalg.eigh(centred.T @ centred)
        candidates = [axes @ np.diag(signs) @ axes.T for signs in itertools.product((1.0, -1.0), repeat=3)]
    else:
        i, j, frame = pair
        candidates = [np.eye(3)]
        for k, m in itertools.permutations(range(len(numbers)), 2):
            if numbers[k] != numbers[i] or numbers[m] != numbers[j]:
                continue
            image = _orthonormal(centred[k], centred[m])
            if image is None:
                continue
            candidates += [image @ np.diag([1.0, 1.0, handed]) @ frame.T for handed in (1.0, -1.0)]
    found: list[FloatArray] = []
    for operation in candidates:
        known = any(np.allclose(operation, other, atol=1e-2) for other in found)
        if not known and _maps_onto_itself(operation, numbers, centred):
            found.append(operation)
    return np.array(found)


def unique_image(operations: FloatArray, centre: FloatArray, positions: FloatArray) -> FloatArray:
    """The representative of each position under the group; (m, 3) → (m, 3), in Å.

    The image with the lexicographically largest (z, x, y) relative to the centre, compared on a
    grid of 1e-4 Å so that rounding cannot choose between equivalent images.

    Args:
        operations: (g, 3, 3).
        centre: (3,) fixed point of the operations.
        positions: (m, 3).
    """
    images = np.einsum("gab,mb->mga", operations, np.atleast_2d(positions) - centre)
    grid = np.rint(images * 1e4).astype(np.int64)
    best = np.array([max(range(len(row)), key=lambda g: (row[g][2], row[g][0], row[g][1])) for row in grid])
    chosen: FloatArray = images[np.arange(len(best)), best] + centre
    return chosen
