"""Point groups from geometries, and hashes that know equivalent points."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from ase.io import read

from nci_core.systems import Dimer, Monomer, builtin_monomer, point_group_operations, symmetry
from nci_core.systems.symmetry import SYMMETRY_TOLERANCE

INPUTS = Path(__file__).parents[1] / "inputs"


def host_of(formula: str) -> Monomer:
    atoms = molecule(formula)
    return Monomer(formula, tuple(atoms.get_chemical_symbols()), atoms.positions)


def bent(degrees: float, axis: tuple[float, float, float] = (0.3, -0.5, 0.8)) -> np.ndarray:
    """A rotation about an axis that is special to no molecule here."""
    k = np.array(axis) / np.linalg.norm(axis)
    cross = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    angle = np.deg2rad(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


# Orders of Td, C2v, D2h, D3h, C3v. CO2 and N2 have infinite groups and get the eight sign changes.
GROUPS = {"CH4": 24, "H2O": 4, "C2H4": 8, "NH3": 6, "CO2": 8, "N2": 8, "HCl": 4}


@pytest.mark.parametrize(("formula", "order"), GROUPS.items())
def test_order_of_the_point_group(formula: str, order: int) -> None:
    assert len(host_of(formula).operations) == order


@pytest.mark.parametrize(("name", "order"), [("benzene", 24), ("ethylene", 8)])
def test_built_in_hosts(name: str, order: int) -> None:
    assert len(builtin_monomer(name).operations) == order


def test_a_large_flake_needs_few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """138 carbon atoms, D6h: all pairs of atoms onto all pairs of places are 37,812 tries, a minute's work."""
    flake = read(INPUTS / "flake150.xyz")
    tries = []
    real = symmetry._maps
    monkeypatch.setattr(symmetry, "_maps", lambda given, groups: (tries.append(1), real(given, groups))[1])
    assert len(point_group_operations(flake.numbers, flake.positions)) == 24
    assert len(tries) < 100


def test_a_lone_atom_has_the_sign_changes() -> None:
    assert len(Monomer("helium", ("He",), np.zeros((1, 3))).operations) == 8


@pytest.mark.parametrize("formula", ["CH4", "H2O", "C2H4", "CO2", "CH3Cl"])
def test_operations_are_a_group_of_isometries_that_map_the_molecule_onto_itself(formula: str) -> None:
    host = host_of(formula)
    operations = host.operations
    assert any(np.allclose(operation, np.eye(3), atol=1e-12) for operation in operations)
    # Frames are built from coordinates with six digits, hence 1e-5.
    assert np.allclose(operations @ operations.transpose(0, 2, 1), np.eye(3), atol=1e-5)
    products = np.einsum("aij,bjk->abik", operations, operations).reshape(-1, 3, 3)
    distance = np.abs(products[:, None] - operations[None]).max(axis=(2, 3)).min(axis=1)
    assert distance.max() < 1e-2, "the product of two operations is an operation"
    centred = host.positions - host.centre
    for operation in operations:
        gap = np.linalg.norm((centred @ operation.T)[:, None] - centred[None], axis=-1)
        gap[host.numbers[:, None] != host.numbers[None]] = np.inf
        assert gap.min(axis=1).max() < SYMMETRY_TOLERANCE


@pytest.mark.parametrize("formula", ["CH4", "H2O", "C2H4", "NH3"])
def test_the_group_does_not_depend_on_orientation_place_or_order(formula: str) -> None:
    host = host_of(formula)
    order = np.random.default_rng(1).permutation(len(host.symbols))
    turned = host.positions[order] @ bent(77.0).T + np.array([1.0, -2.0, 0.5])
    assert len(point_group_operations(host.numbers[order], turned)) == len(host.operations)


def test_a_real_distortion_lowers_the_symmetry() -> None:
    host = host_of("CH4")
    positions = host.positions.copy()
    positions[1] *= 1.02  # one bond 2% longer: C3v
    assert len(point_group_operations(host.numbers, positions)) == 6


def test_an_isotope_free_substitution_lowers_the_symmetry() -> None:
    assert len(host_of("CH3Cl").operations) == 6  # C3v


@pytest.mark.parametrize("name", ["benzene", "ethylene"])
def test_all_images_of_a_point_have_one_hash(name: str) -> None:
    dimer = Dimer(builtin_monomer(name), Monomer.atom("He"))
    points = np.random.default_rng(0).uniform(-5.0, 5.0, (100, 3))
    # Stored points lie on a grid of 1e-4 Å; between its nodes rounding decides, as with any hash.
    points = np.round(dimer.at(points).unique().R, 4)
    expected = dimer.at(points).geometry_hashes()
    for operation in dimer.a.operations:
        images = (points - dimer.a.centre) @ operation.T + dimer.a.centre
        assert dimer.at(images).geometry_hashes() == expected
    assert len(set(expected)) == len(expected)


def test_unique_images_are_images_and_stay_where_they_are() -> None:
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    points = np.random.default_rng(3).uniform(-5.0, 5.0, (50, 3))
    unique = dimer.at(points).unique().R
    # The same distances to the atoms, whichever they are; operations are good to about 1e-7.
    assert np.allclose(
        np.sort(dimer.at(points).distances[:, :, 0], axis=1),
        np.sort(dimer.at(unique).distances[:, :, 0], axis=1),
        atol=1e-5,
    )
    assert np.allclose(dimer.at(unique).unique().R, unique, atol=2e-4)
    assert (unique[:, 2] >= -1e-12).all(), "the representative lies above the plane"


@pytest.mark.parametrize("step", np.vstack([np.eye(3), -np.eye(3)]) * 1e-3)
def measured_points_a_thousandth_apart_differ(step: np.ndarray) -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    assert (
        dimer.at([0.7, 0.3, 3.1]).geometry_hashes()[0]
        != dimer.at(np.array([0.7, 0.3, 3.1]) + step).geometry_hashes()[0]
    )


def test_the_hash_tells_probes_and_hosts_apart() -> None:
    point = [0.7, 0.3, 3.1]
    hosts = [builtin_monomer("benzene"), builtin_monomer("ethylene")]
    hashes = {
        Dimer(host, Monomer.atom(probe)).at(point).geometry_hashes()[0] for host in hosts for probe in ("He", "Ne")
    }
    assert len(hashes) == 4


def test_hashes_of_stored_labels_never_change() -> None:
    # Every stored label is found by its hash: another value here makes all of them unknown.
    assert (
        Dimer(builtin_monomer("ethylene"), Monomer.atom("He")).at([0.7, 0.3, 3.1]).geometry_hashes()[0]
        == "30184d8081169455"
    )
    assert (
        Dimer(builtin_monomer("benzene"), Monomer.atom("He")).at([0.0, 0.0, 3.128]).geometry_hashes()[0]
        == "22178a5bb954dc7c"
    )


def test_the_order_of_the_atoms_does_not_matter_to_the_hash() -> None:
    host = builtin_monomer("ethylene")
    swapped = Monomer("other name", host.symbols[::-1], host.positions[::-1])
    assert (
        Dimer(host, Monomer.atom("He")).at([0.7, 0.3, 3.1]).geometry_hashes()[0]
        == Dimer(swapped, Monomer.atom("He")).at([0.7, 0.3, 3.1]).geometry_hashes()[0]
    )
