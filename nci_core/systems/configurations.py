"""Configurations: a dimer, and where and how its monomer b lies beside monomer a."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.data import covalent_radii

from nci_core.errors import InputError
from nci_core.systems.dimer import Dimer
from nci_core.systems.monomer import OVERLAP_FACTOR, Monomer
from nci_core.systems.poses import IDENTITY, quaternions, rotation_matrices, unit_quaternions
from nci_core.systems.symmetry import unique_image

FloatArray = npt.NDArray[np.float64]
Rows = slice | npt.NDArray[np.int64] | npt.NDArray[np.bool_] | Sequence[int]

#: Atoms whose coordinates agree on a grid of this spacing (Å) are in the same place.
GRID = 1e-4


@dataclass(frozen=True, eq=False)
class Configurations:
    """m configurations of one dimer.

    The atoms of b lie at R + rotation(q) · (b's positions − b's centre), in a's coordinates.

    Attributes:
        dimer: the two monomers.
        R: (m, 3) centre of b in a's coordinates, Å.
        q: (m, 4) unit quaternions (w, x, y, z) of b; whatever is given, an atom has the identity.

    Raises InputError unless there are as many poses as positions, each a unit quaternion.

    >>> from nci_core.systems import Monomer, builtin_monomer
    >>> helium = Dimer(builtin_monomer("benzene"), Monomer.atom("He")).at([[0.0, 0.0, 3.0], [0.0, 0.0, -3.0]])
    >>> len(helium), helium.distances.shape, len(set(helium.geometry_hashes()))
    (2, (2, 12, 1), 1)
    """

    dimer: Dimer
    R: FloatArray
    q: FloatArray

    def __post_init__(self) -> None:
        R = np.array(self.R, dtype=float).reshape(-1, 3)
        q = np.tile(IDENTITY, (len(R), 1)) if self.dimer.b.is_atom else unit_quaternions(self.q)
        if len(q) != len(R):
            raise InputError(f"{len(R)} positions of {self.dimer.b.name} come with {len(q)} poses.")
        for name, array in (("R", R), ("q", q)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)

    def __len__(self) -> int:
        return len(self.R)

    def __getitem__(self, rows: Rows) -> "Configurations":
        """Those of some rows: indices, a mask or a slice, not a single index."""
        return Configurations(self.dimer, self.R[rows], self.q[rows])

    @staticmethod
    def joined(parts: Sequence["Configurations"]) -> "Configurations":
        """Several, one after the other; raises InputError unless they are of one dimer, or for none."""
        if not parts:
            raise InputError("There are no configurations to join.")
        dimer = parts[0].dimer
        for part in parts:
            if part.dimer != dimer:
                raise InputError(f"Configurations of {dimer.name} and of {part.dimer.name}, or of other geometries.")
        return Configurations(dimer, np.vstack([p.R for p in parts]), np.vstack([p.q for p in parts]))

    @cached_property
    def b_positions(self) -> FloatArray:
        """(m, n_b, 3) atoms of b in a's coordinates, Å."""
        b = self.dimer.b
        if b.is_atom:
            return self.R[:, None]
        turned: FloatArray = (b.positions - b.centre) @ rotation_matrices(self.q).transpose(0, 2, 1)
        return turned + self.R[:, None]

    @cached_property
    def distances(self) -> FloatArray:
        """(m, n_a, n_b) distances in Å from each atom of a to each of b."""
        apart: FloatArray = np.linalg.norm(
            self.b_positions[:, None, :, :] - self.dimer.a.positions[None, :, None, :], axis=-1
        )
        return apart

    @property
    def separations(self) -> FloatArray:
        """(m,) shortest distance in Å between an atom of a and one of b."""
        shortest: FloatArray = self.distances.min(axis=(1, 2))
        return shortest

    def checked(self) -> "Configurations":
        """Itself; raises InputError if a position is not a number or atoms of a and b overlap."""
        finite = np.isfinite(self.R).all(axis=1)
        if not finite.all():
            row = int(np.argmin(finite))
            raise InputError(f"Probe position {row} is not a number: {self.R[row].tolist()}.")
        a, b = self.dimer.a, self.dimer.b
        radii = covalent_radii[a.numbers][:, None] + covalent_radii[b.numbers]
        close = self.distances < OVERLAP_FACTOR * radii
        if close.any():
            m, i, j = np.argwhere(close)[0]
            which = "" if b.is_atom else f"with atom {j} ({b.symbols[j]}) "
            raise InputError(
                f"Probe position {m} lies {which}{self.distances[m, i, j]:.2f} Å from host atom {i} ({a.symbols[i]}): "
                "the atoms overlap; move the probe away or check the unit (Å)."
            )
        return self

    def unique(self) -> "Configurations":
        """The symmetry-unique representative of each, under the point groups of a and b."""
        a, b = self.dimer.a, self.dimer.b
        if b.is_atom:
            return self.dimer.at(unique_image(a.operations, a.centre, self.R))
        poses = [
            _unique_pose(self.dimer, R, rotation) for R, rotation in zip(self.R, rotation_matrices(self.q), strict=True)
        ]
        R = np.array([R for R, _ in poses]).reshape(-1, 3)
        return self.dimer.at(R, quaternions(np.array([rotation for _, rotation in poses]).reshape(-1, 3, 3)))

    def geometry_hashes(self) -> list[str]:
        """16 hex digits each, equal for symmetry-equivalent configurations (on a grid of 1e-4 Å).

        They do not depend on the order of atoms, nor on where b's own coordinates have their origin and axes.
        """
        head = _places(self.dimer.a, self.dimer.a.positions)
        return [
            hashlib.sha256(f"{head}|{_places(self.dimer.b, atoms)}".encode()).hexdigest()[:16]
            for atoms in self.unique().b_positions
        ]

    def atoms(self, row: int) -> Atoms:
        """One of them as ASE Atoms, b last; `info` names the monomers as in extxyz exports."""
        a, b = self.dimer.a, self.dimer.b
        atoms = Atoms([*a.symbols, *b.symbols], positions=np.vstack([a.positions, self.b_positions[row]]))
        n = len(a.symbols)
        atoms.info.update(config_type=self.dimer.name, monomer_a=f"0:{n}", monomer_b=f"{n}:{len(atoms)}")
        return atoms


def _places(monomer: Monomer, positions: FloatArray) -> str:
    """What and where the atoms are, on the grid and in an order that does not depend on theirs."""
    grid = np.rint(positions / GRID).astype(np.int64)
    places = ";".join(sorted(f"{s} {x} {y} {z}" for s, (x, y, z) in zip(monomer.symbols, grid, strict=True)))
    return places if monomer.charge == 0 else f"{places};{monomer.charge:+d}"


def _unique_pose(dimer: Dimer, R: FloatArray, rotation: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The image of one pose with the largest (z, x, y) of its centre, then the last list of its atoms.

    With g of a's point group and h of b's, the images are (g R, g Q h). Two improper operations make a proper
    rotation; one alone would leave the mirror image of b.
    """
    a, b = dimer.a, dimer.b
    away, own = R - a.centre, b.positions - b.centre
    handed_b = np.linalg.det(b.operations)
    best: tuple[tuple[int, ...], str, list[list[float]]] | None = None
    for g in a.operations:
        image = g @ away
        x, y, z = np.rint(image / GRID).astype(np.int64).tolist()
        if best is not None and (z, x, y) < best[0]:
            continue
        for h in b.operations[handed_b * np.linalg.det(g) > 0.0]:
            turned = g @ rotation @ h
            placed = own @ turned.T + image + a.centre
            # Where equal atoms may change places, the order of b's own list decides.
            rank = ((z, x, y), _places(b, placed), np.rint(placed / GRID).tolist())
            if best is None or rank > best:
                best, chosen = rank, (image + a.centre, turned)
    if best is None:  # the identity is in both groups
        raise AssertionError("a point group without the identity")
    return chosen
