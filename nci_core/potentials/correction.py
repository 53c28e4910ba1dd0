"""A small network for each kind of pair that corrects the terms where densities overlap.

Each term's energy is multiplied by exp(o), where o is the network's output for it, or by exp(o·exp[−(q/4.5)⁴]) where
the term's long range is to stay exact: it keeps its sign, and dispersion its C₆.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic

from nci_core.potentials.arrays import Array, namespace, stack_rows
from nci_core.potentials.terms.term import Block

INPUTS, HIDDEN = 7, 8
#: Range (Å) beyond which corrections fade: exp[−(q/4.5)⁴].
FADING_RANGE = 4.5
#: Where the radial inputs change sign, Å, and the longer of their ranges.
MIDDLE, FAR = 3.2, 2.5


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


def network_inputs(q: Array, u: Array, c: Array) -> Array:
    """(…, 7, m) inputs within about [−1, 1]: two radial, three angular, two mixed."""
    xp = namespace(q)
    near, far = xp.tanh(q - MIDDLE), xp.tanh((q - MIDDLE) * (1.0 / FAR))
    normal = 2.0 * c - 1.0
    return stack_rows([near, far, u, normal, 2.0 * u * u - 1.0, u * normal, u * near], q)


def input_slopes(inputs: Array, G: Array) -> tuple[Array, Array, Array]:
    """Derivatives of Σ_k G_k·(input k) by q, u and c, given G (…, 7, m); each (…, m)."""
    near, far, u, normal = (inputs[..., k, :] for k in range(4))
    g = [G[..., k, :] for k in range(INPUTS)]
    by_q = (g[0] + g[6] * u) * (1.0 - near * near) + (1.0 / FAR) * g[1] * (1.0 - far * far)
    by_u = g[2] + 4.0 * u * g[4] + normal * g[5] + near * g[6]
    by_c = 2.0 * (g[3] + u * g[5])
    return by_q, by_u, by_c


def run_network(inputs: Array, network: Network[Array]) -> Layers[Array]:
    """Outputs of one hidden layer of tanh."""
    hidden = namespace(inputs).tanh(network.W1 @ inputs + network.b1[..., None])
    return Layers(inputs, hidden, network.W2 @ hidden + network.b2[..., None])


def hidden_slopes(layers: Layers[Array], network: Network[Array], G: Array) -> Array:
    """Derivatives of Σ_k G_k·(output k) by the sums that enter the tanh, given G (…, terms, m); (…, 8, m)."""
    return (network.W2.swapaxes(-1, -2) @ G) * (1.0 - layers.hidden * layers.hidden)


def fading(q: Array) -> tuple[Array, Array]:
    """exp[−(q/4.5)⁴], how much of the network reaches long-range terms, and its derivative by q, in Å⁻¹."""
    x = q * (1.0 / FADING_RANGE)
    x3 = x * x * x
    fade = namespace(q).exp(-x3 * x)
    return fade, (-4.0 / FADING_RANGE) * x3 * fade


@dataclass(frozen=True)
class CorrectionSlopes(Generic[Array]):
    """Derivatives through a network.

    Attributes:
        out: (K, n, terms, m) by its outputs.
        hidden: (K, n, 8, m) by the sums that enter its tanh.
        q, u, c: (K, n, m) by what it sees.
    """

    out: Array
    hidden: Array
    q: Array
    u: Array
    c: Array


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

    def slopes(self, energies: Sequence[Array]) -> CorrectionSlopes[Array]:
        """Of a weighted sum of the terms' energies, each (K, n, m) with its weight."""
        pairs = list(zip(energies, self.fades, strict=True))
        out = stack_rows([energy * self.fade[0] if fades else energy for energy, fades in pairs], energies[0])
        hidden = hidden_slopes(self.layers, self.network, out)
        by_q, by_u, by_c = input_slopes(self.layers.inputs, self.network.W1.swapaxes(-1, -2) @ hidden)
        for k, (energy, fades) in enumerate(pairs):
            if fades:
                by_q = by_q + energy * self.layers.out[..., k, :] * self.fade[1]
        return CorrectionSlopes(out, hidden, by_q, by_u, by_c)

    def parameter_slopes(self, slopes: CorrectionSlopes[Array]) -> dict[str, Array]:
        """By the weights of the first student, (n, length of the block, m)."""
        return {
            "W1": outer(slopes.hidden[0], self.layers.inputs[0]),
            "b1": slopes.hidden[0],
            "W2": outer(slopes.out[0], self.layers.hidden[0]),
            "b2": slopes.out[0],
        }


def outer(left: Array, right: Array) -> Array:
    """Products of (n, a, m) and (n, b, m), as (n, a·b, m)."""
    product = left[:, :, None] * right[:, None]
    return product.reshape((len(left), -1, left.shape[-1]))
