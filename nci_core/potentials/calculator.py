"""ASE calculator of the interaction energy of a host and its probe."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.formula import Formula

from nci_core.calibration import out_of_range
from nci_core.errors import InputError, ModelError
from nci_core.potentials.agreement import named_systems
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.models import AnyModel, load_model
from nci_core.potentials.student import prepare
from nci_core.systems import Monomer
from nci_core.systems.bonds import is_bonded
from nci_core.systems.dimer import Dimer
from nci_core.systems.reading.monomers import KEYS, Division, divide
from nci_core.systems.superposition import RIGID_TOLERANCE, Superposition, flexed, matching_order, superpose

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


class AtDimer(Protocol):
    """A model's members at one dimer."""

    def energies_and_gradients(self, R: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(members, m) energies in eV, and (m, 3) the gradient of their mean in eV/Å."""
        ...


def _prepared(model: AnyModel, dimer: Dimer) -> AtDimer:
    if not isinstance(model, Ensemble):
        return model.at_dimer(dimer)
    # Displaced members give the uncertainty and have no share in the force.
    shares = np.concatenate([model.shares, np.zeros(len(model.counted) - len(model.shares))])
    return prepare(model.counted, dimer, shares)


class Bound(NamedTuple):
    """A model at one dimer, the host's atoms in the order of the structures that are asked about."""

    dimer: Dimer
    model: AtDimer
    widening: float


class Place(NamedTuple):
    """Where a structure has the host: its atoms (n, 3) in Å, the pose on the rigid host (None: it lies there)."""

    positions: FloatArray
    pose: Superposition | None
    reaction: RigidReaction


def check_cell(atoms: Atoms) -> None:
    """InputError when a periodic cell parts the dimer, or has an image of an atom nearer than the atom itself."""
    if not atoms.pbc.any():
        return
    apart, nearest = atoms.get_all_distances(), atoms.get_all_distances(mic=True)
    parted = np.argwhere(nearest < apart - 1e-6)
    if len(parted):
        i, j = parted[0]
        raise InputError(
            f"Across the periodic cell atom {j} is {nearest[i, j]:.2f} Å from atom {i}, and {apart[i, j]:.2f} Å in the "
            "structure; the model is of one dimer in free space, so put whole molecules side by side, or set "
            "atoms.pbc = False."
        )


class NCICalculator(Calculator):
    """Interaction energy of a rigid host and a probe atom, from a model.

    `atoms.info["monomer_a"]` and `["monomer_b"]` ("0:12", "12:13") say which atoms are host and
    probe, in any form that `systems.reading.monomers` understands; without them the probe is the one atom that is
    not bonded to any other. A cell counts for nothing, but one that parts the dimer is refused.

    The host may lie and be turned anywhere, with its atoms in any order, but it is rigid: an InputError says by how
    many Å a flexed one differs. Of another molecule the model knows nothing that was tested; whoever wants it gives
    `host`.

    Results: `energy` (eV, the interaction energy, zero at separation), `forces` (n, 3) in eV/Å,
    `energy_uncertainty` (eV, standard deviation), `out_of_range` (whether ± 2 sd is more than 1 cm⁻¹).

    Forces: on the probe −dE/dR, exact. The host is rigid in the model, so only the sum and the
    torque of the forces on it are defined: −F_probe and the opposite torque. They are given to its
    atoms by the distribution of least norm, so that total force and torque of the dimer vanish and
    any rigid motion (constrained dynamics, a rigid-body optimiser) sees the exact gradient. They say
    nothing about how the host would deform; keep it fixed or rigid.

    Args:
        model: a student, a network, or the path of either's file.
        device: 'cpu' (fastest for single points), 'auto' or 'cuda'.
        host: the rigid host. Default: those which the model was fitted to, whichever a structure shows; for a model
            that does not remember any, the host of the first structure.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "energy_uncertainty"]
    ignored_changes: ClassVar[set[str]] = {"cell", "pbc", "initial_charges", "initial_magmoms"}

    def __init__(
        self, model: AnyModel | str | Path, device: str = "cpu", host: Monomer | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.ensemble = load_model(model, device) if isinstance(model, str | Path) else model.to(device)
        known = [system.a for system in named_systems(self.ensemble)] if host is None else [host]
        self.hosts = tuple(known)
        self._bound: Bound | None = None
        self._place: Place | None = None
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
        if symbol not in self.ensemble.probes:
            probes = ", ".join(self.ensemble.probes)
            raise ModelError(f"The probe is {symbol}, but this model was fitted for {probes}.")
        return host, probe

    def _rigid_host(self, symbols: tuple[str, ...], positions: FloatArray) -> Monomer:
        """The rigid host with its atoms in the order of a structure; InputError for a structure of another one."""
        known = self.hosts or (Monomer("the first one", symbols, positions),)
        alike = [host for host in known if sorted(host.symbols) == sorted(symbols)]
        if not alike:
            names = ", ".join(f"{host.name} ({Formula.from_list(list(host.symbols)):hill})" for host in known)
            raise InputError(
                f"The host of this structure is {Formula.from_list(list(symbols)):hill}, but this calculator is for "
                f"{names}; for another molecule make NCICalculator(model, host=Host(...))."
            )
        orders = [matching_order(symbols, positions, host.symbols, host.positions) for host in alike]
        # Of isomers, the one whose atoms are there; else the first, and how far it is off is said.
        k = next((k for k, found in enumerate(orders) if found is not None), 0)
        own, order = alike[k], orders[k]
        if order is None and symbols != own.symbols:
            raise InputError(
                f"The host of this structure is not {own.name} as this calculator knows it, in no order of its atoms; "
                f"use its geometry, or give the atoms in the order {' '.join(own.symbols)} to see how far it is flexed."
            )
        rows = range(len(symbols)) if order is None else order.tolist()
        return Monomer(own.name, symbols, own.positions[list(rows)], source=own.source)

    def _at_host(self, symbols: tuple[str, ...], positions: FloatArray, probe: str) -> tuple[Bound, Place]:
        """The model at the rigid host and the probe, and where a structure has the host; kept while its atoms stay."""
        bound, place = self._bound, self._place
        if bound is not None and (bound.dimer.a.symbols, bound.dimer.b.symbols[0]) == (symbols, probe):
            if place is not None and (place.positions == positions).all():
                return bound, place
            place = self._placed(bound.dimer.a, positions)
        else:
            bound = None
        if bound is None or place is None:  # the first structure, or its atoms come in another order than before
            host = self._rigid_host(symbols, positions)
            place = self._placed(host, positions)
            if place is None:
                pose = superpose(host.positions, positions)
                raise InputError(
                    flexed(symbols, pose, f"{host.name} that this calculator knows", "The host of this structure")
                )
            model = self.ensemble
            dimer = Dimer(host, Monomer.atom(probe))
            self._bound = bound = Bound(dimer, _prepared(model, dimer), model.widening(dimer))
            self.hosts = self.hosts or (host,)
        self._place = place
        return bound, place

    @staticmethod
    def _placed(host: Monomer, positions: FloatArray) -> Place | None:
        """Where a structure has a rigid host; None when its atoms are not there after superposition."""
        pose = None
        if not (positions == host.positions).all():
            pose = superpose(host.positions, positions)
            if pose.displacement > RIGID_TOLERANCE:
                return None
        return Place(positions, pose, RigidReaction(positions))

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Fill `results`; called by ASE."""
        super().calculate(atoms, list(properties), list(system_changes))
        rows, probe = self.monomers(self.atoms)
        check_cell(self.atoms)
        symbols = self.atoms.get_chemical_symbols()
        R, host = self.atoms.positions[probe], tuple(symbols[i] for i in rows)
        bound, place = self._at_host(host, self.atoms.positions[rows], symbols[probe])
        # Forces cost little beside the energy, and whoever asks for one asks for the other next.
        there = R if place.pose is None else place.pose.place(R)
        energies, gradients = bound.model.energies_and_gradients(there[None])
        gradient = gradients[0] if place.pose is None else place.pose.turn_back(gradients[0])
        forces = np.zeros((len(self.atoms), 3))
        forces[probe] = -gradient
        forces[rows] = place.reaction.against(R, forces[probe])
        std = bound.widening * float(self.ensemble.spread_of(energies)[0])
        self.results: dict[str, Any] = {
            "energy": float(self.ensemble.mean_of(energies)[0]),
            "energy_uncertainty": std,
            "out_of_range": bool(out_of_range(std)),
            "forces": forces,
        }
