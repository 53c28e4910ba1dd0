"""Hexagonal flakes of graphene of any size, ended by hydrogen: hosts to time, not to predict."""

import numpy as np
import numpy.typing as npt

from nci_core.systems import Monomer, builtin_monomer

FloatArray = npt.NDArray[np.float64]
#: The flake whose bonds are taken.
MODEL = "circumcoronene"


def flake(rings: int) -> Monomer:
    """C₆ₙ²H₆ₙ with n rings along each edge, of D6h symmetry: benzene, coronene, circumcoronene and so on.

    All C–C bonds are those of the innermost ring of circumcoronene, all C–H bonds its mean one.

    >>> [(len(flake(n).symbols), flake(n).symbols.count("H")) for n in (1, 2, 3)]
    [(12, 6), (36, 12), (72, 18)]
    """
    cc, ch = bonds(builtin_monomer(MODEL))
    # Rings whose centres are at most n − 1 rings from the middle, and their corners, each once.
    steps = np.array([(i, j) for i in range(1 - rings, rings) for j in range(1 - rings, rings) if abs(i + j) < rings])
    centres = steps @ (cc * np.array([[np.sqrt(3.0), 0.0], [np.sqrt(0.75), 1.5]]))
    angles = np.pi * (np.arange(6) / 3.0 + 1.0 / 6.0)
    corners = centres[:, None] + cc * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    # What is nearer than a hundredth of a bond is the same corner.
    _, once = np.unique(np.round(corners.reshape(-1, 2) / cc, 2) + 0.0, axis=0, return_index=True)
    carbons = corners.reshape(-1, 2)[once]
    towards = carbons - carbons[:, None]
    bonded = np.abs(np.linalg.norm(towards, axis=-1) - cc) < 0.1 * cc
    edge = bonded.sum(1) == 2
    # Opposite to the sum of two bonds at 120°, which is as long as one of them.
    outward = -(towards * bonded[..., None]).sum(1)[edge] / cc
    flat = np.concatenate([carbons, carbons[edge] + ch * outward])
    symbols = ("C",) * len(carbons) + ("H",) * int(edge.sum())
    return Monomer(f"flake of {len(symbols)} atoms", symbols, np.column_stack([flat, np.zeros(len(flat))]))


def bonds(host: Monomer) -> tuple[float, float]:
    """Å: C–C in the innermost ring of a flake, which is as long as its atoms are far from the middle; mean C–H."""
    is_carbon = np.array([symbol == "C" for symbol in host.symbols])
    carbons, hydrogens = host.positions[is_carbon], host.positions[~is_carbon]
    innermost = np.linalg.norm(carbons - carbons.mean(0), axis=1).min()
    nearest = np.linalg.norm(hydrogens[:, None] - carbons, axis=-1).min(1)
    return float(innermost), float(nearest.mean())


def over(host: Monomer, count: int, heights: tuple[float, float], seed: int = 0) -> FloatArray:
    """(count, 3) positions in Å over the atoms of a flake, at heights between two in Å."""
    random = np.random.default_rng(seed)
    places = host.positions[random.integers(0, len(host.symbols), count)].copy()
    places[:, 2] += random.uniform(*heights, count)
    return places
