"""Several students of the same pairs: their weighted mean is the model, their spread its uncertainty."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from nci_core.errors import ModelError
from nci_core.potentials.arrays import FloatArray
from nci_core.potentials.device import resolve_device
from nci_core.potentials.environments import PairKind
from nci_core.potentials.parameters import StudentConfig
from nci_core.potentials.prior import Prior
from nci_core.potentials.remembered import remembered_systems, widening
from nci_core.potentials.student import Student, prepare
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer
from nci_core.systems.monomer import Monomer
from nci_core.systems.poses import RigidForces


@dataclass(frozen=True)
class Ensemble:
    """A model: the mean of several optima; numpy out; any dimer of known kinds of pairs, anywhere in space.

    The members are optima of one fit from different starting points, the best first, and then the best one
    displaced within its posterior. The mean is over the optima; the variance is the law of total variance,
    Σ_k w_k (f_k − f̄)² between optima and spread²·⟨(f_displaced − f_best)²⟩ about the best.

    Attributes:
        members: students of the same kinds of pairs and terms.
        prior: prior of the fit, or None for a hand-made model.
        sigma_cm1: noise σ (cm⁻¹) the fit assumed for labels inside the range of interest.
        spread: how many displacements of the displaced members make one standard deviation of the posterior;
            fits displace them by less than one, where the model is nearly linear.
        metadata: JSON values: recipe, campaign, seed and what else the caller stores.
        weights: of the optima in the mean, for the first len(weights) members; a weight of 0 keeps an optimum
            as a starting point for later fits only. Empty: all members are optima of equal weight.
        unseen: what error bars are multiplied by at hosts that the model does not remember being fitted to; found
            by leaving out hosts, `left_out.ALONE` where there is one (`fitting/left_out.py`).
    """

    members: tuple[Student, ...]
    prior: Prior | None = None
    sigma_cm1: float = 0.3
    spread: float = 1.0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    weights: tuple[float, ...] = ()
    unseen: float = 1.0

    def __post_init__(self) -> None:
        if not self.members:
            raise ModelError("An ensemble needs at least one member.")
        if len({(s.kinds, s.config) for s in self.members}) > 1:
            raise ModelError("The members of an ensemble must share kinds of pairs and terms.")
        n = len(self.members)
        weights = np.asarray(self.weights or np.full(n, 1.0 / n), dtype=float)
        if len(weights) > n or not (weights >= 0.0).all() or not weights[0] > 0.0:
            raise ModelError("An ensemble needs one weight, zero or more, for each optimum, and the first above zero.")
        object.__setattr__(self, "weights", tuple((weights / weights.sum()).tolist()))

    @property
    def optima(self) -> tuple[Student, ...]:
        """Members that are optima, those without weight too."""
        return self.members[: len(self.weights)]

    @cached_property
    def averaged(self) -> tuple[Student, ...]:
        """Optima with a weight, the best first: their weighted mean is the model."""
        return tuple(s for s, w in zip(self.members, self.weights, strict=False) if w > 0.0)

    @cached_property
    def shares(self) -> FloatArray:
        """Weights of `averaged`; they add up to 1."""
        return np.array([w for w in self.weights if w > 0.0])

    @cached_property
    def counted(self) -> tuple[Student, ...]:
        """Members that mean or spread are made of: `averaged`, then the displaced ones."""
        return self.averaged + self.members[len(self.weights) :]

    @property
    def kinds(self) -> tuple[PairKind, ...]:
        """Kinds of pairs that the model knows."""
        return self.members[0].kinds

    @property
    def probes(self) -> tuple[str, ...]:
        """Environments of monomer b that the model knows, sorted; of atoms, their elements."""
        return tuple(sorted({kind.b for kind in self.kinds}))

    @property
    def elements(self) -> tuple[str, ...]:
        """Environments of monomer a that the model knows, sorted."""
        return tuple(sorted({kind.a for kind in self.kinds}))

    @property
    def config(self) -> StudentConfig:
        """The terms of the members."""
        return self.members[0].config

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the terms whose sum the energy is, in the order of `member_channels`."""
        return self.config.terms

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.members[0].theta.device

    def to(self, device: str) -> "Ensemble":
        """The same model on another device: 'auto', 'cpu' or 'cuda'."""
        where = resolve_device(device)
        prior = None if self.prior is None else self.prior.to(where)
        return replace(self, members=tuple(replace(s, theta=s.theta.to(where)) for s in self.members), prior=prior)

    def with_metadata(self, **values: Any) -> "Ensemble":
        """The same model with metadata added."""
        return replace(self, metadata={**self.metadata, **values})

    def member_channels(self, at: Configurations) -> FloatArray:
        """(counted, terms, m) energies of every member that counts, eV."""
        return prepare(self.counted, at.dimer).channels(at.R)

    def mean_of(self, values: FloatArray) -> FloatArray:
        """The model's value of a quantity of the members that count (counted, ...), or of the averaged ones."""
        shares = self.shares
        mean: FloatArray = np.tensordot(shares, values[: len(shares)], axes=1)
        return mean

    def energies(self, at: Configurations) -> FloatArray:
        """(m,) mean energies in eV."""
        return self.mean_of(prepare(self.averaged, at.dimer).channels(at.R).sum(axis=1))

    def std(self, at: Configurations) -> FloatArray:
        """(m,) standard deviation in eV; zeros for a single member."""
        return self.energies_and_std(at)[1]

    def energies_and_std(self, at: Configurations) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations, each (m,) in eV, from one evaluation."""
        energies = self.member_channels(at).sum(axis=1)
        return self.mean_of(energies), self.error_bars(energies, at.dimer)

    def error_bars(self, energies: FloatArray, dimer: Dimer) -> FloatArray:
        """Standard deviations of energies of the members that count (counted, ...) at a dimer, in their unit."""
        return self.spread_of(energies) * self.widening(dimer)

    def widening(self, dimer: Dimer) -> float:
        """What error bars at a dimer are multiplied by: `unseen`, where the model remembers hosts and not this one."""
        return widening(self.unseen, self._hosts, dimer)

    @cached_property
    def _hosts(self) -> tuple[Monomer, ...]:
        return tuple(system.a for system in remembered_systems(self.metadata, self.probes))

    def spread_of(self, values: FloatArray) -> FloatArray:
        """Standard deviation of a quantity of the members that count (counted, ...); 0 for a single one."""
        shares = self.shares
        displaced = values[len(shares) :] - values[0]
        between = np.tensordot(shares, (values[: len(shares)] - self.mean_of(values)) ** 2, axes=1)
        within = self.spread**2 * (displaced**2).mean(axis=0) if len(displaced) else 0.0
        std: FloatArray = np.sqrt(between + within)
        return std

    def energies_and_forces(self, at: Configurations) -> tuple[FloatArray, RigidForces]:
        """Mean energies (m,) in eV and forces on b."""
        energies, gradients = prepare(self.averaged, at.dimer, self.shares).energies_and_gradients(at.R)
        return self.mean_of(energies), RigidForces.on_atom(-gradients)

    def channels(self, at: Configurations) -> dict[str, FloatArray]:
        """Mean of each term by its name, (m,) in eV; their sum is the energy."""
        parts = self.mean_of(prepare(self.averaged, at.dimer).channels(at.R))
        return dict(zip(self.config.terms, parts, strict=True))

    def c6(self, dimer: Dimer, directions: npt.ArrayLike) -> FloatArray:
        """(m,) mean dispersion C₆(R̂) in eV Å⁶ for unit vectors (m, 3); induction is not in it, see `Student.c6`."""
        return self.mean_of(np.array([s.c6(dimer, directions) for s in self.averaged]))
