"""Matrix products of tensors: torch's on a GPU, on a processor those of the faster library that is loaded.

torch's own library for processors (MKL) and the OpenBLAS of scipy differ up to twofold in speed, which of them is the
faster depending on the processor; most of the time of CCSD(T) passes here, so each process measures it once.
"""

import time
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from scipy.linalg import blas
from torch import Tensor

#: Rows, columns and inner dimension of the product by which the libraries are compared.
TRIAL = (128, 8192, 128)


def multiply(a: Tensor, b: Tensor) -> Tensor:
    """a (m, k) times b (k, n), row-major."""
    return accumulate(a.new_empty(a.shape[0], b.shape[1]), a, b, keep=False)


def accumulate(c: Tensor, a: Tensor, b: Tensor, scale: float = 1.0, keep: bool = True) -> Tensor:
    """c ← c + scale · a b in place (without `keep`: scale · a b); c (m, n) contiguous, a (m, k), b (k, n)."""
    if a.device.type == "cpu" and not _torch_is_faster(c.dtype):
        return _with_scipy(c, a, b, scale, keep)
    return torch.addmm(c, a, b, beta=1.0 if keep else 0.0, alpha=scale, out=c)


def _with_scipy(c: Tensor, a: Tensor, b: Tensor, scale: float, keep: bool) -> Tensor:
    if min(*c.shape, a.shape[1]) == 0:  # BLAS refuses empty matrices
        return c if keep else c.zero_()
    product = blas.dgemm if c.dtype == torch.float64 else blas.sgemm
    # BLAS counts columns first, so it is given cᵀ = bᵀ aᵀ, none of which is copied.
    (left, turn_left), (right, turn_right) = _columns_first(b), _columns_first(a)
    into = c.numpy().T
    found = product(
        scale,
        left,
        right,
        beta=1.0 if keep else 0.0,
        c=into,
        trans_a=turn_left,
        trans_b=turn_right,
        overwrite_c=1,
    )
    assert np.shares_memory(found, into)
    return c


def _columns_first(x: Tensor) -> tuple[Any, int]:
    """xᵀ as a column-major array, and whether it is to be transposed once more."""
    if x.is_contiguous():
        return x.numpy().T, 0
    turned = x.T
    if turned.is_contiguous():
        return x.numpy(), 1
    return x.contiguous().numpy().T, 0


@lru_cache(maxsize=2)
def _torch_is_faster(dtype: torch.dtype) -> bool:
    m, n, k = TRIAL
    a, b, c = torch.ones(m, k, dtype=dtype), torch.ones(k, n, dtype=dtype), torch.zeros(m, n, dtype=dtype)

    def seconds(repeats: int, product: Any) -> float:
        found = float("inf")
        for _ in range(repeats):
            start = time.perf_counter()
            product()
            found = min(found, time.perf_counter() - start)
        return found

    with_torch = seconds(4, lambda: torch.addmm(c, a, b, out=c))
    return with_torch < seconds(4, lambda: _with_scipy(c, a, b, 1.0, True))
