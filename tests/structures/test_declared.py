"""Charge and spin that files declare, and molecules that are no closed shells whatever they declare."""

from pathlib import Path

import numpy as np
import pytest
from sent_files import INPUTS, WATER, he_water, xyz

from nci_core.errors import InputError
from nci_core.extxyz import read_dataset
from nci_core.systems import Dimer, Monomer, builtin_monomer, host_from_file


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("o2.xyz", "multiplicity=3 is declared"),
        ("ch2.xyz", "spin=1 is declared"),
        ("sulfate.xyz", "charge=-2 is declared"),
        ("sulfate_g.xyz", "charge=-2 is declared"),
        ("sulfate.gjf", "charge=-2 is declared"),
    ],
)
def test_files_of_ions_and_open_shells(name: str, part: str) -> None:
    with pytest.raises(InputError, match=part) as error:
        host_from_file(INPUTS / name)
    assert "\n" not in str(error.value)


REFUSED = (
    *("charge=1", "Charge: -1", "total_charge=2", "tot_charge=-1", "charge -2 multiplicity 1", "net_charge = 1"),
    *(
        "charge=0.5",
        "charge=nan",
        "charge=high",
        "-2 1",
        "0 3",
        "0, 3",
        "0 1 1 1 -1 1",
        "mult=3",
        "multiplicity=triplet",
    ),
    *(
        "spin=1",
        "spin=2",
        "Nunpaired=2",
        "uhf=2",
        "magmom=2.0",
        "charge_a=1 charge_b=-1",
        "q=1",
        "q = -2",
        "charge=0 charge_a=1",
    ),
    *(
        'initial_charges="-1 0 0"',
        'initial_magmoms="1 -1 0"',
        "water anion",
        "the triplet state",
        "spin_multiplicity: 3",
    ),
    "Properties=species:S:1:pos:R:3:initial_magmoms:R:1",
    "Properties=species:S:1:pos:R:3:initial_charges:R:1",
)
ACCEPTED = (
    *("", "charge=0 multiplicity=1", "0 1", "charge: 0", "spin=0", "spin=1 multiplicity=1", "mult=1", "uhf=0"),
    *("charge=0.0", "charge_a=0 charge_b=0", "multiplicity=singlet", "charge=neutral", "anion receptor, charge=0"),
    *(
        'note="charge transfer, spin 3"',
        "a charge transfer complex",
        "charge_transfer=0.02",
        "water at MP2/TZ, E = -76.3",
    ),
    *("q=0", "q 3 of the grid", "123 7 5", "Lattice", "wavefunction multiplicities", 'initial_charges="-0.6 0.3 0.3"'),
)


@pytest.mark.parametrize("comment", REFUSED)
def test_declared_ions_and_open_shells_are_refused(tmp_path: Path, comment: str) -> None:
    atoms = [f"{atom} 1.0" for atom in WATER]
    with pytest.raises(InputError, match=r"is declared|add up to|stands in its comment") as error:
        host_from_file(xyz(tmp_path / "water.xyz", comment, *atoms))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("comment", ACCEPTED)
def test_what_agrees_with_a_neutral_singlet_is_read(tmp_path: Path, comment: str) -> None:
    host = host_from_file(xyz(tmp_path / "water.xyz", comment, *WATER))
    assert host.positions.tolist() == [[0.0, 0.0, 0.1173], [0.0, 0.7572, -0.4692], [0.0, -0.7572, -0.4692]]


def test_declared_charges_of_a_dataset(tmp_path: Path) -> None:
    for comment in ("charge=1", "charge_a=1 charge_b=-1", "spin=2"):
        with pytest.raises(InputError, match=r"frame 0: .* is declared"):
            read_dataset(he_water(tmp_path / "a.extxyz", comment))
    assert read_dataset(he_water(tmp_path / "a.extxyz", "charge=0 charge_a=0 charge_b=0")).labelled == 1


GJF = """%chk=water.chk
# mp2/aug-cc-pvtz{route}

water

{charges}
{atoms}

"""


def gjf(path: Path, charges: str = "0 1", route: str = "", atoms: str = "\n".join(WATER)) -> Path:
    path.write_text(GJF.format(charges=charges, route=route, atoms=atoms))
    return path


def test_gaussian_inputs(tmp_path: Path) -> None:
    expected = [[0.0, 0.0, 0.1173], [0.0, 0.7572, -0.4692], [0.0, -0.7572, -0.4692]]
    assert host_from_file(gjf(tmp_path / "a.gjf")).positions.tolist() == expected
    labelled = "8 0.0 0.0 0.1173\nH(iso=2) 0 0.0 0.7572 -4.692D-01\nH1 0.0,-0.7572,-0.4692"
    host = host_from_file(gjf(tmp_path / "a.com", "0,1", atoms=labelled))
    assert (host.symbols, host.positions.tolist()) == (("O", "H", "H"), expected)
    bohr = "O 0 0 0.221665\nH 0 1.430901 -0.886660\nH 0 -1.430901 -0.886660"
    host = host_from_file(gjf(tmp_path / "b.gjf", route=" units=au", atoms=bohr))
    assert np.allclose(host.positions, expected, atol=1e-6)
    for charges, atoms, part in (
        ("0 3", "\n".join(WATER), "multiplicity=3"),
        ("0 1 1 1 -1 1", "\n".join(WATER), "charge=.*0, 1, -1.* is declared"),
        ("0 1", "O\nH 1 0.96\nH 1 0.96 2 104.5", "no atom in Cartesian coordinates"),
        ("0 1", bohr, "likely in bohr"),
        ("", "\n".join(WATER), "no line of charge and multiplicity"),
    ):
        with pytest.raises(InputError, match=part):
            host_from_file(gjf(tmp_path / "c.gjf", charges, atoms=atoms))


MOL = """nitromethane or not
  made by hand

  3  2  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.1173 O   0  {code}
    0.0000    0.7572   -0.4692 H   0  0
    0.0000   -0.7572   -0.4692 H   0  0
  1  2  1  0
  1  3  1  0
{properties}M  END
"""


def test_molfiles(tmp_path: Path) -> None:
    path = tmp_path / "water.mol"

    def write(code: int = 0, properties: str = "", end: str = "") -> Path:
        path.write_text(MOL.format(code=code, properties=properties) + end)
        return path

    expected = [[0.0, 0.0, 0.1173], [0.0, 0.7572, -0.4692], [0.0, -0.7572, -0.4692]]
    assert host_from_file(write()).positions.tolist() == expected
    assert host_from_file(write(3, "M  CHG  2   1   1   2  -1\n")).symbols == ("O", "H", "H")
    assert host_from_file(write().rename(tmp_path / "water.sdf")).symbols == ("O", "H", "H")
    for code, properties, end, part in (
        (5, "", "", "charge=-1"),
        (0, "M  CHG  1   1  -2\n", "", "charge=-2"),
        (0, "M  RAD  1   1   3\n", "", "unpaired_electrons=1"),
        (4, "", "", "unpaired_electrons=1"),
        (0, "M  CHG  1   9  -2\n", "", "not there"),
        (0, "", "$$$$\n" + MOL.format(code=0, properties=""), "2 structures"),
    ):
        with pytest.raises(InputError, match=part):
            host_from_file(write(code, properties, end))


@pytest.mark.parametrize("probe", ["O", "C", "S", "Si", "Ti", "Fe", "Ge"])
def test_atoms_with_unpaired_electrons_are_no_probes(probe: str) -> None:
    """All have an even number of electrons."""
    with pytest.raises(InputError, match=f"Probe '{probe}' has unpaired electrons in its ground state"):
        Dimer(builtin_monomer("ethylene"), Monomer.atom(probe))
    with pytest.raises(InputError, match=f"Monomer '{probe}' has unpaired electrons"):
        Monomer("atom", (probe,), np.zeros((1, 3)))


@pytest.mark.parametrize("probe", ["He", "Ne", "Ar", "Kr", "Xe", "Be", "Mg", "Ca", "Zn", "Cd", "Hg", "Pd", "Yb"])
def test_closed_shell_atoms_are_probes(probe: str) -> None:
    assert Dimer(builtin_monomer("ethylene"), Monomer.atom(probe)).b.symbols[0] == probe


@pytest.mark.parametrize(
    ("symbols", "formula"),
    [("OO", "O2"), ("SO", "SO"), ("SS", "S2"), ("NH", "NH"), ("HP", "HP"), ("CHH", "CH2"), ("BB", "B2"), ("NF", "NF")],
)
def test_molecules_that_are_known_to_be_open_shells(symbols: str, formula: str) -> None:
    positions = np.array([[0.0, 0.0, 1.3 * k] for k in range(len(symbols))])
    with pytest.raises(InputError, match=f"is {formula}, which has unpaired electrons"):
        Monomer("odd", tuple(symbols), positions)
    # Silylene is a singlet, as are nitrogen and disulfur dihydride.
    for closed in (("Si", "H", "H"), ("N", "N"), ("S", "S", "H", "H")):
        assert Monomer("even", closed, np.array([[1.5 * k, 0.0, 0.0] for k in range(len(closed))])).symbols == closed
