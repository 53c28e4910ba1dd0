"""What surrounds each atom of a monomer, as smooth numbers: bonded neighbours, and those one bond further."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from ase.data import atomic_numbers, covalent_radii

FloatArray = npt.NDArray[np.float64]

#: How many numbers describe an atom's surroundings.
DESCRIPTORS = 3
#: Multiples of the sum of covalent radii at which half a bond is counted, and at which half a second neighbour is:
#: between the first and second, and the second and third neighbours of organic molecules.
BONDED, NEARBY = 1.3, 1.75
#: Steepness of both counts, gentle enough that vibrations change them by some per cent.
STEEPNESS = 5.0
#: What counts as usual: bonded heavy atoms, bonded hydrogens, second neighbours that are heavy; of atoms that
#: make one bond, and of others. A carbon of benzene and its hydrogen have about these, and so no peculiarity.
ONE_BOND = ("H", "F", "Cl", "Br", "I")
USUAL = {True: (1.0, 0.0, 0.4), False: (2.0, 1.0, 2.0)}
#: Differences from the usual that are a large change of surroundings.
UNIT = (1.0, 1.0, 3.0)


def half_counted(distance: FloatArray, middle: FloatArray) -> FloatArray:
    """½ erfc[5 (r/r₀ − 1)]: 1 for r ≪ r₀, 0 for r ≫ r₀, smooth between; as coordination numbers of D4 are counted.

    DOI 10.1063/1.5090222.
    """
    from scipy.special import erfc  # the dashboard, which never counts, does without

    counted: FloatArray = 0.5 * erfc(STEEPNESS * (distance / middle - 1.0))
    return counted


def surroundings(symbols: Sequence[str], positions: FloatArray) -> FloatArray:
    """(n, 3) bonded heavy atoms, bonded hydrogens and heavy second neighbours, as differences from the usual.

    Args:
        symbols: of n atoms.
        positions: (n, 3) in Å.

    >>> from nci_core.systems import builtin_monomer
    >>> pyrene = builtin_monomer("pyrene")
    >>> found = surroundings(pyrene.symbols, pyrene.positions).round(1) + 0.0
    >>> sorted({tuple(row.tolist()) for row, symbol in zip(found, pyrene.symbols) if symbol == "C"})
    [(0.1, -0.1, -0.1), (0.1, -0.1, 0.1), (1.1, -1.0, 0.5), (1.2, -1.0, 1.0)]
    """
    numbers = np.array([atomic_numbers[symbol] for symbol in symbols])
    radii = covalent_radii[numbers][:, None] + covalent_radii[numbers]
    distance = np.linalg.norm(positions[:, None] - positions, axis=-1)
    apart = ~np.eye(len(numbers), dtype=bool)
    bonded = half_counted(distance, BONDED * radii) * apart
    near = half_counted(distance, NEARBY * radii) * apart - bonded
    heavy = numbers > 2
    found = np.stack([bonded[:, heavy].sum(1), bonded[:, ~heavy].sum(1), near[:, heavy].sum(1)], axis=1)
    usual = np.array([USUAL[symbol in ONE_BOND] for symbol in symbols])
    described: FloatArray = (found - usual) / np.array(UNIT)
    return described
