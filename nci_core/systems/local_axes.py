"""Local axes of a monomer's atoms, from the geometry alone, so that no molecule is special.

Each atom i gets an outward direction d_i and a surface-normal tensor N_i. The student's
angular variables are u = r̂·d_i and c = r̂ᵀ N_i r̂, which for a planar neighbourhood is the
familiar (r̂·n_i)². The tensor form has no sign to choose and stays defined where a normal is
not unique: N = (1 − a aᵀ)/2 about a linear molecule's axis a, N = 1/3 about a lone atom.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Range (Å) of the neighbourhood that defines the outward direction and the local plane.
NEIGHBOUR_RANGE = 2.2
#: Eigenvalues of the neighbourhood tensor within this share of its trace are one eigenspace;
#: wide enough for coordinates rounded to 1e-4 Å, narrow against real anisotropy.
DEGENERACY = 1e-3


@dataclass(frozen=True)
class LocalAxes:
    """Axes of the n atoms of a monomer.

    Attributes:
        outward: (n, 3) outward directions d_i, unit length, or zero where the neighbours cancel.
        normal: (n, 3, 3) symmetric tensors N_i with unit trace, the averaged projector on the
            direction(s) in which the neighbourhood is thinnest.
    """

    outward: FloatArray
    normal: FloatArray

    @classmethod
    def of(cls, positions: FloatArray) -> "LocalAxes":
        """Axes of a molecule's atoms: positions (n, 3) in Å.

        >>> axes = LocalAxes.of(np.zeros((1, 3)))  # a lone atom has no direction
        >>> axes.outward.tolist(), np.allclose(axes.normal[0], np.eye(3) / 3)
        ([[0.0, 0.0, 0.0]], True)
        """
        return cls(outward_directions(positions), normal_tensors(positions))


def outward_directions(positions: FloatArray) -> FloatArray:
    """d_i = −Σ_j w_ij s_ij, normalised; (n, 3). Zero where the neighbours surround atom i evenly.

    s_ij = r_j − r_i and w_ij = exp[−(s_ij/2.2 Å)²]. The nearest neighbours alone would cancel at
    every sp² carbon, whose three bonds point to the corners of a triangle.
    """
    separation = positions[None] - positions[:, None]
    distance = np.linalg.norm(separation, axis=-1)
    weight = np.exp(-(distance**2) / NEIGHBOUR_RANGE**2)
    total = -(separation * weight[..., None]).sum(axis=1)
    length = np.linalg.norm(total, axis=1)
    # Below this share of the uncancelled sum the direction is rounding noise, not chemistry.
    scale = np.maximum(0.02 * (distance * weight).sum(axis=1), 1e-12)
    return np.where(length > scale, total.T / np.maximum(length, scale), 0.0).T


def normal_tensors(positions: FloatArray) -> FloatArray:
    """N_i: averaged projector on the lowest eigenspace of Σ_j w_ij s_ij s_ijᵀ; (n, 3, 3).

    s_ij = r_j − r_i and w_ij = exp[−(s_ij/2.2 Å)²], so that the local plane counts.
    """
    tensors = np.empty((len(positions), 3, 3))
    for i, origin in enumerate(positions):
        s = positions - origin
        weight = np.exp(-((s**2).sum(axis=1)) / NEIGHBOUR_RANGE**2)
        values, vectors = np.linalg.eigh((s * weight[:, None]).T @ s)
        lowest = values - values[0] <= DEGENERACY * max(values.sum(), 1e-12)
        basis = vectors[:, lowest]
        tensors[i] = basis @ basis.T / basis.shape[1]
    return tensors
