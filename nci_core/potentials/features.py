"""What an atom of the host sees of the probe: distance and the angles in its local frame."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from nci_core.errors import ModelError
from nci_core.potentials.arrays import Array, namespace, place, stack_rows
from nci_core.systems import Monomer

#: Angular functions Y; see :func:`angular_functions`.
ANGULAR = 6


@dataclass(frozen=True)
class AtomFrames:
    """The n atoms of a host, sorted by the model's elements.

    Attributes:
        order: (n,) rows of the host.
        elements: (n,) index of each atom's element, ascending.
        positions: (n, 3, 1) in Å.
        outward: (n, 1, 3) directions d_i, unit length or zero.
        normal: (n, 3, 3) normal tensors N_i.
    """

    order: tuple[int, ...]
    elements: tuple[int, ...]
    positions: Array
    outward: Array
    normal: Array


@dataclass(frozen=True)
class Features:
    """Features of m probe positions seen from n atoms, of whatever elements.

    Attributes:
        elements: (n,) index of each atom's element, ascending.
        r: (n, m) distances in Å.
        u: (n, m) cosine to the outward direction, r̂·d_i.
        c: (n, m) squared cosine to the local normal, r̂ᵀ N_i r̂.
        Y: (n, 6, m) angular functions.
        direction: (n, 3, m) r̂, from the atom to the probe.
        facing: (n, 3, m) N_i r̂, half the gradient of c by r̂.
    """

    elements: tuple[int, ...]
    r: Array
    u: Array
    c: Array
    Y: Array
    direction: Array
    facing: Array

    @property
    def arrays(self) -> tuple[Array, Array, Array, Array, Array, Array]:
        """All arrays, each with the positions as its last axis."""
        return self.r, self.u, self.c, self.Y, self.direction, self.facing

    def to(self, device: torch.device) -> "Features":
        """The same features where another device evaluates."""
        return Features(self.elements, *(place(x, device) for x in self.arrays))


def atom_frames(host: Monomer, elements: Sequence[str], device: torch.device) -> AtomFrames:
    """Frames of a host's atoms where `device` evaluates.

    Raises ModelError for an element the model does not know.
    """
    unknown = sorted(set(host.symbols) - set(elements))
    if unknown:
        raise ModelError(
            f"Host {host.name!r} contains {', '.join(unknown)}, which this model has not learnt; "
            f"it knows {', '.join(elements)}."
        )
    found = [elements.index(symbol) for symbol in host.symbols]
    order = sorted(range(len(found)), key=found.__getitem__)
    arrays = host.positions[order, :, None], host.local_axes.outward[order, None], host.local_axes.normal[order]
    return AtomFrames(tuple(order), tuple(found[i] for i in order), *(place(a, device) for a in arrays))


def angular_functions(u: Array, c: Array) -> Array:
    """Y = [u, c−⅓, u²−⅓, u(c−⅓), (c−⅓)²−4/45, u³]; (…, m) → (…, 6, m).

    The second, third and fifth vanish on average over the sphere; the others are odd in u.

    >>> [round(float(y), 3) for y in angular_functions(np.array([1.0]), np.array([0.0]))[:, 0]]
    [1.0, -0.333, 0.667, -0.333, 0.022, 1.0]
    """
    s, u2 = c - 1.0 / 3.0, u * u
    return stack_rows([u, s, u2 - 1.0 / 3.0, u * s, s * s - 4.0 / 45.0, u2 * u], u)


def angular_slopes(u: Array, c: Array, G: Array) -> tuple[Array, Array]:
    """Derivatives of Σ_k G_k Y_k by u and by c, given G (…, 6, m); each (…, m)."""
    s = c - 1.0 / 3.0
    g = [G[..., k, :] for k in range(ANGULAR)]
    by_u = g[0] + u * (2.0 * g[2] + 3.0 * u * g[5]) + s * g[3]
    by_c = g[1] + u * g[3] + 2.0 * s * g[4]
    return by_u, by_c


def features(atoms: AtomFrames, positions: Array) -> Features:
    """Features of probe positions (m, 3) in Å."""
    xp = namespace(positions)
    separation = positions.T - atoms.positions
    r = xp.sqrt((separation * separation).sum(1))
    direction = separation / r[:, None]
    facing = atoms.normal @ direction
    u, c = (atoms.outward @ direction)[:, 0], (facing * direction).sum(1)
    return Features(atoms.elements, r, u, c, angular_functions(u, c), direction, facing)


def position_gradient(atoms: AtomFrames, x: Features, by_r: Array, by_u: Array, by_c: Array) -> Array:
    """dE/dR (m, 3) from derivatives by every atom's r, u and c, each (n, m).

    ∇r = r̂, ∇u = (d − u r̂)/r, ∇c = 2(N r̂ − c r̂)/r.
    """
    across_u, across_c = by_u / x.r, 2.0 * by_c / x.r
    along = by_r - x.u * across_u - x.c * across_c
    outward = atoms.outward[:, 0, :]
    total = along[:, None] * x.direction + across_c[:, None] * x.facing
    return total.sum(0).T + across_u.T @ outward


def chunks(atoms: AtomFrames, positions: npt.ArrayLike, device: torch.device, size: int) -> Iterator[Features]:
    """Features of positions (m, 3), `size` positions at a time; also for m = 0, as one empty chunk."""
    points = np.asarray(positions, dtype=float).reshape(-1, 3)
    for start in range(0, max(len(points), 1), size):
        yield features(atoms, place(points[start : start + size], device))
