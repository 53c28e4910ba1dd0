"""Local axes of a monomer's atoms, from the geometry alone, so that no molecule is special.

Each atom i gets an outward direction d_i and a surface-normal tensor N_i. The student's
angular variables are u = r̂·d_i and c = r̂ᵀ N_i r̂, which for a planar neighbourhood is the
familiar (r̂·n_i)². Both are smooth functions of the geometry: where neighbours surround an atom
evenly, d_i shrinks to nothing instead of pointing anywhere, and where no normal is unique, N_i is
the average over all: (1 − a aᵀ)/2 about a linear molecule's axis a, 1/3 about a lone atom.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

#: Range (Å) of the neighbourhood that defines the outward direction and the local plane.
NEIGHBOUR_RANGE = 2.2
#: Share of uncancelled neighbours at which an outward direction counts as one: benzene's carbons have 0.37, those
#: that two rings share 0.11, those inside a graphene flake next to nothing.
ONE_SIDED = 0.2
#: Share of a neighbourhood's extent at which a direction stops being the thinnest. A plane's other directions have
#: 0.3 and more; bending a linear molecule by 10 degrees gives 0.01.
THIN = 0.04
#: Å²; an atom whose neighbours extend less stands alone.
LONELY = 0.05


@dataclass(frozen=True)
class LocalAxes:
    """Axes of the n atoms of a monomer.

    Attributes:
        outward: (n, 3) outward directions d_i, of length 0, where the neighbours cancel, to 1.
        normal: (n, 3, 3) symmetric tensors N_i with unit trace, the averaged projector on the
            direction(s) in which the neighbourhood is thinnest.
    """

    outward: FloatArray
    normal: FloatArray

    @classmethod
    def of(cls, positions: FloatArray) -> "LocalAxes":
        """Axes of a molecule's atoms: positions (n, 3) in Å.

        >>> axes = LocalAxes.of(np.zeros((1, 3)))  # a lone atom has no direction
        >>> bool(np.any(axes.outward)), np.allclose(axes.normal[0], np.eye(3) / 3)
        (False, True)
        """
        return cls(outward_directions(positions), normal_tensors(positions))


def outward_directions(positions: FloatArray) -> FloatArray:
    """d_i = p/√(p² + 0.2²), p = −Σ_j w_ij s_ij / Σ_j w_ij |s_ij|; (n, 3), no longer than 1.

    s_ij = r_j − r_i and w_ij = exp[−(s_ij/2.2 Å)²]. The nearest neighbours alone would cancel at
    every sp² carbon, whose three bonds point to the corners of a triangle.
    """
    separation = positions[None] - positions[:, None]
    distance = np.linalg.norm(separation, axis=-1)
    weight = np.exp(-(distance**2) / NEIGHBOUR_RANGE**2)
    total = -(separation * weight[..., None]).sum(axis=1)
    # LONELY alone: an atom far from all others has no direction, and comes by it smoothly.
    share = total / ((distance * weight).sum(axis=1) + LONELY)[:, None]
    directions: FloatArray = share / np.sqrt((share**2).sum(axis=1) + ONE_SIDED**2)[:, None]
    return directions


def normal_tensors(positions: FloatArray) -> FloatArray:
    """N_i = exp(−S_i/0.04)/tr, S_i = T_i/(tr T_i + 0.05 Å²), T_i = Σ_j w_ij s_ij s_ijᵀ; (n, 3, 3).

    s_ij = r_j − r_i and w_ij = exp[−(s_ij/2.2 Å)²], so that the local plane counts. The exponential leaves of the
    neighbourhood's directions the thinnest, or all that are equally thin.
    """
    separation = positions[None] - positions[:, None]
    weight = np.exp(-((separation**2).sum(axis=-1)) / NEIGHBOUR_RANGE**2)
    extent = np.einsum("ij,ija,ijb->iab", weight, separation, separation)
    share = extent / (np.trace(extent, axis1=1, axis2=2) + LONELY)[:, None, None]
    values, vectors = np.linalg.eigh(share)
    # From the thinnest on, whose exponential cannot vanish.
    fading = np.exp(-(values - values[:, :1]) / THIN)
    fading /= fading.sum(axis=1, keepdims=True)
    normal: FloatArray = np.einsum("iak,ik,ibk->iab", vectors, fading, vectors)
    return normal
