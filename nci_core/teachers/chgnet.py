"""CHGNet: networks whose weights come in its wheel.

Deng et al., Nat. Mach. Intell. 5, 1031 (2023), DOI 10.1038/s42256-023-00716-3. It knows periodic cells only: each
structure is put into a box so large that no image is within its cut-off. Single precision, some 0.05 cm⁻¹ of noise.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
from ase import Atoms

from nci_core.teachers.catalogue import Preset
from nci_core.teachers.identity import weights_sha256
from nci_core.teachers.networks import FloatArray, NetworkTeacher, device_of, needed, preset_of, single_precision
from nci_core.teachers.registry import TeacherOptions

#: Å of nothing round a structure: three times the network's cut-off for atoms (6 Å).
MARGIN = 18.0


class ChgNetEngine:
    """A CHGNet model, in batches."""

    def __init__(self, preset: Preset, device: str) -> None:
        model = needed("chgnet.model.model", preset)
        self.adaptor = needed("pymatgen.io.ase", preset).AseAtomsAdaptor
        with single_precision():
            self.network = model.CHGNet.load(
                model_name=preset.spec.partition(":")[2], use_device=device_of(device), verbose=False
            )
        self.network.graph_converter.set_isolated_atom_response("ignore")
        self.elements, self.digest = frozenset(preset.elements), weights_sha256(self.network)

    def run(self, batch: Sequence[Atoms]) -> tuple[FloatArray, list[FloatArray]]:
        """See `networks.Engine`."""
        with single_precision():
            found = self.network.predict_structure(
                [self.adaptor.get_structure(boxed(atoms)) for atoms in batch], task="ef", batch_size=len(batch)
            )
        rows = found if isinstance(found, list) else [found]
        energies = [float(row["e"]) * len(atoms) for row, atoms in zip(rows, batch, strict=True)]
        return np.array(energies), [np.array(row["f"], dtype=float) for row in rows]


def boxed(atoms: Atoms) -> Atoms:
    """The same atoms in a cube whose walls are at least MARGIN away from each; periodic.

    >>> float(boxed(Atoms("He")).cell[0, 0])
    36.0
    """
    size = float(np.ptp(atoms.positions, axis=0).max()) + 2.0 * MARGIN
    placed = Atoms(atoms.numbers, atoms.positions, cell=[size] * 3, pbc=True)
    placed.center()
    return placed


def _engine(name: str, device: str) -> ChgNetEngine:
    return ChgNetEngine(preset_of("chgnet", name), device)


def open_teacher(rest: str, options: TeacherOptions) -> NetworkTeacher | None:
    """The teacher of the spec chgnet:VERSION."""
    if not rest:
        return None
    preset = preset_of("chgnet", rest, options.head)
    return NetworkTeacher(preset.spec, partial(_engine, rest), preset.package, device=options.device)
