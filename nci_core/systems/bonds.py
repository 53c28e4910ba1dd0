"""Which atoms are bonded and what holds together, told from distances alone."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt
from ase.data import atomic_numbers, covalent_radii

from nci_core.systems.ground_states import CLOSED_SHELL_ATOMS

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

#: Atoms nearer than this share of the sum of their covalent radii (Cordero, DOI 10.1039/b801115j) are bonded. The
#: longest ordinary bonds, N–N in N₂O₄ and F–F, have 1.25; hydrogen bonds begin at 1.6.
BOND_FACTOR = 1.3
#: The same for atoms with a closed valence shell, which come near without a bond on a repulsive wall: Xe–F in XeF₂
#: and Hg–C in Hg(CH₃)₂ have 1.0, Kr–F in KrF₂ 1.09.
CLOSED_SHELL_FACTOR = 1.15
#: Elements without a neutral molecule.
NEVER_BONDED = ("He", "Ne", "Ar")

#: By atomic number.
_ORDINARY = np.ones(len(covalent_radii), dtype=bool)
_ORDINARY[[atomic_numbers[symbol] for symbol in CLOSED_SHELL_ATOMS]] = False
_FACTORS = np.where(_ORDINARY, BOND_FACTOR, CLOSED_SHELL_FACTOR)
_FACTORS[[atomic_numbers[symbol] for symbol in NEVER_BONDED]] = 0.0


def bond_limits(numbers: IntArray) -> FloatArray:
    """(n, n) distances in Å below which atoms of the given (n,) atomic numbers are bonded; 0 where they never are."""
    # Thousands of frames of one dimer are read one after the other.
    return _bond_limits(numbers.astype(np.int64).tobytes())


@lru_cache(maxsize=8)
def _bond_limits(numbers: bytes) -> FloatArray:
    atoms = np.frombuffer(numbers, dtype=np.int64)
    radii, factors = covalent_radii[atoms], _FACTORS[atoms]
    limits: FloatArray = np.minimum(factors[:, None], factors) * (radii[:, None] + radii)
    limits.setflags(write=False)
    return limits


def distances(positions: FloatArray) -> FloatArray:
    """(n, n) distances in Å of (n, 3) positions."""
    found: FloatArray = np.linalg.norm(positions[:, None] - positions, axis=-1)
    return found


def bonded(numbers: IntArray, positions: FloatArray) -> npt.NDArray[np.bool_]:
    """(n, n), true where two atoms are bonded; positions (n, 3) in Å."""
    found: npt.NDArray[np.bool_] = distances(positions) < bond_limits(numbers)
    np.fill_diagonal(found, False)
    return found


def is_bonded(atom: int, numbers: IntArray, positions: FloatArray) -> bool:
    """Whether one of n atoms is bonded to any other; as `bonded`, for one row of it."""
    near = np.linalg.norm(positions - positions[atom], axis=1) < bond_limits(numbers)[atom]
    near[atom] = False
    return bool(near.any())


def fragments(bonds: npt.NDArray[np.bool_]) -> list[list[int]]:
    """What bonds hold together, each a sorted list of atoms, in the order of their first atoms.

    >>> fragments(np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=bool))
    [[0, 2], [1]]
    """
    from scipy.sparse.csgraph import connected_components  # here: it takes 0.4 s, and few pages need it

    count, names = connected_components(bonds, directed=False)
    members: list[list[int]] = [[] for _ in range(count)]
    for atom, name in enumerate(names):
        members[name].append(atom)
    return sorted(members)


def bond_lengths_in_radii(numbers: IntArray, positions: FloatArray) -> float | None:
    """Median over the atoms of the distance to what looks like the nearest bonded partner, in sums of covalent radii.

    About 1 for any molecule (0.7 where bonds are triple, 1.2 in H₂ and F₂) whose lengths are in Å. Atoms with a closed
    valence shell, which may stand alone, are left out; None where fewer than two others remain.

    >>> hydrogen = np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 0.74]])
    >>> round(bond_lengths_in_radii(np.array([1, 1]), hydrogen), 2)
    1.19
    """
    ordinary = _ORDINARY[numbers]
    if ordinary.sum() < 2:
        return None
    radii = covalent_radii[numbers[ordinary]]
    ratio = distances(positions[ordinary]) / (radii[:, None] + radii)
    np.fill_diagonal(ratio, np.inf)
    return float(np.median(ratio.min(axis=1)))
