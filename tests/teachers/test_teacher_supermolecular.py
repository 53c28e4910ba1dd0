"""Supermolecular energies against closed forms; GFN2-xTB; the registry; the contract."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from ase.calculators.calculator import Calculator
from ase.calculators.lj import LennardJones

from nci_core.errors import TeacherError
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.teachers import Teacher, TeacherLabels, find_teacher
from nci_core.teachers.supermolecular import SupermolecularTeacher
from nci_core.units import to_cm1

POSITIONS = np.array([[0.0, 0.0, 3.1], [1.2, -0.4, 3.3], [4.6, 0.2, 0.5]])


def test_lennard_jones_closed_form() -> None:
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("Ne"))
    epsilon, sigma = 0.003, 2.8
    teacher = SupermolecularTeacher(lambda: LennardJones(epsilon=epsilon, sigma=sigma, rc=50.0), "lj")
    labels = teacher.evaluate(dimer.at(POSITIONS))
    away = POSITIONS[:, None] - dimer.a.positions
    r = np.linalg.norm(away, axis=-1)
    s6 = (sigma / r) ** 6
    energy = 4 * epsilon * (s6**2 - s6).sum(axis=1)
    force = ((24 * epsilon * (2 * s6**2 - s6) / r**2)[..., None] * away).sum(axis=1)
    # ASE shifts each pair by its value at rc, 1e-8 ε; the host's own LJ energy (huge) cancels to 1e-12 of itself.
    assert np.allclose(labels.energy, energy, rtol=0, atol=1e-8)
    assert labels.forces is not None
    assert np.allclose(labels.forces.force, force, rtol=0, atol=1e-8)
    assert np.abs(labels.forces.force).max() > 1e-3


def test_xtb_vanishes_at_separation_and_its_force_is_the_slope() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    h = 1e-3
    positions = np.array([[0.0, 0.0, 60.0], [0.3, 0.2, 3.2], [0.3, 0.2, 3.2 + h], [0.3, 0.2, 3.2 - h]])
    labels = find_teacher("gfn2-xtb").evaluate(dimer.at(positions))
    assert abs(to_cm1(labels.energy[0])) < 1e-3
    assert labels.forces is not None
    # SCF noise of 1e-9 Hartree over 2 h is 1e-5 eV/Å.
    assert labels.forces.force[1, 2] == pytest.approx(-(labels.energy[2] - labels.energy[3]) / (2 * h), abs=3e-5)
    assert -300.0 < to_cm1(labels.energy[1]) < 300.0


def test_a_calculator_without_forces() -> None:
    class Constant(Calculator):
        implemented_properties = ["energy"]  # noqa: RUF012

        def calculate(self, atoms=None, properties=None, system_changes=None) -> None:  # type: ignore[no-untyped-def]
            super().calculate(atoms, properties, system_changes or [])
            self.results = {"energy": float(len(atoms) ** 2)}

    labels = SupermolecularTeacher(Constant, "constant").evaluate(
        Dimer(builtin_monomer("benzene"), Monomer.atom("He")).at(POSITIONS)
    )
    assert labels.forces is None
    assert labels.energy.tolist() == [13.0**2 - 12.0**2 - 1.0] * 3


def test_a_failing_calculator_is_one_sentence() -> None:
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("Ar"))
    with pytest.raises(TeacherError, match=r"failed for probe Ar|failed for host benzene"):
        find_teacher("ase:ase.calculators.emt.EMT", trusted=True).check(dimer)

    class NotANumber(LennardJones):
        def calculate(self, *args: object, **kwargs: object) -> None:
            super().calculate(*args, **kwargs)
            self.results["energy"] = float("nan")

    with pytest.raises(TeacherError, match="gave no finite energy"):
        SupermolecularTeacher(NotANumber, "nan").evaluate(dimer.at(POSITIONS))


@pytest.mark.parametrize("spec", ["", "gfn1", "mace", "mace:", "hf-d4:", "gfn2-xtb:x", "ase:", "ase:no.such.Thing"])
def test_unknown_specs(spec: str) -> None:
    with pytest.raises(TeacherError, match=r"choose one of|give module\.ClassName"):
        find_teacher(spec)


@pytest.mark.parametrize("spec", ["hf-d4", "gfn2-xtb", "mace:medium-omat-0", "ase:ase.calculators.lj.LennardJones"])
def test_every_teacher_keeps_the_contract(spec: str) -> None:
    teacher = find_teacher(spec)
    assert isinstance(teacher, Teacher)
    assert teacher.name == spec
    assert teacher.channels in (("total",), ("electrostatics", "exchange_induction", "dispersion"))
    # Worker processes get a copy.
    assert pickle.loads(pickle.dumps(teacher)).name == spec


def test_the_package_imports_without_torch_pyscf_or_mace() -> None:
    program = (
        "import sys, nci_core.teachers; print([m for m in ('torch', 'pyscf', 'mace', 'tblite') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_labels_refuse_bad_numbers() -> None:
    one = np.ones(2)
    with pytest.raises(TeacherError, match="energy at position 1 is not a number"):
        TeacherLabels(np.array([1.0, np.nan]), {"total": one}, None, 0.0)
    with pytest.raises(TeacherError, match="do not add up"):
        TeacherLabels(one, {"repulsion": one, "dispersion": one}, None, 0.0)
