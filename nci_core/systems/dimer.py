"""A dimer of two rigid monomers. A configuration is the position of b's centre in a's coordinates."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.data import covalent_radii

from nci_core.errors import InputError
from nci_core.systems.monomer import OVERLAP_FACTOR, Monomer
from nci_core.systems.symmetry import unique_image

if TYPE_CHECKING:
    from nci_core.systems.configurations import Configurations

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Dimer:
    """Two rigid monomers.

    Attributes:
        a: the one that stays where it is; people call it the host.
        b: the one that moves around it; people call it the probe.

    >>> from nci_core.systems.hosts import builtin_host
    >>> dimer = Dimer(builtin_host("benzene"), Monomer.atom("He"))
    >>> dimer.name
    'he-benzene'
    >>> dimer.geometry_hash([0.3, 1.0, 3.0]) == dimer.geometry_hash([-0.3, 1.0, -3.0])
    True
    """

    a: Monomer
    b: Monomer

    @property
    def name(self) -> str:
        """For example 'he-benzene'."""
        return f"{self.b.name.lower()}-{self.a.name}"

    def at(self, R: npt.ArrayLike) -> "Configurations":
        """Configurations with b's centre at R (m, 3) in Å, b turned as it is."""
        from nci_core.systems.configurations import Configurations

        return Configurations(self, np.asarray(R, dtype=float))

    def check(self, positions: npt.ArrayLike) -> FloatArray:
        """Return positions as (m, 3) floats in Å; raises InputError if one is bad or overlaps the host."""
        points = np.asarray(positions, dtype=float).reshape(-1, 3)
        if not np.isfinite(points).all():
            row = int(np.argwhere(~np.isfinite(points).all(axis=1))[0, 0])
            raise InputError(f"Probe position {row} is not a number: {points[row].tolist()}.")
        distance = self.distances(points)
        radii = covalent_radii[self.a.numbers] + covalent_radii[self.b.numbers[0]]
        close = distance < OVERLAP_FACTOR * radii
        if close.any():
            m, i = np.argwhere(close)[0]
            raise InputError(
                f"Probe position {m} lies {distance[m, i]:.2f} Å from host atom {i} ({self.a.symbols[i]}): "
                "the atoms overlap; move the probe away or check the unit (Å)."
            )
        return points

    def distances(self, positions: FloatArray) -> FloatArray:
        """(m, n) distances in Å from each of m probe positions to the n host atoms."""
        distances: FloatArray = np.linalg.norm(np.asarray(positions)[:, None] - self.a.positions[None], axis=-1)
        return distances

    def unique(self, positions: npt.ArrayLike) -> FloatArray:
        """(m, 3) symmetry-unique representatives of (m, 3) probe positions, in Å."""
        return unique_image(self.a.operations, self.a.centre, np.asarray(positions, dtype=float).reshape(-1, 3))

    def geometry_hashes(self, positions: npt.ArrayLike) -> list[str]:
        """16 hex digits per position, equal for symmetry-equivalent points (grid of 1e-4 Å)."""
        grid = np.rint(self.a.positions * 1e4).astype(np.int64)
        head = ";".join(sorted(f"{s} {x} {y} {z}" for s, (x, y, z) in zip(self.a.symbols, grid, strict=True)))
        digests = []
        for point in np.rint(self.unique(positions) * 1e4).astype(np.int64):
            text = f"{head}|{self.b.symbols[0]} {point[0]} {point[1]} {point[2]}"
            digests.append(hashlib.sha256(text.encode()).hexdigest()[:16])
        return digests

    def geometry_hash(self, position: npt.ArrayLike) -> str:
        """The hash of one position (3,)."""
        return self.geometry_hashes(position)[0]

    def atoms(self, position: npt.ArrayLike) -> Atoms:
        """Host + probe as ASE Atoms, the probe last; `info` names the monomers as in extxyz exports."""
        point = np.asarray(position, dtype=float).reshape(1, 3)
        atoms = Atoms([*self.a.symbols, *self.b.symbols], positions=np.vstack([self.a.positions, point]))
        n = len(self.a.symbols)
        atoms.info.update(config_type=self.name, monomer_a=f"0:{n}", monomer_b=f"{n}:{n + 1}")
        return atoms
