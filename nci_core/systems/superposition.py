"""One rigid host onto another: which rotation and shift, and how far its atoms are from theirs afterwards.

Only proper rotations: the mirror image of a chiral host is another molecule, and a reflection through the plane of a
flat one would carry the probe to its other side.
"""

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.transform import Rotation

from nci_core.errors import InputError

FloatArray = npt.NDArray[np.float64]

#: Atoms that lie within this distance (Å) after superposition belong to one rigid host: geometries are published to
#: 1e-3 Å or better, and two copies rounded there differ by at most √3 × 1e-3 Å. Vibrations move atoms by 0.05 Å and
#: more; 2e-3 Å changes a repulsive energy by 1%.
RIGID_TOLERANCE = 2e-3


@dataclass(frozen=True)
class Pose:
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


def _axis(centred: FloatArray, atom: int) -> FloatArray:
    """Unit vector (3,) along a linear molecule (n, 3), towards one of its atoms."""
    axis: FloatArray = np.linalg.svd(centred)[2][0]
    return axis * np.sign(centred[atom] @ axis)


def _rotation(reference: FloatArray, moved: FloatArray) -> FloatArray:
    """The proper rotation (3, 3) of `moved` onto `reference`, both (n, 3) from their centroids, atoms in one order.

    Where atoms leave it open, as about the axis of a linear molecule, it is the smallest one.
    """
    extent = np.linalg.svd(reference, compute_uv=False) if len(reference) > 1 else np.zeros(3)
    if extent[0] <= RIGID_TOLERANCE:
        return np.eye(3)
    if extent[1] <= RIGID_TOLERANCE:
        atom = int(np.argmax((reference**2).sum(axis=1)))
        found, _ = Rotation.align_vectors(_axis(reference, atom), _axis(moved, atom))
    else:
        with warnings.catch_warnings():
            # Two quite different molecules may have no best rotation; their displacement says it.
            warnings.simplefilter("ignore", UserWarning)
            found, _ = Rotation.align_vectors(reference, moved)
    matrix: FloatArray = found.as_matrix()
    return matrix


def superpose(reference: FloatArray, moved: FloatArray) -> Pose:
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
    return Pose(rotation, origin, target, float(away[atom]), atom)


def is_mirror_image(one: FloatArray, two: FloatArray) -> bool:
    """Whether two hosts (n, 3) in Å, atoms in one order, are mirror images of each other, as far as rounding goes."""
    return superpose(one, -two).displacement <= RIGID_TOLERANCE


def rigid_pose(symbols: tuple[str, ...], reference: FloatArray, moved: FloatArray, whose: str, what: str) -> Pose:
    """The pose of a host that must be rigid.

    Args:
        symbols: of the n atoms.
        reference: (n, 3) in Å.
        moved: (n, 3) in Å, the same atoms in the same order.
        whose: the reference, for people, such as "that of frame 0".
        what: the moved one, for people, such as "frame 3: its host".

    Raises InputError, with the largest displacement in Å and its atom, where the two are not one rigid molecule.
    """
    pose = superpose(reference, moved)
    if pose.displacement > RIGID_TOLERANCE:
        raise InputError(flexed(symbols, pose, whose, what))
    return pose


def flexed(symbols: tuple[str, ...], pose: Pose, whose: str, what: str) -> str:
    """The sentence about a host that is not rigid; arguments as `rigid_pose`."""
    return (
        f"{what} is not {whose}: after superposition atom {pose.atom} ({symbols[pose.atom]}) lies "
        f"{pose.displacement:.3f} Å away, more than the {RIGID_TOLERANCE:g} Å of rounded coordinates; "
        "hosts are rigid here, so use one geometry, with its atoms in one order."
    )
