"""The last steps of a training to second order: what Adam creeps towards, a few steps of least squares reach.

The loss Σ W(E)(E_AB − E_A − E_B − E_int)²/σ² and a Gaussian prior about the foundation's weights make the same kind of
problem as the student's fit, so `fitting.levenberg_marquardt` solves it. A label's row of the Jacobian is one backward
pass. MACE's training loop knows first-order steps and L-BFGS only.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from nci_core.fitting.quadratic import ByParameters, ByResiduals, Quadratic
from nci_core.potentials.networks.graphs import batch, dimer_graphs, monomer_graph
from nci_core.training.foundations import forget_merged
from nci_core.training.problem import Labels, predicted

#: A Jacobian may take so many bytes.
MOST_BYTES = 2_000_000_000


def affordable(labels: Sequence[Labels], parameters: Sequence[Tensor]) -> bool:
    """Whether the Jacobian fits into memory; a foundation model of millions of weights has too large a one."""
    return 8 * sum(map(len, labels)) * sum(each.numel() for each in parameters) <= MOST_BYTES


class NetworkObjective:
    """Σ ρ(z)² + z·z of weights θ = θ₀ + width · z: one row of `fitting.levenberg_marquardt.LeastSquares`.

    Args:
        module: MACE's network, whose weights are moved.
        parameters: those of its weights that learn.
        centre: (p,) θ₀.
        width: of the prior.
        labels: for each head.
    """

    def __init__(
        self,
        module: Any,
        parameters: Sequence[torch.nn.Parameter],
        centre: Tensor,
        width: float,
        labels: Sequence[Labels],
        elements: Sequence[int],
        cutoff: float,
    ) -> None:
        self.module, self.parameters, self.centre, self.width = module, list(parameters), centre, width
        self.labels, self.elements, self.cutoff, self.device = labels, elements, cutoff, centre.device

    def whitened(self) -> Tensor:
        """z of the weights as they are."""
        return (flat([each.detach() for each in self.parameters]) - self.centre) / self.width

    def place(self, z: Tensor) -> None:
        """Give the network the weights of z."""
        put(self.parameters, self.centre + self.width * z)
        forget_merged(self.module)  # LoRA's layers keep the product of the weights before

    def residuals(self, z: Tensor) -> Tensor:
        """ρ (m,) at z."""
        self.place(z)
        errors = []
        for each in self.labels:
            error = predicted(self.module, each, self.elements, self.cutoff, self.device) - each.energies
            errors.append(torch.as_tensor(each.roots * error).to(self.device))
        return torch.cat(errors)

    def about(self, z: Tensor, rows: Sequence[int] = (0,)) -> Quadratic:
        """The objective about z (1, p), by the smaller of labels and weights."""
        (z,) = z
        rho = self.residuals(z)
        J = torch.empty((len(rho), len(z)), dtype=z.dtype, device=z.device)
        row = 0
        for each in self.labels:
            for part in each.observations:
                at = part.configurations
                monomers = [monomer_graph(monomer, self.cutoff) for monomer in (at.dimer.a, at.dimer.b)]
                alone = self._row(monomers, each)
                for k in range(len(at)):
                    J[row] = self._row([dimer_graphs(at[k : k + 1], self.cutoff)], each) - alone
                    row += 1
        roots = torch.cat([torch.as_tensor(each.roots) for each in self.labels]).to(z.device)
        J *= self.width * roots[:, None]
        nothing = z.new_zeros(1, 0)
        if len(rho) < len(z):
            return ByResiduals(J[None], rho[None], z[None], nothing)
        H = J.T @ J
        H.diagonal().add_(1.0)
        return ByParameters((rho @ rho + z @ z)[None], (J.T @ rho + z)[None], H[None], nothing)

    def _row(self, graphs: Any, labels: Labels) -> Tensor:
        """(p,) derivatives of the sum of energies of some graphs."""
        inputs = batch(graphs, self.elements, [labels.head] * len(graphs), self.device)
        energy = self.module(inputs, training=True, compute_force=False)["energy"].sum()
        slopes = torch.autograd.grad(energy, self.parameters, allow_unused=True)
        pairs = zip(slopes, self.parameters, strict=True)
        return flat([torch.zeros_like(weights) if slope is None else slope for slope, weights in pairs])


def flat(tensors: Sequence[Tensor]) -> Tensor:
    """All their numbers (p,)."""
    return torch.cat([each.reshape(-1) for each in tensors])


def put(parameters: Sequence[torch.nn.Parameter], values: Tensor) -> None:
    """Give parameters the numbers (p,)."""
    with torch.no_grad():
        for each, part in zip(parameters, values.split([p.numel() for p in parameters]), strict=True):
            each.copy_(part.view_as(each))
