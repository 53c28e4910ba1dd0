"""The evaluation that `standalone` copies into the files it writes, all below the mark; needs NumPy alone.

It repeats the formulas of this package in the fewest lines, for people who read or translate it; a test holds both
together. Derivatives are taken by a complex step (DOI 10.1145/838250.838251), exact to rounding.
"""

import base64
import json
import math
from typing import Any

import numpy as np

DESCRIPTION, NUMBERS = "", ""

# ---- evaluation ----


def load(description: str, numbers: str) -> dict[str, Any]:
    """The model: what is described in JSON, and its arrays from float64 in base64."""
    model: dict[str, Any] = json.loads(description)
    values, start = np.frombuffer(base64.b64decode(numbers), dtype="<f8"), 0
    for name, shape in model["arrays"].items():
        model[name] = values[start : start + math.prod(shape)].reshape(shape)
        start += math.prod(shape)
    return model


def damping(x: Any, n: int) -> Any:
    """Tang-Toennies, 1 - exp(-x) sum_{k<=n} x^k/k!; for small x its tail, which does not cancel."""
    below = 1.0 - np.exp(-x) * sum(x**k / math.factorial(k) for k in range(n + 1))
    tail = np.exp(-x) * sum(x**k / math.factorial(k) for k in range(n + 1, n + 25))
    return np.where(x.real < 2.0, tail, below)


def along(g: Any, Y: Any) -> Any:
    """(n, m) sums of angular functions Y (n, k, m) with coefficients g (n, k)."""
    return np.einsum("nk,nkm->nm", g, Y)


def exponential(part: dict[str, Any], prefix: str, q: Any, Y: Any, correction: Any) -> Any:
    """Electrostatic penetration or exchange, (n, m) eV without its sign, of n atoms at lengths q by the ruler."""
    a, A, ln_alpha, beta = (part[prefix + name] for name in ("a", "A", "ln_alpha", "beta"))
    x = q - 3.0
    return np.exp(a + along(A, Y) - np.exp(ln_alpha) * x - beta * x * x / (1.0 + 0.1 * x * x) + correction)


def dispersion(part: dict[str, Any], q: Any, r: Any, Y: Any) -> Any:
    """(n, m) eV without its sign."""
    C, b = np.exp(np.concatenate([part["ln_C6"], part["ln_C"]], axis=1)), np.exp(part["ln_b"])
    orders = zip((6, 8, 10), ("gamma6", "gamma8", "gamma10"), (Y[:, 1:3], Y, Y), strict=True)
    of_orders = [damping(b * q, n) * np.exp(along(part[gamma], y)) / r**n for n, gamma, y in orders]
    return sum(C[:, k, None] * value for k, value in enumerate(of_orders))


def induction(model: dict[str, Any], part: dict[str, Any], q: Any, r: Any, d: Any, u: Any) -> Any:
    """(m,) eV, -1/2 alpha F^2, F the damped fields of all atoms' charges and dipoles at the probe."""
    charge, x = part["charge"] - part["charge"].mean(axis=0), np.exp(part["ln_b_field"]) * q
    damped = 1.0 - np.exp(-x) * (1.0 + x + x * x / 2.0 + x**3 / 6.0)
    radial = damped * (charge / r**2 + 3.0 * part["dipole"] * u / r**3)
    across = damped * part["dipole"] / r**3
    field = (radial[:, None] * d - across[:, None] * model["outward"][:, :, None]).sum(axis=0)
    return -0.5 * model["polarizability"] * (field * field).sum(axis=0)


def energies(model: dict[str, Any], p: Any, r: Any, d: Any, u: Any, c: Any) -> Any:
    """(m,) eV of n atoms with parameters p (n, size) at r, u and squared cosines c, each (n, m), and d (n, 3, m)."""
    squared = (model["outward"] ** 2).sum(axis=1)[:, None]
    s = c - 1.0 / 3.0
    Y = np.stack([u, s, u * u - squared / 3.0, u * s, s * s - 4.0 / 45.0, u**3], axis=1)
    split = np.split(p, np.cumsum(list(model["blocks"].values()))[:-1], axis=1)
    part: dict[str, Any] = dict(zip(model["blocks"], split, strict=True))
    q = r * np.exp(-along(part["lam"], Y)) if "lam" in part else r
    corrected = [name for name in model["terms"] if name != "induction"]
    n: dict[str, Any] = dict.fromkeys(corrected, 0.0)
    if "W1" in part:
        W1, W2 = part["W1"].reshape(-1, 8, 7), part["W2"].reshape(len(r), -1, 8)
        near, normal = np.tanh(q - 3.2), 2.0 * c - 1.0
        inputs = [near, np.tanh((q - 3.2) / 2.5), u, normal, 2.0 * u * u - 1.0, u * normal, u * near]
        hidden = np.tanh(W1 @ np.stack(inputs, axis=1) + part["b1"][:, :, None])
        n = dict(zip(corrected, (W2 @ hidden + part["b2"][:, :, None]).swapaxes(0, 1), strict=True))
    total = 0.0
    for name in model["terms"]:
        if name == "electrostatics":
            total = total - exponential(part, "e_", q, Y, n[name]).sum(axis=0)
        elif name == "exchange":
            total = total + exponential(part, "", q, Y, n[name]).sum(axis=0)
        elif name == "induction":
            total = total + induction(model, part, q, r, d, u)
        else:
            factor = np.exp(n[name] * np.exp(-((q / 4.5) ** 4)))
            total = total - (dispersion(part, q, r, Y) * factor).sum(axis=0)
    return total


def members(model: dict[str, Any], positions: Any) -> Any:
    """(members, m) eV of each member of the model at positions (m, 3), which may be complex."""
    found = []
    for R in np.array_split(positions, range(500, len(positions), 500)):  # bounded memory
        away = R.T - model["host"][:, :, None]
        r = np.sqrt((away * away).sum(axis=1))
        if (abs(r) < 1e-6).any():
            raise ValueError("A position is that of a nucleus of the host, where the energy is not defined.")
        d = away / r[:, None]
        u, c = np.einsum("na,nam->nm", model["outward"], d), np.einsum("nam,nab,nbm->nm", d, model["normal"], d)
        of_atoms = model["theta"][:, model["parameters_of_atom"]]
        found.append(np.array([energies(model, p, r, d, u, c) for p in of_atoms]))
    return np.concatenate(found, axis=1)


def mean_and_std(model: dict[str, Any], positions: Any) -> Any:
    """The weighted mean over the optima; the law of total variance over optima and displaced members, by a factor."""
    found, w = members(model, positions), model["shares"]
    mean, displaced = w @ found[: len(w)], found[len(w) :] - found[0]
    within = model["spread"] ** 2 * (displaced**2).mean(axis=0) if len(displaced) else 0.0
    return mean, model["unseen"] * np.sqrt(w @ abs(found[: len(w)] - mean) ** 2 + within)


def checked(positions: Any) -> Any:
    """Positions as (m, 3) finite numbers; ValueError for others."""
    points = np.asarray(positions, dtype=float).reshape(-1, 3)
    if not np.isfinite(points).all():
        raise ValueError("A position is not three finite numbers; give x, y and z in Angstrom.")
    return points


def energy(positions: Any) -> Any:
    """(m,) interaction energies in eV at probe positions (m, 3) in Angstrom, in the host's frame."""
    return mean_and_std(MODEL, checked(positions))[0]


def energy_and_std(positions: Any) -> Any:
    """Energies and standard deviations, each (m,) in eV."""
    return mean_and_std(MODEL, checked(positions))


def gradient(positions: Any) -> Any:
    """(m, 3) dE/dR in eV/Angstrom; the force on the probe is minus that."""
    points, step = checked(positions), 1e-30
    few = MODEL | {"theta": MODEL["theta"][: len(MODEL["shares"])]}
    slopes = [MODEL["shares"] @ members(few, points + 1j * step * axis).imag / step for axis in np.eye(3)]
    return np.stack(slopes, axis=1)


MODEL = load(DESCRIPTION, NUMBERS) if DESCRIPTION else {}

if __name__ == "__main__":
    import sys

    points = checked([float(word) for word in sys.argv[1:]])
    for (px, py, pz), e, sd in zip(points, *energy_and_std(points), strict=True):
        print(f"{px:10.4f} {py:10.4f} {pz:10.4f}  {e:.10f} +- {sd:.10f} eV = {e * 8065.543937:.4f} cm-1")
