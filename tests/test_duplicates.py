"""One label for each geometry: repeats and symmetry images are found, and contradictions named."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nci_core.cli.labelled_files import Labels, Plan, labels_of, share
from nci_core.duplicates import geometry_classes, take, unique_labels
from nci_core.errors import InputError
from nci_core.extxyz import HostGroup, read_dataset, write_dataset
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import from_cm1

INPUTS = Path(__file__).parent / "inputs"
BENZENE = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))


def group_of(positions: np.ndarray, energies: np.ndarray, dimer: Dimer = BENZENE) -> HostGroup:
    return HostGroup(dimer.at(positions), energies, np.arange(len(positions)), {"round": list(range(len(positions)))})


def the_host(labels: Labels) -> HostGroup:
    (group,) = labels.groups
    return group


def parts(plan: Plan) -> list[HostGroup]:
    """What is fitted and what is held out of the only host."""
    ((fitted,), (held_out,)) = plan.fitted, plan.held_out
    return [fitted, held_out]


def images(positions: np.ndarray, seed: int) -> np.ndarray:
    """Each position under some operation of benzene."""
    host = BENZENE.a
    chosen = host.operations[np.random.default_rng(seed).integers(len(host.operations), size=len(positions))]
    found: np.ndarray = np.einsum("mab,mb->ma", chosen, positions - host.centre) + host.centre
    return found


def test_images_and_rounded_copies_are_one_geometry() -> None:
    points = np.random.default_rng(0).uniform(-5.0, 5.0, (200, 3))
    # Half of the cells of the hash's grid away, so that hashes of rounded copies differ.
    points = (np.floor(points * 1e4) + 0.5) * 1e-4
    copies = images(points, 1) + np.random.default_rng(2).uniform(-2e-5, 2e-5, (200, 3))
    classes = geometry_classes(BENZENE.at(np.vstack([points, copies])))
    assert classes.tolist() == [*range(200), *range(200)]
    hashes = np.array(BENZENE.at(np.vstack([points, copies])).geometry_hashes())
    assert (hashes[:200] != hashes[200:]).mean() > 0.5, "hashes alone do not tell"


def test_points_beside_a_mirror_plane_are_one_geometry() -> None:
    point = np.array([[1e-5, 2.0, 3.0], [-1e-5, 2.0, 3.0], [0.0, 2.0, -3.0], [1e-3, 2.0, 3.0]])
    assert geometry_classes(BENZENE.at(point)).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(("positions", "symbols"), [([[0, 0, -0.6], [0, 0, 0.6]], ("N", "N")), ([[0, 0, 0]], ("Ne",))])
def test_linear_hosts_and_atoms_have_every_rotation(positions: list[list[float]], symbols: tuple[str, ...]) -> None:
    dimer = Dimer(Monomer("host", symbols, np.array(positions, dtype=float)), Monomer.atom("He"))
    rng = np.random.default_rng(0)
    points = rng.uniform(2.0, 4.0, (30, 3))
    angles = rng.uniform(0.0, 2 * np.pi, (30, 1))
    turned = Rotation.from_rotvec(angles * [0, 0, 1]).apply(points)
    assert geometry_classes(dimer.at(np.vstack([points, turned]))).tolist() == [*range(30), *range(30)]


def test_repeats_are_merged_into_their_first_frame() -> None:
    points = np.random.default_rng(3).uniform(2.0, 5.0, (5, 3))
    energies = np.array([-1.0, 2.0, 3.0, -4.0, 500.0])
    both = group_of(np.vstack([points, images(points, 4)]), from_cm1(np.concatenate([energies, energies + 0.05])))
    once, repeats = unique_labels(both, "file")
    assert repeats == 5
    assert once.frames.tolist() == [0, 1, 2, 3, 4]
    assert once.columns == {"round": [0, 1, 2, 3, 4]}
    np.testing.assert_array_equal(once.at.R, points)
    np.testing.assert_allclose(once.reference, from_cm1(energies + 0.025), rtol=1e-12)


def test_a_file_without_repeats_stays_as_it_is() -> None:
    points = np.random.default_rng(5).uniform(2.0, 5.0, (50, 3))
    energies = np.random.default_rng(6).normal(size=50)
    once, repeats = unique_labels(group_of(points, energies), "file")
    assert repeats == 0
    np.testing.assert_array_equal(once.at.R, points)
    np.testing.assert_array_equal(once.reference, energies)


@pytest.mark.parametrize(
    ("one", "other", "contradict"), [(-80.0, -80.05, False), (-80.0, -80.2, True), (1e3, 1e3 + 0.9, False)]
)
def test_energies_of_one_geometry_may_differ_by_noise_only(one: float, other: float, contradict: bool) -> None:
    point = np.array([[0.3, 0.2, 3.2], [1.0, 1.0, 4.0], [-0.3, 0.2, -3.2]])
    group = group_of(point, from_cm1(np.array([one, 0.0, other])))
    if not contradict:
        assert unique_labels(group, "file").repeats == 1
        return
    with pytest.raises(InputError, match=r"frames 0 and 2 are one geometry.* -80\.000 and -80\.200 cm⁻¹"):
        unique_labels(group, "file")


def test_contradictions_of_a_file_are_named() -> None:
    with pytest.raises(InputError) as said:
        labels_of(read_dataset(INPUTS / "dup_conflict.extxyz"))
    assert re.search(r"frames 0 and 40 .*-0\.798 and -50\.798 cm⁻¹ \(19 more geometries", str(said.value))


def test_no_geometry_is_fitted_and_held_out() -> None:
    data = read_dataset(INPUTS / "dup3.extxyz")
    labels = labels_of(data)
    assert (len(labels), labels.repeats) == (40, 80)
    assert labels.describe().startswith("80 of 120 labels repeat a geometry")
    group = the_host(labels)
    for seed in range(20):
        fitted, held_out = parts(share([group], 0.5, seed))
        assert (len(fitted.at.R), len(held_out.at.R)) == (20, 20)
        both = np.vstack([fitted.at.R, held_out.at.R])
        classes = geometry_classes(group.dimer.at(both))
        assert not set(classes[:20]) & set(classes[20:])


def test_images_never_part(tmp_path: Path) -> None:
    points = np.random.default_rng(7).uniform(2.0, 5.0, (30, 3))
    energies = np.random.default_rng(8).normal(size=30) * 1e-4  # eV: in units that can be true
    both = group_of(np.vstack([points, images(points, 9)]), np.tile(energies, 2))
    write_dataset(tmp_path / "a.extxyz", [take(both, np.random.default_rng(1).permutation(60))])
    data = read_dataset(tmp_path / "a.extxyz")
    group = the_host(labels_of(data))
    for seed in range(20):
        hashes = [set(BENZENE.at(part.at.R).geometry_hashes()) for part in parts(share([group], 0.5, seed))]
        assert not hashes[0] & hashes[1]


def test_a_host_rounded_to_float32_is_one_host() -> None:
    group = read_dataset(INPUTS / "float32.extxyz").only_group()
    twin, _ = unique_labels(read_dataset(INPUTS / "dup3.extxyz").only_group(), "twin")
    assert len(group.at.R) == 40
    np.testing.assert_allclose(group.dimer.a.positions, twin.dimer.a.positions, atol=1e-5)
    np.testing.assert_allclose(group.at.R, twin.at.R, atol=1e-5)
    np.testing.assert_allclose(group.reference, twin.reference, rtol=1e-12)


def test_exchanged_hydrogens_of_water_are_half_a_turn(tmp_path: Path) -> None:
    lines = (INPUTS / "float32.extxyz").read_text().splitlines(keepends=True)
    lines[9], lines[10] = lines[10], lines[9]  # the hydrogens of the second frame
    (tmp_path / "a.extxyz").write_text("".join(lines))
    data = read_dataset(tmp_path / "a.extxyz")
    assert len(the_host(labels_of(data)).at.R) == 40


def test_a_file_that_exchanges_equal_atoms_has_two_hosts(tmp_path: Path) -> None:
    groups = []
    for order in (range(13), [1, 0, *range(2, 13)]):
        atoms = BENZENE.at([0.0, 0.0, 3.3]).atoms(0)[list(order)]
        host = Monomer("benzene", tuple(atoms.get_chemical_symbols()[:12]), atoms.positions[:12])
        groups.append(group_of(atoms.positions[12:], np.zeros(1), Dimer(host, Monomer.atom("He"))))
    write_dataset(tmp_path / "b.extxyz", groups)
    labels = labels_of(read_dataset(tmp_path / "b.extxyz"))
    assert [group.dimer.a.name for group in labels.groups] == ["benzene", "benzene-2"]
    assert [len(group.at.R) for group in share(labels.groups, 1.0, 0).fitted] == [1, 1]


def test_every_host_of_a_file_has_the_same_share() -> None:
    random = np.random.default_rng(11)
    sizes = {"benzene": 40, "ethylene": 10, "water": 1}
    water = Monomer(
        "water", ("O", "H", "H"), np.array([[0.0, 0.0, 0.117], [0.0, 0.757, -0.469], [0.0, -0.757, -0.469]])
    )
    hosts = [builtin_monomer("benzene"), builtin_monomer("ethylene"), water]
    groups = [
        group_of(
            random.uniform(2.0, 5.0, (sizes[host.name], 3)), np.zeros(sizes[host.name]), Dimer(host, Monomer.atom("He"))
        )
        for host in hosts
    ]
    plan = share(groups, 0.3, 0)
    assert [len(group.at.R) for group in plan.fitted] == [12, 3, 1], "at least one of each"
    assert {group.dimer.a.name: len(group.at.R) for group in plan.held_out} == {"benzene": 28, "ethylene": 7}
    for fitted, held_out in zip(plan.fitted, plan.held_out, strict=False):
        assert not set(fitted.frames) & set(held_out.frames)
