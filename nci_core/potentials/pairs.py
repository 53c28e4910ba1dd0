"""What the atoms of monomer a see of the atoms of monomer b: distances, and angles about the local axes at a."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Generic

import numpy as np
import numpy.typing as npt
import torch

from nci_core.errors import ModelError
from nci_core.potentials.arrays import Array, FloatArray, namespace, place, stack_rows
from nci_core.potentials.environments import PairKind, environments
from nci_core.properties.long_range import long_range_of
from nci_core.systems.dimer import Dimer

#: Angular functions Y; see :func:`angular_functions`.
ANGULAR = 6


@dataclass(frozen=True, eq=False)
class PairAtoms(Generic[Array]):
    """What the n pairs of a dimer are, wherever b is; b is an atom.

    Attributes:
        kinds: (n,) index of each pair's kind, ascending.
        surroundings: (n, 3) of the atom of a in its molecule, see `systems.neighbours`.
        known: block of parameters → (n, length), what is computed of the monomers and parameters are added to.
        outward: (n, 3) directions d_i.
        polarizability: of b, Å³.
    """

    kinds: tuple[int, ...]
    surroundings: Array
    known: Mapping[str, Array]
    outward: Array
    polarizability: float

    def each(self, function: Callable[[Array], Any]) -> "PairAtoms[Any]":
        """The same with a function of every array."""
        known = {name: function(values) for name, values in self.known.items()}
        return PairAtoms(self.kinds, function(self.surroundings), known, function(self.outward), self.polarizability)

    def take(self, rows: npt.NDArray[np.int64]) -> "PairAtoms[Array]":
        """Some of the pairs, in ascending order."""
        some = self.each(lambda values: values[rows])
        return replace(some, kinds=tuple(self.kinds[row] for row in rows))

    def to(self, device: torch.device) -> "PairAtoms[Any]":
        """The same where another device evaluates."""
        return self.each(lambda values: place(values, device))


@dataclass(frozen=True)
class PairSites(Generic[Array]):
    """The n pairs of atoms of a dimer, sorted by the model's kinds of pairs; b is an atom.

    Attributes:
        order: (n,) atoms of a.
        atoms: what they are.
        positions: (n, 3, 1) of the atoms of a, in Å.
        outward: (n, 1, 3) directions d_i, no longer than 1.
        normal: (n, 3, 3) normal tensors N_i.
    """

    order: tuple[int, ...]
    atoms: PairAtoms[Array]
    positions: Array
    outward: Array
    normal: Array

    def take(self, rows: npt.NDArray[np.int64]) -> "PairSites[Array]":
        """Some of the pairs, in ascending order."""
        arrays = self.positions[rows], self.outward[rows], self.normal[rows]
        return PairSites(tuple(self.order[row] for row in rows), self.atoms.take(rows), *arrays)


@dataclass(frozen=True)
class Angles(Generic[Array]):
    """Where the other atom of each of n pairs stands in an atom's local axes, at m configurations.

    Attributes:
        u: (n, m) cosine to the outward direction, r̂·d_i.
        c: (n, m) squared cosine to the local normal, r̂ᵀ N_i r̂.
        Y: (n, 6, m) angular functions.
        facing: (n, 3, m) N_i r̂, half the gradient of c by r̂.
    """

    u: Array
    c: Array
    Y: Array
    facing: Array


@dataclass(frozen=True)
class PairFeatures(Generic[Array]):
    """Features of n pairs at m configurations, of whatever dimer.

    Attributes:
        atoms: what the pairs are.
        r: (n, m) distances in Å.
        direction: (n, 3, m) r̂, from the atom of a to that of b.
        at_a: angles at the atoms of a. An atom as b has no axes, and so no angles.
    """

    atoms: PairAtoms[Array]
    r: Array
    direction: Array
    at_a: Angles[Array]

    @property
    def kinds(self) -> tuple[int, ...]:
        """(n,) index of each pair's kind, ascending."""
        return self.atoms.kinds

    @property
    def outward(self) -> Array:
        """(n, 3) outward directions d_i at a."""
        return self.atoms.outward

    @property
    def arrays(self) -> tuple[Array, ...]:
        """All arrays, each with the configurations as its last axis."""
        return self.r, self.direction, self.at_a.u, self.at_a.c, self.at_a.Y, self.at_a.facing

    @classmethod
    def of(cls, atoms: PairAtoms[Array], arrays: Sequence[Array]) -> "PairFeatures[Array]":
        """From arrays in the order of `arrays`."""
        r, direction, u, c, Y, facing = arrays
        return cls(atoms, r, direction, Angles(u, c, Y, facing))

    def to(self, device: torch.device) -> "PairFeatures[Any]":
        """The same features where another device evaluates."""
        return PairFeatures.of(self.atoms.to(device), [place(x, device) for x in self.arrays])


@lru_cache(maxsize=64)
def pair_sites(dimer: Dimer, kinds: tuple[PairKind, ...], device: torch.device) -> PairSites[Any]:
    """The pairs of a dimer where `device` evaluates; the last ones are kept for single points.

    Raises ModelError for a kind of pair that the model does not know.
    """
    host, probe = dimer.a, dimer.b.symbols[0]
    known = {kind.a: row for row, kind in enumerate(kinds) if kind.b == probe}
    unknown = sorted(set(environments(host)).difference(known))
    if unknown:
        raise ModelError(
            f"Host {host.name!r} contains {', '.join(unknown)}, which this model has not learnt; "
            f"it knows {', '.join(known)}."
        )
    found = [known[environment] for environment in environments(host)]
    order = sorted(range(len(found)), key=found.__getitem__)
    long_range = long_range_of(dimer)
    computed = {
        "ln_C6": np.log(long_range.coefficients)[order, :1],
        "ln_C": np.log(long_range.coefficients)[order, 1:],
        "gamma6": long_range.anisotropy[order],
        "charge": long_range.charges[order, None],
    }
    atoms: PairAtoms[FloatArray] = PairAtoms(
        tuple(found[i] for i in order),
        host.surroundings[order],
        computed,
        host.local_axes.outward[order],
        long_range.polarizability,
    ).to(device)
    arrays = host.positions[order, :, None], host.local_axes.outward[order, None], host.local_axes.normal[order]
    return PairSites(tuple(order), atoms, *(place(a, device) for a in arrays))


def angular_functions(u: Array, c: Array, squared: Array | float = 1.0) -> Array:
    """Y = [u, c−⅓, u²−d²/3, u(c−⅓), (c−⅓)²−4/45, u³]; (…, m) → (…, 6, m).

    The second and third vanish on average over the sphere, the fifth about a plane's atoms; the others are odd in u.

    Args:
        u: cosine to the outward direction times its length d.
        c: squared cosine to the local normal.
        squared: d².

    >>> import numpy as np
    >>> [round(float(y), 3) for y in angular_functions(np.array([1.0]), np.array([0.0]))[:, 0]]
    [1.0, -0.333, 0.667, -0.333, 0.022, 1.0]
    """
    s, u2 = c - 1.0 / 3.0, u * u
    return stack_rows([u, s, u2 - (1.0 / 3.0) * squared, u * s, s * s - 4.0 / 45.0, u2 * u], u)


def angular_slopes(u: Array, c: Array, G: Array) -> tuple[Array, Array]:
    """Derivatives of Σ_k G_k Y_k by u and by c, given G (…, 6, m); each (…, m)."""
    s = c - 1.0 / 3.0
    g = [G[..., k, :] for k in range(ANGULAR)]
    by_u = g[0] + u * (2.0 * g[2] + 3.0 * u * g[5]) + s * g[3]
    by_c = g[1] + u * g[3] + 2.0 * s * g[4]
    return by_u, by_c


def pair_features(sites: PairSites[Array], positions: Array) -> PairFeatures[Array]:
    """Features of positions (m, 3) of b in Å."""
    separation = positions.T - sites.positions
    r = namespace(separation).sqrt((separation * separation).sum(1))
    direction = separation / r[:, None]
    facing = sites.normal @ direction
    u: Array = (sites.outward @ direction)[:, 0]
    c: Array = (facing * direction).sum(1)
    squared: Array = (sites.outward * sites.outward).sum(-1)
    return PairFeatures(sites.atoms, r, direction, Angles(u, c, angular_functions(u, c, squared), facing))


def position_gradient(sites: PairSites[Array], x: PairFeatures[Array], by_r: Array, by_u: Array, by_c: Array) -> Array:
    """dE/dR (m, 3) from derivatives by every pair's r, u and c, each (n, m).

    ∇r = r̂, ∇u = (d − u r̂)/r, ∇c = 2(N r̂ − c r̂)/r.
    """
    across_u, across_c = by_u / x.r, 2.0 * by_c / x.r
    along = by_r - x.at_a.u * across_u - x.at_a.c * across_c
    outward: Array = sites.outward[:, 0, :]
    total = along[:, None] * x.direction + across_c[:, None] * x.at_a.facing
    summed: Array = total.sum(0).T + across_u.T @ outward
    return summed


def chunks(
    sites: PairSites[Any], positions: FloatArray, device: torch.device, size: int
) -> Iterator[PairFeatures[Any]]:
    """Features of positions (m, 3) of b, `size` at a time; also for m = 0, as one empty chunk."""
    for start in range(0, max(len(positions), 1), size):
        yield pair_features(sites, place(positions[start : start + size], device))
