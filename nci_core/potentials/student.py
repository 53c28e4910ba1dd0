"""The student: a sum over host atoms of repulsion and damped dispersion."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.errors import ModelError
from nci_core.potentials.arrays import Array, place, to_numpy
from nci_core.potentials.dispersion import GAMMA6_ROWS, anisotropic_coefficient
from nci_core.potentials.features import AtomFrames, Features, angular_functions, atom_frames, chunks
from nci_core.potentials.parameters import AtomParameters, StudentConfig, unpack
from nci_core.potentials.terms import Terms, evaluate, gradient, jacobian
from nci_core.systems import Monomer

FloatArray = npt.NDArray[np.float64]

#: Atoms × positions × students per batch: on a CPU the working set stays in a core's cache.
PAIRS = 8192
PAIRS_GPU = 2**20


class Batch(NamedTuple):
    """Some positions, and K students' terms there."""

    atoms: AtomFrames
    features: Features
    parameters: AtomParameters
    terms: Terms


def of_atoms(theta: Array, elements: Sequence[int], config: StudentConfig) -> AtomParameters:
    """Parameters of n atoms (K, n, …) from students' (K, elements, size)."""
    return unpack(theta[:, list(elements)], config)


@dataclass(frozen=True)
class Prepared:
    """K students that share their elements, at one host: what does not depend on positions.

    Attributes:
        atoms: frames of the host's n atoms.
        parameters: (K, n, …).
        shares: (K, 1, 1) weights of the students in the gradient; they add up to 1.
        device: where the formulas are evaluated.
    """

    atoms: AtomFrames
    parameters: AtomParameters
    shares: Array
    device: torch.device

    def batches(self, positions: npt.ArrayLike) -> Iterator[Batch]:
        """Terms at positions (m, 3), batch by batch; for m = 0 an empty one."""
        pairs = self.parameters.a.shape[0] * len(self.atoms.order)
        size = max(1, (PAIRS if self.device.type == "cpu" else PAIRS_GPU) // pairs)
        for x in chunks(self.atoms, positions, self.device, size):
            yield Batch(self.atoms, x, self.parameters, evaluate(x, self.parameters))

    def channels(self, positions: npt.ArrayLike) -> FloatArray:
        """(K, 2, m) repulsion and dispersion in eV."""
        rows = [to_numpy(batch.terms.channels) for batch in self.batches(positions)]
        values: FloatArray = np.concatenate(rows, axis=-1).swapaxes(0, 1)
        return values

    def energies_and_gradients(self, positions: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Energies (K, m) in eV and gradients (m, 3) in eV/Å of the weighted mean over the students."""
        energies, gradients = [], []
        for atoms, x, p, terms in self.batches(positions):
            energies.append(to_numpy(terms.channels.sum(0)))
            gradients.append(to_numpy(gradient(atoms, x, terms, p, self.shares)))
        return np.concatenate(energies, axis=-1), np.concatenate(gradients)


def prepare(members: Sequence["Student"], host: Monomer, shares: npt.ArrayLike | None = None) -> Prepared:
    """Students that share their elements, at one host; ModelError for an element they do not know.

    Their weights in the mean are `shares` (K,), which add up to 1; without, all the same.
    """
    first = members[0]
    device = first.theta.device
    atoms = atom_frames(host, first.elements, device)
    theta = place(torch.stack([s.theta for s in members]), device)
    weights = np.full(len(members), 1.0 / len(members)) if shares is None else np.asarray(shares, dtype=float)
    where = place(weights[:, None, None], device)
    return Prepared(atoms, of_atoms(theta, atoms.elements, first.config), where, device)


@dataclass(frozen=True)
class Student:
    """One fitted potential of a probe and the host elements it knows.

    E = Σ_i [V_rep,i − V_disp,i(1+n₂,i)] over host atoms i, in eV; zero at infinity, −C₆(R̂)/R⁶
    before that, invariant under rotation, translation and permutation, all by construction.

    Attributes:
        probe: chemical symbol of the probe.
        elements: host elements, in the order of theta's rows.
        config: which terms there are.
        theta: (elements, size) parameters, float64.
    """

    probe: str
    elements: tuple[str, ...]
    config: StudentConfig
    theta: Tensor

    def __post_init__(self) -> None:
        if self.theta.shape != (len(self.elements), self.config.size):
            raise ModelError(
                f"A model of {len(self.elements)} elements needs {len(self.elements)} × {self.config.size} parameters, "
                f"not {tuple(self.theta.shape)}."
            )

    def energies(self, host: Monomer, positions: npt.ArrayLike) -> FloatArray:
        """(m,) interaction energies in eV at probe positions (m, 3) in Å."""
        energies: FloatArray = prepare([self], host).channels(positions)[0].sum(axis=0)
        return energies

    def channels(self, host: Monomer, positions: npt.ArrayLike) -> dict[str, FloatArray]:
        """Repulsion and dispersion, each (m,) in eV; their sum is the energy."""
        both = prepare([self], host).channels(positions)[0]
        return {"repulsion": both[0], "dispersion": both[1]}

    def energies_and_gradients(self, host: Monomer, positions: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Energies (m,) in eV and gradients dE/dR (m, 3) in eV/Å."""
        energies, gradients = prepare([self], host).energies_and_gradients(positions)
        return energies[0], gradients

    def jacobian(self, host: Monomer, positions: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Energies (m,) in eV and dE/dθ (m, elements × size)."""
        energies, rows = [], []
        for _, x, p, terms in prepare([self], host).batches(positions):
            energies.append(to_numpy(terms.channels.sum(0)[0]))
            rows.append(to_numpy(jacobian(x, terms, p, self.config, len(self.elements))))
        return np.concatenate(energies), np.concatenate(rows)

    def c6(self, host: Monomer, directions: npt.ArrayLike) -> FloatArray:
        """Long-range coefficient C₆(R̂) = Σ_i C₆,i(R̂) in eV Å⁶ for unit vectors (m, 3); E → −C₆/R⁶."""
        device = self.theta.device
        d = place(np.asarray(directions, dtype=float).reshape(-1, 3), device).T
        atoms = atom_frames(host, self.elements, device)
        p = of_atoms(place(self.theta, device)[None], atoms.elements, self.config)
        u, c = (atoms.outward @ d)[:, 0], ((atoms.normal @ d) * d).sum(1)
        anisotropy = p.angular[0, :, 1:2, GAMMA6_ROWS] @ angular_functions(u, c)[:, GAMMA6_ROWS]
        c6: FloatArray = to_numpy(anisotropic_coefficient(p.C[0][0], anisotropy[:, 0]).sum(0))
        return c6
