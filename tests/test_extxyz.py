"""Datasets: round trips, conventions, and one sentence for every bad file."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from nci_core.errors import InputError, StoreError
from nci_core.extxyz import REFERENCE, HostGroup, read_dataset, write_dataset
from nci_core.systems import Dimer, Monomer, builtin_monomer

POSITIONS = np.array([[0.0, 0.0, 3.1], [1.2345, -0.4, 3.3], [4.6, 0.2, 0.5]])


@pytest.fixture
def dimer() -> Dimer:
    return Dimer(builtin_monomer("benzene"), Monomer.atom("He"))


def make(path: Path, dimer: Dimer, infos: list[dict[str, object]], positions: np.ndarray = POSITIONS) -> Path:
    frames = []
    for position, info in zip(positions, infos, strict=True):
        atoms = dimer.at(position).atoms(0)
        atoms.info.update(info)
        frames.append(atoms)
    write(path, frames, format="extxyz")
    return path


def ccsdt(energy: float = -0.01) -> dict[str, object]:
    return {REFERENCE: energy, "method": "CCSD(T)", "basis": "aug-cc-pVDZ", "bsse": "counterpoise"}


def test_round_trip_keeps_everything(tmp_path: Path, dimer: Dimer) -> None:
    reference = np.array([-0.0123456789012345, np.nan, 0.2])
    columns = {
        "teacher_interaction_energy": [0.1, -1e-7, None],
        "student_interaction_energy_std": [1e-4, 2e-4, 3e-4],
        "region": ["well", "tail", "wall"],
        "round": [0, 1, 2],
        "picked_by": ["i-optimal", "a person", None],
        "method": ["CCSD(T)", "CCSD(T)", "CCSD(T)"],
        "basis": ["aug-cc-pVDZ"] * 3,
        "bsse": ["counterpoise"] * 3,
    }
    path = tmp_path / "out.extxyz"
    write_dataset(path, [HostGroup(dimer.at(POSITIONS), reference, np.arange(3), columns)])
    data = read_dataset(path)
    group = data.only_group()
    assert data.describe() == "3 configurations, 2 with CCSD(T)"
    assert data.label == {"method": "CCSD(T)", "basis": "aug-cc-pVDZ", "bsse": "counterpoise"}
    assert np.array_equal(group.reference, reference, equal_nan=True)
    assert np.allclose(group.at.R, POSITIONS, rtol=0, atol=1e-8)
    assert group.columns == columns
    assert group.dimer.name == "he-benzene"
    assert group.at.geometry_hashes() == dimer.at(POSITIONS).geometry_hashes()
    assert not list(tmp_path.glob(".*"))
    text = path.read_text()
    assert " energy=" not in text
    assert ":forces:" not in text


def test_without_slices_the_probe_is_the_last_atom(tmp_path: Path, dimer: Dimer) -> None:
    atoms = dimer.at(POSITIONS[0]).atoms(0)
    atoms.info = {REFERENCE: -0.01}
    write(tmp_path / "a.extxyz", atoms, format="extxyz")
    group = read_dataset(tmp_path / "a.extxyz").only_group()
    assert group.dimer.b.symbols[0] == "He"
    assert group.dimer.a.name == "C6H6"
    assert np.allclose(group.at.R, POSITIONS[:1])


def test_a_probe_that_comes_first(tmp_path: Path, dimer: Dimer) -> None:
    atoms = dimer.at(POSITIONS[0]).atoms(0)[[12, *range(12)]]
    atoms.info = {REFERENCE: -0.01, "monomer_a": "1:13", "monomer_b": "0:1"}
    write(tmp_path / "a.extxyz", atoms, format="extxyz")
    group = read_dataset(tmp_path / "a.extxyz").only_group()
    assert group.dimer.a.symbols == dimer.a.symbols
    assert np.allclose(group.at.R, POSITIONS[:1])


def test_a_host_that_was_turned_is_one_host(tmp_path: Path, dimer: Dimer) -> None:
    frames = []
    for k in range(4):
        atoms = dimer.at(POSITIONS[0]).atoms(0)
        atoms.info[REFERENCE] = -0.01
        if k % 2:
            atoms.rotate(30.0, "x")
        frames.append(atoms)
    write(tmp_path / "a.extxyz", frames, format="extxyz")
    group = read_dataset(tmp_path / "a.extxyz").only_group()
    # Files have 8 decimals: 5e-9 Å, which superposition multiplies by the probe's distance over the host's radius.
    assert np.allclose(group.at.R, POSITIONS[0], rtol=0, atol=5e-8)


def test_different_hosts_are_separate_groups(tmp_path: Path, dimer: Dimer) -> None:
    ethylene = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    frames = [(dimer, ethylene)[k % 2].at(POSITIONS[0]).atoms(0) for k in range(4)]
    for atoms in frames:
        atoms.info[REFERENCE] = -0.01
    write(tmp_path / "a.extxyz", frames, format="extxyz")
    data = read_dataset(tmp_path / "a.extxyz")
    assert [g.frames.tolist() for g in data.groups] == [[0, 2], [1, 3]]
    assert len({g.dimer.a.name for g in data.groups}) == 2
    assert data.describe() == "4 configurations, 4 with a reference energy, 2 hosts"
    with pytest.raises(InputError, match="holds 2 host geometries"):
        data.only_group()


def test_labels_of_two_kinds_are_never_mixed(tmp_path: Path, dimer: Dimer) -> None:
    infos = [ccsdt(), ccsdt() | {"basis": "CBS"}, ccsdt() | {"method": "MP2"}]
    path = make(tmp_path / "a.extxyz", dimer, infos)
    with pytest.raises(
        InputError, match=r"mixes labels .*aug-cc-pVDZ.*\(frame 0\).*CBS.*\(frame 1\).*MP2.*\(frame 2\)"
    ):
        read_dataset(path)
    assert read_dataset(path, method="CCSD(T)", basis="CBS").only_group().frames.tolist() == [1]
    with pytest.raises(InputError, match="has no frames with basis 6-31g"):
        read_dataset(path, basis="6-31g")


def test_plain_energies_are_refused(tmp_path: Path, dimer: Dimer) -> None:
    atoms = dimer.at(POSITIONS[0]).atoms(0)
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0)
    write(tmp_path / "a.extxyz", atoms, format="extxyz")
    with pytest.raises(InputError, match=r"frame 0 has 'energy' but no 'REF_interaction_energy'"):
        read_dataset(tmp_path / "a.extxyz")
    with pytest.raises(InputError, match="'REF_energy' but no"):
        read_dataset(make(tmp_path / "b.extxyz", dimer, [{"REF_energy": -1.0}], POSITIONS[:1]))
    group = HostGroup(dimer.at(POSITIONS[:1]), np.zeros(1), np.zeros(1, dtype=np.int64), {"energy": [1.0]})
    with pytest.raises(InputError, match="no plain 'energy'"):
        write_dataset(tmp_path / "c.extxyz", [group])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "large", True])
def test_energies_that_are_no_numbers(tmp_path: Path, dimer: Dimer, value: object) -> None:
    path = make(tmp_path / "a.extxyz", dimer, [ccsdt(), ccsdt() | {REFERENCE: value}, ccsdt()])
    with pytest.raises(InputError, match=r"frame 1: REF_interaction_energy is .*, not a finite number"):
        read_dataset(path)


def test_missing_empty_and_wrong_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no file"):
        read_dataset(tmp_path / "absent.extxyz")
    (tmp_path / "empty.extxyz").write_text("\n\n")
    with pytest.raises(InputError, match="is empty"):
        read_dataset(tmp_path / "empty.extxyz")
    (tmp_path / "table.csv").write_text("x,y,z\n1,2,3\n")
    with pytest.raises(InputError, match="frame 0: line 1 should be a number of atoms"):
        read_dataset(tmp_path / "table.csv")
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(InputError, match="is not a text file"):
        read_dataset(tmp_path / "picture.png")
    with pytest.raises(InputError, match="is not a text file"):
        read_dataset(tmp_path)


def test_a_truncated_file_names_the_frame(tmp_path: Path, dimer: Dimer) -> None:
    path = make(tmp_path / "a.extxyz", dimer, [ccsdt()] * 3)
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-4]))
    with pytest.raises(InputError, match="frame 2 is cut off: 13 atoms expected, 9 found"):
        read_dataset(path)


def test_bad_atoms_name_the_frame(tmp_path: Path, dimer: Dimer) -> None:
    path = make(tmp_path / "a.extxyz", dimer, [ccsdt()] * 3)
    good = path.read_text()
    path.write_text(good.replace("He ", "Qq ", 2).replace("Qq ", "He ", 1))
    with pytest.raises(InputError, match="frame 1: unknown element or missing column 'Qq'"):
        read_dataset(path)
    lines = good.splitlines(keepends=True)
    path.write_text("".join([*lines[:20], "C 0.0 zero 0.0\n", *lines[21:]]))
    with pytest.raises(InputError, match="frame 1 cannot be read"):
        read_dataset(path)
    near = np.array([POSITIONS[0], POSITIONS[1], [0.0, 1.4, 0.2]])
    with pytest.raises(InputError, match=r"frame 2: .*the atoms overlap"):
        read_dataset(make(path, dimer, [ccsdt()] * 3, near))


def test_bad_slices(tmp_path: Path, dimer: Dimer) -> None:
    for info, message in (
        ({"monomer_a": "zero"}, "not a slice"),
        ({"monomer_a": "0:11"}, "do not divide"),
        ({"monomer_a": "0:11", "monomer_b": "11:13"}, "the probe must be a single atom"),
    ):
        path = make(tmp_path / "a.extxyz", dimer, [ccsdt() | info], POSITIONS[:1])
        with pytest.raises(InputError, match=f"frame 0: .*{message}"):
            read_dataset(path)


def test_a_host_with_overlapping_atoms(tmp_path: Path) -> None:
    atoms = Atoms("OOHe", positions=[[0, 0, 0], [0, 0, 0.2], [0, 0, 4.0]], info={REFERENCE: 0.0})
    write(tmp_path / "a.extxyz", atoms, format="extxyz")
    with pytest.raises(InputError, match=r"frame 0: .*overlap, 0\.20 Å apart"):
        read_dataset(tmp_path / "a.extxyz")


def test_two_thousand_frames_in_seconds(tmp_path: Path, dimer: Dimer) -> None:
    positions = np.column_stack([np.zeros((2000, 2)), np.linspace(2.5, 9.0, 2000)])
    path = make(tmp_path / "a.extxyz", dimer, [ccsdt()] * 2000, positions)
    start = time.process_time()
    data = read_dataset(path)
    # 1 CPU second measured; processor time, because test machines are shared.
    assert time.process_time() - start < 5.0
    assert len(data) == 2000


def test_a_folder_that_cannot_be_written(dimer: Dimer) -> None:
    group = HostGroup(dimer.at(POSITIONS[:1]), np.zeros(1), np.zeros(1, dtype=np.int64))
    with pytest.raises(StoreError, match="cannot be written"):
        write_dataset(os.path.join(os.sep, "no", "such", "folder", "a.extxyz"), [group])
