"""ASE calculator of the interaction energy of a host and its probe."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

from nci_core.calibration import out_of_range
from nci_core.errors import ModelError
from nci_core.potentials.checkpoints import load_checkpoint
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.student import Prepared, prepare
from nci_core.systems.bonds import is_bonded
from nci_core.systems.hosts import Host
from nci_core.systems.reading.monomers import KEYS, Division, divide

FloatArray = npt.NDArray[np.float64]


def cross_matrix(a: FloatArray) -> FloatArray:
    """The matrix by which a row vector x is multiplied to give a × x; a (3,)."""
    x, y, z = a.tolist()
    return np.array([[0.0, z, -y], [-z, 0.0, x], [y, -x, 0.0]])


class RigidReaction:
    """Forces (n, 3) of least norm Σ|f_i|² on rigid atoms, of a given sum and torque about their centroid.

    f_i = F/n + μ × x_i with x_i the positions from the centroid and Iμ = τ, I = Σ(x_i²·1 − x_i x_iᵀ).

    Args:
        positions: (n, 3) in Å.
    """

    def __init__(self, positions: FloatArray) -> None:
        self.centre = positions.mean(axis=0)
        self.x = positions - self.centre
        inertia = (self.x**2).sum() * np.eye(3) - self.x.T @ self.x
        # The pseudo-inverse drops the axis of a linear host, about which no torque can act.
        self.inverse = np.linalg.pinv(inertia, rcond=1e-10, hermitian=True)

    def forces(self, force: FloatArray, torque: FloatArray) -> FloatArray:
        """(n, 3) in eV/Å whose sum is `force` (3,) in eV/Å and whose torque is `torque` (3,) in eV."""
        found: FloatArray = force / len(self.x) + self.x @ cross_matrix(self.inverse @ torque)
        return found

    def against(self, position: FloatArray, force: FloatArray) -> FloatArray:
        """(n, 3) in eV/Å that balance a force (3,) in eV/Å on a probe at a position (3,) in Å."""
        return self.forces(-force, -(force @ cross_matrix(position - self.centre)))


class Bound(NamedTuple):
    """A model at one host."""

    host: Host
    model: Prepared
    reaction: RigidReaction


class NCICalculator(Calculator):
    """Interaction energy of a rigid host and a probe atom, from a model.

    `atoms.info["monomer_a"]` and `["monomer_b"]` ("0:12", "12:13") say which atoms are host and
    probe, in any form that `systems.reading.monomers` understands; without them the probe is the one atom that is
    not bonded to any other. Cells are ignored.

    Results: `energy` (eV, the interaction energy, zero at separation), `forces` (n, 3) in eV/Å,
    `energy_uncertainty` (eV, standard deviation), `out_of_range` (whether ± 2 sd is more than 1 cm⁻¹).

    Forces: on the probe −dE/dR, exact. The host is rigid in the model, so only the sum and the
    torque of the forces on it are defined: −F_probe and the opposite torque. They are given to its
    atoms by the distribution of least norm, so that total force and torque of the dimer vanish and
    any rigid motion (constrained dynamics, a rigid-body optimiser) sees the exact gradient. They say
    nothing about how the host would deform; keep it fixed or rigid.

    Args:
        model: an Ensemble or the path of a checkpoint.
        device: 'cpu' (fastest for single points), 'auto' or 'cuda'.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "energy_uncertainty"]
    ignored_changes: ClassVar[set[str]] = {"cell", "pbc", "initial_charges", "initial_magmoms"}

    def __init__(self, model: Ensemble | str | Path, device: str = "cpu", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ensemble = model.to(device) if isinstance(model, Ensemble) else load_checkpoint(model, device)
        self._bound: Bound | None = None
        self._division: tuple[tuple[bytes | str, ...], Division] | None = None

    def monomers(self, atoms: Atoms) -> tuple[list[int], int]:
        """Indices of the host's atoms, and of the probe; InputError or ModelError when they do not fit."""
        said = (atoms.numbers.tobytes(), *(str(atoms.info.get(key)) for keys in KEYS for key in keys))
        known = self._division
        # As long as the same is said of the same atoms, the probe can only cease to be one by a bond.
        if known is None or known[0] != said or is_bonded(known[1].probe, atoms.numbers, atoms.positions):
            self._division = known = (said, divide(atoms.numbers, atoms.positions, atoms.info))
        host, probe = known[1].host, known[1].probe
        symbol = atoms.get_chemical_symbols()[probe]
        if symbol != self.ensemble.probe:
            raise ModelError(f"The probe is {symbol}, but this model was fitted for {self.ensemble.probe}.")
        return host, probe

    def _at_host(self, symbols: tuple[str, ...], positions: FloatArray) -> "Bound":
        """What belongs to the host, kept while its atoms stay where they are."""
        known = self._bound
        if known is None or known.host.symbols != symbols or not (known.host.positions == positions).all():
            host = Host("host", symbols, positions)
            model = self.ensemble
            # Displaced members give the uncertainty and have no share in the force.
            shares = np.concatenate([model.shares, np.zeros(len(model.counted) - len(model.shares))])
            prepared = prepare(model.counted, host, shares)
            self._bound = known = Bound(host, prepared, RigidReaction(host.positions))
        return known

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Fill `results`; called by ASE."""
        super().calculate(atoms, list(properties), list(system_changes))
        rows, probe = self.monomers(self.atoms)
        symbols = self.atoms.get_chemical_symbols()
        bound = self._at_host(tuple(symbols[i] for i in rows), self.atoms.positions[rows])
        R = self.atoms.positions[probe]
        # Forces cost little beside the energy, and whoever asks for one asks for the other next.
        energies, gradients = bound.model.energies_and_gradients(R)
        forces = np.zeros((len(self.atoms), 3))
        forces[probe] = -gradients[0]
        forces[rows] = bound.reaction.against(R, forces[probe])
        std = float(self.ensemble.spread_of(energies)[0])
        self.results: dict[str, Any] = {
            "energy": float(self.ensemble.mean_of(energies)[0]),
            "energy_uncertainty": std,
            "out_of_range": bool(out_of_range(std)),
            "forces": forces,
        }
