"""One sentence for every unusable host, probe or file."""

from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule
from ase.io import write

from nci_core.errors import InputError
from nci_core.systems import Dimer, Monomer, builtin_monomer, host_from_file
from nci_core.systems.reading.structure_file import find_host

H2 = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.74]]


@pytest.mark.parametrize(
    ("symbols", "positions", "part"),
    [
        (("H", "Xx"), H2, "Unknown element 'Xx'"),
        (("H", "X"), H2, "Unknown element 'X'"),
        (("H", "h"), H2, "Unknown element 'h'"),
        (("H", "H"), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.1]], "overlap, 0.10 Å apart"),
        (("H", "H"), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]], "overlap, 0.00 Å apart"),
        (("O", "H"), [[0.0, 0.0, 0.0], [0.0, 0.0, 0.97]], "9 electrons, an odd number"),
        (("H", "H"), [[0.0, 0.0, 0.0], [0.0, 0.0, np.nan]], "not numbers"),
        (("H", "H"), [[0.0, 0.0, 0.0], [0.0, 0.0, np.inf]], "not numbers"),
        (("H", "H"), [[0.0, 0.0, 0.0]], "2 symbols for 1 positions"),
        ((), np.zeros((0, 3)), "0 symbols for 0 positions"),
    ],
)
def test_bad_hosts(symbols: tuple[str, ...], positions: object, part: str) -> None:
    with pytest.raises(InputError, match=part) as error:
        Monomer("odd", symbols, np.array(positions, dtype=float))
    assert "\n" not in str(error.value)


def test_a_host_keeps_its_own_copy_of_the_coordinates() -> None:
    positions = np.array(H2)
    host = Monomer("hydrogen", ("H", "H"), positions)
    positions[1] = 0.0
    assert host.positions[1, 2] == 0.74
    with pytest.raises(ValueError, match="read-only"):
        host.positions[0, 0] = 1.0


@pytest.mark.parametrize(("probe", "part"), [("Qq", "Unknown element 'Qq' in the probe"), ("H", "odd number")])
def test_bad_probes(probe: str, part: str) -> None:
    with pytest.raises(InputError, match=part):
        Dimer(builtin_monomer("benzene"), Monomer.atom(probe))


def test_bad_positions_are_named_by_their_row() -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    good = [0.0, 0.0, 3.0]
    with pytest.raises(InputError, match="Probe position 1 is not a number"):
        dimer.at([good, [0.0, np.nan, 3.0]]).checked()
    with pytest.raises(InputError, match=r"Probe position 1 lies 0.10 Å from host atom 0 \(C\)"):
        dimer.at([good, dimer.a.positions[0] + [0.0, 0.0, 0.1]]).checked()
    assert dimer.at(good).checked().R.shape == (1, 3)


def test_names() -> None:
    assert Dimer(builtin_monomer("benzene"), Monomer.atom("He")).name == "he-benzene"


def test_a_host_from_a_file(tmp_path: Path) -> None:
    write(tmp_path / "water.xyz", molecule("H2O"))
    host = find_host(str(tmp_path / "water.xyz"))
    assert (host.name, sorted(host.symbols)) == ("water", ["H", "H", "O"])
    # The file has eight decimals or more.
    assert np.allclose(host.positions, molecule("H2O").positions, atol=1e-7)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "There is no file"),
        (b"", "not a structure file|0 structures"),
        (b"\x00\x01\x02\xff", "not a structure file"),
        (b"hello\nworld\n", "not a structure file"),
        (b"3\n\nO 0 0 0\nH 0 0 1\n", "not a structure file"),
        (b"1\n\nQq 0 0 0\n", "not a structure file"),
        (b"1\n\nHe 0 0 0\n1\n\nHe 0 0 0\n", "2 structures"),
        (b"2\n\nO 0 0 0\nH 0 0 0.97\n", "odd number"),
        (b"2\n\nH 0 0 0\nH 0 0 nan\n", "not numbers"),
    ],
)
def test_bad_host_files(tmp_path: Path, content: bytes | None, part: str) -> None:
    path = tmp_path / "host.xyz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=part) as error:
        host_from_file(path)
    assert "\n" not in str(error.value)


def test_a_folder_is_not_a_structure_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a structure file"):
        host_from_file(tmp_path)
