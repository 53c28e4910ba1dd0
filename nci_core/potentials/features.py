"""What an atom of the host sees of the probe: distance and the angles in its local frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nci_core.errors import ModelError
from nci_core.systems.hosts import Host

#: Angular functions Y; see :func:`angular_functions`.
ANGULAR = 6


@dataclass(frozen=True)
class ElementFrames:
    """The n atoms of one element in a host, as tensors.

    Attributes:
        positions: (n, 3) in Å.
        outward: (n, 3) directions d_i, unit length or zero.
        normal: (n, 3, 3) normal tensors N_i.
    """

    positions: Tensor
    outward: Tensor
    normal: Tensor


@dataclass(frozen=True)
class Features:
    """Features of m probe positions seen from the n atoms of one element.

    Attributes:
        r: (m, n) distances in Å.
        u: (m, n) cosine to the outward direction, r̂·d_i.
        c: (m, n) squared cosine to the local normal, r̂ᵀ N_i r̂.
        Y: (m, n, 6) angular functions.
    """

    r: Tensor
    u: Tensor
    c: Tensor
    Y: Tensor

    def to(self, device: torch.device) -> "Features":
        """The same features on another device."""
        return Features(self.r.to(device), self.u.to(device), self.c.to(device), self.Y.to(device))


def element_frames(host: Host, elements: Sequence[str], device: torch.device) -> dict[int, ElementFrames]:
    """Frames of a host grouped by the model's elements; index in `elements` → frames.

    Raises ModelError for an element the model does not know.
    """
    unknown = sorted(set(host.symbols) - set(elements))
    if unknown:
        raise ModelError(
            f"Host {host.name!r} contains {', '.join(unknown)}, which this model has not learnt; "
            f"it knows {', '.join(elements)}."
        )
    frames = host.frames
    found: dict[int, ElementFrames] = {}
    for index, element in enumerate(elements):
        rows = [i for i, symbol in enumerate(host.symbols) if symbol == element]
        if rows:
            arrays = (host.positions[rows], frames.outward[rows], frames.normal[rows])
            found[index] = ElementFrames(*(torch.tensor(a, dtype=torch.float64, device=device) for a in arrays))
    return found


def angular_functions(u: Tensor, c: Tensor) -> Tensor:
    """Y = [u, c−⅓, u²−⅓, u(c−⅓), (c−⅓)²−4/45, u³]; (…,) → (…, 6).

    The second, third and fifth vanish on average over the sphere; the others are odd in u.

    >>> one, zero = torch.tensor(1.0, dtype=torch.float64), torch.tensor(0.0, dtype=torch.float64)
    >>> [round(y, 3) for y in angular_functions(one, zero).tolist()]
    [1.0, -0.333, 0.667, -0.333, 0.022, 1.0]
    """
    s = c - 1.0 / 3.0
    return torch.stack([u, s, u * u - 1.0 / 3.0, u * s, s * s - 4.0 / 45.0, u * u * u], dim=-1)


def features(atoms: ElementFrames, positions: Tensor) -> Features:
    """Features of probe positions (m, 3) in Å relative to the n atoms of one element."""
    separation = positions[:, None] - atoms.positions
    r = separation.norm(dim=-1)
    direction = separation / r[..., None]
    u = (direction * atoms.outward).sum(-1)
    c = ((direction[..., None, :] @ atoms.normal).squeeze(-2) * direction).sum(-1)
    return Features(r, u, c, angular_functions(u, c))


def angular_sum(Y: Tensor, coefficients: Tensor) -> Tensor:
    """Σ_k Y_k a_k; Y (m, n, k), coefficients (k,) or one set per position (m, k) → (m, n)."""
    return (Y @ coefficients.unsqueeze(-1)).squeeze(-1)
