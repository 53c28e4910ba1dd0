"""How rigid monomers are turned, and what pulls at them: unit quaternions (w, x, y, z), forces and torques.

SciPy's rotations do the work. They are loaded where something is turned: that takes 0.4 s, and atoms turn nothing.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError

FloatArray = npt.NDArray[np.float64]

#: The pose that turns nothing.
IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])
IDENTITY.setflags(write=False)
#: Quaternions may miss unit length by this much, the rounding of a file with four decimals, and are then scaled to it.
LENGTH_TOLERANCE = 1e-3


def unit_quaternions(q: npt.ArrayLike) -> FloatArray:
    """Quaternions (m, 4) scaled to unit length; raises InputError for one that is not near it or not a number."""
    given = np.asarray(q, dtype=float).reshape(-1, 4)
    length = np.linalg.norm(given, axis=1, keepdims=True)
    bad = ~(np.abs(length[:, 0] - 1.0) <= LENGTH_TOLERANCE)  # true for NaN
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(f"Pose {row} is no unit quaternion (w, x, y, z): {given[row].tolist()}.")
    scaled: FloatArray = given / length
    return scaled


def rotation_matrices(q: FloatArray) -> FloatArray:
    """(m, 3, 3) rotations of unit quaternions (m, 4), for column vectors.

    >>> half = np.sqrt(0.5)  # a quarter of a turn about z carries x to y
    >>> (rotation_matrices(np.array([[half, 0.0, 0.0, half]]))[0] @ [1.0, 0.0, 0.0]).round(6).tolist()
    [0.0, 1.0, 0.0]
    """
    from scipy.spatial.transform import Rotation

    matrices: FloatArray = Rotation.from_quat(q, scalar_first=True).as_matrix()
    return matrices


def quaternions(matrices: FloatArray) -> FloatArray:
    """Unit quaternions (m, 4) with w ≥ 0 of proper rotations (m, 3, 3), the inverse of `rotation_matrices`."""
    from scipy.spatial.transform import Rotation

    found: FloatArray = Rotation.from_matrix(matrices).as_quat(canonical=True, scalar_first=True)
    return found


def rotation_about(vector: npt.ArrayLike) -> FloatArray:
    """(3, 3) rotation about a vector (3,) by its length in radians."""
    from scipy.spatial.transform import Rotation

    matrix: FloatArray = Rotation.from_rotvec(np.asarray(vector, dtype=float)).as_matrix()
    return matrix


@dataclass(frozen=True)
class RigidForces:
    """What pulls at monomer b, as a rigid body, in m configurations.

    Attributes:
        force: (m, 3) on b, eV/Å.
        torque: (m, 3) about b's centre, eV; zero where b is an atom.
    """

    force: FloatArray
    torque: FloatArray

    @classmethod
    def on_atom(cls, force: npt.ArrayLike) -> "RigidForces":
        """Forces (m, 3) in eV/Å on an atom, which no torque turns."""
        forces = np.asarray(force, dtype=float).reshape(-1, 3)
        return cls(forces, np.zeros_like(forces))

    @classmethod
    def on_atoms(cls, forces: npt.ArrayLike, arms: npt.ArrayLike) -> "RigidForces":
        """From forces (m, n, 3) in eV/Å on the atoms of b and their arms (m, n, 3) in Å from its centre.

        >>> pulled = RigidForces.on_atoms([[[0.0, 1.0, 0.0], [0.0, -1.0, 0.0]]], [[[0.5, 0.0, 0.0], [-0.5, 0.0, 0.0]]])
        >>> pulled.force.tolist(), pulled.torque.tolist()
        ([[0.0, 0.0, 0.0]], [[0.0, 0.0, 1.0]])
        """
        each, arm = np.asarray(forces, dtype=float), np.asarray(arms, dtype=float)
        return cls(each.sum(axis=1), np.cross(arm, each).sum(axis=1))

    def __len__(self) -> int:
        return len(self.force)
