"""A small network for each kind of pair that corrects the terms where densities overlap.

Each term's energy is multiplied by exp(o), where o is the network's output for it, or by exp(o·exp[−(q/4.5)⁴]) where
the term's long range is to stay exact: it keeps its sign, and dispersion its C₆.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic

import numpy as np

from nci_core.potentials.arrays import Array, FloatArray, namespace, stack_rows
from nci_core.potentials.terms.term import Block

INPUTS, HIDDEN = 7, 8
#: Range (Å) beyond which corrections fade: exp[−(q/4.5)⁴].
FADING_RANGE = 4.5
#: Where the radial inputs change sign, Å, and the longer of their ranges.
MIDDLE, FAR = 3.2, 2.5

#: Blocks with a row for each term that is corrected.
OUTPUTS = ("W2", "b2")


def blocks(terms: int) -> dict[str, Block]:
    """A network's parameters, with an output for each term."""
    return {
        "W1": Block((HIDDEN, INPUTS), 1.0),
        "b1": Block((HIDDEN,), 1.0),
        "W2": Block((terms, HIDDEN), 0.3),
        "b2": Block((terms,), 0.3),
    }


@dataclass(frozen=True)
class Network(Generic[Array]):
    """Weights of a network for each pair, with any leading axes.

    Attributes:
        W1: (…, 8, 7).
        b1: (…, 8).
        W2: (…, terms, 8).
        b2: (…, terms).
    """

    W1: Array
    b1: Array
    W2: Array
    b2: Array

    @classmethod
    def of(cls, stored: Mapping[str, Array]) -> "Network[Array]":
        """From the blocks (…, length) of `blocks`."""
        lead: tuple[int, ...] = tuple(stored["b2"].shape)[:-1]
        W1 = stored["W1"].reshape((*lead, HIDDEN, INPUTS))
        return cls(W1, stored["b1"], stored["W2"].reshape((*lead, -1, HIDDEN)), stored["b2"])


@dataclass(frozen=True)
class Layers(Generic[Array]):
    """What a network computes at m configurations.

    Attributes:
        inputs: (…, 7, m).
        hidden: (…, 8, m).
        out: (…, terms, m).
    """

    inputs: Array
    hidden: Array
    out: Array

    @cached_property
    def bend(self) -> Array:
        """(…, 8, m) derivative of the tanh, 1 − hidden²."""
        return 1.0 - self.hidden * self.hidden


def network_inputs(q: Array, u: Array, c: Array) -> Array:
    """(…, 7, m) inputs within about [−1, 1]: two radial, three angular, two mixed."""
    xp = namespace(q)
    near, far = xp.tanh(q - MIDDLE), xp.tanh((q - MIDDLE) * (1.0 / FAR))
    normal = 2.0 * c - 1.0
    return stack_rows([near, far, u, normal, 2.0 * u * u - 1.0, u * normal, u * near], q)


#: Inputs that depend on q, and those that depend on angles.
RADIAL, ANGLES = [0, 1, 6], slice(2, 7)


def radial_slope(inputs: Array, G: Array) -> Array:
    """Derivative of Σ_k G_k·(input k) by q, (…, m), given G (…, 3, m) of the inputs RADIAL."""
    near, far, u = (inputs[..., k, :] for k in range(3))
    by_q: Array = (G[..., 0, :] + G[..., 2, :] * u) * (1.0 - near * near)
    return by_q + (1.0 / FAR) * G[..., 1, :] * (1.0 - far * far)


def angle_slopes(inputs: Array, G: Array) -> tuple[Array, Array]:
    """Derivatives of Σ_k G_k·(input k) by u and c, each (…, m), given G (…, 5, m) of the inputs ANGLES."""
    near, u, normal = (inputs[..., k, :] for k in (0, 2, 3))
    by_u = G[..., 0, :] + 4.0 * u * G[..., 2, :] + normal * G[..., 3, :] + near * G[..., 4, :]
    by_c = 2.0 * (G[..., 1, :] + u * G[..., 3, :])
    return by_u, by_c


def run_network(inputs: Array, network: Network[Array]) -> Layers[Array]:
    """Outputs of one hidden layer of tanh."""
    hidden = namespace(inputs).tanh(network.W1 @ inputs + network.b1[..., None])
    return Layers(inputs, hidden, network.W2 @ hidden + network.b2[..., None])


def hidden_slopes(layers: Layers[Array], network: Network[Array], G: Array) -> Array:
    """Derivatives of Σ_k G_k·(output k) by the sums that enter the tanh, given G (…, terms, m); (…, 8, m)."""
    return (network.W2.swapaxes(-1, -2) @ G) * layers.bend


def fading(q: Array) -> tuple[Array, Array]:
    """exp[−(q/4.5)⁴], how much of the network reaches long-range terms, and its derivative by q, in Å⁻¹."""
    x = q * (1.0 / FADING_RANGE)
    x3 = x * x * x
    fade = namespace(q).exp(-x3 * x)
    return fade, (-4.0 / FADING_RANGE) * x3 * fade


def largest_output(network: Network[FloatArray]) -> FloatArray:
    """(…,) how large any output can be in size, for no hidden value exceeds 1."""
    found: FloatArray = (np.abs(network.W2).sum(-1) + np.abs(network.b2)).max(-1)
    return found


def faded(error: float, largest: float) -> float:
    """Length (Å) by the ruler beyond which outputs up to `largest` times `fading` are below an error.

    >>> round(faded(1e-9, 1.0), 1)
    9.6
    """
    return FADING_RANGE * math.sqrt(math.sqrt(math.log(max(largest / error, 1.0))))


@dataclass(frozen=True)
class CorrectionSlopes(Generic[Array]):
    """Derivatives through a network.

    Attributes:
        out: (K, n, terms, m) by its outputs.
        hidden: (K, n, 8, m) by the sums that enter its tanh.
        q: (K, n, m) by the length that it sees, at fixed angles.
    """

    out: Array
    hidden: Array
    q: Array


@dataclass(frozen=True)
class Correction(Generic[Array]):
    """A network at some configurations.

    Attributes:
        network: its weights.
        layers: what it computes.
        fade: see `fading`.
        fades: for each term whether its correction fades.
    """

    network: Network[Array]
    layers: Layers[Array]
    fade: tuple[Array, Array]
    fades: Sequence[bool]

    @classmethod
    def at(cls, q: Array, u: Array, c: Array, network: Network[Array], fades: Sequence[bool]) -> "Correction[Array]":
        """At lengths q (K, n, m) and angles u, c (n, m)."""
        return cls(network, run_network(network_inputs(q, u, c), network), fading(q), fades)

    def exponents(self) -> list[Array]:
        """Logarithm of the factor of each term's energy, (K, n, m)."""
        out = self.layers.out
        return [out[..., k, :] * self.fade[0] if fades else out[..., k, :] for k, fades in enumerate(self.fades)]

    def slopes(self, energies: Sequence[Array | float]) -> CorrectionSlopes[Array]:
        """Of a weighted sum of the terms' energies, each (K, n, m) with its weight; 0.0 for one that is left out."""
        pairs = list(zip(energies, self.fades, strict=True))
        out = stack_rows([energy * self.fade[0] if fades else energy for energy, fades in pairs], self.fade[0])
        hidden = hidden_slopes(self.layers, self.network, out)
        by_q = radial_slope(self.layers.inputs, self.network.W1[..., RADIAL].swapaxes(-1, -2) @ hidden)
        for k, (energy, fades) in enumerate(pairs):
            if fades and not isinstance(energy, float):
                by_q = by_q + energy * self.layers.out[..., k, :] * self.fade[1]
        return CorrectionSlopes(out, hidden, by_q)

    def angle_slopes(self, slopes: CorrectionSlopes[Array]) -> tuple[Array, Array]:
        """By u and c, each (K, n, m)."""
        return angle_slopes(self.layers.inputs, self.network.W1[..., ANGLES].swapaxes(-1, -2) @ slopes.hidden)

    def bias_slopes(self, slopes: CorrectionSlopes[Array]) -> dict[str, Array]:
        """By the constants, (K, n, length of the block, m)."""
        return {"b1": slopes.hidden, "b2": slopes.out}

    def weight_slopes(self, slopes: CorrectionSlopes[Array]) -> dict[str, tuple[Array, Array]]:
        """By the weights: (K, n, a, m) and (K, n, b, m), of whose products the block's a·b slopes consist."""
        return {"W1": (slopes.hidden, self.layers.inputs), "W2": (slopes.out, self.layers.hidden)}
