"""Periodic cells: molecules put together again across the walls of their box."""

import itertools
from collections import deque

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.geometry import complete_cell, find_mic

from nci_core.errors import InputError
from nci_core.systems.bonds import bond_limits, fragments

FloatArray = npt.NDArray[np.float64]

#: Heights of a cell in Å that are taken for a cell, and the least volume per atom in Å³ (hydrogen in dense crystals has
#: 2, others 5 and more): smaller cells cost memory for images without end.
HEIGHTS = (2.0, 10_000.0)
LEAST_VOLUME = 1.0
#: Å by which the second nearest image of a molecule lies further away, if the nearest is surely the one meant.
CLEARLY_NEARER = 1.0
#: Å that a box has at least beyond the larger molecule, if it holds a dimer: twice the nearest repulsive contact.
CONTACT = 3.0


def unwrapped(atoms: Atoms) -> FloatArray:
    """(n, 3) positions in Å of which every molecule is whole and near the largest one; unchanged without a cell.

    Each molecule stays where its first atom is, the largest one stays whole, and every other one, a probe above all,
    goes to its image nearest to that. Where nothing crosses a wall, the file's own numbers come back.

    Raises InputError for cells that cannot be, or are too small to tell which image is meant, and for molecules that
    are bonded to their own images.
    """
    positions: FloatArray = atoms.positions.copy()
    if not atoms.pbc.any():
        return positions
    cell = _checked_cell(atoms)
    if _far_from_walls(positions, cell, atoms.pbc):
        return positions
    radii_limits = bond_limits(atoms.numbers)
    reach = float(radii_limits.max())
    bonds = np.zeros((len(atoms), len(atoms)), dtype=bool)
    neighbours: list[list[tuple[int, tuple[int, ...]]]] = [[] for _ in atoms]
    if reach > 0.0:
        from ase.neighborlist import neighbor_list  # here: with scipy it takes 0.5 s, and few files have a cell

        box = Atoms(atoms.numbers, positions=positions, cell=cell, pbc=atoms.pbc)
        for i, j, d, shift in zip(*neighbor_list("ijdS", box, reach), strict=True):
            if d < radii_limits[i, j]:
                bonds[i, j] = True
                neighbours[i].append((int(j), tuple(int(s) for s in shift)))
    molecules = fragments(bonds)
    for molecule in molecules:
        for atom, shift in _images(molecule[0], neighbours).items():
            if any(shift):
                positions[atom] += np.array(shift) @ cell
    return _gathered(positions, molecules, cell, atoms.pbc)


def _checked_cell(atoms: Atoms) -> FloatArray:
    cell: FloatArray = np.array(complete_cell(atoms.cell.array), dtype=float)
    # Beyond 1e50 the numbers below overflow.
    volume = abs(np.linalg.det(cell)) if (np.abs(cell) < 1e50).all() else 0.0
    given = np.abs(atoms.cell.array).sum(axis=1) > 0.0
    if not volume > 0.0 or not given[atoms.pbc].all():
        raise InputError(
            "it is periodic, but its cell is not three vectors that span the volume of a box; mend it or say pbc=F."
        )
    faces = np.linalg.norm([np.cross(cell[(k + 1) % 3], cell[(k + 2) % 3]) for k in range(3)], axis=1)
    heights = (volume / faces)[atoms.pbc]
    if heights.min() < HEIGHTS[0] or heights.max() > HEIGHTS[1]:
        raise InputError(
            f"its periodic cell is {heights.min():.3g} to {heights.max():.3g} Å high, which no box with a molecule is; "
            "mend it or say pbc=F."
        )
    if atoms.pbc.all() and volume < LEAST_VOLUME * len(atoms):
        raise InputError(f"its periodic cell has {volume:.3g} Å³ for {len(atoms)} atoms; mend it or say pbc=F.")
    return cell


def _far_from_walls(positions: FloatArray, cell: FloatArray, pbc: npt.NDArray[np.bool_]) -> bool:
    """Whether all atoms lie within less than half the cell, so that every pair is nearest as it stands.

    True of skewed cells too: there half the *height* bounds what counts.
    """
    inverse = np.linalg.inv(cell)
    heights = 1.0 / np.linalg.norm(inverse, axis=0)
    span = np.linalg.norm(np.ptp(positions, axis=0))
    return bool(span < 0.5 * heights[pbc].min())


def _images(start: int, neighbours: list[list[tuple[int, tuple[int, ...]]]]) -> dict[int, tuple[int, ...]]:
    """Atoms of the molecule of `start` → the lattice vectors by which each must move to be bonded to it."""
    found: dict[int, tuple[int, ...]] = {start: (0, 0, 0)}
    queue = deque([start])
    while queue:
        atom = queue.popleft()
        for other, step in neighbours[atom]:
            shift = tuple(a + b for a, b in zip(found[atom], step, strict=True))
            if other not in found:
                found[other] = shift
                queue.append(other)
            elif found[other] != shift:
                raise InputError(
                    f"atom {other + 1} is bonded to its own periodic image: no molecule but a chain or crystal; "
                    "give a single molecule."
                )
    return found


def _gathered(
    positions: FloatArray, molecules: list[list[int]], cell: FloatArray, pbc: npt.NDArray[np.bool_]
) -> FloatArray:
    """Every molecule moved to its image nearest to the largest one."""
    largest = max(molecules, key=len)
    for molecule in molecules:
        if molecule is largest:
            continue
        vectors = (positions[molecule][None] - positions[largest][:, None]).reshape(-1, 3)
        nearest, lengths = find_mic(vectors, cell, pbc)
        best = int(np.argmin(lengths))
        # Of images that are equally near, the one that the file has.
        if np.linalg.norm(vectors, axis=1).min() > lengths[best] + 1e-6:
            positions[molecule] += nearest[best] - vectors[best]
            _check_unambiguous(positions[molecule], positions[largest], cell, pbc)
    return positions


def _check_unambiguous(moved: FloatArray, largest: FloatArray, cell: FloatArray, pbc: npt.NDArray[np.bool_]) -> None:
    """InputError if a molecule (k, 3) has another image almost as near to the largest one (n, 3) as this one.

    Which of them a file means that was not wrapped, or wrapped into too small a box, cannot be told.
    """
    steps = [(-2, -1, 0, 1, 2) if periodic else (0,) for periodic in pbc]
    shifts = np.array(list(itertools.product(*steps)), dtype=float) @ cell
    away = (moved[:, None] - largest[None]).reshape(-1, 3)
    distances = np.sort(np.linalg.norm(away[None] + shifts[:, None], axis=-1).min(axis=1))
    inverse = np.linalg.inv(cell)[:, pbc]
    heights = 1.0 / np.linalg.norm(inverse, axis=0)
    widths = np.ptp(largest @ inverse, axis=0) * heights
    crowded = (widths + CONTACT > heights).any() or distances[0] > heights.min() / 2
    if crowded or distances[1] - distances[0] < CLEARLY_NEARER:
        raise InputError(
            f"its periodic cell is too small to tell which image of a molecule is meant: they lie {distances[0]:.2f} "
            f"and {distances[1]:.2f} Å from the other one; give whole molecules and say pbc=F."
        )
