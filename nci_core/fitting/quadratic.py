"""An objective of least squares about a point, to second order: what a step of Levenberg–Marquardt is made of.

Σ_k ρ_k(z)² + Σ_j z_j² has half the gradient g = Jᵀρ + z and half the curvature H = JᵀJ + 1, J (m, p). Where there are
more residuals than parameters, H (p, p) is made; where there are fewer, as with the first labels of a campaign,
everything follows from the smaller JJᵀ (m, m).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor


class Quadratic(Protocol):
    """The objective about a point.

    Attributes:
        loss: the objective there.
        g: (p,) half its gradient.
    """

    @property
    def loss(self) -> float:
        """See the class."""
        ...

    @property
    def g(self) -> Tensor:
        """See the class."""
        ...

    def step(self, mu: float) -> Tensor:
        """δ (p,) of (H + μ)δ = −g."""
        ...

    def along(self, step: Tensor) -> float:
        """δᵀHδ."""
        ...

    def mean_curvature(self) -> float:
        """Mean of the diagonal of H."""
        ...

    def log_determinant(self) -> float:
        """ln det H."""
        ...


@dataclass(frozen=True)
class ByParameters:
    """By H itself; see Quadratic."""

    loss: float
    g: Tensor
    H: Tensor

    def step(self, mu: float) -> Tensor:
        """δ (p,) of (H + μ)δ = −g."""
        damped = self.H.clone()
        damped.diagonal().add_(mu)
        return solved(damped, -self.g)

    def along(self, step: Tensor) -> float:
        """δᵀHδ."""
        return float(step @ (self.H @ step))

    def mean_curvature(self) -> float:
        """Mean of the diagonal of H."""
        return float(self.H.diagonal().mean())

    def log_determinant(self) -> float:
        """ln det H."""
        return float(torch.linalg.slogdet(self.H)[1])


@dataclass(frozen=True)
class ByResiduals:
    """By JJᵀ of fewer residuals than parameters; see Quadratic.

    Attributes:
        J: (m, p) derivatives of the residuals.
        rho: (m,) residuals.
        z: (p,) the point.
    """

    J: Tensor
    rho: Tensor
    z: Tensor

    @cached_property
    def loss(self) -> float:
        """The objective."""
        return float(self.rho @ self.rho + self.z @ self.z)

    @cached_property
    def g(self) -> Tensor:
        """(p,) half its gradient."""
        return self.J.T @ self.rho + self.z

    @cached_property
    def products(self) -> Tensor:
        """JJᵀ (m, m)."""
        return self.J @ self.J.T

    def step(self, mu: float) -> Tensor:
        """δ (p,) of (H + μ)δ = −g.

        With λ = 1 + μ, (JᵀJ + λ)⁻¹Jᵀ = Jᵀ(JJᵀ + λ)⁻¹, so δ = −z/λ − Jᵀ(JJᵀ + λ)⁻¹(ρ − Jz/λ). The residuals stay apart
        from z, for what cancels in (JᵀJ + λ)⁻¹g is as much larger as labels weigh more than the prior.
        """
        shrunk = self.z / (1.0 + mu)
        damped = self.products.clone()
        damped.diagonal().add_(1.0 + mu)
        return -shrunk - self.J.T @ solved(damped, self.rho - self.J @ shrunk)

    def along(self, step: Tensor) -> float:
        """δᵀHδ."""
        moved = self.J @ step
        return float(moved @ moved + step @ step)

    def mean_curvature(self) -> float:
        """Mean of the diagonal of H."""
        return 1.0 + float(self.products.diagonal().sum()) / self.z.numel()

    def log_determinant(self) -> float:
        """ln det H, which is ln det (JJᵀ + 1) (Sylvester)."""
        damped = self.products.clone()
        damped.diagonal().add_(1.0)
        return float(torch.linalg.slogdet(damped)[1])


def solved(matrix: Tensor, right: Tensor) -> Tensor:
    """Solution of a symmetric positive definite system (p, p), (p,)."""
    factor, info = torch.linalg.cholesky_ex(matrix)
    if int(info):
        least: Tensor = torch.linalg.lstsq(matrix, right[:, None]).solution[:, 0]
        return least
    solution: Tensor = torch.cholesky_solve(right[:, None], factor)[:, 0]
    return solution
