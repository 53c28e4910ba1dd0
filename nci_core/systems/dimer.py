"""A dimer of two rigid monomers; its `configurations` say where and how b lies beside a."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from ase import Atoms

from nci_core.errors import InputError
from nci_core.systems.monomer import Monomer
from nci_core.systems.poses import IDENTITY

if TYPE_CHECKING:
    from nci_core.systems.configurations import Configurations

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Dimer:
    """Two rigid monomers.

    Attributes:
        a: the one that stays where it is; people call it the host.
        b: the one that moves around it; people call it the probe.

    >>> from nci_core.systems import builtin_monomer
    >>> dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
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

    def at(self, R: npt.ArrayLike, q: npt.ArrayLike | None = None) -> "Configurations":
        """Its configurations with b's centre at R, (m, 3) or (3,) in Å, and poses q (m, 4), the identity for None."""
        from nci_core.systems.configurations import Configurations

        centres = np.asarray(R, dtype=float).reshape(-1, 3)
        poses = np.tile(IDENTITY, (len(centres), 1)) if q is None else np.asarray(q, dtype=float)
        return Configurations(self, centres, poses)

    def check_computable(self) -> None:
        """Raise InputError for what no recipe, teacher or student treats yet: a molecule as probe, or charges."""
        if not self.b.is_atom:
            raise InputError(f"The probe {self.b.name} is a molecule; only atoms are computed as probes so far.")
        for monomer in (self.a, self.b):
            if monomer.charge:
                raise InputError(
                    f"Monomer {monomer.name} has the charge {monomer.charge:+d}; only neutral ones are computed so far."
                )

    def check(self, positions: npt.ArrayLike) -> FloatArray:
        """Return positions as (m, 3) floats in Å; raises InputError if one is bad or overlaps the host."""
        return self.at(positions).checked().R.copy()

    def distances(self, positions: npt.ArrayLike) -> FloatArray:
        """(m, n) distances in Å from each of m probe positions to the n host atoms, the probe being an atom."""
        return self.at(positions).distances[:, :, 0]

    def unique(self, positions: npt.ArrayLike) -> FloatArray:
        """(m, 3) symmetry-unique representatives of (m, 3) probe positions, in Å."""
        return self.at(positions).unique().R

    def geometry_hashes(self, positions: npt.ArrayLike) -> list[str]:
        """16 hex digits per position, equal for symmetry-equivalent points (grid of 1e-4 Å)."""
        return self.at(positions).geometry_hashes()

    def geometry_hash(self, position: npt.ArrayLike) -> str:
        """The hash of one position (3,)."""
        return self.geometry_hashes(position)[0]

    def atoms(self, position: npt.ArrayLike) -> Atoms:
        """Host + probe as ASE Atoms, the probe last; `info` names the monomers as in extxyz exports."""
        return self.at(position).atoms(0)
