"""Where functions between host and probe sit."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


def midbond_site(host_positions: FloatArray, position: FloatArray) -> FloatArray:
    """Site of the midbond functions: (R + Σ w_i R_i / Σ w_i)/2 with w_i = |R − R_i|⁻⁶; (3,) in Å.

    Smooth in R, so that the surface has no seams where the nearest atom changes.

    >>> midbond_site(np.zeros((1, 3)), np.array([0.0, 0.0, 3.0])).tolist()
    [0.0, 0.0, 1.5]
    """
    weight = ((host_positions - position) ** 2).sum(axis=1) ** -3.0
    nearest = (weight[:, None] * host_positions).sum(axis=0) / weight.sum()
    site: FloatArray = 0.5 * (position + nearest)
    return site
