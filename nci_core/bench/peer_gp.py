"""A Gaussian process as a peer of the student: invariant features, soft-log targets, tuned by marginal likelihood.

**Features.** For each element e of the host and each length L, the soft minimum −L ln mean_i exp(−r_i/L) of the
probe's distances to that element's atoms, in Å: nearest atom for small L, mean distance for large L. They are sums
over atoms, so that rotations, permutations and the host's point group leave them alone.

**Targets.** Energies change 10⁵-fold between tail and wall, so the process does not see E but
y = arsinh(E/D) − arsinh(M/D): D(R) is a multiple of the dispersion Σ_i C₆/r_i⁶ that free atoms would have, so that y
is E/D, smooth and bounded, in the tail and ln(E/D), nearly linear in distance, up the wall. M is 0, or another
potential (Δ-learning). The multiple is the one whose labels have the largest marginal likelihood, Jacobian
dy/dE included.

**Kernel.** σ² exp(−½ Σ_k (φ_k−φ′_k)²/ℓ_k²) + noise, hyperparameters by scikit-learn's maximum of the marginal
likelihood from several starts (Rasmussen and Williams 2006, ch. 5).
"""

import time
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.errors import InputError
from nci_core.fitting.observations import Observation, check_observations
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer
from nci_core.systems.free_atoms import FREE_ATOMS, GENERIC_ATOM, pair_c6, vdw_radius
from nci_core.systems.poses import RigidForces
from nci_core.systems.potential import Potential
from nci_core.units import BOHR_ANGSTROM, HARTREE_EV

FloatArray = npt.NDArray[np.float64]
#: Lengths L of the soft minima, Å.
LENGTHS = (0.3, 1.0, 4.0)
#: Multiples of the free atoms' dispersion that are tried as D.
MULTIPLES = (4.0, 8.0, 16.0)
#: Below this share of the sum of van der Waals radii D stops growing as r⁻⁶.
CORE = 0.6
#: Kernel lengths (Å) that are searched.
LENGTH_BOUNDS = (0.1, 100.0)
#: Labels that choose the multiple and the start of the last search; more only cost time.
CHOOSING = 150
#: Positions evaluated at once: bounds the kernel matrix.
CHUNK = 1024


def element_distances(dimer: Dimer, R: Tensor) -> dict[str, Tensor]:
    """Distances (m, n_e) in Å from probe positions (m, 3) to the atoms of each element of the host."""
    r = (R[:, None] - torch.tensor(dimer.a.positions)).norm(dim=-1)
    symbols = np.array(dimer.a.symbols)
    return {str(element): r[:, np.flatnonzero(symbols == element)] for element in np.unique(symbols)}


def soft_minima(dimer: Dimer, R: Tensor) -> Tensor:
    """The features φ (m, k) in Å; one length is enough for an element of which there is one atom."""
    found = []
    for r in element_distances(dimer, R).values():
        for length in LENGTHS if r.shape[1] > 1 else LENGTHS[:1]:
            found.append(-length * (torch.logsumexp(-r / length, dim=1) - np.log(r.shape[1])))
    return torch.stack(found, dim=1)


def free_atom_dispersion(dimer: Dimer, R: Tensor) -> Tensor:
    """Σ_i C₆/(r_i⁶ + r₀⁶) of free atoms (m,) in eV, positive."""
    probe = FREE_ATOMS.get(dimer.b.symbols[0], GENERIC_ATOM)
    total = torch.zeros(len(R), dtype=R.dtype)
    for element, r in element_distances(dimer, R).items():
        c6 = pair_c6(probe, FREE_ATOMS.get(element, GENERIC_ATOM)) * HARTREE_EV * BOHR_ANGSTROM**6
        core = CORE * (vdw_radius(element) + vdw_radius(dimer.b.symbols[0]))
        total = total + (c6 / (r**6 + core**6)).sum(dim=1)
    return total


def soft_log(E: Tensor, D: Tensor) -> Tensor:
    """arsinh(E/D)."""
    return torch.asinh(E / D)


def log_jacobian(E: FloatArray, D: FloatArray) -> float:
    """Σ ln d arsinh(E/D)/dE, which makes likelihoods of different D comparable."""
    return float(-0.5 * np.log(E**2 + D**2).sum())


def _tuned(X: FloatArray, y: FloatArray, restarts: int, seed: int, start: Any = None) -> Any:
    """A scikit-learn process with the most probable hyperparameters found."""
    try:
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    except ImportError:
        raise InputError("The Gaussian process needs scikit-learn; install it with pip install 'nci[bench]'.") from None
    variance = float(np.clip(np.mean(y**2), 1e-5, 1e3))
    kernel = start or ConstantKernel(variance, (1e-6, 1e4)) * RBF(
        np.full(X.shape[1], 3.0), LENGTH_BOUNDS
    ) + WhiteKernel(1e-6, (1e-10, 1e-1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a length at its bound is a feature that does not matter
        return GaussianProcessRegressor(kernel, n_restarts_optimizer=restarts, random_state=seed).fit(X, y)


class PeerGP:
    """A Gaussian process fitted to labels; with `mean`, to what that potential lacks.

    Args:
        labels: of one dimer.
        mean: the potential that is corrected (Δ-learning); None for 0.
        restarts: random starts of the search besides the first, for each multiple.
        seed: of the random starts.

    Attributes:
        fit_seconds: CPU seconds of the fit.
        multiple: the chosen multiple of the free atoms' dispersion.
        log_evidence: log marginal likelihood of the energies.
        process: the fitted scikit-learn process.
    """

    def __init__(
        self,
        labels: Observation,
        *,
        mean: Potential | None = None,
        restarts: int = 2,
        seed: int = 0,
    ) -> None:
        start = time.process_time()
        check_observations([labels], "label")
        dimer, R, E = labels.configurations.dimer, labels.configurations.R, labels.energies
        self.dimer, self.mean = dimer, mean
        X = soft_minima(dimer, torch.tensor(R)).numpy()
        unit = free_atom_dispersion(dimer, torch.tensor(R)).numpy()
        M = np.zeros(len(E)) if mean is None else mean.energies(labels.configurations)
        few = np.random.default_rng(seed).permutation(len(E))[:CHOOSING]
        best: tuple[float, float, Any] | None = None
        for multiple in MULTIPLES:
            D = multiple * unit
            y = np.arcsinh(E / D) - np.arcsinh(M / D)
            found = _tuned(X[few], y[few], restarts, seed)
            evidence = float(found.log_marginal_likelihood_value_) + log_jacobian(E[few], D[few])
            if best is None or evidence > best[0]:
                best = evidence, multiple, found
        assert best is not None
        self.log_evidence, self.multiple, self.process = best
        if len(few) < len(E):
            D = self.multiple * unit
            y = np.arcsinh(E / D) - np.arcsinh(M / D)
            self.process = _tuned(X, y, 0, seed, self.process.kernel_)
            self.log_evidence = float(self.process.log_marginal_likelihood_value_) + log_jacobian(E, D)
        signal = self.process.kernel_.k1
        self._variance = float(signal.k1.constant_value)
        self._length = torch.tensor(np.broadcast_to(signal.k2.length_scale, X.shape[1]).copy())
        self._known = torch.tensor(self.process.X_train_) / self._length
        self._weights = torch.tensor(self.process.alpha_)
        self.fit_seconds = time.process_time() - start

    def energies(self, at: Configurations) -> FloatArray:
        """(m,) in eV."""
        R = at.R
        M = np.zeros(len(R)) if self.mean is None else self.mean.energies(at)
        parts = []
        with torch.no_grad():
            for rows in _chunks(len(R)):
                parts.append(self._energies(torch.tensor(R[rows]), torch.tensor(M[rows])).numpy())
        found: FloatArray = np.concatenate(parts)
        return found

    def energies_and_forces(self, at: Configurations) -> tuple[FloatArray, RigidForces]:
        """(m,) in eV and forces on the probe, exact derivatives."""
        R, M, slope = at.R, np.zeros(len(at)), np.zeros((len(at), 3))
        if self.mean is not None:
            M, forces = self.mean.energies_and_forces(at)
            slope = -forces.force
        energies, gradients = [], []
        for rows in _chunks(len(R)):
            where = torch.tensor(R[rows], requires_grad=True)
            mean = torch.tensor(M[rows], requires_grad=True)
            E = self._energies(where, mean)
            by_place, by_mean = torch.autograd.grad(E.sum(), [where, mean])
            energies.append(E.detach().numpy())
            gradients.append(by_place.numpy() + by_mean.numpy()[:, None] * slope[rows])
        return np.concatenate(energies), RigidForces.on_atom(-np.concatenate(gradients))

    def _energies(self, R: Tensor, M: Tensor) -> Tensor:
        """(m,) in eV from positions (m, 3) and the mean's energies there (m,)."""
        phi = soft_minima(self.dimer, R) / self._length
        square = (phi[:, None] - self._known).square().sum(-1)
        y = self._variance * torch.exp(-0.5 * square) @ self._weights
        D = self.multiple * free_atom_dispersion(self.dimer, R)
        return D * torch.sinh(y + soft_log(M, D))


def _chunks(m: int) -> list[slice]:
    """Slices that cover m rows; one empty slice for none."""
    return [slice(first, first + CHUNK) for first in range(0, max(m, 1), CHUNK)]
