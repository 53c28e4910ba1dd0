"""All terms of every atom at once, and their derivatives by positions and by parameters, written by hand.

Shapes: K students, n atoms sorted by element, m positions. A test compares each derivative with autograd's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from nci_core.potentials.arrays import Array, empty, namespace, stack_rows
from nci_core.potentials.correction import (
    Layers,
    dispersion_factor,
    fading,
    hidden_slopes,
    input_slopes,
    network_inputs,
    run_network,
)
from nci_core.potentials.damping import ORDERS, tang_toennies
from nci_core.potentials.dispersion import GAMMA6_ROWS, undamped_dispersion
from nci_core.potentials.features import AtomFrames, Features, angular_slopes, position_gradient
from nci_core.potentials.parameters import AtomParameters, StudentConfig, slices
from nci_core.potentials.repulsion import Q_REFERENCE, curvature, repulsion, repulsion_slope
from nci_core.potentials.ruler import adaptive_ruler


@dataclass(frozen=True)
class Terms:
    """Values at some positions, and the intermediate ones that derivatives need.

    Attributes:
        repulsion: (K, n, m) V_rep in eV, positive.
        dispersion: (K, n, m) V_disp(1 + n₂) in eV, positive.
        q: (K, n, m) by the ruler, Å.
        bend: (K, n, m) and its derivative by q, see `curvature`.
        orders: damped dispersion of each order times (1 + n₂), 3 × (K, n, m) in eV.
        damping_slope: (K, n, m) derivative of V_disp(1 + n₂) by b·q, eV.
        layers: of the network, None without one.
        fade: (K, n, m) and its derivative by q, see `fading`; None without a network.
    """

    repulsion: Array
    dispersion: Array
    q: Array
    bend: tuple[Array, Array]
    orders: tuple[Array, Array, Array]
    damping_slope: Array
    layers: Layers | None
    fade: tuple[Array, Array] | None

    @property
    def channels(self) -> Array:
        """(2, K, m) Σ_i V_rep ≥ 0 and −Σ_i V_disp(1+n₂) ≤ 0 in eV."""
        return namespace(self.q).stack([self.repulsion.sum(-2), -self.dispersion.sum(-2)])


def evaluate(x: Features, p: AtomParameters) -> Terms:
    """The terms of atoms with parameters (K, n, …)."""
    sums = p.angular @ x.Y
    A, *gamma = (sums[..., k, :] for k in range(4))
    q = adaptive_ruler(x.r, sums[..., 4, :]) if p.adaptive else namespace(A).broadcast_to(x.r, A.shape)
    layers, fade, n1, factor = None, None, 0.0, 1.0
    if p.network is not None:
        layers = run_network(network_inputs(q, x.u, x.c), p.network)
        fade = fading(q)
        n1, factor = layers.out[..., 0, :], dispersion_factor(layers.out[..., 1, :], fade[0])
    bend = curvature(q)
    V_rep = repulsion(q, bend[0], p.a, A, p.alpha, p.beta, n1)
    damping, slopes = tang_toennies(p.b * q)
    bare = undamped_dispersion(x.r, p.C, tuple(gamma))
    bare = tuple(part * factor for part in bare)
    six, eight, ten = (f * part for f, part in zip(damping, bare, strict=True))
    damping_slope = slopes[0] * bare[0] + slopes[1] * bare[1] + slopes[2] * bare[2]
    return Terms(V_rep, six + eight + ten, q, bend, (six, eight, ten), damping_slope, layers, fade)


@dataclass(frozen=True)
class Slopes:
    """Derivatives of w_rep ΣV_rep − w_disp ΣV_disp(1+n₂) by what each atom's terms are made of; eV, each (K, n, m).

    Attributes:
        repulsion: by ln V_rep.
        orders: by ln of each order of dispersion.
        damping: by b·q.
        q: by the ruler's distance at fixed r and angles.
        out: (K, n, 2, m) by the network's outputs; None without one.
        hidden: (K, n, 8, m) by the sums that enter its tanh; None without one.
        inputs: by q, u and c through the network; None without one.
    """

    repulsion: Array
    orders: tuple[Array, Array, Array]
    damping: Array
    q: Array
    out: Array | None
    hidden: Array | None
    inputs: tuple[Array, Array, Array] | None


def slopes(t: Terms, p: AtomParameters, weights: Sequence[Array] = (1.0, 1.0)) -> Slopes:
    """Derivatives of a combination of the channels, by numbers or (K, 1, 1); weights (1, 1) give the energy's."""
    rep, minus = weights[0] * t.repulsion, -weights[1]
    six, eight, ten = (minus * part for part in t.orders)
    damping = minus * t.damping_slope
    by_q = rep * repulsion_slope(t.bend[1], p.alpha, p.beta) + p.b * damping
    out, hidden, inputs = None, None, None
    if p.network is not None and t.layers is not None and t.fade is not None:
        disp = minus * t.dispersion
        out = stack_rows([rep, disp * t.fade[0]], rep)
        hidden = hidden_slopes(t.layers, p.network, out)
        inputs = input_slopes(t.layers.inputs, p.network.W1.swapaxes(-1, -2) @ hidden)
        by_q = by_q + disp * t.layers.out[..., 1, :] * t.fade[1] + inputs[0]
    return Slopes(rep, (six, eight, ten), damping, by_q, out, hidden, inputs)


def gradient(atoms: AtomFrames, x: Features, t: Terms, p: AtomParameters, shares: Array) -> Array:
    """dE/dR (m, 3) in eV/Å of the mean over the students, weighted by shares (K, 1, 1)."""
    s = slopes(t, p, (shares, shares))
    parts = [s.repulsion, *s.orders, *([-t.q * s.q] if p.adaptive else [])]
    # Σ over students and over the sums γ·Y of dE/d(γ·Y) γ: one derivative per angular function.
    G = (p.angular.swapaxes(-1, -2) @ stack_rows(parts, s.q)).sum(0)
    by_u, by_c = angular_slopes(x.u, x.c, G)
    by_q = (s.q * t.q).sum(0)
    if s.inputs is not None:
        by_u, by_c = by_u + s.inputs[1].sum(0), by_c + s.inputs[2].sum(0)
    power = sum(n * part for n, part in zip(ORDERS, s.orders, strict=True)).sum(0)
    return position_gradient(atoms, x, (by_q - power) / x.r, by_u, by_c)


def parameter_slopes(x: Features, t: Terms, p: AtomParameters, s: Slopes) -> dict[str, Array]:
    """Derivatives by each block of parameters of the first student's atoms, (n, length of the block, m)."""
    rep, q, orders = s.repulsion[0], t.q[0], [part[0] for part in s.orders]
    found = {
        "a": rep[:, None],
        "A": rep[:, None] * x.Y,
        "ln_alpha": (p.alpha[0] * (Q_REFERENCE - q) * rep)[:, None],
        "beta": (-t.bend[0][0] * rep)[:, None],
        "ln_b": (p.b[0] * q * s.damping[0])[:, None],
        "ln_C": stack_rows(orders, q),
        "gamma6": orders[0][:, None] * x.Y[:, GAMMA6_ROWS],
        "gamma8": orders[1][:, None] * x.Y,
        "gamma10": orders[2][:, None] * x.Y,
    }
    if p.adaptive:
        found["lam"] = (-q * s.q[0])[:, None] * x.Y
    if t.layers is not None and s.hidden is not None and s.out is not None:
        inputs, hidden, _ = (layer[0] for layer in t.layers)
        found |= {
            "W1": outer(s.hidden[0], inputs),
            "b1": s.hidden[0],
            "W2": outer(s.out[0], hidden),
            "b2": s.out[0],
        }
    return found


def outer(left: Array, right: Array) -> Array:
    """Products of (n, a, m) and (n, b, m), as (n, a·b, m)."""
    product = left[:, :, None] * right[:, None]
    return product.reshape(len(left), -1, left.shape[-1])


def jacobian(
    x: Features,
    t: Terms,
    p: AtomParameters,
    config: StudentConfig,
    elements: int,
    weights: Sequence[float] = (1.0, 1.0),
) -> Array:
    """(m, elements × size) derivatives by the first student's parameters of channels, weighted; eV."""
    found = parameter_slopes(x, t, p, slopes(t, p, weights))
    J = empty((elements, config.size, x.r.shape[-1]), x.r)
    J[:] = 0.0
    for e in sorted(set(x.elements)):
        first = x.elements.index(e)
        atoms = slice(first, first + x.elements.count(e))
        for name, where in slices(config).items():
            J[e, where] = found[name][atoms].sum(0)
    return J.reshape(elements * config.size, -1).T
