"""A dimer: rigid host + probe atom. A configuration is the probe's position in the host's frame."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii

from nci_core.errors import InputError
from nci_core.systems.ground_states import check_closed_shell_atom
from nci_core.systems.hosts import OVERLAP_FACTOR, Host, check_elements
from nci_core.systems.symmetry import unique_image

if TYPE_CHECKING:
    from nci_core.systems.configurations import Configurations

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Dimer:
    """Host and probe.

    Attributes:
        host: the rigid molecule, monomer A.
        probe: chemical symbol of the probe atom, monomer B; closed-shell.

    >>> from nci_core.systems.hosts import builtin_host
    >>> dimer = Dimer(builtin_host("benzene"), "He")
    >>> dimer.geometry_hash([0.3, 1.0, 3.0]) == dimer.geometry_hash([-0.3, 1.0, -3.0])
    True
    """

    host: Host
    probe: str

    def __post_init__(self) -> None:
        check_elements((self.probe,), "the probe")
        if atomic_numbers[self.probe] % 2:
            raise InputError(
                f"Probe {self.probe!r} has {atomic_numbers[self.probe]} electrons, an odd number; "
                "use a closed-shell atom such as He, Ne or Ar."
            )
        check_closed_shell_atom(self.probe, "Probe")

    @property
    def name(self) -> str:
        """For example 'he-benzene'."""
        return f"{self.probe.lower()}-{self.host.name}"

    def at(self, R: npt.ArrayLike) -> "Configurations":
        """Configurations with the probe at R (m, 3) in Å."""
        from nci_core.systems.configurations import Configurations

        return Configurations(self, np.asarray(R, dtype=float))

    def check(self, positions: npt.ArrayLike) -> FloatArray:
        """Return positions as (m, 3) floats in Å; raises InputError if one is bad or overlaps the host."""
        points = np.asarray(positions, dtype=float).reshape(-1, 3)
        if not np.isfinite(points).all():
            row = int(np.argwhere(~np.isfinite(points).all(axis=1))[0, 0])
            raise InputError(f"Probe position {row} is not a number: {points[row].tolist()}.")
        distance = self.distances(points)
        radii = covalent_radii[self.host.numbers] + covalent_radii[atomic_numbers[self.probe]]
        close = distance < OVERLAP_FACTOR * radii
        if close.any():
            m, i = np.argwhere(close)[0]
            raise InputError(
                f"Probe position {m} lies {distance[m, i]:.2f} Å from host atom {i} ({self.host.symbols[i]}): "
                "the atoms overlap; move the probe away or check the unit (Å)."
            )
        return points

    def distances(self, positions: FloatArray) -> FloatArray:
        """(m, n) distances in Å from each of m probe positions to the n host atoms."""
        distances: FloatArray = np.linalg.norm(np.asarray(positions)[:, None] - self.host.positions[None], axis=-1)
        return distances

    def unique(self, positions: npt.ArrayLike) -> FloatArray:
        """(m, 3) symmetry-unique representatives of (m, 3) probe positions, in Å."""
        return unique_image(self.host.operations, self.host.centre, np.asarray(positions, dtype=float).reshape(-1, 3))

    def geometry_hashes(self, positions: npt.ArrayLike) -> list[str]:
        """16 hex digits per position, equal for symmetry-equivalent points (grid of 1e-4 Å)."""
        grid = np.rint(self.host.positions * 1e4).astype(np.int64)
        head = ";".join(sorted(f"{s} {x} {y} {z}" for s, (x, y, z) in zip(self.host.symbols, grid, strict=True)))
        digests = []
        for point in np.rint(self.unique(positions) * 1e4).astype(np.int64):
            text = f"{head}|{self.probe} {point[0]} {point[1]} {point[2]}"
            digests.append(hashlib.sha256(text.encode()).hexdigest()[:16])
        return digests

    def geometry_hash(self, position: npt.ArrayLike) -> str:
        """The hash of one position (3,)."""
        return self.geometry_hashes(position)[0]

    def atoms(self, position: npt.ArrayLike) -> Atoms:
        """Host + probe as ASE Atoms, the probe last; `info` names the monomers as in extxyz exports."""
        point = np.asarray(position, dtype=float).reshape(1, 3)
        atoms = Atoms([*self.host.symbols, self.probe], positions=np.vstack([self.host.positions, point]))
        n = len(self.host.symbols)
        atoms.info.update(config_type=self.name, monomer_a=f"0:{n}", monomer_b=f"{n}:{n + 1}")
        return atoms
