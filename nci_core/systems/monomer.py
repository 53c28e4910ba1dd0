"""A rigid molecule or atom: one half of a dimer. `library` has the built-in ones, `reading` reads files."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii

from nci_core.errors import InputError
from nci_core.systems.ground_states import check_closed_shell, check_closed_shell_atom
from nci_core.systems.local_axes import LocalAxes
from nci_core.systems.neighbours import surroundings
from nci_core.systems.symmetry import point_group_operations

FloatArray = npt.NDArray[np.float64]

#: Nuclei closer than this share of the sum of covalent radii are not a molecule.
OVERLAP_FACTOR = 0.5


@dataclass(frozen=True)
class Monomer:
    """A rigid, closed-shell molecule or atom.

    Attributes:
        name: short name, used in file names and on the command line.
        symbols: chemical symbols of the n atoms.
        positions: (n, 3) in Å.
        charge: in elementary charges.
        source: where the geometry comes from.

    Raises InputError for unknown elements, overlapping atoms, an odd electron count, molecules that are known to be no
    closed shells or coordinates that are not finite.
    """

    name: str
    symbols: tuple[str, ...]
    positions: FloatArray = field(repr=False)
    charge: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        check_elements(self.symbols, f"monomer {self.name!r}")
        positions = np.array(self.positions, dtype=float).reshape(-1, 3)
        positions.setflags(write=False)
        object.__setattr__(self, "positions", positions)
        if len(positions) != len(self.symbols) or not len(positions):
            raise InputError(f"Monomer {self.name!r} has {len(self.symbols)} symbols for {len(positions)} positions.")
        if not np.isfinite(positions).all():
            raise InputError(f"Monomer {self.name!r} has coordinates that are not numbers; check its file.")
        self._check_overlap()
        self._check_electrons()

    @classmethod
    def atom(cls, symbol: str) -> "Monomer":
        """A neutral atom at the origin, as a probe is; raises InputError unless it is known to be a closed shell.

        >>> Monomer.atom("He").electrons
        2
        """
        check_elements((symbol,), "the probe")
        if atomic_numbers[symbol] % 2:
            raise InputError(
                f"Probe {symbol!r} has {atomic_numbers[symbol]} electrons, an odd number; "
                "use a closed-shell atom such as He, Ne or Ar."
            )
        check_closed_shell_atom(symbol, "Probe")
        return cls(symbol, (symbol,), np.zeros((1, 3)))

    def _check_overlap(self) -> None:
        distance = np.linalg.norm(self.positions[:, None] - self.positions[None], axis=-1)
        radii = covalent_radii[self.numbers]
        close = np.triu(distance < OVERLAP_FACTOR * (radii[:, None] + radii[None]), k=1)
        if close.any():
            i, j = np.argwhere(close)[0]
            raise InputError(
                f"Monomer {self.name!r}: atoms {i} ({self.symbols[i]}) and {j} ({self.symbols[j]}) overlap, "
                f"{distance[i, j]:.2f} Å apart; check the coordinates and their unit (Å)."
            )

    def _check_electrons(self) -> None:
        if self.electrons <= 0:
            raise InputError(f"Monomer {self.name!r} has no electrons: its charge is {self.charge:+d}.")
        if self.electrons % 2 and self.charge:
            raise InputError(
                f"Monomer {self.name!r} has {self.electrons} electrons with its charge of {self.charge:+d}, an odd "
                "number; only closed-shell monomers are supported."
            )
        if self.electrons % 2:
            raise InputError(
                f"Monomer {self.name!r} has {self.electrons} electrons, an odd number; "
                "only closed-shell monomers are supported."
            )
        check_closed_shell(self.symbols, self.name, self.charge)

    def __eq__(self, other: object) -> bool:
        """The same atoms of the same name and charge in the very same places; sources may differ."""
        if not isinstance(other, Monomer):
            return NotImplemented
        same = (self.name, self.symbols, self.charge) == (other.name, other.symbols, other.charge)
        return same and np.array_equal(self.positions, other.positions)

    def __hash__(self) -> int:
        return hash((self.name, self.symbols, self.charge, self.positions.tobytes()))

    @cached_property
    def numbers(self) -> npt.NDArray[np.int64]:
        """(n,) atomic numbers."""
        return np.array([atomic_numbers[s] for s in self.symbols], dtype=np.int64)

    @property
    def electrons(self) -> int:
        """How many there are, the charge counted."""
        return int(self.numbers.sum()) - self.charge

    @property
    def is_atom(self) -> bool:
        """Whether it is one atom, which cannot be turned."""
        return len(self.symbols) == 1

    @cached_property
    def centre(self) -> FloatArray:
        """(3,) centroid in Å, the fixed point of the symmetry operations."""
        centre: FloatArray = self.positions.mean(axis=0)
        return centre

    @cached_property
    def linear(self) -> bool:
        """Whether its atoms, two or more, lie within 0.02 Å of one line."""
        centred = self.positions - self.centre
        return len(self.symbols) > 1 and bool(np.linalg.eigvalsh(centred.T @ centred)[1] < 0.02**2)

    @cached_property
    def local_axes(self) -> LocalAxes:
        """Outward directions and surface normals of the atoms."""
        return LocalAxes.of(self.positions)

    @cached_property
    def surroundings(self) -> FloatArray:
        """(n, 3) what each atom is bonded to and has nearby; see `neighbours`."""
        return surroundings(self.symbols, self.positions)

    @cached_property
    def operations(self) -> FloatArray:
        """(g, 3, 3) point-group operations about the centre."""
        return point_group_operations(self.numbers, self.positions)

    @cached_property
    def axes(self) -> FloatArray:
        """(3, 3) principal axes as rows: the last is the thinnest direction (a plane's normal)."""
        centred = self.positions - self.centre
        _, vectors = np.linalg.eigh(centred.T @ centred)
        axes: FloatArray = vectors[:, ::-1].T
        # Fix the signs, so that the same file always gives the same picture.
        for axis in axes:
            axis *= np.sign(axis[np.argmax(np.abs(axis))])
        return axes

    def atoms(self) -> Atoms:
        """The monomer alone as ASE Atoms."""
        return Atoms(list(self.symbols), positions=self.positions)


def check_elements(symbols: tuple[str, ...], where: str) -> None:
    """Raise InputError for the first symbol that is not an element."""
    for symbol in symbols:
        if symbol == "X" or symbol not in atomic_numbers:
            raise InputError(f"Unknown element {symbol!r} in {where}; use chemical symbols such as C, H or He.")
