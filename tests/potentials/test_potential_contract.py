"""What every student must satisfy for any parameters, on benzene and on ethylene.

Energies here are up to about 1 eV; float64 sums of a dozen atoms agree to about 1e-13 of that.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.errors import ModelError
from nci_core.potentials import PairKind, Student, StudentConfig
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.configurations import Configurations
from nci_core.systems.poses import RigidForces
from nci_core.testing.potentials import PotentialContract

FloatArray = npt.NDArray[np.float64]
Shell = Callable[..., FloatArray]

#: Rounding of 1e-15 Å in positions, which gradients of eV/Å turn into about 1e-14 eV.
ROUNDING = {"rtol": 1e-11, "atol": 1e-13}


@pytest.fixture
def at(dimer: Dimer, shell: Shell) -> Configurations:
    return dimer.at(shell(dimer.a, 20))


class TestStudents(PotentialContract):
    far_ev = 1e-20  # −C6/R⁶ with C6 of about 100 eV Å⁶ at 1e4 Å

    @pytest.fixture
    def potential(self, student: Student) -> Student:
        return student

    @pytest.fixture
    def at(self, dimer: Dimer, shell: Shell) -> Configurations:
        return dimer.at(shell(dimer.a, 20))


def test_reversed_surface_normal_changes_nothing(student: Student, at: Configurations) -> None:
    # Both hosts are planar: the mirror in their plane turns every normal round.
    mirrored = at.dimer.at(at.R * np.array([1.0, 1.0, -1.0]))
    np.testing.assert_allclose(student.energies(mirrored), student.energies(at), **ROUNDING)


def test_tail_is_minus_c6_over_r6(student: Student, dimer: Dimer) -> None:
    directions = np.random.default_rng(2).standard_normal((10, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    near, far = (student.energies(dimer.at(dimer.a.centre + R * directions)) for R in (2e4, 4e4))
    c6 = student.c6(dimer, directions)
    # Atoms sit up to 2.5 Å from the centre, so the tail differs by about 6·2.5/R ≤ 1e-3 of itself.
    np.testing.assert_allclose(-far * 4e4**6, c6, rtol=2e-3)
    np.testing.assert_allclose(np.log(far / near) / np.log(2.0), -6.0, atol=2e-3)


def test_channels_have_signs_and_add_up(student: Student, dimer: Dimer, shell: Shell) -> None:
    at = dimer.at(shell(dimer.a, 300, nearest=(1.0, 12.0)))
    channels = student.channels(at)
    assert tuple(channels) == student.config.terms
    assert (channels["exchange"] > 0.0).all()
    for name in ("electrostatics", "induction", "dispersion"):
        assert (channels[name] < 0.0).all(), name
    # The same sum of four numbers.
    np.testing.assert_allclose(student.energies(at), sum(channels.values()), rtol=1e-12)


def test_linear_and_single_atom_hosts_work(student: Student) -> None:
    acetylene = Monomer("acetylene", ("C", "C", "H", "H"), np.array([[0, 0, z] for z in (0.6, -0.6, 1.67, -1.67)]))
    ring = [[3.5 * np.cos(a), 3.5 * np.sin(a), 0.7] for a in (0.0, 1.0, 2.5)]
    energies = student.energies(Dimer(acetylene, Monomer.atom("He")).at(ring))
    np.testing.assert_allclose(energies, energies[0], rtol=1e-12)


def test_unknown_element_is_named(student: Student) -> None:
    water = Monomer("water", ("O", "H", "H"), np.array([[0, 0, 0.117], [0, 0.757, -0.469], [0, -0.757, -0.469]]))
    with pytest.raises(ModelError, match="'water' contains O, which this model has not learnt; it knows C, H"):
        student.energies(Dimer(water, Monomer.atom("He")).at(np.zeros((1, 3))))


def test_a_student_of_two_probes_is_each_of_them(
    config: StudentConfig, make_student: Callable[..., Student], at: Configurations
) -> None:
    kinds = [PairKind(a, b) for a in ("C", "H") for b in ("He", "Ne")]
    both = make_student(config, kinds=kinds)
    found = {}
    for probe in ("He", "Ne"):
        rows = [k for k, kind in enumerate(kinds) if kind.b == probe]
        alone = Student(tuple(kinds[k] for k in rows), config, both.theta[rows])
        there = Dimer(at.dimer.a, Monomer.atom(probe)).at(at.R)
        found[probe] = both.energies(there)
        np.testing.assert_array_equal(found[probe], alone.energies(there))
        np.testing.assert_array_equal(
            both.energies_and_forces(there)[1].force, alone.energies_and_forces(there)[1].force
        )
        J = both.jacobian(there)[1].reshape(len(at), len(kinds), config.size)
        np.testing.assert_array_equal(J[:, rows].reshape(len(at), -1), alone.jacobian(there)[1])
        others = [k for k in range(len(kinds)) if k not in rows]
        assert not J[:, others].any()
    assert (np.abs(found["Ne"] - found["He"]) > 1e-6).any()
    with pytest.raises(ModelError, match="contains C, H, which this model has not learnt"):
        both.energies(Dimer(builtin_monomer("benzene"), Monomer.atom("Ar")).at(at.R))


@dataclass(frozen=True)
class CutOff:
    """A potential that ends where the probe is 6 Å from the centre."""

    student: Student

    def energies(self, at: Configurations) -> FloatArray:
        return np.where(self.within(at), self.student.energies(at), 0.0)

    def energies_and_forces(self, at: Configurations) -> tuple[FloatArray, RigidForces]:
        _, forces = self.student.energies_and_forces(at)
        force = np.where(self.within(at)[:, None], forces.force, 0.0)
        return self.energies(at), RigidForces(force, forces.torque)

    def within(self, at: Configurations) -> npt.NDArray[np.bool_]:
        return np.linalg.norm(at.R - at.dimer.a.centre, axis=1) < 6.0


@dataclass(frozen=True)
class Torn(CutOff):
    """One whose energy depends on which side of a plane of space the probe is, by one part in a million."""

    def energies(self, at: Configurations) -> FloatArray:
        return self.student.energies(at) * (1.0 + 1e-6 * (at.R[:, 0] > 0.1))

    def energies_and_forces(self, at: Configurations) -> tuple[FloatArray, RigidForces]:
        return self.energies(at), self.student.energies_and_forces(at)[1]


def test_the_contract_sees_what_is_broken(make_student: Callable[..., Student], shell: Shell) -> None:
    contract, dimer = TestStudents(), Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    student, at = make_student(StudentConfig()), dimer.at(shell(dimer.a, 20))
    with pytest.raises(AssertionError):
        contract.test_energies_do_not_jump(CutOff(student), at, "outwards")
    with pytest.raises(AssertionError):
        contract.test_rotation_and_translation_change_nothing(Torn(student), at)
