"""Gaussian priors of a student's parameters θ, one row for each kind of pair, and their whitened form z.

z has zero mean and unit covariance: fits and selection work in it. A prior is kept with the model that it was of, for
the next fit and for selection.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from nci_core.errors import ModelError


@dataclass(frozen=True)
class DiagonalPrior:
    """Independent parameters: θ = θ₀ + κσ z.

    Attributes:
        mean: (kinds, size) centre θ₀.
        width: (kinds, size) standard deviations σ.
        scale: κ.
    """

    mean: Tensor
    width: Tensor
    scale: float = 1.0

    @cached_property
    def _std(self) -> Tensor:
        return (self.width * self.scale).flatten()

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All that it consists of, the scale included."""
        return self.mean, self._std

    def displacement(self, z: Tensor) -> Tensor:
        """θ − θ₀ (kinds, size) of z (p,)."""
        return (self._std * z).reshape(self.mean.shape)

    def unwhiten(self, z: Tensor) -> Tensor:
        """Parameters (kinds, size) of z (p,)."""
        return self.mean + self.displacement(z)

    def whiten(self, theta: Tensor) -> Tensor:
        """z (p,) from parameters (kinds, size)."""
        return (theta - self.mean).flatten() / self._std

    def by_z(self, J: Tensor) -> Tensor:
        """Derivatives (m, p) by z from those by θ, which may be overwritten."""
        return J.mul_(self._std)

    def covariance_of(self, whitened: Tensor) -> Tensor:
        """Covariance (p, p) of θ from one of z."""
        return self._std[:, None] * whitened * self._std

    def independent(self) -> "DiagonalPrior":
        """The same standard deviations without correlations."""
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

    Raises ModelError for a root of another size.
    """

    mean: Tensor
    root: Tensor
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.root.shape != (self.mean.numel(),) * 2:
            raise ModelError(f"A prior of {self.mean.numel()} parameters has a root of shape {tuple(self.root.shape)}.")

    @cached_property
    def _root(self) -> Tensor:
        return self.root * self.scale

    @property
    def width(self) -> Tensor:
        """(kinds, size) standard deviations before scaling."""
        return (self.root * self.root).sum(1).sqrt().reshape(self.mean.shape)

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        """All that it consists of, the scale included."""
        return self.mean, self._root

    def displacement(self, z: Tensor) -> Tensor:
        """θ − θ₀ (kinds, size) of z (p,)."""
        return (self._root @ z).reshape(self.mean.shape)

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
        """The same standard deviations without correlations."""
        return DiagonalPrior(self.mean, self.width, self.scale)

    def at(self, mean: Tensor) -> "FullPrior":
        """The same about another centre."""
        return replace(self, mean=mean)

    def to(self, device: torch.device) -> "FullPrior":
        """The same on another device."""
        return replace(self, mean=self.mean.to(device), root=self.root.to(device))


Prior = DiagonalPrior | FullPrior
