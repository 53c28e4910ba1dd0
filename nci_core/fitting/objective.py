"""The objective of a fit: labels with an energy-dependent weight, and a Gaussian prior."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nci_core.fitting.observations import TOTAL, Observation, labels_of, terms_of, weights_of
from nci_core.fitting.quadratic import ByParameters, ByResiduals, Quadratic
from nci_core.potentials.arrays import FloatArray, place
from nci_core.potentials.device import resolve_device
from nci_core.potentials.environments import PairKind
from nci_core.potentials.evaluation import Evaluation, evaluate, jacobian
from nci_core.potentials.pairs import PairAtoms, PairFeatures, chunks, pair_sites
from nci_core.potentials.parameters import PairParameters, StudentConfig
from nci_core.potentials.prior import Prior
from nci_core.potentials.student import parameters_of
from nci_core.units import from_cm1

#: Labels per chunk: on a CPU what its cache holds, on a GPU what keeps it busy, for each chunk is a synchronisation.
CHUNK = {"cpu": 512, "cuda": 131_072}

#: Into so many blocks of columns a product of Jacobians is cut; more make each too small for a core.
BLOCKS = 5

#: Features of the observed configurations, chunk by chunk; a chunk is of one system.
Seen = Sequence[PairFeatures[Any]]


def label_weights(energies: FloatArray, wall_cm1: float = 100.0) -> FloatArray:
    """W(E) = 1/(1 + (max(E, 0)/wall)²) of energies in eV: absolute errors count below, relative ones above.

    >>> label_weights(from_cm1(np.array([-90.0, 100.0]))).tolist()
    [1.0, 0.5]
    """
    weights: FloatArray = 1.0 / (1.0 + (np.maximum(energies, 0.0) / from_cm1(wall_cm1)) ** 2)
    return weights


@dataclass(frozen=True)
class Targets:
    """Labels of some linear combinations of the channels at the same m configurations.

    Attributes:
        mixing: (k, channels) which channels each label is the sum of; the last row is of the total energy.
        energies: (k, m) in eV.
        weights: (k, m), W/σ² in eV⁻².
    """

    mixing: Tensor
    energies: Tensor
    weights: Tensor

    def to(self, device: torch.device) -> "Targets":
        """The same targets on another device."""
        return Targets(self.mixing.to(device), self.energies.to(device), self.weights.to(device))


def make_targets(
    observations: Sequence[Observation], terms: Sequence[str], sigma_cm1: float, wall_cm1: float, *, apart: bool
) -> Targets:
    """Targets from observations for a student of these terms: total energies, with `apart` channels too where known.

    A channel's weight falls with its magnitude, so that large repulsion and large dispersion that cancel are both
    learnt to a share of themselves; what is left of their sum, which is what counts, is asked for as well.
    """
    labels = labels_of(observations, terms if apart else ())
    values, rows = list(labels.values()), [terms_of(name, terms) for name in labels]
    sizes = [values[0]] if TOTAL in labels else [np.abs(each) for each in values]
    if TOTAL not in labels:
        values, sizes, rows = [*values, np.sum(values, axis=0)], [*sizes, np.sum(values, axis=0)], [*rows, tuple(terms)]
    weights = label_weights(np.stack(sizes), wall_cm1) * weights_of(observations) / from_cm1(sigma_cm1) ** 2
    mixing = [[1.0 if term in row else 0.0 for term in terms] for row in rows]
    return Targets(torch.tensor(mixing, dtype=torch.float64), torch.tensor(np.stack(values)), torch.tensor(weights))


class MapObjective:
    """Σ W(E)(f−E)²/σ² + z·z over the whitened parameters z of a prior; see LeastSquares.

    Args:
        seen: features of the labelled configurations, in the order of the labels.
        targets: the labels.
        prior: of the parameters (kinds, size).
        config: terms of the student.
    """

    def __init__(self, seen: Seen, targets: Targets, prior: Prior, config: StudentConfig) -> None:
        self.seen, self.targets, self.prior, self.config = seen, targets, prior, config
        self._last: tuple[Tensor, list[PairParameters[Any]], list[Evaluation[Any]]] | None = None

    def theta(self, z: Tensor) -> Tensor:
        """Parameters (kinds, size) from whitened z (p,)."""
        return self.prior.unwhiten(z)

    def at(self, z: Tensor) -> tuple[list[PairParameters[Any]], list[Evaluation[Any]]]:
        """Parameters and terms of every chunk at z; kept until z is another tensor, since a trial that
        succeeds is where the next step begins."""
        if self._last is None or self._last[0] is not z:
            self._last = z, *evaluations(self.seen, self.theta(z), self.config)
        return self._last[1:]

    def channels(self, z: Tensor) -> Tensor:
        """(terms, m) energies at the labelled configurations, eV."""
        return joined(self.at(z)[1])

    def loss(self, z: Tensor) -> float:
        """The objective at z."""
        error = self.targets.mixing @ self.channels(z) - self.targets.energies
        return float((self.targets.weights * error**2).sum() + z @ z)

    def about(self, z: Tensor) -> Quadratic:
        """The objective about z, by the smaller of what there is: residuals or parameters."""
        if self.targets.energies.numel() >= z.numel():
            return ByParameters(*self.normal_equations(z))
        J, rho = zip(*self.residuals(z), strict=True)
        return ByResiduals(torch.cat(J), torch.cat(rho), z)

    def normal_equations(self, z: Tensor) -> tuple[float, Tensor, Tensor]:
        """Objective, Jᵀρ + z and JᵀJ + 1."""
        H = torch.eye(z.numel(), dtype=z.dtype, device=z.device)
        g, loss = z.clone(), float(z @ z)
        for J, rho in self.residuals(z):
            add_products(H, J)
            g += J.T @ rho
            loss += float(rho @ rho)
        mirror(H)
        return loss, g, H

    def residuals(self, z: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Exact Jacobians (m, p) by z and residuals (m,), weighted, of one chunk and target after the other."""
        parameters, terms = self.at(z)
        start = 0
        roots, kinds = self.targets.weights.sqrt(), len(self.prior.mean)
        for x, p, e in zip(self.seen, parameters, terms, strict=True):
            predicted = self.targets.mixing @ joined([e])
            rows = slice(start, start + predicted.shape[1])
            start = rows.stop
            for k, weights in enumerate(self.targets.mixing.tolist()):
                root = roots[k, rows]
                J = self.prior.by_z(torch.as_tensor(jacobian(x, e, p, kinds, weights)))
                J *= root[:, None]
                rho = root * (predicted[k] - self.targets.energies[k, rows])
                yield J, rho


def blocks_of(p: int) -> list[slice]:
    """The columns of a matrix of p columns in BLOCKS parts."""
    step = -(-p // BLOCKS)
    return [slice(start, min(start + step, p)) for start in range(0, p, step)]


def add_products(H: Tensor, J: Tensor) -> None:
    """Add JᵀJ of J (m, p) to H (p, p), but for the blocks above the diagonal: two fifths of a symmetric product."""
    for block in blocks_of(H.shape[0]):
        H[block.start :, block].addmm_(J[:, block.start :].T, J[:, block])


def mirror(H: Tensor) -> None:
    """Copy what is below the blocks of the diagonal of H (p, p) to above them."""
    for block in blocks_of(H.shape[0]):
        H[block, block.stop :] = H[block.stop :, block].T


def evaluations(
    seen: Seen, theta: Tensor, config: StudentConfig
) -> tuple[list[PairParameters[Any]], list[Evaluation[Any]]]:
    """Parameters and terms of one student (kinds, size), chunk by chunk."""
    stacked = place(theta, theta.device)[None]
    of_system: Mapping[PairAtoms[Any], PairParameters[Any]] = {
        atoms: parameters_of(stacked, atoms, config) for atoms in dict.fromkeys(x.atoms for x in seen)
    }
    return [of_system[x.atoms] for x in seen], [evaluate(x, of_system[x.atoms]) for x in seen]


def joined(terms: Sequence[Evaluation[Any]]) -> Tensor:
    """(terms, m) energies of all chunks, eV."""
    return torch.cat([torch.as_tensor(e.channels[:, 0]) for e in terms], dim=1)


def observe(
    observations: Sequence[Observation], kinds: Sequence[PairKind], device: str = "cpu"
) -> list[PairFeatures[Any]]:
    """Features of all observations, computed once for a whole fit, in chunks that suit the device."""
    here = resolve_device(device)
    seen: list[PairFeatures[Any]] = []
    for each in filter(len, observations):
        sites = pair_sites(each.configurations.dimer, kinds, here)
        seen += chunks(sites, each.configurations.R, here, CHUNK[here.type])
    return seen
