"""The point group of a rigid host, found from its geometry as a set of 3×3 matrices."""

import itertools
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Atoms that an operation maps within this distance (Å) count as coinciding: published
#: geometries are given to 1e-3 to 1e-4 Å, real distortions are larger.
SYMMETRY_TOLERANCE = 5e-3
#: Atoms whose distances to all others are looked at together.
_AT_ONCE = 32


def _orthonormal(a: FloatArray, b: FloatArray) -> FloatArray | None:
    """Right-handed axes from two vectors, or None when they are (nearly) parallel."""
    c = np.cross(a, b)
    lengths = np.linalg.norm(a), np.linalg.norm(b)
    if min(lengths) < 0.1 or np.linalg.norm(c) < 0.05 * lengths[0] * lengths[1]:  # at the centre, or parallel
        return None
    x = a / np.linalg.norm(a)
    z = c / np.linalg.norm(c)
    return np.column_stack([x, np.cross(z, x), z])


def _partners(numbers: npt.NDArray[np.int64], radii: FloatArray) -> list[npt.NDArray[np.int64]]:
    """Which atoms an operation may map each atom onto: same element, same distance from the centre."""
    alike = (numbers[:, None] == numbers) & (np.abs(radii[:, None] - radii) < SYMMETRY_TOLERANCE)
    return [np.flatnonzero(row) for row in alike]


def _reference_pair(centred: FloatArray, partners: list[npt.NDArray[np.int64]]) -> tuple[int, int, FloatArray] | None:
    """Two atoms off one line and the axes they span, with the fewest partners; None where all lie on one line."""
    order = sorted(range(len(centred)), key=lambda i: len(partners[i]))
    for i, j in itertools.permutations(order, 2):
        axes = _orthonormal(centred[i], centred[j])
        if axes is not None:
            return i, j, axes
    return None


def _maps(operation: FloatArray, groups: list[FloatArray]) -> bool:
    """Whether the image of every atom lies within the tolerance of one of its element.

    Args:
        groups: atoms of each element, (n, 3) about the centre.
    """
    for group in groups:
        for images in np.array_split(group @ operation.T, -(-len(group) // _AT_ONCE)):
            nearest = ((images[:, None] - group) ** 2).sum(axis=-1).min(axis=1)
            if (nearest >= SYMMETRY_TOLERANCE**2).any():  # most wrong operations fail with the first atoms
                return False
    return True


def point_group_operations(numbers: npt.NDArray[np.int64], positions: FloatArray) -> FloatArray:
    """All proper and improper operations about the centroid; (g, 3, 3), the identity first.

    Two atoms off one line fix an orientation, so every operation maps that pair onto a pair of
    equal elements and distances; both handednesses are tried. The pair is one with few such
    images, so that a flake of 138 atoms takes milliseconds. Axially symmetric hosts (atoms,
    linear molecules) have infinite groups: they get the eight sign changes of their axes, a
    subgroup, which is safe because the group only serves to recognise equivalent points.

    Args:
        numbers: (n,) atomic numbers.
        positions: (n, 3) in Å.

    >>> water = np.array([[0.0, 0, 0.117], [0, 0.757, -0.469], [0, -0.757, -0.469]])
    >>> point_group_operations(np.array([8, 1, 1]), water).shape  # C2v
    (4, 3, 3)
    """
    numbers, positions = np.asarray(numbers, dtype=np.int64), np.asarray(positions, dtype=float)
    return _operations(numbers.tobytes(), positions.tobytes())


@lru_cache(maxsize=64)
def _operations(number_bytes: bytes, position_bytes: bytes) -> FloatArray:
    """As `point_group_operations`, read-only; kept, for a campaign is opened many times in one process."""
    numbers = np.frombuffer(number_bytes, dtype=np.int64)
    positions = np.frombuffer(position_bytes, dtype=float).reshape(-1, 3)
    centred = positions - positions.mean(axis=0)
    partners = _partners(numbers, np.linalg.norm(centred, axis=1))
    pair = _reference_pair(centred, partners)
    if pair is None:
        _, axes = np.linalg.eigh(centred.T @ centred)
        candidates = [axes @ np.diag(signs) @ axes.T for signs in itertools.product((1.0, -1.0), repeat=3)]
    else:
        i, j, frame = pair
        candidates = [np.eye(3)]
        apart = np.linalg.norm(centred[i] - centred[j])
        for k, m in itertools.product(partners[i], partners[j]):
            # Each atom may miss its image by the tolerance, so their distance by twice that.
            if k == m or abs(np.linalg.norm(centred[k] - centred[m]) - apart) > 2.0 * SYMMETRY_TOLERANCE:
                continue
            image = _orthonormal(centred[k], centred[m])
            if image is not None:
                candidates += [image @ np.diag([1.0, 1.0, handed]) @ frame.T for handed in (1.0, -1.0)]
    groups = [centred[numbers == number] for number in np.unique(numbers)]
    found: list[FloatArray] = []
    for operation in candidates:
        known = bool(found) and bool((np.abs(np.array(found) - operation) <= 1e-2).all(axis=(1, 2)).any())
        if not known and _maps(operation, groups):
            found.append(operation)
    operations = np.array(found)
    operations.setflags(write=False)
    return operations


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
    largest = np.ones(grid.shape[:2], dtype=bool)
    for axis in (2, 0, 1):
        value = np.where(largest, grid[..., axis], np.iinfo(np.int64).min)
        largest = value == value.max(axis=1, keepdims=True)
    best = largest.argmax(axis=1)
    chosen: FloatArray = images[np.arange(len(best)), best] + centre
    return chosen
