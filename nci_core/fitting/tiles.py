"""What a fit sees: features of all observed configurations, some at a time.

A tile is what one formula is given at once: on a CPU as many configurations as its cache holds with all students of a
fit, on a GPU as many as keep it busy and its memory allows. Features of few configurations are kept; of many they are
made again in every pass, which costs a few per cent of it and bounds the memory of a fit whatever its size.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from nci_core.fitting.observations import Observation
from nci_core.potentials.arrays import place
from nci_core.potentials.device import resolve_device
from nci_core.potentials.environments import PairKind
from nci_core.potentials.pairs import PairFeatures, PairSites, pair_features, pair_sites

#: Pairs × configurations × students of a tile; on a CPU an array of them takes a tenth of a core's cache.
CPU_SIZE, GPU_SIZE = 32_768, 2**22
#: Configurations of a tile at least and, on a CPU, at most: products of matrices need some, more bring nothing.
LEAST, MOST = 64, 512
#: Numbers that evaluation and Jacobian hold for one pair, configuration and student, and for one parameter.
PER_PAIR, PER_PARAMETER = 320, 3
#: Share of a GPU's free memory that a tile may take.
SHARE = 0.4
#: Features are kept where all of them take no more bytes than this.
KEPT_BYTES = 64e6
#: Numbers that the features of one pair and configuration are.
FEATURES = 15


@dataclass(frozen=True)
class Part:
    """Configurations of one system.

    Attributes:
        sites: its pairs.
        positions: (m, 3) of b in Å, where formulas are evaluated.
        rows: configurations of a tile.
    """

    sites: PairSites[Any]
    positions: Any
    rows: int

    def __iter__(self) -> Iterator[PairFeatures[Any]]:
        for start in range(0, len(self.positions), self.rows):
            yield pair_features(self.sites, self.positions[start : start + self.rows])


class Tiles:
    """Features of the configurations of several parts, tile by tile, as often as they are asked for."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = [part for part in parts if len(part.positions)]

    def __iter__(self) -> Iterator[PairFeatures[Any]]:
        return iter(self._kept) if self._kept is not None else self._made()

    def __len__(self) -> int:
        return sum(len(part.positions) for part in self.parts)

    @property
    def tensors(self) -> list[Tensor]:
        """What says where the configurations are and of what."""
        found = []
        for part in self.parts:
            atoms = part.sites.atoms
            arrays = [part.positions, part.sites.positions, atoms.surroundings, atoms.outward, *atoms.known.values()]
            found += [array if isinstance(array, Tensor) else torch.tensor(array) for array in arrays]
        return found

    @cached_property
    def _kept(self) -> list[PairFeatures[Any]] | None:
        numbers = sum(FEATURES * len(part.sites.order) * len(part.positions) for part in self.parts)
        return list(self._made()) if 8.0 * numbers <= KEPT_BYTES else None

    def _made(self) -> Iterator[PairFeatures[Any]]:
        for part in self.parts:
            yield from part


def bytes_each(pairs: int, parameters: int, students: int) -> float:
    """Bytes that a configuration takes while a tile is computed.

    >>> bytes_each(12, 314, 8) / 1e3
    306.048
    """
    return 8.0 * students * (PER_PAIR * pairs + PER_PARAMETER * parameters)


def tile_rows(device: torch.device, pairs: int, parameters: int, students: int) -> int:
    """Configurations of a tile.

    >>> tile_rows(torch.device("cpu"), 12, 314, 8), tile_rows(torch.device("cpu"), 12, 314, 1)
    (341, 512)
    """
    if device.type == "cpu":
        return min(MOST, max(LEAST, CPU_SIZE // (pairs * students)))
    free, _ = torch.cuda.mem_get_info(device)
    most = int(SHARE * free / bytes_each(pairs, parameters, students))
    return max(LEAST, min(most, GPU_SIZE // (pairs * students)))


def observe(
    observations: Sequence[Observation],
    kinds: Sequence[PairKind],
    device: str = "cpu",
    *,
    parameters: int = 0,
    students: int = 1,
) -> Tiles:
    """What a fit of so many students of so many parameters each sees, where it is computed."""
    here, parts = resolve_device(device), []
    for each in observations:
        sites = pair_sites(each.configurations.dimer, tuple(kinds), here)
        rows = tile_rows(here, len(sites.order), parameters, students)
        parts.append(Part(sites, place(each.configurations.R, here), rows))
    return Tiles(parts)
