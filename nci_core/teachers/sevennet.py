"""SevenNet: networks whose weights come in the wheel of sevenn.

Park et al., J. Chem. Theory Comput. 20, 4857 (2024), DOI 10.1021/acs.jctc.4c00190. The package computes in single
precision: interaction energies carry a noise of some 0.05 cm⁻¹. It needs e3nn ≥ 0.5 and MACE 0.4.4, for the two
disagree on the sign of coefficients; each lives in an environment of its own.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols

from nci_core.teachers.identity import weights_sha256
from nci_core.teachers.networks import (
    FloatArray,
    NetworkTeacher,
    device_of,
    needed,
    preset_of,
    single_precision,
    split_head,
)
from nci_core.teachers.registry import TeacherOptions


class SevenNetEngine:
    """A SevenNet checkpoint, in batches."""

    def __init__(self, name: str, head: str | None, device: str) -> None:
        preset = preset_of("sevennet", name)
        util, self.keys = needed("sevenn.util", preset), needed("sevenn._keys", preset)
        self.graphs, self.loader = needed("sevenn.train.dataload", preset), needed("sevenn.atom_graph_data", preset)
        self.device, self.head = device_of(device), head
        with single_precision():
            checkpoint = util.load_checkpoint(name)
            self.network = checkpoint.build_model().to(self.device).eval()
        self.network.set_is_batch_data(True)
        self.cutoff = float(checkpoint.config[self.keys.CUTOFF])
        self.elements = frozenset(chemical_symbols[int(number)] for number in checkpoint.config[self.keys.TYPE_MAP])
        self.digest = weights_sha256(self.network)

    def run(self, batch: Sequence[Atoms]) -> tuple[FloatArray, list[FloatArray]]:
        """See `networks.Engine`."""
        from torch_geometric.data import Batch

        keys, graphs = self.keys, []
        with single_precision():
            for atoms in batch:
                values = self.graphs.unlabeled_atoms_to_graph(atoms, self.cutoff, with_shift=False)
                graph = self.loader.AtomGraphData.from_numpy_dict(values)
                if self.head:
                    graph[keys.DATA_MODALITY] = self.head
                graphs.append(graph)
            output = self.network(Batch.from_data_list(graphs).to(self.device))
        energies = output[keys.PRED_TOTAL_ENERGY].detach().cpu().numpy().astype(float).reshape(-1)
        forces = output[keys.PRED_FORCE].detach().cpu().numpy().astype(float)
        ends = np.cumsum([len(atoms) for atoms in batch])
        return energies, np.split(forces[: ends[-1]], ends[:-1])


def _engine(name: str, head: str | None, device: str) -> SevenNetEngine:
    return SevenNetEngine(name, head, device)


def open_teacher(rest: str, options: TeacherOptions) -> NetworkTeacher | None:
    """The teacher of the spec sevennet:NAME or sevennet:NAME#HEAD."""
    if not rest:
        return None
    name, head = split_head(rest, options.head)
    preset = preset_of("sevennet", name, head)
    head = head or (preset.heads[0] if preset.heads else None)
    spec = f"sevennet:{name}" + (f"#{head}" if head else "")
    return NetworkTeacher(spec, partial(_engine, name, head), preset.package, device=options.device)
