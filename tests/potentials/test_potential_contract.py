"""What every student must satisfy for any parameters, on benzene and on ethylene.

Energies here are up to about 1 eV; float64 sums of a dozen atoms agree to about 1e-13 of that.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

from nci_core.errors import ModelError
from nci_core.potentials import Student
from nci_core.systems import Monomer, builtin_host

FloatArray = npt.NDArray[np.float64]
Shell = Callable[..., FloatArray]

#: Rotated inputs carry rounding of 1e-15 Å, which gradients of eV/Å turn into about 1e-14 eV.
ROUNDING = {"rtol": 1e-11, "atol": 1e-13}


@pytest.fixture(params=["benzene", "ethylene"])
def host(request: pytest.FixtureRequest) -> Monomer:
    return builtin_host(request.param)


def moved(host: Monomer, rotation: FloatArray, shift: FloatArray) -> Monomer:
    return Monomer(host.name, host.symbols, host.positions @ rotation.T + shift)


def test_rotation_and_translation_change_nothing(student: Student, host: Monomer, shell: Shell) -> None:
    R = shell(host, 20)
    energies, gradients = student.energies_and_gradients(host, R)
    rotation, shift = Rotation.from_euler("zyx", [0.4, 1.1, -2.0]).as_matrix(), np.array([3.0, -7.0, 0.5])
    turned_energies, turned = student.energies_and_gradients(moved(host, rotation, shift), R @ rotation.T + shift)
    # Shifts of 7 Å cost a digit; frames come from an eigenproblem with errors of 1e-14.
    np.testing.assert_allclose(turned_energies, energies, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(turned, gradients @ rotation.T, rtol=1e-8, atol=1e-11)


def test_order_of_host_atoms_changes_nothing(student: Student, host: Monomer, shell: Shell) -> None:
    R = shell(host, 20)
    order = np.random.default_rng(1).permutation(len(host.symbols))
    shuffled = Monomer(host.name, tuple(host.symbols[i] for i in order), host.positions[order])
    np.testing.assert_allclose(student.energies(shuffled, R), student.energies(host, R), **ROUNDING)


def test_symmetry_images_have_one_energy(student: Student, host: Monomer, shell: Shell) -> None:
    R = shell(host, 5) - host.centre
    images = np.einsum("gab,mb->gma", host.operations, R) + host.centre
    energies = student.energies(host, images.reshape(-1, 3)).reshape(len(host.operations), -1)
    # Operations are fitted to the given geometry, whose own symmetry is good to about 1e-7 Å.
    np.testing.assert_allclose(energies, np.broadcast_to(energies[0], energies.shape), rtol=1e-5, atol=1e-9)


def test_reversed_surface_normal_changes_nothing(student: Student, host: Monomer, shell: Shell) -> None:
    # Both hosts are planar: the mirror in their plane turns every normal round.
    R = shell(host, 20)
    mirrored = R * np.array([1.0, 1.0, -1.0])
    np.testing.assert_allclose(student.energies(host, mirrored), student.energies(host, R), **ROUNDING)


def test_energy_vanishes_at_separation(student: Student, host: Monomer) -> None:
    directions = np.eye(3)
    energies, gradients = student.energies_and_gradients(host, 1e4 * directions)
    # −C6/R⁶ with C6 of about 100 eV Å⁶ at 1e4 Å.
    assert np.abs(energies).max() < 1e-20
    assert np.abs(gradients).max() < 1e-22


def test_tail_is_minus_c6_over_r6(student: Student, host: Monomer) -> None:
    directions = np.random.default_rng(2).standard_normal((10, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    near, far = (student.energies(host, host.centre + R * directions) for R in (2e4, 4e4))
    c6 = student.c6(host, directions)
    # Atoms sit up to 2.5 Å from the centre, so the tail differs by about 6·2.5/R ≤ 1e-3 of itself.
    np.testing.assert_allclose(-far * 4e4**6, c6, rtol=2e-3)
    np.testing.assert_allclose(np.log(far / near) / np.log(2.0), -6.0, atol=2e-3)


def test_channels_have_signs_and_add_up(student: Student, host: Monomer, shell: Shell) -> None:
    R = shell(host, 300, nearest=(1.0, 12.0))
    channels = student.channels(host, R)
    assert (channels["repulsion"] > 0.0).all()
    assert (channels["dispersion"] < 0.0).all()
    total = channels["repulsion"] + channels["dispersion"]
    np.testing.assert_allclose(student.energies(host, R), total, rtol=1e-14)


def test_gradient_is_the_derivative(student: Student, host: Monomer, shell: Shell) -> None:
    R, h = shell(host, 10), 1e-4
    _, gradients = student.energies_and_gradients(host, R)
    steps = h * np.eye(3)
    plus, minus = (student.energies(host, (R[:, None] + s * steps).reshape(-1, 3)).reshape(-1, 3) for s in (1, -1))
    # Central differences err by h²E'''/6, about 1e-7 of the gradient for exponents of 4 Å⁻¹.
    np.testing.assert_allclose((plus - minus) / (2 * h), gradients, rtol=1e-5, atol=1e-10)
    assert (np.linalg.norm(gradients, axis=1) > 1e-7).all()


def test_jacobian_is_the_derivative_by_parameters(student: Student, host: Monomer, shell: Shell) -> None:
    R, h = shell(host, 4), 1e-5
    _, J = student.jacobian(host, R)
    for column in np.random.default_rng(3).choice(J.shape[1], 15, replace=False):
        step = np.zeros(J.shape[1])
        step[column] = h
        both = []
        for sign in (1, -1):
            theta = student.theta + sign * student.theta.new_tensor(step).reshape(student.theta.shape)
            both.append(Student(student.probe, student.elements, student.config, theta).energies(host, R))
        # Errors of h² of third derivatives, and of 1e-16/h for rounding.
        np.testing.assert_allclose((both[0] - both[1]) / (2 * h), J[:, column], rtol=1e-5, atol=1e-10)
    assert (np.abs(J).max(axis=0) > 0.0).mean() > 0.9


def test_batch_equals_single(student: Student, host: Monomer, shell: Shell) -> None:
    R = shell(host, 8)
    many = np.tile(R, (300, 1))  # more than one chunk
    energies, gradients = student.energies_and_gradients(host, many)
    for k in (0, 5, 2048, 2399):
        one, slope = student.energies_and_gradients(host, many[k])
        np.testing.assert_allclose(one, energies[k : k + 1], **ROUNDING)
        np.testing.assert_allclose(slope, gradients[k : k + 1], **ROUNDING)
    np.testing.assert_allclose(student.energies(host, many), energies, **ROUNDING)


def test_no_positions_give_no_energies(student: Student, host: Monomer) -> None:
    energies, gradients = student.energies_and_gradients(host, np.empty((0, 3)))
    assert energies.shape == (0,)
    assert gradients.shape == (0, 3)


def test_inputs_are_left_alone(student: Student, host: Monomer, shell: Shell) -> None:
    R = shell(host, 5)
    before = R.copy()
    student.energies_and_gradients(host, R)
    student.jacobian(host, R)
    assert (before == R).all()


def test_linear_and_single_atom_hosts_work(student: Student, shell: Shell) -> None:
    acetylene = Monomer("acetylene", ("C", "C", "H", "H"), np.array([[0, 0, z] for z in (0.6, -0.6, 1.67, -1.67)]))
    ring = [[3.5 * np.cos(a), 3.5 * np.sin(a), 0.7] for a in (0.0, 1.0, 2.5)]
    energies = student.energies(acetylene, ring)
    np.testing.assert_allclose(energies, energies[0], rtol=1e-12)


def test_unknown_element_is_named(student: Student) -> None:
    water = Monomer("water", ("O", "H", "H"), np.array([[0, 0, 0.117], [0, 0.757, -0.469], [0, -0.757, -0.469]]))
    with pytest.raises(ModelError, match="'water' contains O, which this model has not learnt; it knows C, H"):
        student.energies(water, np.zeros((1, 3)))
