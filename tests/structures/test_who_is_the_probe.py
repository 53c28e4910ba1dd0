"""Which atom of a dimer is the probe."""

from pathlib import Path

import numpy as np
import pytest
from sent_files import INPUTS, WATER, he_water, xyz

from nci_core.errors import InputError
from nci_core.extxyz import read_dataset
from nci_core.systems import builtin_monomer
from nci_core.systems.reading.monomers import divide

CO2 = ("C 0.0 0.0 0.0", "O 0.0 0.0 1.16", "O 0.0 0.0 -1.16")


def test_the_probe_may_come_first() -> None:
    group = read_dataset(INPUTS / "one_first.extxyz").only_group()
    assert (group.dimer.name, group.at.R.tolist()) == ("he-CO2", [[0.0, 3.1, 0.0]])
    assert group.dimer.a.symbols == ("C", "O", "O")
    group = read_dataset(INPUTS / "probe_first_nciatlas.extxyz").only_group()
    assert (group.dimer.name, len(group.at.R)) == ("he-CO2", 40)
    assert group.at.R[1].tolist() == [-0.773148, -0.368251, -3.450240]
    assert group.reference[1] == 0.0440927179
    assert not {"selection_a", "selection_b"} & set(group.columns)


@pytest.mark.parametrize(("name", "dimer"), [("ne_ethylene", "ne-C2H4"), ("ne_water", "ne-H2O")])
def test_the_probe_is_neon(name: str, dimer: str) -> None:
    assert read_dataset(INPUTS / f"{name}.extxyz").only_group().dimer.name == dimer


def test_slices_that_count_from_one() -> None:
    one, plain = (read_dataset(INPUTS / f"{name}.extxyz").only_group() for name in ("mono_1based", "bom"))
    assert one.dimer.a.symbols == ("O", "H", "H")
    assert np.array_equal(one.at.R, plain.at.R)
    assert np.array_equal(one.reference, plain.reference)


@pytest.mark.parametrize(
    ("keys", "host", "probe"),
    [
        ("", [0, 1, 2], 3),
        ("monomer_a=0:3 monomer_b=3:4", [0, 1, 2], 3),
        ("monomer_a=:3", [0, 1, 2], 3),
        ("monomer_b=-1", [0, 1, 2], 3),
        ("monomer_a=1-3 monomer_b=4", [0, 1, 2], 3),
        ("monomer_a=1:3 monomer_b=4:4", [0, 1, 2], 3),
        ("monomer_a=1:4 monomer_b=4:5", [0, 1, 2], 3),
        ("monomer_a=0:2 monomer_b=3", [0, 1, 2], 3),
        ('monomer_a="[0, 1, 2]" monomer_b="[3]"', [0, 1, 2], 3),
        ('monomer_a="0 1 2"', [0, 1, 2], 3),
        ("monomer_a=1,2,3 monomer_b=4", [0, 1, 2], 3),
        ("selection_a=1-3 selection_b=4", [0, 1, 2], 3),
        ("selection_a=1,2-3 selection_b=4", [0, 1, 2], 3),
        ("selection_a=4 selection_b=1-3", [0, 1, 2], 3),
        ("monomer_a=0:3 selection_b=4", [0, 1, 2], 3),
        # Counted from 0, atom 3 is helium; counted from 1 it would be a hydrogen.
        ("monomer_b=3", [0, 1, 2], 3),
        ("monomer_b=4", [0, 1, 2], 3),
    ],
)
def test_forms_that_people_write(tmp_path: Path, keys: str, host: list[int], probe: int) -> None:
    group = read_dataset(he_water(tmp_path / "a.extxyz", keys)).only_group()
    assert (group.dimer.name, group.at.R.tolist()) == ("he-H2O", [[0.0, 0.0, 3.3]])
    assert group.dimer.a.symbols == ("O", "H", "H")


@pytest.mark.parametrize(
    ("rows", "keys", "part"),
    [
        (("He 0 3.1 0", *CO2), "monomer_b=3:4", r"atom 4 \(O\) is bonded to atom 2 \(C\), 1\.16 Å away"),
        (("He 0 3.1 0", *CO2), "selection_b=2", r"atom 2 \(C\) is bonded to atom 3 \(O\), 1\.16 Å away"),
        (WATER, "", r"atom 3 \(H\) is bonded to atom 1 \(O\), 0\.96 Å away, and no other atom stands alone"),
        ((*WATER, "He 0 0 3.3", "He 0 0 -3.9"), "", r"atoms 4 \(He\), 5 \(He\) are not bonded to any other"),
        ((*WATER, "He 0 0 3.3", "O 0 0 -3", "H 0 .8 -3.6", "H 0 -.8 -3.6"), "", "it holds 2 molecules"),
        (("Ar 0 0 0", "He 0 0 3.5"), "", "the probe cannot be told"),
        ((*WATER, "He 0 0 3.3"), "monomer_a=0:2 monomer_b=3:4", "do not divide"),
        ((*WATER, "He 0 0 3.3"), "monomer_a=0:99999999", "not a slice"),
        ((*WATER, "He 0 0 3.3"), "monomer_a=0:9999999 monomer_b=3", "do not divide"),
        ((*WATER, "He 0 0 3.3"), "monomer_a=0:2 monomer_b=2:4", "the probe must be a single atom"),
        ((*WATER, "He 0 0 3.3"), "monomer_b=He", "not a slice"),
        ((*WATER, "He 0 0 3.3"), "selection_a=1-2 selection_b=3", "do not divide"),
        ((*WATER, "He 0 0 3.3", "He 0 0 -3.9"), "monomer_b=4", "from 0 or from 1, and both make sense"),
        ((*WATER, "He 0 0 3.3", "He 0 0 -3.9"), "monomer_a=0:4 monomer_b=4:5 selection_b=4", "name different parts"),
        (("He 0 0 0",), "", "a single atom"),
    ],
)
def test_where_it_cannot_be_told(tmp_path: Path, rows: tuple[str, ...], keys: str, part: str) -> None:
    with pytest.raises(InputError, match=f"frame 0: .*{part}") as error:
        read_dataset(xyz(tmp_path / "a.extxyz", f"REF_interaction_energy=-0.001 {keys}", *rows))
    assert "\n" not in str(error.value)


def test_of_two_single_atoms_the_second_part_is_the_probe(tmp_path: Path) -> None:
    rows = ("Ar 0 0 0", "He 0 0 3.5")
    for keys, name in (
        ("monomer_a=0:1 monomer_b=1:2", "he-Ar"),
        ("monomer_a=1:2 monomer_b=0:1", "ar-He"),
        ("selection_a=1 selection_b=2", "he-Ar"),
        ("selection_a=2 selection_b=1", "ar-He"),
    ):
        path = xyz(tmp_path / "a.extxyz", f"REF_interaction_energy=-0.0025 {keys}", *rows)
        assert read_dataset(path).only_group().dimer.name == name
    helium = xyz(tmp_path / "he2.extxyz", "REF_interaction_energy=-0.0009", "He 0 0 0", "He 0 0 3")
    assert read_dataset(helium).only_group().at.R.tolist() == [[0.0, 0.0, 3.0]]


def test_declared_monomers_may_be_several_molecules(tmp_path: Path) -> None:
    rows = (*WATER, "O 0 0 -2.9", "H 0 0.76 -3.5", "H 0 -0.76 -3.5", "He 0 0 3.3")
    path = xyz(tmp_path / "a.extxyz", "REF_interaction_energy=-0.002 monomer_a=0:6 monomer_b=6:7", *rows)
    assert read_dataset(path).only_group().dimer.name == "he-H4O2"


def test_a_rare_gas_on_the_repulsive_wall_is_not_bonded() -> None:
    """From 0.6 of the sum of covalent radii for He to Ar; Kr and Xe from beyond the bonds that they form."""
    host = builtin_monomer("benzene")
    for number, height in ((2, 0.7), (10, 0.9), (18, 1.2), (36, 2.3), (54, 2.6)):
        positions = np.vstack([host.positions, host.positions[0] + [0.0, 0.0, height]])
        assert divide(np.append(host.numbers, number), positions, {}).probe == 12
