"""Fine-tuned networks as a potential: supermolecular differences, and their spread as the error bar."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from ase.data import chemical_symbols
from torch import Tensor

from nci_core.errors import ModelError
from nci_core.potentials.arrays import FloatArray
from nci_core.potentials.device import resolve_device
from nci_core.potentials.networks.graphs import batch, dimer_graphs, monomer_graph
from nci_core.potentials.networks.network import NetworkConfig
from nci_core.potentials.networks.package import float64
from nci_core.potentials.remembered import remembered_systems, widening
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer
from nci_core.systems.monomer import Monomer
from nci_core.systems.poses import RigidForces

#: Edges of a batch: on a CPU what its cache holds, on a GPU what keeps it busy.
EDGES = {"cpu": 10_000, "cuda": 500_000}
#: The one channel of a network, which does not tell terms apart.
TOTAL = "total"


def pieces(at: Configurations, device: torch.device) -> Iterator[Configurations]:
    """Configurations in parts that suit a device."""
    atoms = len(at.dimer.a.symbols) + len(at.dimer.b.symbols)
    step = max(1, EDGES[device.type] // max(atoms * (atoms - 1), 1))
    for first in range(0, len(at), step):
        yield at[first : first + step]


@dataclass(frozen=True)
class Network:
    """One fine-tuned network with a single head: E_AB − E_A − E_B in float64.

    Beyond the reach of its messages a network's interaction energy is exactly zero: it has no long range of its own.

    Attributes:
        config: architecture.
        module: MACE's network.
    """

    config: NetworkConfig
    module: Any

    @property
    def device(self) -> torch.device:
        """Where its numbers live."""
        return self.module.r_max.device  # type: ignore[no-any-return]

    def ask(self, parts: Any, *, forces: bool = False) -> Mapping[str, Any]:
        """MACE's answer to some graphs: `energy` (g,) in eV of each, and `forces` (n, 3) in eV/Å where asked for."""
        inputs = batch(parts, self.config.elements, [0] * len(parts), self.device)
        with float64(), torch.set_grad_enabled(forces):
            return self.module(inputs, training=False, compute_force=forces)  # type: ignore[no-any-return]

    def monomers(self, dimer: Dimer) -> Tensor:
        """E_A + E_B of a dimer in eV."""
        graphs = [monomer_graph(each, self.config.r_max) for each in (dimer.a, dimer.b)]
        return self.ask(graphs)["energy"].detach().sum()  # type: ignore[no-any-return]

    def energies(self, at: Configurations) -> FloatArray:
        """(m,) in eV."""
        apart = self.monomers(at.dimer)
        found = [np.empty(0)]
        for some in pieces(at, self.device):
            energy = self.ask([dimer_graphs(some, self.config.r_max)])["energy"]
            found.append((energy - apart).cpu().numpy())
        return np.concatenate(found)

    def energies_and_forces(self, at: Configurations) -> tuple[FloatArray, RigidForces]:
        """(m,) in eV, and the force (eV/Å) and torque (eV) on monomer b."""
        apart = self.monomers(at.dimer)
        energies, forces = [np.empty(0)], [np.empty((0, len(at.dimer.b.symbols), 3))]
        n_a, size = len(at.dimer.a.symbols), len(at.dimer.a.symbols) + len(at.dimer.b.symbols)
        for some in pieces(at, self.device):
            answer = self.ask([dimer_graphs(some, self.config.r_max)], forces=True)
            energies.append((answer["energy"].detach() - apart).cpu().numpy())
            forces.append(answer["forces"].detach().reshape(-1, size, 3)[:, n_a:].cpu().numpy())
        on_b = np.concatenate(forces)
        torque = np.cross(at.b_positions - at.R[:, None], on_b).sum(axis=1)
        if at.dimer.b.is_atom:
            torque = np.zeros((len(at), 3))
        return np.concatenate(energies), RigidForces(on_b.sum(axis=1), torque)


@dataclass(frozen=True)
class NetworksAtDimer:
    """The networks of an ensemble at one dimer, as ASE's calculator asks them."""

    members: tuple[Network, ...]
    dimer: Dimer

    def energies_and_gradients(self, R: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(members, m) energies in eV, and (m, 3) the gradient of their mean in eV/Å."""
        found = [member.energies_and_forces(self.dimer.at(R)) for member in self.members]
        gradients: FloatArray = -np.mean([forces.force for _, forces in found], axis=0)
        return np.array([energies for energies, _ in found]), gradients


@dataclass(frozen=True)
class NetworkEnsemble:
    """A model made of networks of one architecture that were fine-tuned from several seeds: their mean.

    Offers what `potentials.ensemble.Ensemble` does, but for what only a sum of terms can: its one channel is the total.

    Attributes:
        members: networks of the same architecture.
        spread: what the spread of the members is multiplied by, so that it is the error of labels left out.
        metadata: JSON values: recipe, campaign, seeds and what else the caller stores.
        sigma_cm1: noise σ (cm⁻¹) the fit assumed for labels.
        unseen: what error bars are multiplied by at hosts that the model does not remember being fitted to.
    """

    members: tuple[Network, ...]
    spread: float = 1.0
    metadata: Mapping[str, Any] = field(default_factory=dict)
    sigma_cm1: float = 1.0
    unseen: float = 1.0

    def __post_init__(self) -> None:
        if not self.members:
            raise ModelError("An ensemble needs at least one network.")
        if len({member.config for member in self.members}) > 1:
            raise ModelError("The networks of an ensemble must be of one architecture.")

    @property
    def config(self) -> NetworkConfig:
        """Architecture of the networks."""
        return self.members[0].config

    @property
    def prior(self) -> None:
        """None: a network is no prior of a student of terms."""
        return

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the channels."""
        return (TOTAL,)

    @property
    def elements(self) -> tuple[str, ...]:
        """Elements that the networks know."""
        return tuple(chemical_symbols[number] for number in self.config.elements)

    @property
    def probes(self) -> tuple[str, ...]:
        """Elements that monomer b may be of: any that the networks know."""
        return self.elements

    @property
    def device(self) -> torch.device:
        """Where the networks live."""
        return self.members[0].device

    @property
    def parameters(self) -> int:
        """Numbers that one network has learnt."""
        return sum(parameter.numel() for parameter in self.members[0].module.parameters())

    def to(self, device: str) -> "NetworkEnsemble":
        """The same model on another device: 'auto', 'cpu' or 'cuda'."""
        where = resolve_device(device)
        for member in self.members:
            member.module.to(where)
        return self

    def with_metadata(self, **values: Any) -> "NetworkEnsemble":
        """The same model with metadata added."""
        return replace(self, metadata={**self.metadata, **values})

    def check(self, dimer: Dimer, what: str = "The model") -> None:
        """ModelError unless the networks know all elements of a dimer; `what` is the model's name."""
        missing = sorted({*dimer.a.symbols, *dimer.b.symbols} - set(self.elements))
        if missing:
            raise ModelError(
                f"{what} is a network that does not know {', '.join(missing)}; it knows {', '.join(self.elements)}."
            )

    def at_dimer(self, dimer: Dimer) -> NetworksAtDimer:
        """The networks at one dimer."""
        return NetworksAtDimer(self.members, dimer)

    def member_energies(self, at: Configurations) -> FloatArray:
        """(members, m) in eV."""
        return np.array([member.energies(at) for member in self.members])

    def member_channels(self, at: Configurations) -> FloatArray:
        """(members, 1, m) energies in eV."""
        return self.member_energies(at)[:, None]

    def mean_of(self, values: FloatArray) -> FloatArray:
        """The model's value of a quantity of its members (members, ...)."""
        mean: FloatArray = np.asarray(values).mean(axis=0)
        return mean

    def spread_of(self, values: FloatArray) -> FloatArray:
        """Standard deviation of a quantity of the members (members, ...); 0 for a single one."""
        if len(values) < 2:
            return np.zeros(np.shape(values)[1:])
        std: FloatArray = self.spread * np.asarray(values).std(axis=0, ddof=1)
        return std

    def error_bars(self, energies: FloatArray, dimer: Dimer) -> FloatArray:
        """Standard deviations of energies of the members (members, ...) at a dimer, in their unit."""
        return self.spread_of(energies) * self.widening(dimer)

    def widening(self, dimer: Dimer) -> float:
        """What error bars at a dimer are multiplied by: `unseen`, where the model remembers hosts and not this one."""
        return widening(self.unseen, self._hosts, dimer)

    @cached_property
    def _hosts(self) -> tuple[Monomer, ...]:
        return tuple(system.a for system in remembered_systems(self.metadata, self.probes))

    def energies(self, at: Configurations) -> FloatArray:
        """(m,) mean energies in eV."""
        return self.mean_of(self.member_energies(at))

    def energies_and_std(self, at: Configurations) -> tuple[FloatArray, FloatArray]:
        """Means and standard deviations, each (m,) in eV, from one evaluation."""
        energies = self.member_energies(at)
        return self.mean_of(energies), self.error_bars(energies, at.dimer)

    def std(self, at: Configurations) -> FloatArray:
        """(m,) standard deviation in eV; zeros for a single network."""
        return self.energies_and_std(at)[1]

    def energies_and_forces(self, at: Configurations) -> tuple[FloatArray, RigidForces]:
        """Mean energies (m,) in eV and forces on b."""
        found = [member.energies_and_forces(at) for member in self.members]
        force = self.mean_of(np.array([forces.force for _, forces in found]))
        torque = self.mean_of(np.array([forces.torque for _, forces in found]))
        return self.mean_of(np.array([energies for energies, _ in found])), RigidForces(force, torque)

    def channels(self, at: Configurations) -> dict[str, FloatArray]:
        """The energy under the name of the only channel, (m,) in eV."""
        return {TOTAL: self.energies(at)}
