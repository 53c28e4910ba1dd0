"""Extrapolation of amplitudes from their last changes: Pulay, DOI 10.1016/0009-2614(80)80396-4; for coupled cluster
Scuseria, Lee and Schaefer, DOI 10.1016/0009-2614(86)80461-4."""

import torch
from torch import Tensor

#: Changes that are remembered.
SPACE = 6
#: Eigenvalues of the bordered matrix, the largest change having the norm 1, below this are left out: those changes
#: depend on each other.
DEPENDENT = 1e-14


class DIIS:
    """Remembers the newest amplitudes and their changes, as flat float64 tensors on `device`."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._found: list[Tensor] = []
        self._changes: list[Tensor] = []
        self._products = torch.zeros(0, 0, dtype=torch.float64)

    def extrapolate(self, found: Tensor, change: Tensor) -> Tensor:
        """The combination of all amplitudes (sum of weights 1) whose change is the smallest; both are (n,)."""
        self._found.append(found.to(self.device))
        self._changes.append(change.to(self.device))
        kept = self._products[-(SPACE - 1) :, -(SPACE - 1) :]
        self._found, self._changes = self._found[-SPACE:], self._changes[-SPACE:]
        k = len(self._found)
        products = torch.zeros(k, k, dtype=torch.float64)
        products[: k - 1, : k - 1] = kept
        row = torch.stack([other @ self._changes[-1] for other in self._changes]).cpu()
        products[k - 1], products[:, k - 1] = row, row
        self._products = products
        bordered = torch.ones(k + 1, k + 1, dtype=torch.float64)
        bordered[0, 0], bordered[1:, 1:] = 0.0, products / products.diagonal().max()
        values, vectors = torch.linalg.eigh(bordered)
        keep = values.abs() > DEPENDENT
        weights = (vectors[:, keep] * (vectors[0, keep] / values[keep])).sum(1)[1:]
        mixed: Tensor = self._found[0] * weights[0]
        for weight, other in zip(weights[1:], self._found[1:], strict=True):
            mixed.add_(other, alpha=float(weight))
        result: Tensor = mixed.to(found.device)
        return result
