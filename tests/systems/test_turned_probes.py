"""Probes that are molecules: nothing on a label's way takes the probe for one atom, though labels of none are made."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from nci_core.campaign.exchange.dataset import read_frames
from nci_core.config import SystemSettings
from nci_core.datasets.energies import free_atom_dispersion
from nci_core.datasets.keys import POSE
from nci_core.duplicates import geometry_classes
from nci_core.errors import InputError
from nci_core.extxyz import HostGroup, write_dataset
from nci_core.labelling.tasks import Order
from nci_core.labels.ccsdt import compute_label
from nci_core.labels.geometry import fragments, label_identity
from nci_core.labels.recipes import Recipe
from nci_core.sampling.sampler import is_clash
from nci_core.systems import Configurations, Dimer, builtin_monomer
from nci_core.systems.records import SystemRecord

TINY = Recipe(name="tiny", host_basis={"*": "6-31g"}, probe_basis="6-31g")


@pytest.fixture(scope="module")
def at() -> Configurations:
    """HF beside nitrogen, one place, turned twice."""
    q = Rotation.from_euler("y", [[30.0], [120.0]], degrees=True).as_quat(scalar_first=True)
    dimer = Dimer(builtin_monomer("nitrogen"), builtin_monomer("hydrogen-fluoride"))
    return dimer.at([[0.4, 0.2, 3.6]] * 2, q)


def test_fragments_hold_all_atoms_of_a_turned_probe(at: Configurations) -> None:
    one = at[[0]]
    specs = fragments(one, TINY)
    real = {name: [label for label, _ in spec.atoms if not label.startswith("GHOST-")] for name, spec in specs.items()}
    assert real["probe"] == [f"{symbol}2" for symbol in one.dimer.b.symbols]
    assert real["dimer"] == real["host"] + real["probe"]
    placed = np.array([place for _, place in specs["probe"].atoms[-2:]])
    np.testing.assert_array_equal(placed, one.b_positions[0])
    assert specs["dimer"].molecule().nelectron == specs["host"].molecule().nelectron + 10
    assert (specs["dimer"].n_frozen, specs["probe"].n_frozen) == (3, 1)


def test_a_label_says_how_its_probe_is_turned(at: Configurations) -> None:
    said = [label_identity(at[[row]], TINY) for row in (0, 1)]
    assert said[0]["geometry_hash"] != said[1]["geometry_hash"]
    assert said[0]["position_angstrom"] == said[1]["position_angstrom"]
    np.testing.assert_array_equal([each["probe_positions_angstrom"] for each in said], at.b_positions)
    assert said[0]["probe_symbols"] == list(at.dimer.b.symbols)


def test_an_order_travels_with_its_pose(at: Configurations) -> None:
    order = Order(
        system=SystemRecord.of(at.dimer),
        position_angstrom=at.R[1].tolist(),
        pose_wxyz=at.q[1].tolist(),
        geometry_hash=at.geometry_hashes()[1],
        recipe=TINY,
        memory_gb=1.0,
    )
    again = Order.model_validate_json(order.line()).at
    assert again.dimer == at.dimer
    assert again.geometry_hashes() == [order.geometry_hash]
    np.testing.assert_array_equal(again.b_positions[0], at.b_positions[1])


def test_poses_tell_geometries_apart(at: Configurations) -> None:
    both = Configurations.joined([at, at])
    assert geometry_classes(both).tolist() == [0, 1, 0, 1]
    dispersion = free_atom_dispersion(both)
    assert dispersion[0] != dispersion[1]
    np.testing.assert_array_equal(dispersion[:2], dispersion[2:])
    onto = at.dimer.at([[0.0, 0.0, 1.2]], at.q[:1])
    assert [is_clash(each, 1.0).tolist() for each in (at, onto)] == [[False, False], [True]]


def test_labels_of_molecules_are_refused(at: Configurations) -> None:
    with pytest.raises(InputError, match="atom"):
        compute_label(at[[0]], TINY)


def test_a_frame_may_state_its_pose(tmp_path: Path) -> None:
    """The pose of an exported frame is read, and anything else in its place is refused with file and frame."""
    system = SystemSettings.of("hydrogen")
    q = [0.5, 0.5, 0.5, 0.5]
    at = system.dimer.at([[0.0, 0.0, 3.0], [0.0, 0.0, 3.5]])
    path = tmp_path / "configurations.extxyz"
    write_dataset(path, [HostGroup(at, np.zeros(2), np.arange(2), {POSE: [None, q]})])
    # Helium is an atom: it has no other pose than the identity, whatever a file states.
    assert [frame.pose.tolist() for frame in read_frames([system], path)] == [[1.0, 0.0, 0.0, 0.0]] * 2
    for bad in ([1.0, 1.0, 0.0, 0.0], q + q, "turned", 1.0):
        write_dataset(path, [HostGroup(at, np.zeros(2), np.arange(2), {POSE: [None, bad]})])
        with pytest.raises(InputError, match=r"frame 1: pose_wxyz is no unit quaternion \(w, x, y, z\)"):
            read_frames([system], path)
