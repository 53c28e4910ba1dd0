"""A small network per element that corrects repulsion and dispersion where both matter."""

from typing import NamedTuple

import torch
from torch import Tensor

INPUTS, HIDDEN, OUTPUTS = 7, 8, 2
#: Range (Å) beyond which the correction of dispersion vanishes: exp[−(q/4.5)⁴].
DISPERSION_RANGE = 4.5


class Network(NamedTuple):
    """Weights of one element's network, each possibly with a leading axis of m positions.

    Attributes:
        W1: (8, 7).
        b1: (8,).
        W2: (2, 8).
        b2: (2,).
    """

    W1: Tensor
    b1: Tensor
    W2: Tensor
    b2: Tensor


def network_inputs(q: Tensor, u: Tensor, c: Tensor) -> Tensor:
    """(m, n, 7) inputs within about [−1, 1]: two radial, three angular, two mixed."""
    near = torch.tanh(q - 3.2)
    far = torch.tanh((q - 3.2) / 2.5)
    normal = 2.0 * c - 1.0
    return torch.stack([near, far, u, normal, 2.0 * u * u - 1.0, u * normal, u * near], dim=-1)


def correction(q: Tensor, u: Tensor, c: Tensor, network: Network) -> tuple[Tensor, Tensor]:
    """n₁, added to ln V_rep, and n₂ in V_disp(1+n₂); each (m, n), dimensionless.

    n₂ = exp{o₂·exp[−(q/4.5)⁴]} − 1 with o₂ the network's second output: greater than −1, so
    dispersion keeps its sign, and zero at long range, so C₆ keeps its value.
    """
    hidden = torch.tanh(network_inputs(q, u, c) @ network.W1.mT + network.b1.unsqueeze(-2))
    out = hidden @ network.W2.mT + network.b2.unsqueeze(-2)
    fade = torch.exp(-((q / DISPERSION_RANGE) ** 4))
    return out[..., 0], torch.expm1(out[..., 1] * fade)
