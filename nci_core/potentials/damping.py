"""Tang–Toennies damping of dispersion at short range."""

import math
from typing import Any

import torch
from torch import Tensor

#: Below this argument 1 − exp(−x)Σ cancels to fewer than ten digits, so the tail series is summed instead.
SERIES_BELOW = 2.0
#: Terms of that series; for x < 2 and n ≥ 4 the remainder is below 1e-16 of the sum.
SERIES_TERMS = 20


def _closed_form(n: int, x: Tensor) -> Tensor:
    polynomial = torch.ones_like(x)
    for k in range(n, 0, -1):
        polynomial = torch.addcmul(torch.ones_like(x), polynomial, x, value=1.0 / k)
    return 1.0 - torch.exp(-x) * polynomial


def _series(n: int, x: Tensor) -> Tensor:
    total = torch.zeros_like(x)
    for k in range(SERIES_TERMS, 0, -1):
        total = (total + 1.0) * x / (n + k)
    return torch.exp(-x) * x**n / math.factorial(n) * total


class _TangToennies(torch.autograd.Function):
    """f_n with its closed derivative xⁿ e⁻ˣ / n!, which spares autograd the polynomial."""

    @staticmethod
    def forward(ctx: Any, n: int, x: Tensor) -> Tensor:
        """The damping function itself."""
        ctx.n = n
        ctx.save_for_backward(x)
        value = _closed_form(n, x)
        small = x < SERIES_BELOW
        if bool(small.any()):
            value = torch.where(small, _series(n, torch.where(small, x, 0.0)), value)
        return value

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:
        """df_n/dx; made of differentiable operations, so second derivatives exist too."""
        (x,) = ctx.saved_tensors
        return None, gradients[0] * x**ctx.n * torch.exp(-x) / math.factorial(ctx.n)


def tang_toennies(n: int, x: Tensor) -> Tensor:
    """f_n(x) = 1 − exp(−x) Σ_{k=0..n} xᵏ/k!; DOI 10.1063/1.447150.

    Rises from xⁿ⁺¹/(n+1)! near 0 to 1 at infinity.

    Args:
        n: order, 6, 8 or 10 for the dispersion terms.
        x: b·r ≥ 0, dimensionless, any shape.

    >>> x = torch.tensor([1e-3, 50.0], dtype=torch.float64)
    >>> [f"{value:.4g}" for value in tang_toennies(6, x).tolist()]
    ['1.982e-25', '1']
    """
    return _TangToennies.apply(n, x)  # type: ignore[no-any-return]
