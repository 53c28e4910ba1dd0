"""Tang–Toennies damping of dispersion at short range."""

import math

import torch
from torch import Tensor

from nci_core.potentials.arrays import Array, namespace

#: The orders: powers of 1/r that are damped.
ORDERS = (6, 8, 10)
#: Below this argument 1 − exp(−x)Σ cancels to fewer than ten digits, so the tail series is summed instead.
SERIES_BELOW = 2.0
#: Terms of that series; for x < 2 and n = 10 the remainder is below 1e-16 of the sum.
SERIES_TERMS = 18


def _series(x: Array, slope: Array) -> Array:
    """f₁₀ from Σ_{k>10} xᵏ e⁻ˣ/k!, given x¹⁰ e⁻ˣ/10!."""
    total = 0.0 * x
    for k in range(SERIES_TERMS, 0, -1):
        total = (total + 1.0) * x / (10 + k)
    return slope * total


def tang_toennies(x: Array) -> tuple[tuple[Array, Array, Array], tuple[Array, Array, Array]]:
    """f_n(x) = 1 − exp(−x) Σ_{k=0..n} xᵏ/k! and df_n/dx = xⁿ exp(−x)/n! for n = 6, 8, 10; DOI 10.1063/1.447150.

    f_n rises from xⁿ⁺¹/(n+1)! near 0 to 1 at infinity. Consecutive orders differ by terms that the
    derivatives consist of, so six functions cost one exponential.

    Args:
        x: b·q ≥ 0, dimensionless, any shape.

    >>> import numpy as np
    >>> (f6, f8, f10), _ = tang_toennies(np.array([1e-3, 50.0]))
    >>> [f"{value:.4g}" for value in f6]
    ['1.982e-25', '1']
    """
    e = namespace(x).exp(-x)
    x2 = x * x
    d6 = e * (x2 * x2 * x2) * (1.0 / math.factorial(6))
    d8 = d6 * x2 * (1.0 / 56.0)
    d10 = d8 * x2 * (1.0 / 90.0)
    # What f_n lacks to f_{n−2}: the terms xⁿ⁻¹/(n−1)! and xⁿ/n! times e⁻ˣ.
    six_to_eight, eight_to_ten = d6 * x * (1.0 / 7.0) + d8, d8 * x * (1.0 / 9.0) + d10
    polynomial = x * (1.0 / 5.0) + 1.0
    for k in (4, 3, 2, 1):
        polynomial = polynomial * x * (1.0 / k) + 1.0
    f6 = 1.0 - e * polynomial - d6
    f8 = f6 - six_to_eight
    f10 = f8 - eight_to_ten
    small = x < SERIES_BELOW
    if isinstance(x, Tensor):
        # Everywhere: to ask whether it is needed would wait for the device.
        ten = torch.where(small, _series(x.clamp(max=SERIES_BELOW), d10), f10)
        eight = torch.where(small, ten + eight_to_ten, f8)
        return (torch.where(small, eight + six_to_eight, f6), eight, ten), (d6, d8, d10)
    if small.any():
        f10[small] = _series(x[small], d10[small])
        f8[small] = f10[small] + eight_to_ten[small]
        f6[small] = f8[small] + six_to_eight[small]
    return (f6, f8, f10), (d6, d8, d10)
