"""Farthest-point selection: cover the configurations evenly, model or no model."""

import numpy as np
import numpy.typing as npt

from nci_core.selection.request import FloatArray, Selection, SelectionRequest
from nci_core.systems.configurations import Configurations


def invariant_features(at: Configurations) -> FloatArray:
    """ln of b's distances to the n atoms of a, sorted within each element, over √n; (m, n).

    A symmetry operation of a only permutes equal atoms, so equivalent points coincide. The
    logarithm makes a step near a count more than the same step far away; √n makes large hosts count as small ones do.
    """
    logs = np.log(at.dimer.at(at.R).distances[:, :, 0])
    symbols = np.array(at.dimer.a.symbols)
    columns = [np.sort(logs[:, symbols == element], axis=1) for element in sorted(set(at.dimer.a.symbols))]
    features: FloatArray = np.concatenate(columns, axis=1) / np.sqrt(len(symbols))
    return features


class Gaps:
    """How far each point of all pools is from the nearest labelled or chosen one of its own system."""

    def __init__(self, request: SelectionRequest) -> None:
        features = [invariant_features(pool.configurations) for pool in request.pools]
        ends = np.cumsum([len(x) for x in features]).tolist()
        self.parts = [(slice(end - len(x), end), x) for end, x in zip(ends, features, strict=True)]
        self.values = np.full(len(request), np.inf)

    def _part(self, row: int) -> tuple[slice, FloatArray]:
        return next((part, x) for part, x in self.parts if part.start <= row < part.stop)

    def label(self, row: int) -> None:
        """Take a labelled or chosen point into account."""
        part, x = self._part(row)
        far = np.linalg.norm(x - x[row - part.start], axis=1)
        self.values[part] = np.minimum(self.values[part], far)

    def farthest(self, free: npt.NDArray[np.bool_]) -> int:
        """The free point of the largest gap; of a system that has no label yet, the one nearest to the mean."""
        best = int(np.argmax(np.where(free, self.values, -1.0)))
        if np.isinf(self.values[best]):
            part, x = self._part(best)
            centre = x[free[part]].mean(axis=0)
            best = part.start + int(np.argmin(np.where(free[part], np.linalg.norm(x - centre, axis=1), np.inf)))
        return best


def farthest_point(request: SelectionRequest) -> Selection:
    """Each choice is the candidate farthest from all labelled and chosen points; that distance is its score.

    Without labels the first choice of a system is the candidate nearest to the mean, which is no outlier; its score
    is the largest of the others'.
    """
    gaps, free = Gaps(request), request.candidates()
    for row in np.asarray(request.labelled):
        gaps.label(int(row))
    chosen: list[int] = []
    scores: list[float] = []
    while len(chosen) < request.count and free.any():
        best = gaps.farthest(free)
        scores.append(float(gaps.values[best]))
        chosen.append(best)
        free[best] = False
        gaps.label(best)
    largest = max((score for score in scores if np.isfinite(score)), default=1.0)
    return Selection(np.array(chosen, dtype=np.int64), np.minimum(scores, largest))
