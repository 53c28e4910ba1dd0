"""The ASE calculator: energies as the model's, forces as the energy's derivative, no net force or torque."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from ase.constraints import FixAtoms
from ase.optimize import BFGS
from scipy.spatial.transform import Rotation

from nci_core import NCICalculator
from nci_core.errors import InputError, ModelError
from nci_core.fitting import FitSettings, Observation, finetune
from nci_core.potentials import Ensemble, Student, StudentConfig, save_checkpoint
from nci_core.potentials.calculator import RigidReaction
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import to_cm1

R = np.array([1.2, 0.4, 3.3])


@pytest.fixture
def dimer() -> Dimer:
    return Dimer(builtin_monomer("benzene"), Monomer.atom("He"))


@pytest.fixture
def atoms(dimer: Dimer, ensemble: Ensemble) -> Atoms:
    atoms = dimer.at(R).atoms(0)
    atoms.calc = NCICalculator(ensemble)
    return atoms


def test_energy_and_uncertainty_are_the_models(atoms: Atoms, dimer: Dimer, ensemble: Ensemble) -> None:
    assert atoms.get_potential_energy() == pytest.approx(ensemble.energies(dimer.at(R))[0], rel=1e-12)
    std = ensemble.std(dimer.at(R))[0]
    assert atoms.calc.results["out_of_range"] is bool(to_cm1(std) > 0.5)
    assert atoms.calc.results["energy_uncertainty"] == pytest.approx(std, rel=1e-9)


def test_probe_force_is_the_derivative(atoms: Atoms) -> None:
    force, h = atoms.get_forces()[-1], 1e-4
    for axis in range(3):
        energies = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.calc = atoms.calc
            moved.positions[-1, axis] += sign * h
            energies.append(moved.get_potential_energy())
        # Central differences err by h² of the third derivative, about 1e-7 of the force.
        assert -(energies[0] - energies[1]) / (2 * h) == pytest.approx(force[axis], rel=1e-5)
    assert np.linalg.norm(force) > 1e-4


def test_rigid_motions_of_the_host_see_the_exact_gradient(atoms: Atoms) -> None:
    forces, h = atoms.get_forces(), 1e-4
    centre = atoms.positions[:-1].mean(axis=0)
    for axis in np.eye(3):
        shift, turn = [], []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.calc = atoms.calc
            moved.positions[:-1] += sign * h * axis
            shift.append(moved.get_potential_energy())
            moved.positions[:-1] = atoms.positions[:-1] - centre
            moved.positions[:-1] = moved.positions[:-1] @ Rotation.from_rotvec(sign * h * axis).as_matrix().T + centre
            turn.append(moved.get_potential_energy())
        torque = np.cross(atoms.positions[:-1] - centre, forces[:-1]).sum(axis=0)
        # As above, with lever arms of 3 Å.
        assert -(shift[0] - shift[1]) / (2 * h) == pytest.approx(forces[:-1].sum(axis=0) @ axis, rel=1e-5)
        assert -(turn[0] - turn[1]) / (2 * h) == pytest.approx(torque @ axis, rel=1e-5, abs=1e-9)


def test_total_force_and_torque_vanish(atoms: Atoms) -> None:
    forces = atoms.get_forces()
    # Sums of thirteen forces of 0.1 eV/Å with lever arms of 3 Å, in float64.
    assert np.abs(forces.sum(axis=0)).max() < 1e-14
    assert np.abs(np.cross(atoms.positions, forces).sum(axis=0)).max() < 1e-13


def test_reaction_has_least_norm() -> None:
    x = builtin_monomer("ethylene").positions
    force, torque = np.array([0.1, -0.2, 0.3]), np.array([0.05, 0.02, -0.01])
    forces = RigidReaction(x).forces(force, torque)
    # The least-norm solution of the six linear conditions, by the pseudo-inverse.
    rows = [np.tile(np.eye(3), len(x))]
    rows.append(np.hstack([[[0, -z, y], [z, 0, -x_], [-y, x_, 0]] for x_, y, z in x - x.mean(axis=0)]))
    expected = np.linalg.pinv(np.vstack(rows)) @ np.concatenate([force, torque])
    np.testing.assert_allclose(forces.ravel(), expected, atol=1e-14)


def test_probe_need_not_be_last(atoms: Atoms) -> None:
    first = atoms[[12, *range(12)]]
    first.info.update(monomer_a="1:13", monomer_b="0:1")
    first.calc = atoms.calc
    assert first.get_potential_energy() == pytest.approx(atoms.get_potential_energy(), rel=1e-12)
    np.testing.assert_allclose(first.get_forces()[1:], atoms.get_forces()[:-1], atol=1e-13)


def test_last_atom_is_the_probe_by_default(atoms: Atoms) -> None:
    bare = Atoms(atoms.get_chemical_symbols(), atoms.positions, cell=[20, 20, 20], pbc=True)
    bare.calc = atoms.calc
    assert bare.get_potential_energy() == atoms.get_potential_energy()


def test_bad_structures_are_one_sentence(atoms: Atoms) -> None:
    argon = Atoms([*atoms.get_chemical_symbols()[:-1], "Ar"], atoms.positions, calculator=atoms.calc)
    with pytest.raises(ModelError, match="The probe is Ar, but this model was fitted for He"):
        argon.get_potential_energy()
    for info in ({"monomer_b": "11:13"}, {"monomer_a": "0:11"}, {"monomer_b": "last"}, {"monomer_a": "0:99"}):
        odd = atoms.copy()
        odd.info.update(info)
        odd.calc = atoms.calc
        with pytest.raises(InputError, match=r"monomer_a|monomer_b"):
            odd.get_potential_energy()


def test_calculator_reads_a_checkpoint_and_optimises(atoms: Atoms, ensemble: Ensemble, tmp_path: Path) -> None:
    path = save_checkpoint(ensemble, tmp_path / "model.pt")
    atoms.calc = NCICalculator(path)
    before = atoms.get_potential_energy()
    atoms.set_constraint(FixAtoms(range(12)))  # atoms of a rigid host that an optimiser moves apart flex it
    BFGS(atoms, logfile=None).run(fmax=1e-4, steps=20)
    assert atoms.get_potential_energy() < before
    assert np.isfinite(atoms.positions).all()


def test_the_probe_need_not_be_the_last_atom_and_is_never_a_bonded_one(atoms: Atoms) -> None:
    energy = atoms.get_potential_energy()
    order = [12, *range(12)]
    for info in ({}, {"selection_a": 1, "selection_b": "2-13"}, {"monomer_b": "0:1"}):
        first = Atoms(atoms.symbols[order], atoms.positions[order], info=info, calculator=atoms.calc)
        assert first.get_potential_energy() == energy
        assert np.allclose(first.get_forces()[0], atoms.get_forces()[-1], atol=1e-13)
    wrong = Atoms(atoms.symbols[order], atoms.positions[order], info={"monomer_b": "12:13"}, calculator=atoms.calc)
    with pytest.raises(InputError, match=r"atom 13 \(H\) is bonded to atom \d+ \(C\), 1\.09 Å away"):
        wrong.get_potential_energy()


def test_a_model_of_two_isomers_answers_for_both(make_student: Callable[..., Student]) -> None:
    """Fitted to allene and cyclopropene at once; C3H4 of either structure gets its own energy, and propyne none."""
    allene, cyclopropene, propyne = (
        Dimer(Monomer(name, tuple(found.get_chemical_symbols()), found.positions), Monomer.atom("He"))
        for name, found in (
            ("allene", molecule("C3H4_D2d")),
            ("cyclopropene", molecule("C3H4_C2v")),
            ("propyne", molecule("C3H4_C3v")),
        )
    )
    truth, points = make_student(StudentConfig(network=False)), np.random.default_rng(0).normal(0.0, 2.5, (400, 3))
    observed = []
    for dimer in (allene, cyclopropene):
        at = dimer.at(points[dimer.at(points).separations > 2.6][:10])
        observed.append(Observation(at, truth.energies(at)))
    settings = FitSettings(restarts=1, members=1, averaged=1, max_iterations=3, device="cpu")
    model = finetune(observed, config=truth.config, settings=settings)
    calculator, where = NCICalculator(model), np.array([0.4, 0.9, 3.6])
    turn = Rotation.from_rotvec([0.3, -1.1, 2.0])
    energies = []
    for dimer in (allene, cyclopropene, allene):
        energies.append(model.energies(dimer.at(where))[0])
        still = dimer.at(where).atoms(0)
        order = [*np.random.default_rng(1).permutation(7).tolist(), 7]
        moved = still[order]
        moved.positions = turn.apply(moved.positions) + np.array([4.0, -5.0, 6.0])
        for atoms in (still, moved):
            atoms.calc = calculator
            assert atoms.get_potential_energy() == pytest.approx(energies[-1], rel=1e-9)
        force = model.energies_and_forces(dimer.at(where))[1].force[0]
        np.testing.assert_allclose(moved.get_forces()[-1], turn.apply(force), atol=1e-10)
    assert abs(energies[0] - energies[1]) > 1e-4
    other = propyne.at(where).atoms(0)
    other.calc = calculator
    with pytest.raises(InputError, match="The host of this structure"):
        other.get_potential_energy()
