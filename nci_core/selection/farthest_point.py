"""Farthest-point selection: cover the configurations evenly, model or no model."""

import numpy as np

from nci_core.selection.request import FloatArray, Selection, SelectionRequest
from nci_core.systems.dimer import Dimer


def invariant_features(dimer: Dimer, positions: FloatArray) -> FloatArray:
    """ln of the probe's distances to the host atoms, sorted within each element; (m, n).

    A symmetry operation of the host only permutes equal atoms, so equivalent points coincide. The
    logarithm makes a step near the host count more than the same step far away.
    """
    logs = np.log(dimer.distances(positions))
    symbols = np.array(dimer.a.symbols)
    columns = [np.sort(logs[:, symbols == element], axis=1) for element in sorted(set(dimer.a.symbols))]
    return np.concatenate(columns, axis=1)


def farthest_point(request: SelectionRequest) -> Selection:
    """Each choice is the candidate farthest from all labelled and chosen points; that distance is its score.

    Without labels the first choice is the candidate nearest to the mean, which is no outlier.
    """
    x = invariant_features(request.dimer, request.pool)
    free = request.candidates()
    gap = np.full(len(x), np.inf)
    for row in np.asarray(request.labelled):
        gap = np.minimum(gap, np.linalg.norm(x - x[row], axis=1))
    chosen: list[int] = []
    scores: list[float] = []
    while len(chosen) < request.count and free.any():
        if np.isinf(gap).all():
            centre = x[free].mean(axis=0)
            best = int(np.argmin(np.where(free, np.linalg.norm(x - centre, axis=1), np.inf)))
        else:
            best = int(np.argmax(np.where(free, gap, -1.0)))
        scores.append(float(gap[best]))
        chosen.append(best)
        free[best] = False
        gap = np.minimum(gap, np.linalg.norm(x - x[best], axis=1))
    if chosen and np.isinf(scores[0]):
        scores[0] = max(scores[1:], default=1.0)
    return Selection(np.array(chosen, dtype=np.int64), np.array(scores))
