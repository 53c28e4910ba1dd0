"""A host from SMILES: the right molecule, its symmetry, where it comes from; and what is refused."""

import numpy as np
import pytest

from nci_core.errors import InputError
from nci_core.systems import Monomer
from nci_core.systems.bonds import bonded
from nci_core.systems.flexibility import conformer_note, rotatable_bonds
from nci_core.systems.point_group import extent, formula, point_group
from nci_core.systems.smiles import host_from_smiles


@pytest.fixture(scope="module")
def furan() -> Monomer:
    return host_from_smiles("c1ccoc1", "furan")


def test_furan_is_flat_symmetric_and_as_long_as_measured(furan: Monomer) -> None:
    assert (furan.name, formula(furan), point_group(furan)) == ("furan", "C4H4O", "C2v")
    assert extent(furan)[2] == 0.0
    # r(CO) is 1.362 Å in furan (microwave, DOI 10.1016/0022-2852(62)90246-6); GFN2-xTB is good to 0.02 Å.
    oxygen = furan.symbols.index("O")
    apart = np.linalg.norm(furan.positions - furan.positions[oxygen], axis=1)
    np.testing.assert_allclose(np.sort(apart)[1:3], 1.362, atol=0.02)
    assert bonded(furan.numbers, furan.positions).sum() == 2 * 9
    assert not conformer_note(furan)


def test_one_molecule_has_one_geometry_however_it_is_written(furan: Monomer) -> None:
    again = host_from_smiles("O1C=CC=C1")
    assert again.name == "C4H4O"
    np.testing.assert_array_equal(again.positions, furan.positions)
    for word in ("SMILES c1ccoc1", "ETKDGv3", "MMFF94", "GFN2-xTB"):
        assert word in furan.source


@pytest.mark.parametrize(
    ("smiles", "group"), [("[H][H]", "D∞h"), ("C", "Td"), ("C=C=C", "D2d"), ("CCCC", "C2h"), ("[C-]#[O+]", "C∞v")]
)
def test_symmetry_of_small_molecules(smiles: str, group: str) -> None:
    assert point_group(host_from_smiles(smiles)) == group


def test_a_flexible_molecule_is_said_to_be_one() -> None:
    butane = host_from_smiles("CCCC")
    assert rotatable_bonds(butane) == 1
    assert "the conformer shown" in conformer_note(butane)


@pytest.mark.parametrize(
    ("smiles", "sentence"),
    [
        ("", "is empty"),
        ("no molecule", "that can be read"),
        ("c1ccoc1 <b>furan</b>", "that can be read"),
        ("C" * 301, "at most 300 characters"),
        ("C" * 40, "more than the 100"),
        ("[NH4+]", "charge \\+1"),
        ("[CH3]", "unpaired electrons"),
        ("O=O", "unpaired electrons"),
        ("O.O", "2 molecules"),
        ("*C", "without an element"),
    ],
)
def test_what_is_no_host_is_refused_in_one_sentence(smiles: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        host_from_smiles(smiles)


def test_without_rdkit_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nci_core.systems.smiles.importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"nci\[smiles\]"):
        host_from_smiles("C")
