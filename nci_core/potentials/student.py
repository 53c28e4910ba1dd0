"""The student: a sum over host atoms of repulsion and damped dispersion."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.errors import ModelError
from nci_core.potentials.correction import correction
from nci_core.potentials.dispersion import GAMMA6_ROWS, anisotropic_coefficient, dispersion
from nci_core.potentials.features import ElementFrames, Features, angular_functions, element_frames, features
from nci_core.potentials.parameters import ElementParameters, StudentConfig, unpack
from nci_core.potentials.repulsion import repulsion
from nci_core.potentials.ruler import adaptive_ruler, fixed_ruler
from nci_core.systems.hosts import Host

FloatArray = npt.NDArray[np.float64]

#: Positions per batch: the working set stays in a core's cache.
CHUNK = 2048


def atom_terms(x: Features, p: ElementParameters) -> tuple[Tensor, Tensor]:
    """V_rep and V_disp(1+n₂) of the atoms of one element; each (m, n) in eV, positive."""
    q = fixed_ruler(x.r) if p.lam is None else adaptive_ruler(x.r, x.Y, p.lam)
    n1, n2 = (0.0, 0.0) if p.network is None else correction(q, x.u, x.c, p.network)
    V_rep = repulsion(q, x.Y, p.a, p.A, p.alpha, p.beta, n1)
    V_disp = dispersion(x.r, q, x.Y, p.b, p.C, p.gamma)
    return V_rep, V_disp * (1.0 + n2)


def channel_energies(seen: Mapping[int, Features], theta: Tensor, config: StudentConfig) -> tuple[Tensor, Tensor]:
    """Repulsion Σ_i V_rep ≥ 0 and dispersion −Σ_i V_disp(1+n₂) ≤ 0; each (m,) in eV.

    Args:
        seen: features by element index.
        theta: (elements, size), or (m, elements, size) with one set of parameters per position,
            which turns one backward pass into the Jacobian of all m energies.
        config: the student's terms.
    """
    parts = [atom_terms(x, unpack(theta[..., e, :], config)) for e, x in seen.items()]
    V_rep = torch.stack([rep.sum(-1) for rep, _ in parts]).sum(0)
    V_disp = torch.stack([disp.sum(-1) for _, disp in parts]).sum(0)
    return V_rep, -V_disp


@dataclass(frozen=True)
class Student:
    """One fitted potential of a probe and the host elements it knows.

    E = Σ_i [V_rep,i − V_disp,i(1+n₂,i)] over host atoms i, in eV; zero at infinity, −C₆(R̂)/R⁶
    before that, invariant under rotation, translation and permutation, all by construction.

    Attributes:
        probe: chemical symbol of the probe.
        elements: host elements, in the order of theta's rows.
        config: which terms there are.
        theta: (elements, size) parameters, float64.
    """

    probe: str
    elements: tuple[str, ...]
    config: StudentConfig
    theta: Tensor

    def __post_init__(self) -> None:
        if self.theta.shape != (len(self.elements), self.config.size):
            raise ModelError(
                f"A model of {len(self.elements)} elements needs {len(self.elements)} × {self.config.size} parameters, "
                f"not {tuple(self.theta.shape)}."
            )

    def energies(self, host: Host, positions: npt.ArrayLike) -> FloatArray:
        """(m,) interaction energies in eV at probe positions (m, 3) in Å."""
        channels = self.channels(host, positions)
        return channels["repulsion"] + channels["dispersion"]

    def channels(self, host: Host, positions: npt.ArrayLike) -> dict[str, FloatArray]:
        """Repulsion and dispersion, each (m,) in eV; their sum is the energy."""
        rows = []
        with torch.no_grad():
            for seen, _ in batches(host, self.elements, positions, self.theta.device):
                rows.append(torch.stack(channel_energies(seen, self.theta, self.config)))
        both: FloatArray = torch.cat(rows, dim=1).cpu().numpy()
        return {"repulsion": both[0], "dispersion": both[1]}

    def energies_and_gradients(self, host: Host, positions: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Energies (m,) in eV and gradients dE/dR (m, 3) in eV/Å."""
        return mean_energies_and_gradients([self], host, positions)

    def jacobian(self, host: Host, positions: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Energies (m,) in eV and dE/dθ (m, elements × size)."""
        energies, rows = [], []
        for seen, R in batches(host, self.elements, positions, self.theta.device):
            theta = self.theta.expand(len(R), *self.theta.shape).clone().requires_grad_()
            E = torch.stack(channel_energies(seen, theta, self.config)).sum(0)
            (gradient,) = torch.autograd.grad(E.sum(), theta)
            energies.append(E.detach())
            rows.append(gradient.flatten(1))
        return torch.cat(energies).cpu().numpy(), torch.cat(rows).cpu().numpy()

    def c6(self, host: Host, directions: npt.ArrayLike) -> FloatArray:
        """Long-range coefficient C₆(R̂) = Σ_i C₆,i(R̂) in eV Å⁶ for unit vectors (m, 3); E → −C₆/R⁶."""
        d = torch.tensor(np.asarray(directions, dtype=float).reshape(-1, 3), device=self.theta.device)
        total = torch.zeros(len(d), dtype=torch.float64, device=d.device)
        for e, atoms in element_frames(host, self.elements, self.theta.device).items():
            p = unpack(self.theta[e], self.config)
            u = d @ atoms.outward.T
            c = torch.einsum("ma,nab,mb->mn", d, atoms.normal, d)
            Y = angular_functions(u, c)[..., GAMMA6_ROWS]
            total += anisotropic_coefficient(p.C[0], p.gamma[0], Y).sum(-1)
        c6: FloatArray = total.cpu().numpy()
        return c6


def batches(
    host: Host, elements: Sequence[str], positions: npt.ArrayLike, device: torch.device, gradients: bool = False
) -> Iterator[tuple[dict[int, Features], Tensor]]:
    """Features of positions (m, 3), chunk by chunk; also for m = 0, as one empty chunk."""
    points = np.asarray(positions, dtype=float).reshape(-1, 3)
    frames: dict[int, ElementFrames] = element_frames(host, elements, device)
    for start in range(0, max(len(points), 1), CHUNK):
        R = torch.tensor(points[start : start + CHUNK], device=device, requires_grad=gradients)
        yield {e: features(atoms, R) for e, atoms in frames.items()}, R


def mean_energies_and_gradients(
    members: Sequence[Student], host: Host, positions: npt.ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Mean energies (m,) in eV and gradients (m, 3) in eV/Å of students that share their elements."""
    first = members[0]
    energies, gradients = [], []
    for seen, R in batches(host, first.elements, positions, first.theta.device, gradients=True):
        parts = [torch.stack(channel_energies(seen, s.theta, s.config)).sum(0) for s in members]
        E = torch.stack(parts).mean(0)
        (gradient,) = torch.autograd.grad(E.sum(), R)
        energies.append(E.detach())
        gradients.append(gradient)
    return torch.cat(energies).cpu().numpy(), torch.cat(gradients).cpu().numpy()
