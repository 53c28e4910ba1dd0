"""Which frames of a file show the same rigid host, wherever it lies and however its coordinates were rounded."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ase import Atoms

from nci_core.errors import InputError
from nci_core.systems.bonds import bonded
from nci_core.systems.superposition import RIGID_TOLERANCE, Superposition, flexed, is_mirror_image, superpose

FloatArray = npt.NDArray[np.float64]

#: A host whose atoms are all within this distance (Å) of the first frame's has not moved: float32 keeps 1e-6 Å, and
#: superposing such rounding would only turn the probe, which is farther out than any atom, by a multiple of it.
IN_PLACE = 1e-5
#: Hosts of one order of atoms and the same bonds that lie within this distance (Å) are one molecule that was flexed.
#: Vibrations move atoms by less; conformers and cis/trans isomers differ by more and are other hosts.
FLEXED = 0.5


@dataclass(frozen=True)
class _Known:
    """A host met before: its number, the frame it was met in, its atoms, and their distances (n,) from its centroid."""

    number: int
    frame: int
    atoms: Atoms
    radii: FloatArray


def radii_of(positions: FloatArray) -> FloatArray:
    """(n,) distances in Å of atoms (n, 3) from their centroid."""
    radii: FloatArray = np.linalg.norm(positions - positions.mean(axis=0), axis=1)
    return radii


def is_flexed(numbers: npt.NDArray[np.int64], one: FloatArray, two: FloatArray, pose: Superposition) -> bool:
    """Whether `two` is the molecule `one`, both (n, 3) in Å, bent or stretched, and not another isomer or conformer.

    `pose` is that of `two` on `one`.
    """
    return (
        RIGID_TOLERANCE < pose.displacement <= FLEXED
        and bool((bonded(numbers, one) == bonded(numbers, two)).all())
        and not is_mirror_image(one, two)
    )


class RigidHosts:
    """The different hosts among frames, numbered in the order in which they are met.

    Frames are of one host when elements, their order and the probe agree and the atoms lie within RIGID_TOLERANCE
    after superposition. The order of atoms is taken as it is: a file that exchanges equal atoms has several hosts.

    Args:
        source: the file, for errors.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._exact: dict[tuple[bytes, str, bytes], int] = {}
        self._alike: dict[tuple[bytes, str], list[_Known]] = {}
        self._count = 0

    def place(self, frame: int, host: Atoms, probe: Atoms) -> tuple[int, FloatArray]:
        """The number of a frame's host, and the probe's position (3,) in Å where that host was first met.

        Raises InputError for a host that is an earlier one flexed, with the distance in Å.
        """
        kind = (host.numbers.tobytes(), str(probe.get_chemical_symbols()[0]))
        exact = (*kind, host.positions.tobytes())
        point: FloatArray = probe.positions[0]
        if exact in self._exact:
            return self._exact[exact], point
        found = self._known(frame, host, self._alike.get(kind, []))
        if found is not None:
            known, pose = found
            return known.number, point if pose is None else pose.place(point)
        self._exact[exact] = number = self._count
        self._alike.setdefault(kind, []).append(_Known(number, frame, host, radii_of(host.positions)))
        self._count += 1
        return number, point

    def _known(self, frame: int, host: Atoms, candidates: list[_Known]) -> tuple[_Known, Superposition | None] | None:
        """The host met before that this one is, and its pose there, None where it has not moved."""
        for known in candidates:
            if np.linalg.norm(host.positions - known.atoms.positions, axis=1).max() <= IN_PLACE:
                return known, None
        nearest = min(self._poses(host, candidates), key=lambda pair: pair[1].displacement, default=None)
        if nearest is None:
            return None
        known, pose = nearest
        if pose.displacement <= RIGID_TOLERANCE:
            return nearest
        if is_flexed(host.numbers, known.atoms.positions, host.positions, pose):
            symbols = tuple(host.get_chemical_symbols())
            said = flexed(symbols, pose, f"that of frame {known.frame}", f"frame {frame}: the host")
            raise InputError(f"{self.source}, {said}")
        return None

    @staticmethod
    def _poses(host: Atoms, candidates: list[_Known]) -> Iterator[tuple[_Known, Superposition]]:
        """Poses on those that may lie within FLEXED: no distance from the centroid differs by more than atoms do."""
        if not candidates:
            return
        apart = np.abs(np.array([known.radii for known in candidates]) - radii_of(host.positions)).max(axis=1)
        for index in np.flatnonzero(apart <= FLEXED):
            known = candidates[index]
            yield known, superpose(known.atoms.positions, host.positions)
