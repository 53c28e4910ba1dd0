"""A dimer of two rigid monomers; its `configurations` say where and how b lies beside a."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.systems.monomer import Monomer
from nci_core.systems.poses import IDENTITY

if TYPE_CHECKING:
    from nci_core.systems.configurations import Configurations

#: Atoms nearer than this (Å) are the same atom of two files: geometries are published to 1e-3 Å or better, and
#: molecules that are told apart on purpose, such as those of two methods, differ by more.
SAME_ATOM = 1e-3


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


def same_dimer(one: Dimer, other: Dimer) -> bool:
    """Whether two dimers are the same in the same place, up to names, the order of atoms and SAME_ATOM.

    >>> Ne, Ar = Monomer.atom("Ne"), Monomer.atom("Ar")
    >>> same_dimer(Dimer(Ne, Ar), Dimer(Ne, Ar)), same_dimer(Dimer(Ne, Ar), Dimer(Ar, Ne))
    (True, False)
    """
    return _same_atoms(one.a, other.a) and _same_atoms(one.b, other.b)


def _same_atoms(one: Monomer, other: Monomer) -> bool:
    """Whether each atom has one of its element within SAME_ATOM in the other monomer; atoms lie farther apart."""
    if sorted(one.symbols) != sorted(other.symbols):
        return False
    apart = np.linalg.norm(one.positions[:, None] - other.positions, axis=2)
    alike = one.numbers[:, None] == other.numbers
    return bool((np.where(alike, apart, np.inf).min(axis=1) < SAME_ATOM).all())
