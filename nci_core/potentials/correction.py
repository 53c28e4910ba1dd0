"""A small network per element that corrects repulsion and dispersion where both matter."""

from typing import NamedTuple

from nci_core.potentials.arrays import Array, namespace, stack_rows

INPUTS, HIDDEN, OUTPUTS = 7, 8, 2
#: Range (Å) beyond which the correction of dispersion vanishes: exp[−(q/4.5)⁴].
DISPERSION_RANGE = 4.5
#: Where the radial inputs change sign, Å, and the longer of their ranges.
MIDDLE, FAR = 3.2, 2.5


class Network(NamedTuple):
    """Weights of a network for each atom, with any leading axes.

    Attributes:
        W1: (…, 8, 7).
        b1: (…, 8).
        W2: (…, 2, 8).
        b2: (…, 2).
    """

    W1: Array
    b1: Array
    W2: Array
    b2: Array


class Layers(NamedTuple):
    """What a network computes at m positions.

    Attributes:
        inputs: (…, 7, m).
        hidden: (…, 8, m).
        out: (…, 2, m).
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


def run_network(inputs: Array, network: Network) -> Layers:
    """Outputs of one hidden layer of tanh."""
    hidden = namespace(inputs).tanh(network.W1 @ inputs + network.b1[..., None])
    return Layers(inputs, hidden, network.W2 @ hidden + network.b2[..., None])


def hidden_slopes(layers: Layers, network: Network, G: Array) -> Array:
    """Derivatives of Σ_k G_k·(output k) by the sums that enter the tanh, given G (…, 2, m); (…, 8, m)."""
    return (network.W2.swapaxes(-1, -2) @ G) * (1.0 - layers.hidden * layers.hidden)


def fading(q: Array) -> tuple[Array, Array]:
    """exp[−(q/4.5)⁴], how much of the network reaches dispersion, and its derivative by q, in Å⁻¹."""
    x = q * (1.0 / DISPERSION_RANGE)
    x3 = x * x * x
    fade = namespace(q).exp(-x3 * x)
    return fade, (-4.0 / DISPERSION_RANGE) * x3 * fade


def dispersion_factor(out: Array, fade: Array) -> Array:
    """1 + n₂ = exp{o₂·exp[−(q/4.5)⁴]}, by which V_disp is multiplied.

    Positive, so dispersion keeps its sign, and 1 at long range, so C₆ keeps its value.
    """
    return namespace(out).exp(out * fade)
