"""Several teachers as one: shares of their energies, channel by channel, that reference labels tell.

The mixture is E(x) = Σ_k Σ_c w_kc E_kc(x) over teachers k and channels c. Its shares w minimise

    Σ_i W_i [E(x_i) − label_i]² / n + λ Σ_kc s_kc² (w_kc − 1/K)²,

a ridge to the equal mixture of K teachers, in closed form; s_kc² is the weighted mean square of a channel, so that λ
has no unit. λ is the one whose left-out labels are met best, one left out at a time (Allen's PRESS, DOI
10.1080/00401706.1974.10489157), also in closed form; without a better one it is infinite: the equal mixture.

Shares need not sum to one: small basis sets have too much repulsion and too little dispersion everywhere, and labels
say by how much. Shares that change with distance were tried: with 5% of the He–benzene labels they meet others better
(0.44 instead of 0.54 cm⁻¹), and students distilled from them are twice as far off.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError

FloatArray = npt.NDArray[np.float64]
#: Teacher → channel → (m,) in eV, all at the same places.
Channels = Mapping[str, Mapping[str, FloatArray]]

#: Where teachers tell different channels apart, only their energies are mixed.
TOTAL = "total"
#: The λ that are tried.
RIDGES = tuple(float(10.0**k) for k in range(-6, 2))
#: With fewer labels than this nothing is learnt.
FEWEST = 5


@dataclass(frozen=True)
class Mixture:
    """What was learnt.

    Attributes:
        shares: teacher → channel → share.
        ridge: λ; infinite for the equal mixture.
        left_out: (n,) eV, what is predicted at each label by shares learnt from the others.
    """

    shares: Mapping[str, Mapping[str, float]]
    ridge: float
    left_out: FloatArray

    def channels(self, of: Channels) -> dict[str, FloatArray]:
        """The mixture's channels, name → (m,) in eV; their sum is its energy."""
        found: dict[str, FloatArray] = {}
        for teacher, parts in alike({name: of[name] for name in self.shares}).items():
            for channel, values in parts.items():
                found[channel] = found.get(channel, 0.0) + self.shares[teacher][channel] * values
        return found


def alike(of: Channels) -> dict[str, dict[str, FloatArray]]:
    """The same teachers with the same channels: their own where all have these, else their energies alone."""
    names = [set(parts) for parts in of.values()]
    if all(each == names[0] for each in names):
        return {teacher: dict(parts) for teacher, parts in of.items()}
    return {teacher: {TOTAL: np.sum(list(parts.values()), axis=0)} for teacher, parts in of.items()}


def learn(of: Channels, labels: FloatArray, weights: FloatArray) -> Mixture:
    """Shares from n labels (eV) at the places of the teachers' energies; `weights` (n,) are W.

    InputError for fewer than two teachers or too few labels.
    """
    if len(of) < 2:
        raise InputError("A mixture is of two teachers or more.")
    if len(labels) < FEWEST:
        raise InputError(f"A mixture is learnt from at least {FEWEST} labels, and there are {len(labels)}.")
    parts = alike(of)
    names = [(teacher, channel) for teacher, own in parts.items() for channel in own]
    columns = np.stack([parts[teacher][channel] for teacher, channel in names], axis=1)
    root, equal = np.sqrt(weights), np.full(len(names), 1.0 / len(of))
    X, r = columns * root[:, None], (labels - columns @ equal) * root
    size = np.maximum(np.sqrt((X**2).mean(axis=0)), 1e-12)
    Z, n = X / size, len(labels)
    best, ridge, step, left = float(r @ r), np.inf, np.zeros(len(names)), r
    for trial in RIDGES:
        inverse = np.linalg.inv(Z.T @ Z + trial * n * np.eye(len(names)))
        found = inverse @ (Z.T @ r)
        leverage = np.einsum("ik,kl,il->i", Z, inverse, Z)
        missed = (r - Z @ found) / np.maximum(1.0 - leverage, 1e-9)
        if float(missed @ missed) < best:
            best, ridge, step, left = float(missed @ missed), trial, found, missed
    shares: dict[str, dict[str, float]] = {}
    for (teacher, channel), share in zip(names, equal + step / size, strict=True):
        shares.setdefault(teacher, {})[channel] = float(share)
    return Mixture(shares, ridge, labels - left / root)
