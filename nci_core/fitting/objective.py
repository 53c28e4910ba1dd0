"""The objective of a fit: labels with an energy-dependent weight, and a Gaussian prior."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.errors import InputError
from nci_core.potentials.arrays import place
from nci_core.potentials.device import resolve_device
from nci_core.potentials.features import Features, atom_frames, chunks
from nci_core.potentials.parameters import AtomParameters, StudentConfig
from nci_core.potentials.student import of_atoms
from nci_core.potentials.terms import Terms, evaluate, jacobian
from nci_core.systems import Monomer
from nci_core.units import from_cm1

FloatArray = npt.NDArray[np.float64]

#: Labels per chunk: on a CPU what its cache holds, on a GPU what keeps it busy, for each chunk is a synchronisation.
CHUNK = {"cpu": 512, "cuda": 131_072}


def label_weights(energies: FloatArray, wall_cm1: float = 100.0) -> FloatArray:
    """W(E) = 1/(1 + (max(E, 0)/wall)²) of energies in eV: absolute errors count below, relative ones above.

    >>> label_weights(from_cm1(np.array([-90.0, 100.0]))).tolist()
    [1.0, 0.5]
    """
    weights: FloatArray = 1.0 / (1.0 + (np.maximum(energies, 0.0) / from_cm1(wall_cm1)) ** 2)
    return weights


def check_labels(positions: npt.ArrayLike, energies: npt.ArrayLike, what: str) -> tuple[FloatArray, FloatArray]:
    """Positions (m, 3) and energies (m,) as arrays; InputError for none, NaN or unequal numbers."""
    R = np.asarray(positions, dtype=float).reshape(-1, 3)
    E = np.asarray(energies, dtype=float).reshape(-1)
    if len(R) != len(E):
        raise InputError(f"There are {len(R)} positions for {len(E)} {what} energies.")
    if not len(E):
        raise InputError(f"A fit needs at least one {what} energy.")
    bad = ~(np.isfinite(E) & np.isfinite(R).all(axis=1))
    if bad.any():
        raise InputError(f"Row {int(bad.argmax())} of the {what} data is not a number; remove it or compute it again.")
    return R, E


@dataclass(frozen=True)
class Targets:
    """Labels of some linear combinations of the channels at the same m positions.

    Attributes:
        mixing: (k, 2) which channels each label is the sum of: [[1, 1]] for total energies,
            the unit matrix for repulsion and dispersion apart.
        energies: (k, m) in eV.
        weights: (k, m), W/σ² in eV⁻².
    """

    mixing: Tensor
    energies: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> "Targets":
        """The same targets on another device."""
        return Targets(self.mixing.to(device), self.energies.to(device), self.weights.to(device))


def make_targets(energies: Mapping[str, FloatArray], sigma_cm1: float, wall_cm1: float) -> Targets:
    """Targets from total energies {"total": (m,)}, or {"repulsion": (m,), "dispersion": (m,)}; eV.

    A channel's weight falls with its magnitude, so that large repulsion and large dispersion that
    cancel are both learnt to a share of themselves.
    """
    rows = {"total": (1.0, 1.0), "repulsion": (1.0, 0.0), "dispersion": (0.0, 1.0)}
    values = np.stack(list(energies.values()))
    size = values if "total" in energies else np.abs(values)
    weights = label_weights(size, wall_cm1) / from_cm1(sigma_cm1) ** 2
    mixing = torch.tensor([rows[name] for name in energies], dtype=torch.float64)
    return Targets(mixing, torch.tensor(values), torch.tensor(weights))


def is_root(width: Tensor, z: Tensor) -> bool:
    """Whether prior widths are a root (p, p) of a covariance rather than one number for each parameter."""
    return width.shape == (len(z), len(z)) and len(z) > 1


def unwhitened(width: Tensor, z: Tensor) -> Tensor:
    """Change of the parameters (p,) that a whitened one (p,) stands for."""
    return width @ z if is_root(width, z) else width.flatten() * z


class MapObjective:
    """Σ W(E)(f−E)²/σ² + Σ((θ−θ₀)/σ_θ)² over whitened z = (θ−θ₀)/σ_θ; see LeastSquares.

    Args:
        seen: features of the labelled positions, chunk by chunk.
        targets: the labels.
        mean: θ₀ (elements, size).
        width: σ_θ (elements, size), or a root L (p, p) of the prior's covariance LLᵀ, and then z = L⁻¹(θ−θ₀).
        config: terms of the student.
    """

    def __init__(
        self, seen: list[Features], targets: Targets, mean: Tensor, width: Tensor, config: StudentConfig
    ) -> None:
        self.seen, self.targets, self.mean, self.width, self.config = seen, targets, mean, width, config
        self._last: tuple[Tensor, AtomParameters, list[Terms]] | None = None

    def theta(self, z: Tensor) -> Tensor:
        """Parameters (elements, size) from whitened z (p,)."""
        return self.mean + unwhitened(self.width, z).reshape(self.mean.shape)

    def whiten(self, theta: Tensor) -> Tensor:
        """Whitened z (p,) from parameters."""
        change = (theta - self.mean).flatten()
        if is_root(self.width, change):
            solved: Tensor = torch.linalg.solve(self.width, change)
            return solved
        return change / self.width.flatten()

    def terms(self, z: Tensor) -> tuple[AtomParameters, list[Terms]]:
        """Parameters and terms of every chunk at z; kept until z is another tensor, since a trial that
        succeeds is where the next step begins."""
        if self._last is None or self._last[0] is not z:
            self._last = z, *terms_of(self.seen, self.theta(z), self.config)
        return self._last[1:]

    def channels(self, z: Tensor) -> Tensor:
        """(2, m) repulsion and dispersion at the labelled positions, eV."""
        return joined(self.terms(z)[1])

    def loss(self, z: Tensor) -> float:
        """The objective at z."""
        error = self.targets.mixing @ self.channels(z) - self.targets.energies
        return float((self.targets.weights * error**2).sum() + z @ z)

    def normal_equations(self, z: Tensor) -> tuple[float, Tensor, Tensor]:
        """Objective, Jᵀρ + z and JᵀJ + 1, with exact Jacobians."""
        parameters, terms = self.terms(z)
        H = torch.eye(len(z), dtype=z.dtype, device=z.device)
        g, loss, start = z.clone(), float(z @ z), 0
        roots, full = self.targets.weights.sqrt(), is_root(self.width, z)
        for x, t in zip(self.seen, terms, strict=True):
            predicted = self.targets.mixing @ joined([t])
            rows = slice(start, start + predicted.shape[1])
            start = rows.stop
            for k, weights in enumerate(self.targets.mixing.tolist()):
                root = roots[k, rows]
                J = torch.as_tensor(jacobian(x, t, parameters, self.config, len(self.mean), weights))
                J = J @ self.width if full else J.mul_(self.width.flatten())
                J *= root[:, None]
                rho = root * (predicted[k] - self.targets.energies[k, rows])
                H.addmm_(J.T, J)
                g += J.T @ rho
                loss += float(rho @ rho)
        return loss, g, H


def terms_of(seen: list[Features], theta: Tensor, config: StudentConfig) -> tuple[AtomParameters, list[Terms]]:
    """Atoms' parameters and terms of one student (elements, size) at positions seen from one host."""
    p = of_atoms(place(theta, theta.device)[None], seen[0].elements, config)
    return p, [evaluate(x, p) for x in seen]


def joined(terms: list[Terms]) -> Tensor:
    """(2, m) repulsion and dispersion of all chunks, eV."""
    return torch.cat([torch.as_tensor(t.channels[:, 0]) for t in terms], dim=1)


def observe(host: Monomer, elements: tuple[str, ...], positions: FloatArray, device: str = "cpu") -> list[Features]:
    """Features of positions (m, 3) in Å, computed once for a whole fit, in chunks that suit the device."""
    here = resolve_device(device)
    return list(chunks(atom_frames(host, elements, here), positions, here, CHUNK[here.type]))
