"""Superposed hosts: proper rotations, linear and flat ones, orders of atoms, and how far a flexed one is."""

import time

import numpy as np
import pytest
from ase import Atoms
from ase.build import molecule
from scipy.spatial.transform import Rotation

from nci_core.errors import InputError
from nci_core.systems import builtin_monomer
from nci_core.systems.rigid_hosts import RigidHosts
from nci_core.systems.superposition import RIGID_TOLERANCE, is_mirror_image, matching_order, superpose

FORMULAS = ("CH4", "H2O", "C2H4", "NH3", "CO2", "HCN", "N2", "CH3Cl")
PROBE = np.array([1.3, -2.1, 4.2])


def random_motion(seed: int) -> tuple[Rotation, np.ndarray]:
    rng = np.random.default_rng(seed)
    return Rotation.random(rng=rng), rng.normal(size=3) * 5.0


def moved(points: np.ndarray, seed: int) -> np.ndarray:
    turn, shift = random_motion(seed)
    found: np.ndarray = turn.apply(points) + shift
    return found


def chiral() -> Atoms:
    """CHFClBr with the angles of methane."""
    atoms = molecule("CH4")
    atoms.symbols = ["C", "H", "F", "Cl", "Br"]
    atoms.positions[1:] *= np.array([1.0, 1.25, 1.6, 1.75])[:, None]
    return atoms


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_moved_host_is_found_and_its_probe_keeps_its_distances(formula: str) -> None:
    host = molecule(formula).positions
    for seed in range(5):
        everything = moved(np.vstack([host, PROBE]), seed)
        pose = superpose(host, everything[:-1])
        assert pose.displacement < 1e-12
        assert np.linalg.det(pose.rotation) == pytest.approx(1.0, abs=1e-12)
        placed = pose.place(everything[-1])
        away = np.linalg.norm(placed - host, axis=1)
        np.testing.assert_allclose(away, np.linalg.norm(PROBE - host, axis=1), atol=1e-11)
        # Where atoms define the orientation, the very place; a linear molecule leaves the angle about it open.
        if formula not in ("CO2", "HCN", "N2"):
            np.testing.assert_allclose(placed, PROBE, atol=1e-11)


def test_the_probe_of_a_flat_host_stays_on_its_side() -> None:
    host = builtin_monomer("benzene").positions
    top = np.array([0.4, 0.2, 3.3])
    below = superpose(host, host * [1, 1, -1]).place(top * [1, 1, -1])
    # The plane is its own reflection: the atoms did not move, and the probe is where it was, below.
    np.testing.assert_allclose(below, top * [1, 1, -1], atol=1e-12)


@pytest.mark.parametrize("formula", ["CO2", "N2"])
def test_a_linear_host_turned_over_is_found(formula: str) -> None:
    host = molecule(formula).positions
    pose = superpose(host, -host)
    assert pose.displacement < 1e-12
    assert np.linalg.norm(pose.place(-PROBE) - host[0]) == pytest.approx(np.linalg.norm(PROBE - host[0]))


def test_a_linear_host_that_only_shakes_does_not_turn_the_probe() -> None:
    host = molecule("HCN").positions
    shaken = host + np.random.default_rng(0).normal(size=host.shape) * 1e-4
    # Rotation by 1e-4 Å over 1.6 Å, 5 Å away; a free angle about the axis would be anything.
    assert np.linalg.norm(superpose(host, shaken).place(PROBE) - PROBE) < 2e-3


def test_the_mirror_image_of_a_chiral_host_is_another_host() -> None:
    host = chiral().positions
    mirrored = moved(host * [1, 1, -1], 3)
    assert superpose(host, mirrored).displacement > 0.5
    assert is_mirror_image(host, mirrored)
    assert not is_mirror_image(host, moved(host, 3))


def test_a_stretched_bond_is_measured() -> None:
    host = builtin_monomer("ethylene").positions
    stretched = host.copy()
    stretched[3] *= 1.05
    turned = moved(stretched, 7)
    # The stretch is 0.0774 Å; the best superposition moves the other atoms a little towards it.
    pose = superpose(host, turned)
    assert pose.atom == 3
    assert 0.8 * 0.0774 < pose.displacement < 0.0774


@pytest.mark.parametrize("formula", FORMULAS)
def test_atoms_in_another_order_are_matched(formula: str) -> None:
    atoms = molecule(formula)
    order = np.random.default_rng(4).permutation(len(atoms))
    shuffled = atoms[order]
    symbols, other = tuple(atoms.get_chemical_symbols()), tuple(shuffled.get_chemical_symbols())
    rows = matching_order(symbols, atoms.positions, other, moved(shuffled.positions, 9))
    assert rows is not None
    assert tuple(other[i] for i in rows) == symbols
    assert superpose(atoms.positions, shuffled.positions[rows]).displacement < 1e-5  # coordinates have six digits
    wrong = shuffled.positions * 1.02
    assert matching_order(symbols, atoms.positions, other, wrong) is None


def test_a_mirror_image_is_matched_in_no_order() -> None:
    atoms = chiral()
    symbols = tuple(atoms.get_chemical_symbols())
    assert matching_order(symbols, atoms.positions, symbols, atoms.positions * [1, 1, -1]) is None


def place_all(hosts: list[Atoms], points: list[np.ndarray] | None = None) -> list[tuple[int, np.ndarray]]:
    rigid = RigidHosts("file")
    points = points or [PROBE] * len(hosts)
    return [
        rigid.place(k, host, Atoms("He", [point])) for k, (host, point) in enumerate(zip(hosts, points, strict=True))
    ]


def test_conformers_isomers_and_mirror_images_are_other_hosts() -> None:
    trans, cis = molecule("trans-butane"), molecule("isobutane")
    mirrored = chiral()
    mirrored.positions[:, 2] *= -1
    other = molecule("CH4")
    swapped = other[[0, 2, 1, 3, 4]]  # equal atoms exchanged: the order of a file is taken as it is
    numbers = [number for number, _ in place_all([trans, cis, chiral(), mirrored, other, swapped, trans])]
    assert numbers == [0, 1, 2, 3, 4, 5, 0]


@pytest.mark.parametrize(("by", "refused"), [(0.3, True), (0.02, True), (0.003, False)])
def test_a_flexed_host_is_refused_with_its_distance(by: float, refused: bool) -> None:
    host = builtin_monomer("benzene").atoms()
    flexed = host.copy()
    flexed.positions[8, 2] += by  # a C–H bond out of the plane
    flexed.positions = moved(flexed.positions, 1)
    if not refused:
        assert by < RIGID_TOLERANCE
        assert [number for number, _ in place_all([host, flexed])] == [0, 0]
        return
    with pytest.raises(InputError, match=r"file, frame 1: the host is not that of frame 0.* atom 8 \(H\) lies") as said:
        place_all([host, flexed])
    distance = float(str(said.value).split(" Å away")[0].split()[-1])
    assert 0.6 * by < distance < by


def test_two_thousand_moved_hosts_take_less_than_a_second() -> None:
    host = builtin_monomer("benzene")
    rng = np.random.default_rng(0)
    turns = Rotation.random(2000, rng=rng)
    both = np.vstack([host.positions, PROBE])
    frames = [(turn.apply(both) + rng.normal(size=3)).astype(np.float32).astype(float) for turn in turns]
    rigid = RigidHosts("file")
    atoms = [(Atoms(host.symbols, frame[:-1]), Atoms("He", frame[-1:])) for frame in frames]
    start = time.process_time()
    found = [rigid.place(k, *pair) for k, pair in enumerate(atoms)]
    # 0.3 CPU seconds on an idle core.
    assert time.process_time() - start < 2.0
    assert {number for number, _ in found} == {0}
    away = np.linalg.norm(np.array([point for _, point in found])[:, None] - frames[0][:-1], axis=-1)
    expected = np.linalg.norm(PROBE - host.positions, axis=1)
    # float32 keeps 5e-7 Å at 5 Å; superposition multiplies it by the probe's distance over the host's radius.
    np.testing.assert_allclose(away, np.tile(expected, (2000, 1)), atol=5e-6)
