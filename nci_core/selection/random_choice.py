"""Random selection, plain or in equal parts from the regions: the control for every other strategy."""

import numpy as np

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
    random = np.random.default_rng(request.seed)
    regions = request.bounds.classify(request.energies)
    free = request.candidates()
    queues = [random.permutation(np.flatnonzero(free & (regions == name))).tolist() for name in REGIONS]
    chosen: list[int] = []
    while len(chosen) < request.count and any(queues):
        chosen += [queue.pop() for queue in queues if queue]
    rows = np.array(chosen[: request.count], dtype=np.int64)
    return Selection(rows, np.ones(len(rows)))
