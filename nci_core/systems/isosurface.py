"""Surfaces on which a field on a regular grid has one value, open where the field is not known.

Plotly's own draws nothing at all when a value is missing. Each cell is cut into six tetrahedra, in which the field is
linear (marching tetrahedra).
"""

from itertools import permutations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: The six tetrahedra of a cell: from corner to corner along its diagonal, (6, 4, 3) offsets.
TETRAHEDRA = np.array(
    [np.cumsum([np.zeros(3, int), *np.eye(3, dtype=int)[list(p)]], axis=0) for p in permutations(range(3))]
)


def isosurface(points: FloatArray, values: FloatArray, level: float) -> tuple[FloatArray, IntArray]:
    """Triangles of a surface.

    Args:
        points: (m, 3) of a regular grid, x slowest, z fastest.
        values: (m,), NaN where the field is not known: cells with such a corner are left out.
        level: value on the surface.

    Returns:
        (v, 3) corners, and (f, 3) rows of the three of each triangle; normals point to lower values.
    """
    shape = tuple(len(np.unique(points[:, k])) for k in range(3))
    node = np.arange(len(values)).reshape(shape)
    cells = np.stack(np.meshgrid(*(np.arange(n - 1) for n in shape), indexing="ij"), axis=-1).reshape(-1, 1, 1, 3)
    corner = cells + TETRAHEDRA
    tetrahedra = node[corner[..., 0], corner[..., 1], corner[..., 2]].reshape(-1, 4)
    tetrahedra = tetrahedra[np.isfinite(values[tetrahedra]).all(axis=1)]
    above = values[tetrahedra] > level
    count = above.sum(axis=1)
    parts = []
    for n, edges in (
        (1, ((0, 1), (0, 2), (0, 3))),
        (2, ((0, 2), (0, 3), (1, 3), (0, 2), (1, 3), (1, 2))),
        (3, ((0, 3), (1, 3), (2, 3))),
    ):
        rows, order = tetrahedra[count == n], np.argsort(~above[count == n], axis=1, kind="stable")
        ordered = np.take_along_axis(rows, order, axis=1)  # those above come first
        parts.append(ordered[:, edges].reshape(-1, 3, 2))
    cut = np.concatenate(parts)
    return _joined(points, values, level, cut)


def _joined(points: FloatArray, values: FloatArray, level: float, cut: IntArray) -> tuple[FloatArray, IntArray]:
    """Corners shared by triangles, each on an edge between a node above and one below, `cut` (f, 3, 2)."""
    edges, which = np.unique(cut.reshape(-1, 2), axis=0, return_inverse=True)
    high, low = values[edges[:, 0]], values[edges[:, 1]]
    share = ((high - level) / (high - low))[:, None]
    corners = (1.0 - share) * points[edges[:, 0]] + share * points[edges[:, 1]]
    faces = which.reshape(-1, 3)
    a, b, c = (corners[faces[:, k]] for k in range(3))
    down = points[cut[:, 0, 1]] - points[cut[:, 0, 0]]
    turned = (np.cross(b - a, c - a) * down).sum(axis=1) < 0
    faces[turned] = faces[turned][:, ::-1]
    return corners, faces.astype(np.int64)
