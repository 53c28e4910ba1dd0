"""What every potential of dimers must satisfy, whatever it is made of."""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

from nci_core.systems import Dimer, Monomer
from nci_core.systems.configurations import Configurations
from nci_core.systems.potential import Potential

FloatArray = npt.NDArray[np.float64]


class PotentialContract:
    """Tests of a potential; give it two fixtures.

    `potential` is a `Potential`, and `at` some configurations, five or more, that it knows: on the wall, in the well
    and beyond. For example::

        class TestMyPotential(PotentialContract):
            @pytest.fixture
            def potential(self):
                return MyPotential()

            @pytest.fixture
            def at(self):
                dimer = Dimer(builtin_monomer("benzene"), "He")
                return dimer.at([[0.0, 0.0, 3.1], [1.2, 0.4, 3.3], [0.0, 4.9, 0.0], [4.6, 2.2, 0.5], [1.0, 1.0, 5.0]])

    Attributes:
        rtol, atol_ev: by how much energies of the same configuration may differ; forces by ten times as much.
        symmetry_rtol: the same of symmetry images: a host's geometry is symmetric to about 1e-7 Å only.
        step_angstrom, slope_rtol, slope_atol: of central differences, whose error is a third derivative times step²/6.
        far_angstrom, far_ev: what "apart" is, and the largest energy there.
        batch: configurations in a large batch; more than yours evaluates at once.
        line: points of a line and of a circle on which energies must not jump.
    """

    rtol: ClassVar[float] = 1e-9
    atol_ev: ClassVar[float] = 1e-12
    symmetry_rtol: ClassVar[float] = 1e-5
    step_angstrom: ClassVar[float] = 1e-4
    slope_rtol: ClassVar[float] = 1e-5
    slope_atol: ClassVar[float] = 1e-10
    far_angstrom: ClassVar[float] = 1e4
    far_ev: ClassVar[float] = 1e-12
    batch: ClassVar[int] = 2400
    line: ClassVar[int] = 600

    @pytest.fixture
    def potential(self) -> Potential:
        """The potential to be tested."""
        raise NotImplementedError("Give this class a fixture `potential`.")

    @pytest.fixture
    def at(self) -> Configurations:
        """Configurations that it knows."""
        raise NotImplementedError("Give this class a fixture `at`.")

    def close(self, found: FloatArray, expected: FloatArray, slack: float = 1.0) -> None:
        """AssertionError unless two arrays are the same but for rounding."""
        np.testing.assert_allclose(found, expected, rtol=slack * self.rtol, atol=slack * self.atol_ev)

    def test_shapes(self, potential: Potential, at: Configurations) -> None:
        """Energies (m,), forces and torques (m, 3), all of them numbers; one function says what the other does."""
        assert isinstance(potential, Potential)
        energies, forces = potential.energies_and_forces(at)
        assert energies.shape == (len(at),)
        assert forces.force.shape == forces.torque.shape == (len(at), 3)
        for values in (energies, forces.force, forces.torque):
            assert np.isfinite(values).all()
        self.close(potential.energies(at), energies)

    def test_rotation_and_translation_change_nothing(self, potential: Potential, at: Configurations) -> None:
        """Energies stay, forces turn."""
        rotation, shift = Rotation.from_euler("zyx", [0.4, 1.1, -2.0]).as_matrix(), np.array([3.0, -7.0, 0.5])
        energies, forces = potential.energies_and_forces(at)
        turned_energies, turned = potential.energies_and_forces(_moved(at, rotation, shift))
        self.close(turned_energies, energies)
        self.close(turned.force, forces.force @ rotation.T, slack=10.0)

    def test_order_of_atoms_changes_nothing(self, potential: Potential, at: Configurations) -> None:
        """Atoms of the host in any order."""
        host = at.dimer.a
        order = np.random.default_rng(1).permutation(len(host.symbols))
        shuffled = Monomer(host.name, tuple(host.symbols[i] for i in order), host.positions[order])
        energies, forces = potential.energies_and_forces(at)
        found, its = potential.energies_and_forces(Dimer(shuffled, Monomer.atom(at.dimer.b.symbols[0])).at(at.R))
        self.close(found, energies)
        self.close(its.force, forces.force, slack=10.0)

    def test_symmetry_images_have_one_energy(self, potential: Potential, at: Configurations) -> None:
        """As many as the host's point group has operations."""
        host, R = at.dimer.a, at.R[:5]
        images = np.einsum("gab,mb->gma", host.operations, R - host.centre) + host.centre
        energies = potential.energies(at.dimer.at(images.reshape(-1, 3))).reshape(len(host.operations), len(R))
        expected = np.broadcast_to(potential.energies(at.dimer.at(R)), energies.shape)
        np.testing.assert_allclose(energies, expected, rtol=self.symmetry_rtol, atol=1e-9)

    def test_energy_vanishes_at_separation(self, potential: Potential, at: Configurations) -> None:
        """In every direction, and the force with it: no power law up to R⁻¹² is steeper than 12/R."""
        directions = np.vstack([np.eye(3), -np.eye(3)])
        energies, forces = potential.energies_and_forces(
            at.dimer.at(at.dimer.a.centre + self.far_angstrom * directions)
        )
        assert np.abs(energies).max() < self.far_ev
        assert np.abs(forces.force).max() < 12.0 * self.far_ev / self.far_angstrom

    def test_force_is_minus_the_derivative(self, potential: Potential, at: Configurations) -> None:
        """By central differences; an atom feels no torque."""
        _, forces = potential.energies_and_forces(at)
        step = self.step_angstrom * np.eye(3)
        plus, minus = (
            potential.energies(at.dimer.at((at.R[:, None] + sign * step).reshape(-1, 3))).reshape(-1, 3)
            for sign in (1, -1)
        )
        slopes = (plus - minus) / (2.0 * self.step_angstrom)
        np.testing.assert_allclose(-slopes, forces.force, rtol=self.slope_rtol, atol=self.slope_atol)
        assert (np.linalg.norm(forces.force, axis=1) > self.slope_atol).any(), "a force that is 0 tests nothing"
        assert not forces.torque.any()

    def test_batch_equals_single(self, potential: Potential, at: Configurations) -> None:
        """What a configuration is evaluated with has no part in its energy."""
        rows = np.resize(np.arange(len(at)), self.batch)
        energies, forces = potential.energies_and_forces(at[rows])
        for k in (0, len(at) - 1, self.batch // 2, self.batch - 1):
            one, force = potential.energies_and_forces(at[rows[[k]]])
            self.close(one, energies[[k]])
            self.close(force.force, forces.force[[k]], slack=10.0)
        self.close(potential.energies(at[rows]), energies)

    def test_no_configurations_give_no_energies(self, potential: Potential, at: Configurations) -> None:
        """Empty arrays, and no error."""
        none = at[:0]
        assert potential.energies(none).shape == (0,)
        energies, forces = potential.energies_and_forces(none)
        assert energies.shape == (0,)
        assert forces.force.shape == forces.torque.shape == (0, 3)

    def test_inputs_are_left_alone(self, potential: Potential, at: Configurations) -> None:
        """Neither positions nor the host are written to."""
        R, host = at.R.copy(), at.dimer.a.positions.copy()
        potential.energies(at)
        potential.energies_and_forces(at)
        assert (at.R == R).all()
        assert (at.dimer.a.positions == host).all()

    @pytest.mark.parametrize("path", ["outwards", "round"])
    def test_energies_do_not_jump(self, potential: Potential, at: Configurations, path: str) -> None:
        """Between two points of a line no energy changes by more than twice the steepest slope there, times the step.

        A potential that changes its formula somewhere (a cut-off, a nearest atom) is seen by it.
        """
        centre = at.dimer.a.centre
        nearest = at.R[at.dimer.at(at.R).separations.argmin()]
        outwards = (nearest - centre) / np.linalg.norm(nearest - centre)
        if path == "outwards":
            R = nearest + np.linspace(0.0, 8.0, self.line)[:, None] * outwards
        else:  # in a plane without symmetry, above all atoms
            across = np.linalg.qr(np.column_stack([outwards, [0.3, -0.5, 0.8]]))[0].T
            angle = np.linspace(0.0, 2.0 * np.pi, self.line)
            reach = np.linalg.norm(at.dimer.a.positions - centre, axis=1).max() + 3.0
            R = centre + reach * np.column_stack([np.cos(angle), np.sin(angle)]) @ across
        energies, forces = potential.energies_and_forces(at.dimer.at(R))
        change = np.diff(R, axis=0)
        # The slope over each step at its ends, and then the steepest of the step and its neighbours.
        ends = [np.abs((forces.force[where] * change).sum(axis=1)) for where in (slice(None, -1), slice(1, None))]
        own = np.pad(np.maximum(*ends), 1)
        steepest = np.max([own[:-2], own[1:-1], own[2:]], axis=0)
        assert (np.abs(np.diff(energies)) <= 2.0 * steepest + self.atol_ev).all()


def _moved(at: Configurations, rotation: FloatArray, shift: FloatArray) -> Configurations:
    """The same configurations elsewhere in space."""
    host = at.dimer.a
    moved = Monomer(host.name, host.symbols, host.positions @ rotation.T + shift)
    return Dimer(moved, Monomer.atom(at.dimer.b.symbols[0])).at(at.R @ rotation.T + shift)
