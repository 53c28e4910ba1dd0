"""Several students of one system: their mean is the model, their spread its uncertainty."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.errors import ModelError
from nci_core.potentials.device import resolve_device
from nci_core.potentials.parameters import StudentConfig
from nci_core.potentials.student import Student, prepare
from nci_core.systems.hosts import Host

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Prior:
    """The Gaussian prior a fit started from, kept with the model for the next fit and for selection.

    Attributes:
        mean: (elements, size) centre θ₀.
        width: (elements, size) standard deviations before scaling.
        scale: κ; the fit used κ × width.
    """

    mean: Tensor
    width: Tensor
    scale: float = 1.0


@dataclass(frozen=True)
class Ensemble:
    """A model: the mean of its members; numpy in, numpy out; any host of known elements, anywhere in space.

    Attributes:
        members: students of one probe, the same elements and terms; the first is the best single fit.
        prior: prior of the fit, or None for a hand-made model.
        sigma_cm1: noise σ (cm⁻¹) the fit assumed for labels inside the range of interest.
        spread: how many standard deviations of the posterior the standard deviation over the members
            stands for; fits displace members by less than one, where the model is nearly linear.
        metadata: JSON values: recipe, campaign, seed and what else the caller stores.
    """

    members: tuple[Student, ...]
    prior: Prior | None = None
    sigma_cm1: float = 0.3
    spread: float = 1.0
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.members:
            raise ModelError("An ensemble needs at least one member.")
        kinds = {(s.probe, s.elements, s.config) for s in self.members}
        if len(kinds) > 1:
            raise ModelError("The members of an ensemble must share probe, elements and terms.")

    @property
    def probe(self) -> str:
        """Chemical symbol of the probe."""
        return self.members[0].probe

    @property
    def elements(self) -> tuple[str, ...]:
        """Host elements the model knows."""
        return self.members[0].elements

    @property
    def config(self) -> StudentConfig:
        """The terms of the members."""
        return self.members[0].config

    @property
    def device(self) -> torch.device:
        """Where the parameters live."""
        return self.members[0].theta.device

    def to(self, device: str) -> "Ensemble":
        """The same model on another device: 'auto', 'cpu' or 'cuda'."""
        where = resolve_device(device)
        prior = self.prior
        if prior is not None:
            prior = replace(prior, mean=prior.mean.to(where), width=prior.width.to(where))
        return replace(self, members=tuple(replace(s, theta=s.theta.to(where)) for s in self.members), prior=prior)

    def with_metadata(self, **values: Any) -> "Ensemble":
        """The same model with metadata added."""
        return replace(self, metadata={**self.metadata, **values})

    def member_channels(self, host: Host, positions: npt.ArrayLike) -> FloatArray:
        """(members, 2, m) repulsion and dispersion of every member, eV."""
        return prepare(self.members, host).channels(positions)

    def energies(self, host: Host, positions: npt.ArrayLike) -> FloatArray:
        """(m,) mean energies in eV at probe positions (m, 3) in Å."""
        mean: FloatArray = self.member_channels(host, positions).sum(axis=1).mean(axis=0)
        return mean

    def std(self, host: Host, positions: npt.ArrayLike) -> FloatArray:
        """(m,) standard deviation in eV: over the members, with n − 1, times spread; zeros for a single member."""
        return self.energies_and_std(host, positions)[1]

    def energies_and_std(self, host: Host, positions: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations, each (m,) in eV, from one evaluation."""
        energies = self.member_channels(host, positions).sum(axis=1)
        return energies.mean(axis=0), self.spread_of(energies)

    def spread_of(self, values: FloatArray) -> FloatArray:
        """Standard deviation of a quantity of the members (members, ...): with n − 1, times spread; 0 for one."""
        std: FloatArray = self.spread * values.std(axis=0, ddof=1) if len(values) > 1 else np.zeros(values.shape[1:])
        return std

    def energies_and_gradients(self, host: Host, positions: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Mean energies (m,) in eV and gradients dE/dR (m, 3) in eV/Å."""
        energies, gradients = prepare(self.members, host).energies_and_gradients(positions)
        return energies.mean(axis=0), gradients

    def channels(self, host: Host, positions: npt.ArrayLike) -> dict[str, FloatArray]:
        """Mean repulsion and dispersion, each (m,) in eV; their sum is the energy."""
        both = self.member_channels(host, positions).mean(axis=0)
        return {"repulsion": both[0], "dispersion": both[1]}

    def c6(self, host: Host, directions: npt.ArrayLike) -> FloatArray:
        """(m,) mean C₆(R̂) in eV Å⁶ for unit vectors (m, 3)."""
        mean: FloatArray = np.mean([s.c6(host, directions) for s in self.members], axis=0)
        return mean
