"""Rays from a host: where they start, where they point, and the numbers that choose them."""

import numpy as np
import numpy.typing as npt

from nci_core.systems import Monomer

FloatArray = npt.NDArray[np.float64]


def low_discrepancy(m: int, dimensions: int, seed: int, start: int = 0) -> FloatArray:
    """Rows start … start + m − 1 of a Kronecker sequence, (m, dimensions) in [0, 1).

    u_kj = frac(shift_j + k g^(−j)), where g is the real root of g^(d+1) = g + 1 and the shift comes
    from the seed. Unlike random numbers it leaves no holes; unlike Sobol' points it needs no tables,
    so that it is the same everywhere. Niederreiter, Random Number Generation and Quasi-Monte
    Carlo Methods, SIAM 1992, DOI 10.1137/1.9781611970081; the choice of g is that of M. Roberts.

    >>> u = low_discrepancy(100, 2, seed=0)
    >>> bool(np.abs(np.sort(u[:, 0]) - np.linspace(0, 1, 100)).max() < 0.05)
    True
    """
    g = 1.5
    for _ in range(64):
        g = (1.0 + g) ** (1.0 / (dimensions + 1))
    shift = np.random.default_rng(seed).random(dimensions)
    k = np.arange(start + 1, start + m + 1, dtype=float)[:, None]
    sequence: FloatArray = (shift + k * g ** -np.arange(1.0, dimensions + 1.0)) % 1.0
    return sequence


def anchors(host: Monomer) -> FloatArray:
    """(k, 3) starting points in Å: every atom, and the centre as often as a third of the atoms.

    Of a linear host the centre alone: places around it have two coordinates, distance and angle.
    """
    if host.linear:
        return host.centre[None].copy()
    return np.vstack([host.positions, np.tile(host.centre, (1 + len(host.symbols) // 3, 1))])


def polar_axis(host: Monomer) -> FloatArray:
    """(3,) the host's thinnest direction, or z where that is not unique (linear and round hosts)."""
    centred = host.positions - host.centre
    spread = np.linalg.eigvalsh(centred.T @ centred)
    unique = len(host.symbols) > 2 and spread[1] - spread[0] > 1e-2 * max(spread[2], 1e-12)
    return host.axes[2] if unique else np.array([0.0, 0.0, 1.0])


def directions(host: Monomer, u: FloatArray) -> FloatArray:
    """(m, 3) unit vectors from u (m, 3) in [0, 1).

    Half of them are uniform over the sphere and half uniform in the polar angle about the thinnest
    direction, because the deepest wells lie over the faces, a small part of the sphere. Around a linear host all of
    them lie in a half plane, uniform in the angle from the molecule.
    """
    if host.linear:
        angle = np.pi * u[:, 0]
        turned: FloatArray = np.outer(np.cos(angle), host.axes[0]) + np.outer(np.sin(angle), host.axes[2])
        return turned
    cosine = np.where(u[:, 2] < 0.5, 1.0 - 2.0 * u[:, 0], np.cos(np.pi * u[:, 0]))
    sine = np.sqrt(np.maximum(1.0 - cosine**2, 0.0))
    z = polar_axis(host)
    x = np.eye(3)[np.argmin(np.round(np.abs(z), 6))]
    x = x - (x @ z) * z
    x /= np.linalg.norm(x)
    y = np.cross(z, x)
    phi = 2.0 * np.pi * u[:, 1]
    vectors: FloatArray = np.outer(sine * np.cos(phi), x) + np.outer(sine * np.sin(phi), y) + np.outer(cosine, z)
    return vectors


def rotation_axes(host: Monomer) -> FloatArray:
    """(k, 3) unit vectors along the host's proper rotation axes, one per axis; (0, 3) if it has none.

    Of a linear host those that lie in the half plane of its samples. For a rotation by angle ω about a:
    R + Rᵀ − (tr R − 1) 1 = (3 − tr R) a aᵀ.
    """
    found: list[FloatArray] = []
    for R in host.operations:
        trace = float(np.trace(R))
        if np.linalg.det(R) < 0 or trace > 2.99:
            continue
        projector = (R + R.T - (trace - 1.0) * np.eye(3)) / (3.0 - trace)
        axis = projector[:, int(np.argmax(np.round(np.diag(projector), 6)))]
        axis = axis / np.linalg.norm(axis)
        if host.linear and abs(axis @ host.axes[1]) > 1e-3:
            continue
        if all(abs(axis @ other) < 0.999 for other in found):
            found.append(axis)
    return np.array([v for axis in found for v in (axis, -axis)]).reshape(-1, 3)
