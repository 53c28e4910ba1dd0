"""Graphs of dimers and their monomers as MACE takes them, a whole batch at once.

MACE's own `AtomicData` finds the neighbours of one structure after the other, some 340 a second, which is more than a
small network takes for their energies. Monomers are rigid, so the edges inside them are the same in every
configuration, and those between them come from the distances that configurations have anyway.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nci_core.systems.configurations import Configurations
from nci_core.systems.monomer import Monomer

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Graphs:
    """Some structures, one after the other.

    Attributes:
        numbers: (n,) atomic numbers of all atoms; positions: (n, 3) in Å.
        edges: (2, e) pairs of atoms closer than the cutoff, both ways; numbered through all structures.
        sizes: (g,) atoms of each structure.
    """

    numbers: IntArray
    positions: FloatArray
    edges: IntArray
    sizes: IntArray


def inside(positions: FloatArray, cutoff: float) -> IntArray:
    """(2, e) ordered pairs of different atoms (n, 3) closer than the cutoff, Å."""
    apart = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    return np.array(np.nonzero((apart < cutoff) & ~np.eye(len(positions), dtype=bool)))


def repeated(edges: IntArray, count: int, size: int, first: int = 0) -> IntArray:
    """Edges (2, e) of a part of each of `count` structures of `size` atoms, whose own atoms begin at `first`."""
    starts = first + size * np.arange(count)
    return (edges[:, None, :] + starts[None, :, None]).reshape(2, -1)


def dimer_graphs(at: Configurations, cutoff: float) -> Graphs:
    """A graph for each configuration, a's atoms first.

    >>> from nci_core.systems import Dimer, builtin_monomer
    >>> dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    >>> graphs = dimer_graphs(dimer.at([[0.0, 0.0, 3.0], [0.0, 0.0, 30.0]]), 6.0)
    >>> graphs.sizes.tolist(), graphs.edges.shape  # 30 in each ethylene, 12 from the nearer helium and back
    ([7, 7], (2, 72))
    """
    a, b, m = at.dimer.a, at.dimer.b, len(at)
    n_a, n_b = len(a.symbols), len(b.symbols)
    size = n_a + n_b
    positions = np.concatenate([np.broadcast_to(a.positions, (m, n_a, 3)), at.b_positions], axis=1)
    row, i, j = np.nonzero(at.distances < cutoff)
    across = np.array([row * size + i, row * size + n_a + j])
    own = inside(b.positions, cutoff)
    edges = [repeated(inside(a.positions, cutoff), m, size), repeated(own, m, size, n_a), across, across[::-1]]
    numbers = np.tile(np.concatenate([a.numbers, b.numbers]), m).astype(np.int64)
    return Graphs(numbers, positions.reshape(-1, 3), np.concatenate(edges, axis=1), np.full(m, size))


def monomer_graph(monomer: Monomer, cutoff: float) -> Graphs:
    """The graph of a monomer alone; of an atom one without edges."""
    n = len(monomer.symbols)
    return Graphs(
        np.asarray(monomer.numbers, dtype=np.int64),
        np.array(monomer.positions, dtype=float).reshape(-1, 3),
        inside(monomer.positions, cutoff),
        np.array([n]),
    )


def batch(
    parts: Sequence[Graphs], elements: Sequence[int], heads: Sequence[int], device: torch.device
) -> dict[str, Any]:
    """What MACE's `forward` takes: all structures of all parts, each part for one of the network's heads.

    Neutral singlets, in no cell. `elements` are the network's atomic numbers, in its order.
    """
    sizes = np.concatenate([part.sizes for part in parts])
    starts = np.cumsum([0, *(len(part.numbers) for part in parts)])
    edges = np.concatenate([part.edges + start for part, start in zip(parts, starts, strict=False)], axis=1)
    kind = np.searchsorted(np.asarray(elements), np.concatenate([part.numbers for part in parts]))

    def placed(values: npt.NDArray[Any]) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(values)).to(device)

    count = len(sizes)
    zeros = torch.zeros((edges.shape[1], 3), dtype=torch.float64, device=device)
    return {
        "positions": placed(np.concatenate([part.positions for part in parts])),
        "node_attrs": placed(np.eye(len(elements))[kind]),
        "edge_index": placed(edges),
        "shifts": zeros,
        "unit_shifts": zeros,
        "cell": torch.zeros((3 * count, 3), dtype=torch.float64, device=device),
        "batch": placed(np.repeat(np.arange(count), sizes)),
        "ptr": placed(np.concatenate([[0], np.cumsum(sizes)])),
        "head": placed(np.repeat(heads, [len(part.sizes) for part in parts])),
        "total_charge": torch.zeros(count, dtype=torch.float64, device=device),
        "total_spin": torch.ones(count, dtype=torch.float64, device=device),
    }
