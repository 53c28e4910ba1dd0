"""Labels as a network is fitted to them: supermolecular differences, and their residuals.

A label is E_AB − E_A − E_B. All three come from the same network, so the large total energies of a foundation model
cancel, and with them whatever it says of the monomers alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.fitting.objective import label_weights
from nci_core.fitting.observations import Observation
from nci_core.potentials.arrays import FloatArray
from nci_core.potentials.networks.ensemble import pieces
from nci_core.potentials.networks.graphs import Graphs, batch, dimer_graphs, monomer_graph
from nci_core.units import from_cm1

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Labels:
    """Energies that one head of a network is to give.

    Attributes:
        observations: the energies, of one system each.
        sigma_cm1, wall_cm1: noise, and above which energy a label weighs less; see `TrainSettings`.
        head: number of the head.
    """

    observations: tuple[Observation, ...]
    sigma_cm1: float
    wall_cm1: float
    head: int = 0

    def __len__(self) -> int:
        return sum(map(len, self.observations))

    @property
    def energies(self) -> FloatArray:
        """(m,) in eV."""
        return np.concatenate([np.empty(0), *(each.energies for each in self.observations)])

    @property
    def roots(self) -> FloatArray:
        """(m,) √W/σ in eV⁻¹: residuals are errors times these."""
        weights = [
            label_weights(each.energies, self.wall_cm1) * (1.0 if each.weights is None else each.weights)
            for each in self.observations
        ]
        roots: FloatArray = np.sqrt(np.concatenate([np.empty(0), *weights])) / from_cm1(self.sigma_cm1)
        return roots

    def of(self, rows: npt.NDArray[Any]) -> "Labels":
        """Those of some rows, ascending."""
        found, first = [], 0
        for each in self.observations:
            mine = rows[(rows >= first) & (rows < first + len(each))] - first
            first += len(each)
            if len(mine):
                weights = None if each.weights is None else each.weights[mine]
                part = Observation(each.configurations[mine], each.energies[mine], weights=weights, bounds=each.bounds)
                found.append(part)
        return Labels(tuple(found), self.sigma_cm1, self.wall_cm1, self.head)

    @property
    def regions(self) -> npt.NDArray[np.str_]:
        """(m,) the region of each, by the bounds of its system."""
        return np.concatenate([each.bounds.classify(each.energies) for each in self.observations])


@dataclass
class LabelBatch:
    """What MACE's training loop takes as a batch: dimers, and each monomer that they need once.

    Attributes:
        data: the graphs, as MACE's networks take them: the dimers first.
        apart: (m, g) the graphs whose energies add up to each label's E_A + E_B.
        energies: (m,) labels in eV; roots: (m,) see `Labels.roots`.
    """

    data: dict[str, Any]
    apart: Tensor
    energies: Tensor
    roots: Tensor
    #: MACE's own measures are of total energies, which no label here is.
    energy: None = field(default=None)

    @property
    def num_graphs(self) -> int:
        """Graphs in it."""
        return len(self.data["ptr"]) - 1

    def to(self, device: torch.device) -> "LabelBatch":
        """Itself: it was made where the network is."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """The graphs."""
        return self.data

    def residuals(self, energy: Tensor) -> Tensor:
        """(m,) weighted errors, of energies (g,) of all graphs in eV."""
        return self.roots * (energy[: len(self.energies)] - self.apart @ energy - self.energies)


def label_batch(labels: Sequence[Labels], elements: Sequence[int], cutoff: float, device: torch.device) -> LabelBatch:
    """One batch of all these labels, of however many systems and heads."""
    dimers: list[Graphs] = []
    monomers: list[Graphs] = []
    heads, alone, counts = [], [], []
    for each in labels:
        for part in each.observations:
            dimers.append(dimer_graphs(part.configurations, cutoff))
            monomers += [monomer_graph(m, cutoff) for m in (part.configurations.dimer.a, part.configurations.dimer.b)]
            heads.append(each.head)
            alone += [each.head, each.head]
            counts.append(len(part))
    data = batch([*dimers, *monomers], elements, [*heads, *alone], device)
    m = sum(counts)
    apart = np.zeros((m, m + len(monomers)))
    for k, (stop, count) in enumerate(zip(np.cumsum(counts).tolist(), counts, strict=True)):
        apart[stop - count : stop, m + 2 * k : m + 2 * k + 2] = 1.0

    def placed(values: FloatArray) -> Tensor:
        return torch.as_tensor(values).to(device)

    energies, roots = (np.concatenate([getattr(each, name) for each in labels]) for name in ("energies", "roots"))
    return LabelBatch(data, placed(apart), placed(energies), placed(roots))


class SupermolecularLoss(torch.nn.Module):
    """Σ W(E)(E_AB − E_A − E_B − E_int)²/σ² over a batch, by the number of its graphs, as MACE adds batches up."""

    def forward(self, ref: LabelBatch, pred: dict[str, Tensor], ddp: bool | None = None) -> Tensor:
        """The loss of a batch `ref` with a network's answer `pred`."""
        return ref.residuals(pred["energy"]).square().sum() / ref.num_graphs


class Loader:
    """Batches of labels in another order in every epoch, which depends on the seed and the epoch alone.

    Args:
        labels: one for each head; each batch has its share of all.
        size: labels in a batch.
    """

    def __init__(
        self,
        labels: Sequence[Labels],
        size: int,
        seed: int,
        elements: Sequence[int],
        cutoff: float,
        device: torch.device,
    ) -> None:
        self.labels, self.size, self.seed = labels, size, seed
        self.elements, self.cutoff, self.device = elements, cutoff, device
        self.epoch = 0

    def __len__(self) -> int:
        return max(1, -(-sum(map(len, self.labels)) // self.size))

    def __iter__(self) -> Iterator[LabelBatch]:
        random = np.random.default_rng([self.seed, self.epoch])
        orders = [np.array_split(random.permutation(len(each)), len(self)) for each in self.labels]
        for parts in zip(*orders, strict=True):
            some = [each.of(np.sort(rows)) for each, rows in zip(self.labels, parts, strict=True) if len(rows)]
            yield label_batch(some, self.elements, self.cutoff, self.device)


def predicted(module: Any, labels: Labels, elements: Sequence[int], cutoff: float, device: torch.device) -> FloatArray:
    """(m,) interaction energies in eV that a network gives at labels now."""
    found = [np.empty(0)]
    with torch.no_grad():
        for part in labels.observations:
            dimer = part.configurations.dimer
            alone = [monomer_graph(each, cutoff) for each in (dimer.a, dimer.b)]
            apart = module(batch(alone, elements, [labels.head] * 2, device), compute_force=False)["energy"].sum()
            for some in pieces(part.configurations, device):
                graphs = batch([dimer_graphs(some, cutoff)], elements, [labels.head], device)
                found.append((module(graphs, compute_force=False)["energy"] - apart).cpu().numpy())
    return np.concatenate(found)
