"""One label for each geometry: which frames repeat one, symmetry counted, and which contradict each other.

A geometry that is fitted and also held out makes errors look smaller than they are, and two energies of one geometry
would be averaged without a word. So whatever parts labels or learns from them first takes `unique_labels`.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.extxyz import HostGroup
from nci_core.systems import Configurations, Monomer
from nci_core.systems.superposition import line_axis
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Probes nearer than this (Å) to each other, or to an image of each other, are at one place. Points of one geometry
#: hash are at most √3 × 1e-4 Å apart; copies rounded to float32 or 4 decimals may have different hashes, but are
#: nearer too. Steps of numerical derivatives and scans are longer.
SAME_PLACE = 2e-4
#: Energies of one geometry may differ by this much: 0.1 cm⁻¹, the last digit of energies printed in 1e-5 eV, or this
#: share of them, since a repulsion that decays by 4 per Å changes so between points that count as one place.
NOISE_CM1, NOISE_SHARE = 0.1, 1e-3


class Unique(NamedTuple):
    """Labels of one host, one for each geometry, and how many repeats were merged into them."""

    group: HostGroup
    repeats: int


def take(group: HostGroup, rows: npt.ArrayLike) -> HostGroup:
    """Some rows of a group, by number or as a mask (m,)."""
    chosen = np.arange(len(group.at))[np.asarray(rows)]
    columns = {key: [values[i] for i in chosen] for key, values in group.columns.items()}
    return replace(
        group,
        at=group.at[chosen],
        reference=group.reference[chosen],
        frames=group.frames[chosen],
        columns=columns,
    )


def _reduced(host: Monomer, positions: FloatArray) -> FloatArray:
    """(m, 3) positions from the centre, in one half-plane of a linear host and on one ray of an atom.

    Their infinite groups are not among the operations.
    """
    centred = positions - host.centre
    axis = line_axis(host.positions - host.centre)
    if axis is None:
        return centred
    along = centred @ axis  # zero for an atom, whose axis is
    across = np.sqrt(np.maximum((centred**2).sum(axis=1) - along**2, 0.0))
    side = np.eye(3)[np.argmin(np.abs(axis))]
    side = side - (side @ axis) * axis
    reduced: FloatArray = along[:, None] * axis + across[:, None] * side / np.linalg.norm(side)
    return reduced


def geometry_classes(at: Configurations) -> IntArray:
    """(m,) the number of the geometry of each configuration, in the order in which they come.

    Positions have one number when they, or images under the host's operations, coincide within SAME_PLACE. Distances
    decide, not hashes: rounding may put two copies of a point on either side of a border of the hash's grid. Of a
    probe that is turned the hashes decide all the same.

    >>> from nci_core.systems import Dimer, builtin_monomer
    >>> points = np.array([[0.3, 1.0, 3.0], [1.0, 0.3, 3.0], [-0.3, 1.0, -3.00005]])
    >>> geometry_classes(Dimer(builtin_monomer("benzene"), Monomer.atom("He")).at(points)).tolist()
    [0, 1, 0]
    """
    if not at.dimer.b.is_atom:
        numbers_of = dict[str, int]()
        return np.array([numbers_of.setdefault(digest, len(numbers_of)) for digest in at.geometry_hashes()])
    from scipy.sparse import coo_array  # here: scipy takes 0.4 s, and few pages need it
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import KDTree

    points = _reduced(at.dimer.a, at.R)
    tree, m = KDTree(points), len(points)
    pairs = [
        tree.sparse_distance_matrix(KDTree(points @ operation.T), SAME_PLACE, output_type="ndarray")
        for operation in at.dimer.a.operations
    ]
    i, j = (np.concatenate([pair[name] for pair in pairs]) for name in ("i", "j"))
    numbers = connected_components(coo_array((np.ones(len(i), dtype=bool), (i, j)), shape=(m, m)), directed=False)[1]
    _, first, inverse = np.unique(numbers, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    classes: IntArray = rank[inverse]
    return classes


def unique_labels(group: HostGroup, source: str) -> Unique:
    """The rows with a reference energy, one for each geometry: the first frame of it, with the mean energy.

    Args:
        group: of a data set.
        source: the file, for errors.

    Raises InputError, with frames and energies, where two energies of one geometry differ by more than noise.
    """
    group = take(group, np.isfinite(group.reference))
    count = len(group.reference)
    if not count:
        return Unique(group, 0)
    classes = geometry_classes(group.at)
    _, first, sizes = np.unique(classes, return_index=True, return_counts=True)
    if len(first) == count:
        return Unique(group, 0)
    _check_agreement(group, classes, source)
    mean = np.bincount(classes, weights=group.reference) / sizes
    once = replace(take(group, first), reference=np.where(sizes > 1, mean, group.reference[first]))
    return Unique(once, count - len(first))


def _check_agreement(group: HostGroup, classes: IntArray, source: str) -> None:
    """InputError for the first geometry whose energies differ by more than noise."""
    energies = to_cm1(group.reference)
    order = np.lexsort((energies, classes))
    starts = np.flatnonzero(np.diff(classes[order], prepend=-1))
    lowest, highest = order[starts], order[np.append(starts[1:], len(order)) - 1]
    apart = energies[highest] - energies[lowest]
    size = np.maximum(np.abs(energies[lowest]), np.abs(energies[highest]))
    bad = np.flatnonzero(apart > np.maximum(NOISE_CM1, NOISE_SHARE * size))
    if not len(bad):
        return
    pair = sorted((int(lowest[bad[0]]), int(highest[bad[0]])), key=lambda row: int(group.frames[row]))
    frames, values = (group.frames[pair].tolist(), energies[pair].tolist())
    more = f" ({len(bad) - 1} more geometries have such energies)" if len(bad) > 1 else ""
    raise InputError(
        f"{source}: frames {frames[0]} and {frames[1]} are one geometry, symmetry counted, but their energies are "
        f"{values[0]:.3f} and {values[1]:.3f} cm⁻¹{more}; remove the wrong ones, or choose one kind of label."
    )
