"""One rigid host onto another: which rotation and shift, and how far its atoms are from theirs afterwards.

Only proper rotations: the mirror image of a chiral host is another molecule, and a reflection through the plane of a
flat one would carry the probe to its other side.
"""

import itertools
import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.systems.symmetry import SYMMETRY_TOLERANCE

FloatArray = npt.NDArray[np.float64]

#: Atoms that lie within this distance (Å) after superposition belong to one rigid host, as they count as coinciding in
#: symmetry operations: coordinates are published to 1e-3 Å or better, and optimisers that treat the atoms of a rigid
#: host apart stray by some 1e-3 Å. Vibrations move atoms by 0.05 Å and more; 5e-3 Å changes a repulsive energy by 2%.
RIGID_TOLERANCE = SYMMETRY_TOLERANCE


@dataclass(frozen=True)
class Superposition:
    """How a host was moved to lie on another.

    Attributes:
        rotation: (3, 3) proper rotation, applied to column vectors from `origin`.
        origin: (3,) centroid of the host that is moved, Å.
        target: (3,) where it goes, Å.
        displacement: largest distance (Å) between equal atoms after the motion.
        atom: the atom that it belongs to.
    """

    rotation: FloatArray
    origin: FloatArray
    target: FloatArray
    displacement: float
    atom: int

    def place(self, points: FloatArray) -> FloatArray:
        """Points (…, 3) in Å, moved with the host."""
        placed: FloatArray = (points - self.origin) @ self.rotation.T + self.target
        return placed

    def turn_back(self, vectors: FloatArray) -> FloatArray:
        """Vectors (…, 3), such as forces, where the host came from."""
        turned: FloatArray = vectors @ self.rotation
        return turned


def line_axis(centred: FloatArray) -> FloatArray | None:
    """Unit vector (3,) along a linear molecule (n, 3) about its centroid, zero for a lone atom, None for any other."""
    squares, axes = np.linalg.eigh(centred.T @ centred)
    if squares[1] > RIGID_TOLERANCE**2:
        return None
    axis: FloatArray = axes[:, 2] if squares[2] > RIGID_TOLERANCE**2 else np.zeros(3)
    return axis


def _aligned(reference: FloatArray, moved: FloatArray) -> FloatArray:
    """The rotation (3, 3) that brings vectors (n, 3) or (3,) nearest to others."""
    from scipy.spatial.transform import Rotation  # here: it takes 0.4 s, and few processes turn anything

    matrix: FloatArray = Rotation.align_vectors(reference, moved)[0].as_matrix()
    return matrix


def _rotation(reference: FloatArray, moved: FloatArray) -> FloatArray:
    """The proper rotation (3, 3) of `moved` onto `reference`, both (n, 3) from their centroids, atoms in one order.

    Where atoms leave it open, as about the axis of a linear molecule, it is the smallest one.
    """
    axis = line_axis(reference)
    other = None if axis is None else line_axis(moved)
    if axis is None or other is None:
        with warnings.catch_warnings():
            # Two quite different molecules may have no best rotation; their displacement says it.
            warnings.simplefilter("ignore", UserWarning)
            return _aligned(reference, moved)
    if not axis.any() or not other.any():
        return np.eye(3)
    atom = int(np.argmax((reference**2).sum(axis=1)))
    towards = np.sign(reference[atom] @ axis) * axis, np.sign(moved[atom] @ other) * other
    return _aligned(*towards)


def superpose(reference: FloatArray, moved: FloatArray) -> Superposition:
    """Move a host onto another by a rotation and a shift, least squares (Kabsch, DOI 10.1107/S0567739476001873).

    Args:
        reference: (n, 3) atoms in Å.
        moved: (n, 3) in Å, the same atoms in the same order.

    >>> water = np.array([[0.0, 0.0, 0.117], [0.0, 0.757, -0.469], [0.0, -0.757, -0.469]])
    >>> turned = water[:, [1, 2, 0]] + 3.0  # a third of a turn about (1, 1, 1)
    >>> pose = superpose(water, turned)
    >>> bool(pose.displacement < 1e-12), pose.place(turned[0]).round(3).tolist()
    (True, [0.0, 0.0, 0.117])
    """
    target, origin = reference.mean(axis=0), moved.mean(axis=0)
    rotation = _rotation(reference - target, moved - origin)
    away = np.linalg.norm((moved - origin) @ rotation.T + target - reference, axis=1)
    atom = int(np.argmax(away))
    return Superposition(rotation, origin, target, float(away[atom]), atom)


def is_mirror_image(one: FloatArray, two: FloatArray) -> bool:
    """Whether two hosts (n, 3) in Å, atoms in one order, are mirror images of each other, as far as rounding goes."""
    return superpose(one, -two).displacement <= RIGID_TOLERANCE


def flexed(symbols: tuple[str, ...], pose: Superposition, whose: str, what: str) -> str:
    """The sentence about a host that is not rigid.

    Args:
        symbols: of its atoms.
        pose: on the rigid one.
        whose: the rigid one, for people, such as "that of frame 0".
        what: the other one, such as "frame 3: the host".
    """
    return (
        f"{what} is not {whose}: after superposition atom {pose.atom} ({symbols[pose.atom]}) lies "
        f"{pose.displacement:.3f} Å away, more than the {RIGID_TOLERANCE:g} Å of rounded coordinates; "
        "hosts are rigid here, so keep one geometry, with its atoms in one order."
    )


def matching_order(
    symbols: tuple[str, ...], reference: FloatArray, other: tuple[str, ...], moved: FloatArray
) -> npt.NDArray[np.int64] | None:
    """Rows (n,) of `moved` in whose order it is `reference`, rigidly moved; None where it is not.

    Two atoms off one line fix an orientation: each pair of the moved atoms with their elements and distances from the
    centroid is tried.

    Args:
        symbols: of the n reference atoms.
        reference: (n, 3) in Å.
        other: symbols of the moved atoms.
        moved: (n, 3) in Å.
    """
    if sorted(symbols) != sorted(other):
        return None
    a, b = reference - reference.mean(axis=0), moved - moved.mean(axis=0)
    alike = np.array(symbols)[:, None] == np.array(other)[None]
    near = np.abs(np.linalg.norm(a, axis=1)[:, None] - np.linalg.norm(b, axis=1)[None]) <= RIGID_TOLERANCE
    may = alike & near
    i = int(np.argmax((a**2).sum(axis=1)))
    off = np.linalg.norm(np.cross(a, a[i]), axis=1)
    j = int(np.argmax(off))
    # On a line one atom fixes the axis; its partner is itself.
    pair = [i, j] if off[j] > RIGID_TOLERANCE * np.linalg.norm(a[i]) else [i]
    for candidate in itertools.product(*(np.flatnonzero(may[k]).tolist() for k in pair)):
        gap = np.linalg.norm(a[pair[0]] - a[pair[-1]]) - np.linalg.norm(b[candidate[0]] - b[candidate[-1]])
        if len(set(candidate)) < len(pair) or abs(gap) > 2 * RIGID_TOLERANCE:
            continue
        roughly = np.eye(3)
        if np.linalg.norm(a[i]) > RIGID_TOLERANCE:
            roughly = _aligned(a[pair], b[list(candidate)])
        distance = np.linalg.norm(a[:, None] - (b @ roughly.T)[None], axis=-1)
        order: npt.NDArray[np.int64] = np.where(alike, distance, np.inf).argmin(axis=1)
        if (
            len(set(order.tolist())) == len(order)
            and superpose(reference, moved[order]).displacement <= RIGID_TOLERANCE
        ):
            return order
    return None
