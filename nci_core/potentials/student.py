"""The student: a sum of terms over pairs of atoms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.errors import ModelError
from nci_core.potentials import far
from nci_core.potentials.arrays import FloatArray, place, to_numpy
from nci_core.potentials.environments import PairKind
from nci_core.potentials.evaluation import Evaluation, evaluate, gradient, jacobian
from nci_core.potentials.pairs import PairAtoms, PairFeatures, PairSites, angular_functions, chunks, pair_sites
from nci_core.potentials.parameters import PairParameters, StudentConfig, layout, of_pairs, unpack
from nci_core.potentials.terms.dispersion import long_range_c6
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer
from nci_core.systems.poses import RigidForces

#: Pairs × configurations × students per batch: on a CPU the working set stays in a core's cache.
BATCH = 8192
BATCH_GPU = 2**20
#: Positions in a batch at least, however many pairs they have: numpy's loops over fewer are so short that a model of
#: eight optima costs twice as much over a host of a thousand atoms, whose working set is some 20 MB then.
LEAST_POSITIONS = 16


class Batch(NamedTuple):
    """Some configurations, and K students' terms there."""

    features: PairFeatures[Any]
    evaluation: Evaluation[Any]


def parameters_of(theta: Any, atoms: PairAtoms[Any], config: StudentConfig) -> PairParameters[Any]:
    """Parameters of n pairs (K, n, …) from students' (K, kinds, size)."""
    return unpack(of_pairs(theta, atoms, layout(config)), config)


@dataclass(frozen=True)
class Prepared:
    """K students that share their kinds of pairs, at one dimer: what does not depend on the configuration.

    Attributes:
        dimer: which.
        sites: its n pairs.
        parameters: (K, n, …).
        shares: (K, 1, 1) weights of the students in the gradient; they add up to 1.
        device: where the formulas are evaluated.
    """

    dimer: Dimer
    sites: PairSites[Any]
    parameters: PairParameters[Any]
    shares: Any
    device: torch.device

    def batches(self, positions: FloatArray) -> Iterator[Batch]:
        """Terms at positions (m, 3) of b, batch by batch; for m = 0 an empty one."""
        rows = self.parameters.angular.shape[0] * len(self.sites.order)
        size = max(LEAST_POSITIONS, (BATCH if self.device.type == "cpu" else BATCH_GPU) // rows)
        for x in chunks(self.sites, positions, self.device, size):
            yield Batch(x, evaluate(x, self.parameters))

    def channels(self, positions: FloatArray) -> FloatArray:
        """(K, terms, m) energies in eV."""
        if self.device.type == "cpu" and far.pays(self.parameters.layout, len(self.sites.order), len(positions)):
            return far.channels(self.sites, self.parameters, positions)
        rows = [to_numpy(batch.evaluation.channels) for batch in self.batches(positions)]
        values: FloatArray = np.concatenate(rows, axis=-1).swapaxes(0, 1)
        return values

    def energies_and_gradients(self, positions: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Energies (K, m) in eV and gradients (m, 3) in eV/Å of the weighted mean over the students."""
        energies, gradients = [], []
        for x, e in self.batches(positions):
            energies.append(to_numpy(e.channels.sum(0)))
            gradients.append(to_numpy(gradient(self.sites, x, e, self.parameters, self.shares)))
        return np.concatenate(energies, axis=-1), np.concatenate(gradients)


def prepare(members: Sequence["Student"], dimer: Dimer, shares: npt.ArrayLike | None = None) -> Prepared:
    """Students that share their kinds of pairs, at one dimer; ModelError for a pair they do not know.

    Their weights in the mean are `shares` (K,), which add up to 1; without, all the same.
    """
    first = members[0]
    device = first.theta.device
    sites = pair_sites(dimer, first.kinds, device)
    theta = place(torch.stack([s.theta for s in members]), device)
    weights = np.full(len(members), 1.0 / len(members)) if shares is None else np.asarray(shares, dtype=float)
    where = place(weights[:, None, None], device)
    return Prepared(dimer, sites, parameters_of(theta, sites.atoms, first.config), where, device)


@dataclass(frozen=True)
class Student:
    """One fitted potential of the kinds of pairs that it knows.

    E = Σ over terms, in eV; zero at infinity, −C₆(R̂)/R⁶ of dispersion and induction together before that, invariant
    under rotation, translation and permutation, all by construction.

    Attributes:
        kinds: of pairs, in the order of theta's rows.
        config: which terms there are.
        theta: (kinds, size) parameters, float64.
    """

    kinds: tuple[PairKind, ...]
    config: StudentConfig
    theta: Tensor

    def __post_init__(self) -> None:
        if self.theta.shape != (len(self.kinds), self.config.size):
            raise ModelError(
                f"A model of {len(self.kinds)} kinds of pairs needs {len(self.kinds)} × {self.config.size} parameters, "
                f"not {tuple(self.theta.shape)}."
            )

    def energies(self, at: Configurations) -> FloatArray:
        """(m,) interaction energies in eV."""
        energies: FloatArray = prepare([self], at.dimer).channels(at.R)[0].sum(axis=0)
        return energies

    def channels(self, at: Configurations) -> dict[str, FloatArray]:
        """Each term's part by its name, (m,) in eV; their sum is the energy."""
        return dict(zip(self.config.terms, prepare([self], at.dimer).channels(at.R)[0], strict=True))

    def energies_and_forces(self, at: Configurations) -> tuple[FloatArray, RigidForces]:
        """Energies (m,) in eV and forces on b."""
        energies, gradients = prepare([self], at.dimer).energies_and_gradients(at.R)
        return energies[0], RigidForces.on_atom(-gradients)

    def jacobian(self, at: Configurations) -> tuple[FloatArray, FloatArray]:
        """Energies (m,) in eV and dE/dθ (m, kinds × size)."""
        prepared, weights = prepare([self], at.dimer), [1.0] * len(self.config.terms)
        energies, rows = [], []
        for x, e in prepared.batches(at.R):
            energies.append(to_numpy(e.channels.sum(0)[0]))
            rows.append(to_numpy(jacobian(x, e, prepared.parameters, len(self.kinds), weights)[0].T))
        return np.concatenate(energies), np.concatenate(rows)

    def c6(self, dimer: Dimer, directions: npt.ArrayLike) -> FloatArray:
        """Dispersion C₆(R̂) = Σ C₆(R̂) over pairs, in eV Å⁶, for unit vectors (m, 3); E_disp → −C₆/R⁶.

        It is not all of the long range: a polar host's induction falls as R⁻⁶ too, so that E → −(C₆ + C₆,ind)/R⁶ with
        C₆,ind = ½ α μ² (1 + 3cos²θ) (`properties.long_range.induction_c6`), α μ² on average over directions.
        `gates.extrapolated_c6` finds the sum, from energies. Raises ModelError for a student without dispersion.
        """
        what, device = layout(self.config), self.theta.device
        where = what.slices
        if "ln_C6" not in where:
            raise ModelError(f"This model has no dispersion, and so no C₆; its terms: {', '.join(self.config.terms)}.")
        sites = pair_sites(dimer, self.kinds, device)
        d = place(np.asarray(directions, dtype=float).reshape(-1, 3), device).T
        theta = of_pairs(place(self.theta, device)[None], sites.atoms, what)[0]
        u, c = (sites.outward @ d)[:, 0], ((sites.normal @ d) * d).sum(1)
        Y = angular_functions(u, c, (sites.outward * sites.outward).sum(-1))
        found = long_range_c6(theta[:, where["ln_C6"]], theta[:, where["gamma6"]], Y)
        return to_numpy(found.sum(0))
