"""Files of energies of whatever kind, one or several at once, for one dimer."""

from pathlib import Path

import numpy as np
import pytest

from nci_core.campaign.exchange.energy_files import check_entries
from nci_core.campaign.exchange.energy_sources import EnergyFile, open_files
from nci_core.datasets.energy_tables import Points
from nci_core.errors import InputError
from nci_core.systems import Dimer, Monomer
from nci_core.units import CM1_EV

H2 = Monomer("h2", ("H", "H"), np.array([[0.0, 0.0, -0.37], [0.0, 0.0, 0.37]]), source="made up")
DIMER = Dimer(H2, Monomer.atom("He"))
SHARED = Path(__file__).parents[3] / "shared" / "data"
ATLAS = SHARED / "nci-atlas-small-probes"
BENZENE = SHARED / "he-benzene-reference"


def points(file: EnergyFile) -> Points:
    return check_entries(DIMER, file, file.guess())


def frame(z: float, keys: str = "", probe: str = "He") -> str:
    return f"3\n{keys} selection_a=1-2 selection_b=3\nH 0 0 -0.37\nH 0 0 0.37\n{probe} 0 0 {z}\n"


def test_pieces_of_a_table_are_one_table_and_errors_name_the_piece() -> None:
    pieces = [
        ("a.csv", b"x,y,z,E / cm-1\n0,0,3.5,-9\n0,0,4,-5\n"),
        ("b.csv", b"x,y,z,E / cm-1\n0,0,5,-1\n0,0,oops,-2\n"),
    ]
    file = open_files(DIMER, pieces)
    found = points(file)
    assert found.energy_ev == pytest.approx(np.array([-9, -5, -1]) * CM1_EV)
    assert [file.place(int(n)) for n in found.lines] == ["row 2 of a.csv", "row 3 of a.csv", "row 2 of b.csv"]
    assert [(file.place(n), what) for n, what in found.problems] == [("row 3 of b.csv", "a coordinate is not a number")]
    with pytest.raises(InputError, match=r"b.csv has the columns r, E, but a.csv has x, y, z"):
        open_files(DIMER, [pieces[0], ("b.csv", b"r,E\n3,4\n")])


def test_frames_of_other_dimers_are_left_aside() -> None:
    keys = "REF_interaction_energy=-0.001 method=MP2"
    files = [
        ("a.xyz", frame(3.5, keys) + frame(4.0, keys, "Ne")),
        ("b.xyz", frame(5.0, keys)),
        ("c.xyz", "3\nbroken\n"),
    ]
    file = open_files(DIMER, [(name, text.encode()) for name, text in files])
    found = points(file)
    assert file.method == "MP2"
    np.testing.assert_allclose(found.positions[:, 2], [3.5, 5.0])
    assert [file.place(n) for n, _ in found.problems] == ["frame 1 of a.xyz", "frame 0 of c.xyz"]
    assert found.problems[0][1] == "it holds H2Ne, not he-h2"
    with pytest.raises(InputError, match=r"it holds H2Ne.*the campaign is about he-h2"):
        open_files(DIMER, [("a.xyz", frame(4.0, keys, "Ne").encode())])


@pytest.mark.parametrize("named", [True, False])
def test_structures_come_with_the_table_of_their_energies(named: bool) -> None:
    table = "system,Eint / kcal/mol\nB,-0.1\nA,-0.2\n" if named else "E / kcal/mol,comment\n-0.2,a\n-0.1,b\n"
    files = [("A.xyz", frame(3.5).encode()), ("B.xyz", frame(5.0).encode()), ("energies.csv", table.encode())]
    file = open_files(DIMER, files)
    found = points(file)
    np.testing.assert_allclose(found.energy_ev / 0.0433641, [-0.2, -0.1], rtol=1e-5)
    np.testing.assert_allclose(found.positions[:, 2], [3.5, 5.0])
    with pytest.raises(InputError, match="no column of the table names the structures, and it has 1 rows for 2"):
        points(open_files(DIMER, [*files[:2], ("e.csv", b"E / cm-1,note\n-3,x\n")]))


def test_kinds_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match="These are 2 tables and 1 files of frames"):
        open_files(DIMER, [("a.csv", b"x,y\n1,2\n"), ("b.csv", b"x,y\n1,2\n"), ("a.xyz", frame(4.0).encode())])
    with pytest.raises(InputError, match=r"a.out is no output of Psi4, ORCA or Molpro"):
        open_files(DIMER, [("a.out", b"Entering Gaussian System")])


@pytest.mark.skipif(not ATLAS.is_dir(), reason="the atlas is not here")
def test_a_whole_atlas_serves_one_dimer() -> None:
    structures, table = (ATLAS / name for name in ("shared.extxyz", "shared.csv"))
    lines = structures.read_text().split("\n")
    first = next(k for k, line in enumerate(lines) if "system=4.06.01 " in line)
    rows = [line.split() for line in lines[first + 1 : first + 1 + int(lines[first - 1])]]
    host = Monomer(
        "butane", tuple(r[0] for r in rows[:-1]), np.array([r[1:4] for r in rows[:-1]], dtype=float), source="atlas"
    )
    dimer = Dimer(host, Monomer.atom(rows[-1][0]))
    alone = open_files(dimer, [(structures.name, structures.read_bytes())])
    by_frames = check_entries(dimer, alone, alone.guess())
    assert len(by_frames) == 11
    both = open_files(dimer, [(path.name, path.read_bytes()) for path in (structures, table)])
    by_table = check_entries(dimer, both, both.guess())
    np.testing.assert_allclose(by_table.energy_ev, by_frames.energy_ev, atol=0.01 * CM1_EV)


@pytest.mark.skipif(not BENZENE.is_dir(), reason="the reference is not here")
def test_the_published_benzene_energies_are_the_same_in_both_forms() -> None:
    lines = (BENZENE / "ccsdt.extxyz").read_text().split("\n")[: 40 * 15]
    rows = [line.split() for line in lines[2:14]]
    atoms = np.array([row[1:4] for row in rows], dtype=float)
    dimer = Dimer(Monomer("benzene", tuple(r[0] for r in rows), atoms, source="published"), Monomer.atom("He"))
    header_and_40 = (BENZENE / "ccsdt.csv").read_text().split("\n")[:41]
    table = open_files(dimer, [("ccsdt.csv", "\n".join(header_and_40).encode())])
    frames = open_files(dimer, [("ccsdt.extxyz", "\n".join(lines).encode())])
    found = check_entries(dimer, table, table.guess())
    assert table.guess().columns["energy"] == "cbs_cm1"
    by_frames = check_entries(dimer, frames, frames.guess())
    np.testing.assert_allclose(found.energy_ev, by_frames.energy_ev, atol=0.01 * CM1_EV)
    np.testing.assert_allclose(found.positions, by_frames.positions, atol=1e-5)
