"""Formulas for numpy arrays and torch tensors alike.

A CPU evaluates them in numpy, whose exponentials are faster and whose calls cost a tenth of torch's; a GPU in torch.
Tests evaluate them in torch on a CPU too, so that autograd checks every derivative that is written by hand.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

import array_api_compat
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

FloatArray = npt.NDArray[np.float64]
#: A numpy array or a torch tensor of float64; one formula is given one kind throughout.
Array = TypeVar("Array", FloatArray, Tensor)


class Functions(Protocol[Array]):
    """What formulas take from numpy or torch, by the names of the array API standard."""

    def exp(self, x: Array, /) -> Array:
        """eˣ."""
        ...

    def tanh(self, x: Array, /) -> Array:
        """Hyperbolic tangent."""
        ...

    def sqrt(self, x: Array, /) -> Array:
        """Square root."""
        ...

    def stack(self, arrays: Sequence[Array], /) -> Array:
        """Arrays of one shape along a new first axis."""
        ...

    def concat(self, arrays: Sequence[Array], /, *, axis: int) -> Array:
        """Arrays along an axis that they have."""
        ...

    def broadcast_to(self, x: Array, shape: tuple[int, ...], /) -> Array:
        """The same values in a larger shape."""
        ...


#: The library's answer by type of array: it takes 5 µs, as long as a formula for one position.
_NAMESPACES: dict[type, Any] = {}


def namespace(x: Array) -> Functions[Array]:
    """The functions that work on x: torch's or numpy's."""
    found: Functions[Array] | None = _NAMESPACES.get(type(x))
    if found is None:
        found = _NAMESPACES[type(x)] = array_api_compat.array_namespace(x)
    return found


def place(x: Array | FloatArray, device: torch.device) -> FloatArray | Tensor:
    """The same values where `device` evaluates formulas: a numpy array on the CPU, else a tensor there."""
    if device.type == "cpu":
        return to_numpy(x)
    return torch.as_tensor(x, dtype=torch.float64, device=device)


def to_numpy(x: FloatArray | Tensor) -> FloatArray:
    """The same values as a numpy array."""
    if isinstance(x, Tensor):
        there: FloatArray = x.detach().cpu().numpy()
        return there
    return np.asarray(x, dtype=float)


def empty(shape: Sequence[int], like: Array) -> Array:
    """An array of this shape, of the kind and place of another; its values are to be filled in."""
    if isinstance(like, Tensor):
        return like.new_empty(tuple(shape))
    return np.empty(tuple(shape))


def stack_rows(parts: Sequence[Array | float], like: Array) -> Array:
    """k arrays or numbers that broadcast to like's shape (…, m), as (…, k, m)."""
    found = empty((*like.shape[:-1], len(parts), like.shape[-1]), like)
    for k, part in enumerate(parts):
        found[..., k, :] = part
    return found


def added(one: Array | None, other: Array | None) -> Array | None:
    """The sum of those that there are."""
    if one is None or other is None:
        return other if one is None else one
    return one + other


def summed_products(left: Array, right: Array) -> Array:
    """Σ_i left_ia right_ib of (…, n, a, m) and (…, n, b, m), as (…, m, a, b).

    A matrix product for each of the m: the n·a·b·m products, more than a core's cache holds, are never written.
    """
    found: Array = left.swapaxes(-3, -1) @ right.swapaxes(-3, -1).swapaxes(-2, -1)
    return found


#: 24 MB: below glibc's largest threshold, above any intermediate array.
KEPT_NUMBERS = 3_000_000


def keep_freed_memory() -> None:
    """Ask glibc, once per process, to keep up to twice 24 MB of freed memory for the next arrays.

    It gives large blocks back to the system and takes them anew, page by page, in every evaluation, which
    doubled the time of a fit. Freeing one larger block raises the size from which it does so (mallopt(3),
    M_MMAP_THRESHOLD); no page of that block is ever touched. Elsewhere nothing happens.
    """
    np.empty(KEPT_NUMBERS)


keep_freed_memory()
