"""Gaussian priors of a student's parameters θ, one row for each kind of pair, and their whitened form z.

z has zero mean and unit covariance: fits and selection work in it. A prior is kept with the model that it was of, for
the next fit and for selection. Priors of one form may lie `side_by_side`: all that they are made of has a leading axis
then, and so has all that goes in and comes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from nci_core.errors import ModelError


def check_links(links: Sequence[tuple[int, int]], mean: Tensor) -> None:
    """ModelError for pairs that are not of the parameters of a kind, or that make chains."""
    ends = [*zip(*links, strict=True)] or [(), ()]
    if any(not 0 <= k < mean.shape[-1] for end in ends for k in end):
        raise ModelError(f"A prior of {mean.shape[-1]} parameters of a kind links others than these.")
    if len({*ends[0]}) < len(ends[0]) or {*ends[0]} & {*ends[1]}:
        raise ModelError("A prior links a parameter to two others, or to one that is linked itself.")


def linked(links: Sequence[tuple[int, int]], mean: Tensor) -> tuple[Tensor, Tensor]:
    """Where the pairs (i, j) of all kinds lie in θ (p,), given its mean (kinds, size)."""
    pairs = torch.tensor(links, dtype=torch.long, device=mean.device).reshape(-1, 2)
    starts = torch.arange(mean.shape[-2], device=mean.device)[:, None] * mean.shape[-1]
    return (starts + pairs[:, 0]).flatten(), (starts + pairs[:, 1]).flatten()


def widths(root: Tensor, mean: Tensor) -> Tensor:
    """(kinds, size) standard deviations of parameters of covariance LLᵀ, from the root L (p, p)."""
    return root.square().sum(1).sqrt().reshape(mean.shape)


@dataclass(frozen=True)
class DiagonalPrior:
    """Independent changes of parameters, θ = θ₀ + κσz; some make the change of another one besides their own.

    Attributes:
        mean: (kinds, size) centre θ₀.
        width: (kinds, size) standard deviations σ of the independent changes.
        scale: κ.
        links: pairs (i, j) of the parameters of a kind: θᵢ moves by κ(σᵢzᵢ + σⱼzⱼ). No j is an i of another pair.
    """

    mean: Tensor
    width: Tensor
    scale: float = 1.0
    links: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        check_links(self.links, self.mean)

    @cached_property
    def _std(self) -> Tensor:
        return (self.width * self.scale).flatten(-2)

    @cached_property
    def _linked(self) -> tuple[Tensor, Tensor]:
        return linked(self.links, self.mean)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All that it consists of, the scale included."""
        return (self.mean, self._std, *(self._linked if self.links else ()))

    def displacement(self, z: Tensor) -> Tensor:
        """θ − θ₀ (kinds, size) of z (p,)."""
        found = self._std * z
        if self.links:
            one, other = self._linked
            found[..., one] += found[..., other]
        return found.reshape(self.mean.shape)

    def unwhiten(self, z: Tensor) -> Tensor:
        """Parameters (kinds, size) of z (p,)."""
        return self.mean + self.displacement(z)

    def whiten(self, theta: Tensor) -> Tensor:
        """z (p,) from parameters (kinds, size)."""
        found = (theta - self.mean).flatten()
        if self.links:
            one, other = self._linked
            found[one] -= found[other]
        return found / self._std

    def by_z(self, J: Tensor) -> Tensor:
        """Derivatives (m, p) by z from those by θ, which may be overwritten."""
        if self.links:
            one, other = self._linked
            J.index_add_(-1, other, J[..., one])
        return J.mul_(self._std[..., None, :])

    def covariance_of(self, whitened: Tensor) -> Tensor:
        """Covariance (p, p) of θ from one of z."""
        found = self._std[:, None] * whitened * self._std
        if self.links:
            one, other = self._linked
            found[one] += found[other]
            found[:, one] += found[:, other]
        return found

    def independent(self) -> "DiagonalPrior":
        """The same without correlations but for its links."""
        return self

    def at(self, mean: Tensor) -> "DiagonalPrior":
        """The same about another centre."""
        return replace(self, mean=mean)

    def to(self, device: torch.device) -> "DiagonalPrior":
        """The same on another device."""
        return replace(self, mean=self.mean.to(device), width=self.width.to(device))


@dataclass(frozen=True)
class FullPrior:
    """Correlated parameters: θ = θ₀ + κL z, of covariance κ²LLᵀ.

    Attributes:
        mean: (kinds, size) centre θ₀.
        root: (p, p) L, with p = kinds × size.
        scale: κ.
        links: those of what becomes of it without its correlations.

    Raises ModelError for a root of another size.
    """

    mean: Tensor
    root: Tensor
    scale: float = 1.0
    links: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        count = self.mean.shape[-2] * self.mean.shape[-1]
        if self.root.shape != (*self.mean.shape[:-2], count, count):
            raise ModelError(f"A prior of {count} parameters has a root of shape {tuple(self.root.shape)}.")
        check_links(self.links, self.mean)

    @cached_property
    def _root(self) -> Tensor:
        return self.root * self.scale

    @property
    def width(self) -> Tensor:
        """(kinds, size) standard deviations before scaling."""
        return widths(self.root, self.mean)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All that it consists of, the scale included."""
        return self.mean, self._root

    def displacement(self, z: Tensor) -> Tensor:
        """θ − θ₀ (kinds, size) of z (p,)."""
        return (self._root @ z[..., None]).reshape(self.mean.shape)

    def unwhiten(self, z: Tensor) -> Tensor:
        """Parameters (kinds, size) of z (p,)."""
        return self.mean + self.displacement(z)

    def whiten(self, theta: Tensor) -> Tensor:
        """z (p,) from parameters (kinds, size)."""
        z: Tensor = torch.linalg.solve(self._root, (theta - self.mean).flatten())
        return z

    def by_z(self, J: Tensor) -> Tensor:
        """Derivatives (m, p) by z from those by θ."""
        return J @ self._root

    def covariance_of(self, whitened: Tensor) -> Tensor:
        """Covariance (p, p) of θ from one of z."""
        return self._root @ whitened @ self._root.T

    def independent(self) -> DiagonalPrior:
        """The same standard deviations without correlations but for the links: of a linked one, of its own change."""
        one, other = linked(self.links, self.mean)
        root = self.root.clone()
        root[one] -= root[other]
        return DiagonalPrior(self.mean, widths(root, self.mean), self.scale, self.links)

    def at(self, mean: Tensor) -> "FullPrior":
        """The same about another centre."""
        return replace(self, mean=mean)

    def to(self, device: torch.device) -> "FullPrior":
        """The same on another device."""
        return replace(self, mean=self.mean.to(device), root=self.root.to(device))


Prior = DiagonalPrior | FullPrior


def side_by_side(priors: Sequence[Prior]) -> Prior | None:
    """K priors as one of a leading axis K, where all are of one form; else None."""
    first = priors[0]
    if any((type(each), each.links, each.scale) != (type(first), first.links, first.scale) for each in priors):
        return None
    mean = torch.stack([each.mean for each in priors])
    if isinstance(first, FullPrior):
        return FullPrior(mean, torch.stack([each.root for each in priors if isinstance(each, FullPrior)]), first.scale)
    return DiagonalPrior(mean, torch.stack([each.width for each in priors]), first.scale, first.links)
