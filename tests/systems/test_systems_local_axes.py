"""Local axes turn with the molecule and say what a chemist would."""

import numpy as np
import pytest
from ase.build import molecule
from scipy.spatial.transform import Rotation

from nci_core.systems import LocalAxes, builtin_monomer

POSITIONS = {name: molecule(name).positions for name in ("CH4", "H2O", "C2H4", "CO2", "C6H6", "NH3", "HCl")}


@pytest.mark.parametrize("name", POSITIONS)
@pytest.mark.parametrize("mirrored", [False, True])
def test_local_axes_turn_with_the_molecule(name: str, mirrored: bool) -> None:
    positions = POSITIONS[name]
    turn = Rotation.random(rng=np.random.default_rng(5)).as_matrix() * (-1.0 if mirrored else 1.0)
    here, there = LocalAxes.of(positions), LocalAxes.of(positions @ turn.T + np.array([3.0, -1.0, 2.0]))
    # Both are smooth functions of differences of coordinates: only rounding is left.
    assert np.allclose(there.outward, here.outward @ turn.T, atol=1e-9)
    assert np.allclose(there.normal, turn @ here.normal @ turn.T, atol=1e-9)


@pytest.mark.parametrize("name", POSITIONS)
def test_outward_is_no_longer_than_one_and_normals_have_unit_trace(name: str) -> None:
    axes = LocalAxes.of(POSITIONS[name])
    assert (np.linalg.norm(axes.outward, axis=1) <= 1.0).all()
    assert np.allclose(np.trace(axes.normal, axis1=1, axis2=2), 1.0, atol=1e-12)
    assert np.allclose(axes.normal, axes.normal.transpose(0, 2, 1), atol=1e-12)


@pytest.mark.parametrize("name", ["benzene", "ethylene"])
def test_a_planar_host_has_its_plane_normal_on_every_atom(name: str) -> None:
    axes = builtin_monomer(name).local_axes
    # In the plane neighbours extend by 0.25 of the sum at least: e^(−0.25/0.04) = 0.002 is left of those directions.
    assert np.allclose(axes.normal, np.diag([0.0, 0.0, 1.0]), atol=2e-3)
    assert np.allclose(axes.outward[:, 2], 0.0, atol=1e-12)


def test_outward_points_away_from_the_ring() -> None:
    host = builtin_monomer("benzene")
    radial = host.positions / np.linalg.norm(host.positions, axis=1, keepdims=True)
    outward = host.local_axes.outward
    lengths = np.linalg.norm(outward, axis=1, keepdims=True)
    # By symmetry every atom of the ring looks straight outward.
    assert np.allclose(outward / lengths, radial, atol=1e-9)
    assert (lengths > 0.85).all(), "neighbours of all of them are on one side"


def test_special_neighbourhoods() -> None:
    methane = LocalAxes.of(POSITIONS["CH4"])
    # Rounding of coordinates, divided by ONE_SIDED.
    assert np.allclose(methane.outward[0], 0.0, atol=1e-6), "the carbon is surrounded evenly"
    assert np.allclose(methane.normal[0], np.eye(3) / 3.0, atol=1e-9)
    dioxide = LocalAxes.of(POSITIONS["CO2"])
    axis = POSITIONS["CO2"][1] - POSITIONS["CO2"][0]
    axis /= np.linalg.norm(axis)
    # e^(−1/0.04) = 1e-11 is left of the axis.
    assert np.allclose(dioxide.normal, (np.eye(3) - np.outer(axis, axis)) / 2.0, atol=1e-9)


def test_a_small_displacement_moves_frames_a_little() -> None:
    positions = POSITIONS["H2O"]
    moved = positions + 1e-6 * np.random.default_rng(0).normal(size=positions.shape)
    a, b = LocalAxes.of(positions), LocalAxes.of(moved)
    # Derivatives are of the order of 1/Å; a jump would be of order 1.
    assert np.abs(a.outward - b.outward).max() < 1e-4
    assert np.abs(a.normal - b.normal).max() < 1e-4
