"""What a fit is given: energies at configurations, each of which knows its system."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from nci_core.errors import InputError
from nci_core.potentials.arrays import FloatArray
from nci_core.potentials.remembered import same_molecule
from nci_core.regions import RegionBounds
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer

#: Of labels that are no channel.
TOTAL = "total"
#: Channels that are sums: what is left of Hartree–Fock without first-order electrostatics, and all of it.
SUMS: Mapping[str, tuple[str, ...]] = {
    "exchange_induction": ("exchange", "induction"),
    "repulsion": ("electrostatics", "exchange", "induction"),
}


@dataclass(frozen=True)
class Observation:
    """Energies of one kind, a teacher's or a recipe's, at configurations of one system.

    Attributes:
        configurations: m of them.
        energies: (m,) interaction energies in eV.
        channels: name → (m,) in eV, whose sum is the energy; none where only that is known.
        weights: (m,) share of its usual weight that each label has; None: 1.
        bounds: of the regions of this system, by which errors are reported; they decide nothing.
    """

    configurations: Configurations
    energies: FloatArray
    channels: Mapping[str, FloatArray] = field(default_factory=dict)
    weights: FloatArray | None = None
    bounds: RegionBounds = field(default_factory=RegionBounds)

    def __len__(self) -> int:
        return len(self.configurations)

    def first(self, count: int) -> "Observation":
        """Its first energies."""
        channels = {name: values[:count] for name, values in self.channels.items()}
        weights = None if self.weights is None else self.weights[:count]
        return Observation(self.configurations[:count], self.energies[:count], channels, weights, self.bounds)


def by_host(observations: Sequence[Observation]) -> list[list[int]]:
    """Which observations are of one host, hosts in their order."""
    groups: list[list[int]] = []
    for k, each in enumerate(observations):
        host = each.configurations.dimer.a
        for group in groups:
            if same_molecule(observations[group[0]].configurations.dimer.a, host):
                group.append(k)
                break
        else:
            groups.append([k])
    return groups


def check_observations(observations: Sequence[Observation], what: str) -> None:
    """InputError for no energies at all, numbers that are not finite or columns of unequal length; `what` they are."""
    if not sum(map(len, observations)):
        raise InputError(f"A fit needs at least one {what} energy.")
    for each in observations:
        m = len(each)
        columns = {"": each.energies} | {f" {name}": values for name, values in each.channels.items()}
        columns |= {} if each.weights is None else {" weight": each.weights}
        for name, values in columns.items():
            if np.shape(values) != (m,):
                raise InputError(f"There are {m} positions for {np.size(values)} {what}{name} energies.")
            bad = ~(np.isfinite(values) & np.isfinite(each.configurations.R).all(axis=1))
            if bad.any():
                raise InputError(
                    f"Row {int(bad.argmax())} of the {what}{name} data is not a number; remove it or compute it again."
                )


def systems_of(observations: Sequence[Observation]) -> list[Dimer]:
    """The dimers observed, in their order; one of several observations is named more than once."""
    return [each.configurations.dimer for each in observations]


def terms_of(channel: str, terms: Sequence[str]) -> tuple[str, ...]:
    """The student's terms whose sum a channel is; empty for one that it has no terms for.

    >>> terms_of("exchange_induction", ("electrostatics", "exchange", "induction", "dispersion"))
    ('exchange', 'induction')
    >>> terms_of("exchange_induction", ("exchange", "dispersion"))
    ()
    """
    if channel == TOTAL:
        return tuple(terms)
    parts = SUMS.get(channel, (channel,))
    return tuple(parts) if set(parts) <= set(terms) else ()


def labels_of(observations: Sequence[Observation], terms: Sequence[str]) -> dict[str, FloatArray]:
    """The labels of all observations, (m,) in eV: each channel where the student's terms make them up, else "total".

    Raises InputError where the channels do not add up to the energy.
    """
    total = np.concatenate([each.energies for each in observations])
    names = list(observations[0].channels) if terms else []
    covered = [term for name in names for term in terms_of(name, terms)]
    alike = all(set(each.channels) == set(names) for each in observations)
    if not names or not alike or sorted(covered) != sorted(terms):
        return {TOTAL: total}
    parts = {name: np.concatenate([each.channels[name] for each in observations]) for name in names}
    if not np.allclose(sum(parts.values()), total, rtol=1e-6, atol=1e-9):
        raise InputError(f"The teacher's {' and '.join(names)} do not add up to its energy.")
    return parts


def weights_of(observations: Sequence[Observation]) -> FloatArray:
    """Shares of the usual weight, (m,)."""
    return np.concatenate([np.ones(len(each)) if each.weights is None else each.weights for each in observations])


def regions_of(observations: Sequence[Observation]) -> npt.NDArray[np.str_]:
    """The region of every observed energy, (m,), each by the bounds of its system."""
    return np.concatenate([each.bounds.classify(each.energies) for each in observations])
