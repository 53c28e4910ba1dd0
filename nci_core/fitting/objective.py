"""The objective of a fit: labels with an energy-dependent weight, and a Gaussian prior."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nci_core.fitting.observations import TOTAL, Observation, labels_of, terms_of, weights_of
from nci_core.fitting.quadratic import ByParameters, ByResiduals, Quadratic
from nci_core.potentials.arrays import FloatArray, place
from nci_core.potentials.evaluation import evaluate, jacobian
from nci_core.potentials.pairs import PairAtoms, PairFeatures
from nci_core.potentials.parameters import PairParameters, StudentConfig
from nci_core.potentials.prior import Prior, side_by_side
from nci_core.potentials.student import parameters_of
from nci_core.units import from_cm1

#: Into so many blocks of columns a product of Jacobians is cut; more make each too small for a core.
BLOCKS = 5

#: Features of the observed configurations, tile by tile; a tile is of one system (`tiles.Tiles`).
Seen = Iterable[PairFeatures[Any]]


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
        """The same targets on another device, but for the mixing, which decides what is computed at all."""
        return Targets(self.mixing, self.energies.to(device), self.weights.to(device))


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

    def theta(self, z: Tensor) -> Tensor:
        """Parameters (kinds, size) from whitened z (p,)."""
        return self.prior.unwhiten(z)

    def about(self, z: Tensor, rows: Sequence[int] = (0,)) -> Quadratic:
        """The objective about z (1, p)."""
        return Together([self]).about(z, rows)

    def loss(self, z: Tensor) -> float:
        """The objective at z (p,)."""
        return float(self.about(z[None]).loss)

    def normal_equations(self, z: Tensor) -> tuple[float, Tensor, Tensor]:
        """Objective, Jᵀρ + z (p,) and JᵀJ + 1 (p, p) at z (p,), however few labels there are."""
        found = Together([self]).by_parameters(z[None], [0])
        return float(found.loss), found.g[0], found.H[0]


class Together:
    """Objectives over the same configurations, of one student, at once: their priors differ, and labels may.

    Args:
        objectives: K of them; they share `seen`, the weights and mixing of the targets, and the student's terms.
        watched: (groups, m) shares of the labels in means of absolute errors of the total that are told, see `told`.
        held: other labels whose errors are told, never fitted.
    """

    def __init__(
        self, objectives: Sequence[MapObjective], watched: Tensor | None = None, held: "Held | None" = None
    ) -> None:
        self.objectives, self.watched, self.held = objectives, watched, held
        first = objectives[0]
        self.targets, self.config, self.kinds = first.targets, first.config, len(first.prior.mean)
        self.few = first.targets.energies.numel() < first.prior.mean.numel()
        self._priors: dict[tuple[int, ...], Prior | None] = {}

    def about(self, z: Tensor, rows: Sequence[int]) -> Quadratic:
        """Those of these rows about z (rows, p), by the smaller of what there is: residuals or parameters."""
        return self.by_residuals(z, rows) if self.few else self.by_parameters(z, rows)

    def by_parameters(self, z: Tensor, rows: Sequence[int]) -> ByParameters:
        """By JᵀJ + 1, summed tile by tile in the parameters themselves and then taken to z."""
        K, p = z.shape
        H, g, loss = z.new_zeros(K, p, p), z.new_zeros(K, p), z.square().sum(-1)
        told = []
        for J, rho, errors in self.linear(self.thetas(z, rows), rows):
            add_products(H, J)
            g += (J @ rho[..., None])[..., 0]
            loss += rho.square().sum(-1)
            told += errors
        if H.device.type == "cpu":
            mirror(H)
        H = self.by_z(self.by_z(H, rows).mT.contiguous(), rows)
        g = self.by_z(g[:, None], rows)[:, 0]
        H.diagonal(dim1=-2, dim2=-1).add_(1.0)
        return ByParameters(loss, g + z, H, self.told(z, rows, told))

    def by_residuals(self, z: Tensor, rows: Sequence[int]) -> ByResiduals:
        """By the residuals' own derivatives, all of them at once."""
        Js, rhos, told = [], [], []
        for J, rho, errors in self.linear(self.thetas(z, rows), rows):
            Js.append(self.by_z(J.mT, rows))
            rhos.append(rho)
            told += errors
        return ByResiduals(torch.cat(Js, 1), torch.cat(rhos, 1), z, self.told(z, rows, told))

    def prior(self, rows: Sequence[int]) -> Prior | None:
        """The priors of these rows as one, or None where they are of different forms."""
        key = tuple(rows)
        if key not in self._priors:
            self._priors[key] = side_by_side([self.objectives[row].prior for row in rows])
        return self._priors[key]

    def by_z(self, J: Tensor, rows: Sequence[int]) -> Tensor:
        """Derivatives (rows, m, p) by z from those by θ, which may be overwritten."""
        prior = self.prior(rows)
        if prior is not None:
            return prior.by_z(J)
        return torch.stack([self.objectives[row].prior.by_z(J[k]) for k, row in enumerate(rows)])

    def thetas(self, z: Tensor, rows: Sequence[int]) -> Tensor:
        """(rows, kinds, size) parameters at z (rows, p)."""
        prior = self.prior(rows)
        if prior is not None:
            return prior.unwhiten(z)
        return torch.stack([self.objectives[row].theta(z[k]) for k, row in enumerate(rows)])

    def energies(self, rows: Sequence[int]) -> Tensor:
        """(1 or rows, targets, m) what the labels are, in eV."""
        first = self.objectives[rows[0]].targets.energies
        if all(self.objectives[row].targets.energies is first for row in rows):
            return first[None]
        return torch.stack([self.objectives[row].targets.energies for row in rows])

    def linear(self, theta: Tensor, rows: Sequence[int]) -> Iterator[tuple[Tensor, Tensor, list[Tensor]]]:
        """Of one tile and target after the other: J (rows, p, m) by θ, residuals (rows, m), both weighted, errors told.

        θ (rows, kinds, size). Errors (rows, groups) are told of the last target, the total energy.
        """
        mixing = self.targets.mixing.tolist()
        roots, energies = self.targets.weights.sqrt(), self.energies(rows)
        start = 0
        for x, p in with_parameters(self.objectives[0].seen, theta, self.config):
            e = evaluate(x, p)
            channels = torch.as_tensor(e.channels)
            here = slice(start, start + channels.shape[-1])
            start = here.stop
            for k, row in enumerate(mixing):
                error = sum_of(channels, row) - energies[:, k, here]
                told = []
                if self.watched is not None and k == len(mixing) - 1:
                    told.append(error.abs() @ self.watched[:, here].T)
                root = roots[k, here]
                scale = place(root, root.device)[None, None]
                weights = [share * scale if share != 0.0 else 0.0 for share in row]
                yield torch.as_tensor(jacobian(x, e, p, self.kinds, weights)), root * error, told

    def told(self, z: Tensor, rows: Sequence[int], errors: Sequence[Tensor]) -> Tensor:
        """(rows, groups of the labels and of the held ones) mean absolute errors in eV."""
        found = [sum(errors[1:], errors[0])] if errors else []
        if self.held is not None:
            found.append(self.held.errors(self.thetas(z, rows), self.config))
        return torch.cat(found, 1) if found else z.new_zeros(len(rows), 0)


@dataclass(frozen=True)
class Held:
    """Labels that are not fitted, only told of.

    Attributes:
        seen: features of their configurations.
        energies: (m,) in eV.
        watched: (groups, m) shares in means of absolute errors.
    """

    seen: Seen
    energies: Tensor
    watched: Tensor

    def errors(self, theta: Tensor, config: StudentConfig) -> Tensor:
        """(K, groups) mean absolute errors in eV of students (K, kinds, size)."""
        return (totals(self.seen, theta, config) - self.energies).abs() @ self.watched.T


def sum_of(channels: Tensor, shares: Sequence[float]) -> Tensor:
    """(K, m) the sum of those channels (terms, K, m) whose share is not zero."""
    parts = [share * channel for share, channel in zip(shares, channels, strict=True) if share != 0.0]
    found: Tensor = sum(parts[1:], parts[0])
    return found


def with_parameters(
    seen: Seen, theta: Tensor, config: StudentConfig
) -> Iterator[tuple[PairFeatures[Any], PairParameters[Any]]]:
    """Each tile with the parameters of students (K, kinds, size) at its pairs."""
    stacked = place(theta, theta.device)
    known: dict[PairAtoms[Any], PairParameters[Any]] = {}
    for x in seen:
        if x.atoms not in known:
            known[x.atoms] = parameters_of(stacked, x.atoms, config)
        yield x, known[x.atoms]


def totals(seen: Seen, theta: Tensor, config: StudentConfig) -> Tensor:
    """(K, m) energies of students (K, kinds, size), eV."""
    parts = [evaluate(x, p).channels.sum(0) for x, p in with_parameters(seen, theta, config)]
    return torch.cat([torch.as_tensor(part) for part in parts], 1)


def linear_model(seen: Seen, objective: MapObjective, z: Tensor) -> tuple[Tensor, Tensor]:
    """Energies (m,) at configurations of a student at z (p,), and their derivatives (m, p) by z; eV."""
    energies, J = [], []
    ones = [1.0] * len(objective.config.terms)
    for x, p in with_parameters(seen, objective.theta(z)[None], objective.config):
        e = evaluate(x, p)
        energies.append(torch.as_tensor(e.channels.sum(0)[0]))
        rows = torch.as_tensor(jacobian(x, e, p, len(objective.prior.mean), ones))
        J.append(objective.prior.by_z(rows[0].T))
    return torch.cat(energies), torch.cat(J)


def blocks_of(p: int) -> list[slice]:
    """The columns of a matrix of p columns in BLOCKS parts."""
    step = -(-p // BLOCKS)
    return [slice(start, min(start + step, p)) for start in range(0, p, step)]


def add_products(H: Tensor, J: Tensor) -> None:
    """Add JJᵀ of each of the K matrices J (K, p, m) to H (K, p, p).

    On a CPU without the blocks above the diagonal, two fifths of a symmetric product, which `mirror` fills in.
    """
    if H.device.type != "cpu":
        H.baddbmm_(J, J.mT)
        return
    for one, rows in zip(H, J, strict=True):
        for block in blocks_of(len(one)):
            one[block.start :, block].addmm_(rows[block.start :], rows[block].T)


def mirror(H: Tensor) -> None:
    """Copy what is below the blocks of the diagonals of H (K, p, p) to above them."""
    for block in blocks_of(H.shape[-1]):
        H[:, block, block.stop :] = H[:, block.stop :, block].mT
