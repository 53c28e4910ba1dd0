"""What monomers say of the long range: sizes, directions, symmetry, smoothness."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.transform import Rotation

from nci_core.errors import InputError
from nci_core.gates.gate import directions
from nci_core.properties.atoms_in_molecules import atoms_in_molecule
from nci_core.properties.long_range import DIRECTIONS, SHARES, c6_tensors, dispersion_c6, long_range_of
from nci_core.properties.screening import dipole_coupling, gaussian_widths, screened_tensors
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import BOHR_ANGSTROM, HARTREE_EV

FloatArray = npt.NDArray[np.float64]
ATOMIC_UNIT = HARTREE_EV * BOHR_ANGSTROM**6


def with_helium(name: str) -> Dimer:
    return Dimer(builtin_monomer(name), Monomer.atom("He"))


@pytest.mark.parametrize(
    ("name", "measured"), [("benzene", 67.5), ("methane", 16.5), ("carbon-dioxide", 17.5), ("water", 9.64)]
)
def test_atomic_polarizabilities_add_up_to_the_molecules(name: str, measured: float) -> None:
    # From refractive indices, DOI 10.1063/1.432450 and 10.1080/00268976.2018.1535143; D4 is good to about 10%.
    assert atoms_in_molecule(builtin_monomer(name)).polarizabilities.sum() == pytest.approx(measured, rel=0.1)


def test_charges_add_up_to_nothing() -> None:
    assert atoms_in_molecule(builtin_monomer("water")).charges.sum() == pytest.approx(0.0, abs=1e-10)


def test_two_dipoles_far_apart_couple_as_points() -> None:
    T = dipole_coupling(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 20.0]]), np.array([1.0, 1.5]))
    # −(3ẑẑ − 1)/r³; at 20 bohr Gaussians of 1.8 overlap by e^(−120).
    np.testing.assert_allclose(T[0, :, 1], np.diag([1.0, 1.0, -2.0]) / 20.0**3, rtol=1e-12, atol=1e-16)
    assert not T[0, :, 0].any()


def test_two_screened_atoms_are_applequists() -> None:
    alpha, r = np.array([5.0, 5.0]), 12.0
    found = screened_tensors(np.array([[0.0, 0.0, 0.0], [0.0, 0.0, r]]), alpha, np.array([0.5, 0.5])).sum(axis=0)
    along, across = 10.0 / (1.0 - 10.0 / r**3), 10.0 / (1.0 + 5.0 / r**3)  # DOI 10.1021/ja00764a010
    np.testing.assert_allclose(np.diag(found), [across, across, along], rtol=1e-12)


def test_lone_atoms_keep_their_polarizability() -> None:
    (tensor,) = screened_tensors(np.zeros((1, 3)), np.array([7.0]), gaussian_widths(np.array([7.0])))
    np.testing.assert_allclose(tensor, 7.0 * np.eye(3), rtol=1e-14)


def test_tensors_of_isotropic_atoms_are_casimir_and_polders() -> None:
    # One atom: 3/π ∫ α α_b dω of two single poles is London's 3/2 α α_b ω ω_b/(ω + ω_b); the quadrature has 8 points.
    host = Monomer("argon", ("Ar",), np.zeros((1, 3)))
    (tensor,) = c6_tensors(Dimer(host, Monomer.atom("He")))
    own = atoms_in_molecule(host)
    alpha, omega, alpha_b = own.polarizabilities[0], own.frequencies[0], 1.38
    omega_b = 4.0 * 1.42 / (3.0 * alpha_b**2)
    london = 1.5 * alpha * alpha_b * omega * omega_b / (omega + omega_b)
    np.testing.assert_allclose(tensor, london * np.eye(3), rtol=1e-4)


@pytest.mark.parametrize("name", ["benzene", "carbon-dioxide", "water", "c60"])
def test_directions_average_to_the_mean(name: str) -> None:
    dimer = with_helium(name)
    mean = dispersion_c6(dimer, DIRECTIONS.T) @ SHARES
    level = np.exp(np.log(long_range_of(dimer).coefficients[:, 0]))
    # exp(γ·Y) averages to more than 1; what is left of it is in the coefficient.
    assert mean > level.sum() * 0.999
    turned = Rotation.from_rotvec([0.4, -1.0, 0.3]).as_matrix()
    other = Dimer(Monomer(name, dimer.a.symbols, dimer.a.positions @ turned.T), dimer.b)
    np.testing.assert_allclose(
        dispersion_c6(other, DIRECTIONS.T @ turned.T), dispersion_c6(dimer, DIRECTIONS.T), rtol=1e-8
    )


def test_benzene_pulls_less_along_its_normal() -> None:
    along = dispersion_c6(with_helium("benzene"), np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])) / ATOMIC_UNIT
    # Polarizabilities of 44 and 82 bohr³ and C₆ ∝ tr α + 3α_RR: 0.83 and 1.08 of the mean, within the model's 20%.
    assert along[0] / along[1] == pytest.approx(0.77, abs=0.06)


def test_long_range_bends_smoothly() -> None:
    def bent(degrees: float) -> FloatArray:
        angle = np.radians(degrees)
        one, two = (
            np.array([np.cos(angle / 2), np.sin(angle / 2), 0.0]),
            np.array([-np.cos(angle / 2), np.sin(angle / 2), 0.0]),
        )
        host = Monomer("bent", ("C", "O", "O"), np.array([np.zeros(3), 1.16 * one, 1.16 * two]))
        return dispersion_c6(Dimer(host, Monomer.atom("Ar")), np.eye(3))

    at = np.array([bent(degrees) for degrees in np.linspace(0.0, 10.0, 101)])
    # Steps of 0.1 degrees; a jump would be a second difference of its own height.
    assert np.abs(np.diff(at, 2, axis=0)).max() < 1e-4 * at.mean()


def test_elements_beyond_radon_are_one_sentence() -> None:
    with pytest.raises(InputError, match="no dispersion coefficients of Ra"):
        atoms_in_molecule(Monomer("radium", ("Ra",), np.zeros((1, 3))))


def test_gates_and_quadrature_agree_on_the_mean() -> None:
    dimer = with_helium("coronene")
    # 38 directions with the host's symmetry against 590: a function of second order is integrated well by both.
    assert dispersion_c6(dimer, directions(dimer.a)).mean() == pytest.approx(
        float(dispersion_c6(dimer, DIRECTIONS.T) @ SHARES), rel=0.03
    )
