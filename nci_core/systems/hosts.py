"""Rigid hosts, and the built-in molecules with their sources; `reading.structure_file` takes others from files."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii

from nci_core.errors import InputError
from nci_core.systems.frames import LocalFrames, local_frames
from nci_core.systems.ground_states import check_closed_shell
from nci_core.systems.symmetry import point_group_operations

FloatArray = npt.NDArray[np.float64]

#: Nuclei closer than this share of the sum of covalent radii are not a molecule.
OVERLAP_FACTOR = 0.5


@dataclass(frozen=True)
class Host:
    """A rigid, closed-shell, neutral molecule.

    Attributes:
        name: short name, used in file names and on the command line.
        symbols: chemical symbols of the n atoms.
        positions: (n, 3) in Å.
        source: where the geometry comes from.

    Raises InputError for unknown elements, overlapping atoms, an odd electron count, molecules that are known to be no
    closed shells or coordinates that are not finite.
    """

    name: str
    symbols: tuple[str, ...]
    positions: FloatArray = field(repr=False)
    source: str = ""

    def __post_init__(self) -> None:
        check_elements(self.symbols, f"host {self.name!r}")
        positions = np.array(self.positions, dtype=float).reshape(-1, 3)
        positions.setflags(write=False)
        object.__setattr__(self, "positions", positions)
        if len(positions) != len(self.symbols) or not len(positions):
            raise InputError(f"Host {self.name!r} has {len(self.symbols)} symbols for {len(positions)} positions.")
        if not np.isfinite(positions).all():
            raise InputError(f"Host {self.name!r} has coordinates that are not numbers; check its file.")
        self._check_overlap()
        if self.numbers.sum() % 2:
            raise InputError(
                f"Host {self.name!r} has {self.numbers.sum()} electrons, an odd number; "
                "only closed-shell neutral hosts are supported."
            )
        check_closed_shell(self.symbols, self.name)

    def _check_overlap(self) -> None:
        distance = np.linalg.norm(self.positions[:, None] - self.positions[None], axis=-1)
        radii = covalent_radii[self.numbers]
        close = np.triu(distance < OVERLAP_FACTOR * (radii[:, None] + radii[None]), k=1)
        if close.any():
            i, j = np.argwhere(close)[0]
            raise InputError(
                f"Host {self.name!r}: atoms {i} ({self.symbols[i]}) and {j} ({self.symbols[j]}) overlap, "
                f"{distance[i, j]:.2f} Å apart; check the coordinates and their unit (Å)."
            )

    @cached_property
    def numbers(self) -> npt.NDArray[np.int64]:
        """(n,) atomic numbers."""
        return np.array([atomic_numbers[s] for s in self.symbols], dtype=np.int64)

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
    def frames(self) -> LocalFrames:
        """Outward directions and surface normals of the atoms."""
        return local_frames(self.positions)

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
        """The host alone as ASE Atoms."""
        return Atoms(list(self.symbols), positions=self.positions)


def check_elements(symbols: tuple[str, ...], where: str) -> None:
    """Raise InputError for the first symbol that is not an element."""
    for symbol in symbols:
        if symbol == "X" or symbol not in atomic_numbers:
            raise InputError(f"Unknown element {symbol!r} in {where}; use chemical symbols such as C, H or He.")


def _ring(element: str, radius: float) -> list[tuple[str, float, float, float]]:
    angles = np.deg2rad(90.0 + 60.0 * np.arange(6))
    return [(element, radius * np.cos(a), radius * np.sin(a), 0.0) for a in angles]


def _host(name: str, rows: list[tuple[str, float, float, float]], source: str) -> Host:
    return Host(name, tuple(r[0] for r in rows), np.array([r[1:] for r in rows]), source)


def _benzene() -> Host:
    source = "D6h, r(CC) 1.39417 Å, r(CH) 1.08730 Å; geometry of the He-benzene reference, arXiv:2601.02166"
    return _host("benzene", _ring("C", 1.3941659) + _ring("H", 2.4814619), source)


def _ethylene() -> Host:
    # Plane xy, double bond along x.
    cc, ch, hcc = 1.335, 1.090, np.deg2rad(121.7)
    x, y = cc / 2 - ch * np.cos(hcc), ch * np.sin(hcc)
    rows = [("C", cc / 2, 0.0, 0.0), ("C", -cc / 2, 0.0, 0.0)]
    rows += [("H", sx * x, sy * y, 0.0) for sx in (1, -1) for sy in (1, -1)]
    source = (
        "D2h, average structure r(CC) 1.335 Å, r(CH) 1.090 Å, angle CCH 121.7 degrees; "
        "J. Chem. Phys. 44, 906 (1966), DOI 10.1063/1.1726840"
    )
    return _host("ethylene", rows, source)


BUILTIN_HOSTS = {"benzene": _benzene, "ethylene": _ethylene}


def builtin_host(name: str) -> Host:
    """A built-in host by name; raises InputError for an unknown one.

    >>> builtin_host("benzene").operations.shape[0]  # D6h has 24 operations
    24
    """
    try:
        return BUILTIN_HOSTS[name]()
    except KeyError:
        raise InputError(
            f"Unknown host {name!r}; choose {', '.join(BUILTIN_HOSTS)} or give the path of an xyz file."
        ) from None
