"""Random selection, plain or in equal parts from the regions: the control for every other strategy."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.regions import REGIONS
from nci_core.selection.request import Selection, SelectionRequest


def random_choice(request: SelectionRequest) -> Selection:
    """Uniform choice among the candidates; scores are equal."""
    rows = np.flatnonzero(request.candidates())
    chosen = np.random.default_rng(request.seed).permutation(rows)[: request.count]
    return Selection(chosen, np.ones(len(chosen)))


def stratified_choice(request: SelectionRequest) -> Selection:
    """Random, taking wall, well and tail in turns; InputError without energies to tell them apart."""
    if request.energies is None:
        raise InputError("Stratified selection needs predicted energies; evaluate the teacher or a model first.")
    regions = np.where(request.candidates(), request.bounds.classify(request.energies), "")
    rows = in_equal_parts(regions, REGIONS, request.count, np.random.default_rng(request.seed))
    return Selection(rows, np.ones(len(rows)))


def in_equal_parts(
    regions: npt.NDArray[np.str_], names: Sequence[str], count: int, random: np.random.Generator
) -> npt.NDArray[np.int64]:
    """At most `count` random rows, taken from these regions in turns; (m,) the region of each row."""
    queues = [random.permutation(np.flatnonzero(regions == name)).tolist() for name in names]
    rows: list[int] = []
    while len(rows) < count and any(queues):
        rows += [queue.pop() for queue in queues if queue]
    return np.array(rows[:count], dtype=np.int64)
