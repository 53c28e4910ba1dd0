"""What people call a host's symmetry and composition: Schoenflies symbol, Hill formula, size."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from nci_core.systems.monomer import Monomer

FloatArray = npt.NDArray[np.float64]

#: Highest order of a rotation that is looked for; corannulene has 5, coronene 6, sulflower 8.
MOST_FOLD = 12
#: Atoms this close (Å) to one line are a linear host, as `systems.symmetry` finds no two atoms off it.
ON_LINE = 1e-2
#: Proper rotations of the groups with several axes of high order → (highest order, letter).
CUBIC = {12: (3, "T"), 24: (4, "O"), 60: (5, "I")}


def point_group(host: Monomer) -> str:
    """The Schoenflies symbol of a host, from its operations.

    >>> from nci_core.systems import builtin_monomer
    >>> point_group(builtin_monomer("benzene")), point_group(builtin_monomer("ethylene"))
    ('D6h', 'D2h')
    """
    operations = host.operations
    inversion = bool(np.isclose(operations, -np.eye(3), atol=1e-2).all(axis=(1, 2)).any())
    if len(host.symbols) == 1:
        return "Kh"
    centred = host.positions - host.centre
    if np.linalg.svd(centred, compute_uv=False)[1] < ON_LINE:
        return "D∞h" if inversion else "C∞v"
    proper = operations[np.linalg.det(operations) > 0]
    improper = operations[np.linalg.det(operations) < 0]
    order = max(map(_order, proper))
    mirrors = int(np.isclose(np.trace(improper, axis1=1, axis2=2), 1.0, atol=1e-2).sum())
    cubic = CUBIC.get(len(proper))
    if cubic is not None and cubic[0] == order:
        letter = cubic[1]
        return letter if not len(improper) else f"{letter}{'h' if inversion else 'd'}"
    if len(proper) == 2 * order and order > 1:  # with two-fold axes across
        return f"D{order}" + ("" if not len(improper) else "h" if mirrors == order + 1 else "d")
    if order == 1:
        return "C1" if not len(improper) else "Cs" if mirrors else "Ci"
    if not len(improper):
        return f"C{order}"
    return f"C{order}v" if mirrors == order else f"C{order}h" if mirrors else f"S{2 * order}"


def _order(rotation: FloatArray) -> int:
    """How often a rotation (3, 3) must be repeated to do nothing."""
    angle = float(np.arccos(np.clip((np.trace(rotation) - 1.0) / 2.0, -1.0, 1.0)))
    turns = angle / (2.0 * np.pi)
    return next((n for n in range(1, MOST_FOLD + 1) if abs(turns * n - round(turns * n)) < 0.01), 1)


def formula(host: Monomer) -> str:
    """The composition in Hill's order: carbon, hydrogen, then the alphabet.

    >>> from nci_core.systems import builtin_monomer
    >>> formula(builtin_monomer("benzene"))
    'C6H6'
    """
    counts = Counter(host.symbols)
    first = [symbol for symbol in ("C", "H") if "C" in counts and symbol in counts]
    order = first + sorted(set(counts) - set(first))
    return "".join(f"{symbol}{counts[symbol] if counts[symbol] > 1 else ''}" for symbol in order)


def extent(host: Monomer) -> tuple[float, float, float]:
    """How far the nuclei reach along the principal axes, longest first, in Å."""
    along = (host.positions - host.centre) @ host.axes.T
    longest, middle, thinnest = np.ptp(along, axis=0).tolist()
    return longest, middle, thinnest
