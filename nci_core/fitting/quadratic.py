"""Objectives of least squares about points, to second order: what a step of Levenberg–Marquardt is made of.

Σ_k ρ_k(z)² + Σ_j z_j² has half the gradient g = Jᵀρ + z and half the curvature H = JᵀJ + 1, J (m, p). Where there are
more residuals than parameters, H (p, p) is made; where there are fewer, as with the first labels of a campaign,
everything follows from the smaller JJᵀ (m, m). K objectives are kept together, as the first axis of all.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Protocol, Self

import torch
from torch import Tensor


class Quadratic(Protocol):
    """K objectives, each about a point of its own. Nothing here waits for a device."""

    @property
    def loss(self) -> Tensor:
        """(K,) the objectives there."""
        ...

    @property
    def g(self) -> Tensor:
        """(K, p) half their gradients."""
        ...

    @property
    def told(self) -> Tensor:
        """(K, …) what whoever watches is told of each point, beside the objective."""
        ...

    def step(self, mu: Tensor) -> Tensor:
        """δ (K, p) of (H + μ)δ = −g with a damping μ (K,) of each; not a number where rounding forbids."""
        ...

    def along(self, step: Tensor) -> Tensor:
        """(K,) δᵀHδ."""
        ...

    def mean_curvature(self) -> Tensor:
        """(K,) means of the diagonals of H."""
        ...

    def log_determinant(self) -> Tensor:
        """(K,) ln det H."""
        ...

    def take(self, rows: Sequence[int]) -> Self:
        """Some of them."""
        ...

    def moved(self, there: Self, accepted: Sequence[bool]) -> Self:
        """Those that are accepted as they are there, the others as they are here."""
        ...


@dataclass(frozen=True)
class Batch:
    """Tensors that share their first axis, K, as dataclasses of their fields."""

    def take(self, rows: Sequence[int]) -> Self:
        """Some of the K."""
        if list(rows) == list(range(len(self))):
            return self
        return replace(self, **{field.name: getattr(self, field.name)[list(rows)] for field in fields(self)})

    def moved(self, there: Self, accepted: Sequence[bool]) -> Self:
        """Those of `there` that are accepted, and the others of these."""
        if all(accepted):
            return there
        if not any(accepted):
            return self
        found = {}
        for field in fields(self):
            old, new = getattr(self, field.name), getattr(there, field.name)
            which = torch.tensor(accepted, device=old.device).reshape(-1, *(1,) * (old.ndim - 1))
            found[field.name] = torch.where(which, new, old)
        return replace(self, **found)

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))


@dataclass(frozen=True)
class ByParameters(Batch):
    """By H itself; see Quadratic.

    Attributes:
        loss: (K,).
        g: (K, p).
        H: (K, p, p).
        told: (K, …).
    """

    loss: Tensor
    g: Tensor
    H: Tensor
    told: Tensor

    def step(self, mu: Tensor) -> Tensor:
        """δ (K, p) of (H + μ)δ = −g."""
        damped = self.H.clone()
        damped.diagonal(dim1=-2, dim2=-1).add_(mu[:, None])
        return solved(damped, -self.g)

    def along(self, step: Tensor) -> Tensor:
        """(K,) δᵀHδ."""
        found: Tensor = (step * (self.H @ step[..., None])[..., 0]).sum(-1)
        return found

    def mean_curvature(self) -> Tensor:
        """(K,) means of the diagonals of H."""
        found: Tensor = self.H.diagonal(dim1=-2, dim2=-1).mean(-1)
        return found

    def log_determinant(self) -> Tensor:
        """(K,) ln det H."""
        found: Tensor = torch.linalg.slogdet(self.H)[1]
        return found


@dataclass(frozen=True)
class ByResiduals(Batch):
    """By JJᵀ of fewer residuals than parameters; see Quadratic.

    Attributes:
        J: (K, m, p) derivatives of the residuals.
        rho: (K, m) residuals.
        z: (K, p) the points.
        told: (K, …).
    """

    J: Tensor
    rho: Tensor
    z: Tensor
    told: Tensor

    @cached_property
    def loss(self) -> Tensor:
        """(K,) the objectives."""
        return self.rho.square().sum(-1) + self.z.square().sum(-1)

    @cached_property
    def g(self) -> Tensor:
        """(K, p) half their gradients."""
        return (self.rho[:, None] @ self.J)[:, 0] + self.z

    @cached_property
    def products(self) -> Tensor:
        """JJᵀ (K, m, m)."""
        return self.J @ self.J.mT

    def step(self, mu: Tensor) -> Tensor:
        """δ (K, p) of (H + μ)δ = −g.

        With λ = 1 + μ, (JᵀJ + λ)⁻¹Jᵀ = Jᵀ(JJᵀ + λ)⁻¹, so δ = −z/λ − Jᵀ(JJᵀ + λ)⁻¹(ρ − Jz/λ). The residuals stay apart
        from z, for what cancels in (JᵀJ + λ)⁻¹g is as much larger as labels weigh more than the prior.
        """
        shrunk = self.z / (1.0 + mu)[:, None]
        damped = self.products.clone()
        damped.diagonal(dim1=-2, dim2=-1).add_((1.0 + mu)[:, None])
        found = solved(damped, self.rho - (self.J @ shrunk[..., None])[..., 0])
        return -shrunk - (found[:, None] @ self.J)[:, 0]

    def along(self, step: Tensor) -> Tensor:
        """(K,) δᵀHδ."""
        found: Tensor = (self.J @ step[..., None])[..., 0].square().sum(-1) + step.square().sum(-1)
        return found

    def mean_curvature(self) -> Tensor:
        """(K,) means of the diagonals of H."""
        return 1.0 + self.J.square().sum((-2, -1)) / self.z.shape[-1]

    def log_determinant(self) -> Tensor:
        """(K,) ln det H, which is ln det (JJᵀ + 1) (Sylvester)."""
        damped = self.products.clone()
        damped.diagonal(dim1=-2, dim2=-1).add_(1.0)
        found: Tensor = torch.linalg.slogdet(damped)[1]
        return found


def solved(matrix: Tensor, right: Tensor) -> Tensor:
    """Solutions (K, p) of symmetric positive definite systems (K, p, p), (K, p).

    Where rounding has made one indefinite its solution is not a number: the step fails, and the next one is damped
    more. Asking here which these are would wait for the device.
    """
    factor, info = torch.linalg.cholesky_ex(matrix)
    solution = torch.cholesky_solve(right[..., None], factor)[..., 0]
    return torch.where((info == 0)[:, None], solution, torch.nan)
