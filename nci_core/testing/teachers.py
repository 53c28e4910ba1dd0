"""What every teacher must satisfy."""

import pickle
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest

from nci_core.systems import Dimer
from nci_core.teachers import Teacher, TeacherLabels
from nci_core.teachers.base import SUM_TOLERANCE, TeacherPoint

FloatArray = npt.NDArray[np.float64]


class TeacherContract:
    """Tests of a teacher; give it two fixtures.

    `teacher` is a `Teacher`, `dimer` a small dimer that it can treat. For example::

        class TestMyTeacher(TeacherContract):
            @pytest.fixture
            def teacher(self):
                return MyTeacher()

            @pytest.fixture
            def dimer(self):
                return Dimer(builtin_monomer("ethylene"), "He")

    The teacher is asked for fewer than a dozen configurations a test.

    Attributes:
        distance_angstrom: of the probe from the host's centre, near the well.
        far_angstrom, far_ev: what "apart" is, and the largest energy there; SCF noise is 1e-9 eV or more.
        step_angstrom, force_atol: of central differences; noise of the energy divided by twice the step.
    """

    distance_angstrom: ClassVar[float] = 3.4
    far_angstrom: ClassVar[float] = 60.0
    far_ev: ClassVar[float] = 1e-7
    step_angstrom: ClassVar[float] = 1e-3
    force_atol: ClassVar[float] = 3e-5

    @pytest.fixture
    def teacher(self) -> Teacher:
        """The teacher to be tested."""
        raise NotImplementedError("Give this class a fixture `teacher`.")

    @pytest.fixture
    def dimer(self) -> Dimer:
        """A dimer that it can treat."""
        raise NotImplementedError("Give this class a fixture `dimer`.")

    def evaluate(self, teacher: Teacher, dimer: Dimer, positions: FloatArray, **watched: Any) -> TeacherLabels:
        """Labels of probe positions (m, 3) in Å from the host's centre; all tests ask the teacher here."""
        return teacher.evaluate(dimer.at(dimer.a.centre + positions), **watched)

    def near(self) -> FloatArray:
        """(2, 3) probe positions near the well, on no axis."""
        directions = np.array([[0.11, -0.2, 0.97], [0.3, 0.9, 0.31]])
        found: FloatArray = self.distance_angstrom * directions / np.linalg.norm(directions, axis=1)[:, None]
        return found

    def test_it_treats_the_dimer(self, teacher: Teacher, dimer: Dimer) -> None:
        """Its check passes, and its channels have names that a student learns."""
        assert isinstance(teacher, Teacher)
        assert teacher.name
        assert len(set(teacher.channels)) == len(teacher.channels) > 0
        teacher.check(dimer)

    def test_channels_add_up(self, teacher: Teacher, dimer: Dimer) -> None:
        """To the energy; there is one number of each for each position."""
        labels = self.evaluate(teacher, dimer, self.near())
        assert labels.energy.shape == (2,)
        assert tuple(labels.channels) == teacher.channels
        total = np.sum(list(labels.channels.values()), axis=0)
        np.testing.assert_allclose(total, labels.energy, rtol=1e-9, atol=SUM_TOLERANCE)
        assert labels.forces is None or labels.forces.force.shape == labels.forces.torque.shape == (2, 3)
        assert labels.energy.any(), "an energy that is 0 teaches nothing"

    def test_energy_vanishes_at_separation(self, teacher: Teacher, dimer: Dimer) -> None:
        """Interaction energies are those of the dimer less its monomers."""
        labels = self.evaluate(teacher, dimer, np.array([[0.0, 0.0, self.far_angstrom], [self.far_angstrom, 0.0, 0.0]]))
        assert np.abs(labels.energy).max() < self.far_ev

    def test_force_is_minus_the_derivative(self, teacher: Teacher, dimer: Dimer) -> None:
        """Where the teacher has forces, by central differences."""
        R, step = self.near()[0], self.step_angstrom * np.eye(3)
        labels = self.evaluate(teacher, dimer, np.vstack([R[None], R + step, R - step]))
        if labels.forces is None:
            pytest.skip(f"{teacher.name} has no forces")
        slopes = (labels.energy[1:4] - labels.energy[4:]) / (2.0 * self.step_angstrom)
        np.testing.assert_allclose(labels.forces.force[0], -slopes, rtol=1e-4, atol=self.force_atol)

    def test_identity_is_stable(self, teacher: Teacher, dimer: Dimer) -> None:
        """Labels are stored under it: after a run, and in a worker process, it is the same."""
        teacher.check(dimer)
        before = teacher.identity()
        self.evaluate(teacher, dimer, self.near()[:1])
        copy: Teacher = pickle.loads(pickle.dumps(teacher))
        copy.check(dimer)
        assert before.name
        assert teacher.identity() == copy.identity() == before

    def test_points_are_handed_over_in_order(self, teacher: Teacher, dimer: Dimer) -> None:
        """Each as soon as it is finished, and with the numbers that the labels have in the end."""
        points: list[TeacherPoint] = []
        seen: list[tuple[int, int]] = []
        labels = self.evaluate(
            teacher, dimer, self.near(), on_point=points.append, progress=lambda done, total: seen.append((done, total))
        )
        assert [point.index for point in points] == [0, 1]
        assert seen == [(1, 2), (2, 2)]
        assert [point.energy for point in points] == labels.energy.tolist()
        for k, point in enumerate(points):
            assert point.channels == {name: values[k] for name, values in labels.channels.items()}
            assert point.seconds >= 0.0
            if labels.forces is not None:
                assert point.force is not None
                np.testing.assert_array_equal(point.force, labels.forces.force[k])
                assert point.torque is not None
                np.testing.assert_array_equal(point.torque, labels.forces.torque[k])
