"""Tables of energies: dialects of the same numbers, frames and angles, bad rows by number, units told apart."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nci_core.datasets.energy_tables import Choices, guess, read_points, read_table
from nci_core.datasets.energy_tables.likely import likely
from nci_core.datasets.energy_tables.points import unit_vectors
from nci_core.datasets.energy_tables.table import MOST_BYTES, MOST_ROWS
from nci_core.errors import InputError
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import BOHR_ANGSTROM, CM1_EV, UNITS

BENZENE = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
WANTED = [[0.0, 0.0, 3.1], [1.5, 0.25, 3.5]]
ENERGIES = [-90.25, -50.5]
#: The same two energies as people and programs write them.
DIALECTS = {
    "commas": "x,y,z,E / cm-1\n0,0,3.1,-90.25\n1.5,0.25,3.5,-50.5\n",
    "semicolons and decimal commas": "x;y;z;E (cm-1)\n0;0;3,1;-90,25\n1,5;0,25;3,5;-50,5\n",
    "tabs and comments": "# by me\n% again\nx\ty\tz\tE_cm1\n0\t0\t3.1\t-90.25\n\n1.5\t0.25\t3.5\t-50.5\n",
    "spaces, no header": "  0.0 0.0  3.1 -90.25\n  1.5 0.25 3.5 -0.505D+02\n",
    "spaces and decimal commas": "x y z E/cm-1\n0,0 0,0 3,1 -90,25\n1,5 0,25 3,5 -50,5\n",
    "other order and columns": "note,E [cm^-1],z,y,x\nok,-90.25,3.1,0,0\nok,-50.5,3.5,0.25,1.5\n",
    "quotes, minus signs of type": '"x","y","z","Energy (cm⁻¹)"\n0,0,3.1,−90.25\n1.5,0.25,3.5,−50.5\n',
    "old line ends": "x,y,z,E / cm-1\r0,0,3.1,-90.25\r1.5,0.25,3.5,-50.5\r",
}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", list(DIALECTS))
def test_every_dialect_gives_the_same_energies(name: str, encoding: str) -> None:
    table = read_table(DIALECTS[name].encode(encoding), "mine.csv")
    found = read_points(table, guess(table), BENZENE, "mine.csv")
    np.testing.assert_allclose(found.positions, WANTED)
    np.testing.assert_allclose(found.energy_ev, np.array(ENERGIES) * CM1_EV)
    assert not found.problems


def test_the_header_tells_units_of_energy_length_and_angle() -> None:
    table = read_table(b"R (bohr);theta_rad;phi;V [kcal/mol]\n7,0;0,5;0;-0,1\n", "mine.csv")
    choices = guess(table)
    assert (choices.layout, choices.length_unit, choices.angle_unit) == ("polar", "bohr", "radians")
    found = read_points(table, choices, BENZENE, "mine.csv")
    np.testing.assert_allclose(np.linalg.norm(found.positions[0]), 7.0 * BOHR_ANGSTROM)
    np.testing.assert_allclose(found.energy_ev, -0.1 / UNITS["kcal_mol"].per_ev)


def test_angles_are_measured_from_the_axis_that_was_named() -> None:
    # θ = 90°, φ = 0 lies on the axis after the polar one, φ = 90° on the third.
    for polar, expected in {"z": "xy", "x": "yz", "y": "zx"}.items():
        for phi, letter in zip((0.0, np.pi / 2), expected, strict=True):
            assert "xyz"[int(np.abs(unit_vectors(np.pi / 2, phi, polar)).argmax())] == letter
    water = builtin_monomer("ethylene")
    table = read_table(b"R,E\n5.0,-1\n", "a")
    chosen = Choices(layout="polar", columns={"r": "R", "energy": "E"}, axes="principal", origin="mass", polar="x")
    (point,) = read_points(table, chosen, Dimer(water, Monomer.atom("He")), "a").positions
    np.testing.assert_allclose(np.abs(point), [5.0, 0.0, 0.0], atol=1e-9)  # the double bond is along x, and longest


def test_a_wide_table_has_one_column_for_each_angle() -> None:
    table = read_table(b"R 0 30 th=90\n4.5 -10 -11 -12\n6 -4 -5 -6\n", "wide.dat")
    choices = guess(table)
    assert choices.layout == "wide"
    found = read_points(table, choices, BENZENE, "wide.dat")
    angle = np.degrees(np.arccos(found.positions[:, 2] / np.linalg.norm(found.positions, axis=1)))
    np.testing.assert_allclose(angle, [0, 30, 90] * 2, atol=1e-5)
    np.testing.assert_allclose(found.energy_ev / CM1_EV, [-10, -11, -12, -4, -5, -6])


def test_positive_binding_energies_are_turned_round() -> None:
    table = read_table(b"x,y,z,E\n0,0,3.1,90\n", "a")
    choices = guess(table).model_copy(update={"bound": "positive"})
    np.testing.assert_allclose(read_points(table, choices, BENZENE, "a").energy_ev, -90 * CM1_EV)


def test_rows_that_cannot_be_used_are_listed_by_number() -> None:
    text = "x,y,z,E\n0,0,3.1,-9\n0,0,nan,1\n0,0,0.1,5\n1,2,3\n0,0,5,\n0,0,99999,0\n0,0,4,1_0\n0,1.39,0.3,7\n"
    table = read_table(text.encode(), "a")
    found = read_points(table, guess(table), BENZENE, "a")
    assert len(found) == 2, "the centre of the ring is free"
    problems = dict(found.problems)
    assert set(problems) == {3, 5, 6, 7, 8, 9}
    assert "coordinate" in problems[3]
    assert "cells" in problems[5]
    assert "energy" in problems[6]
    assert "away" in problems[7]
    assert "overlaps atom 1 (C)" in problems[9]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"# only words\n", "is empty"),
        (b"x,y,z,E\n", "a header and no rows"),
        (b"E\n1\n2\n", "1 column"),
        (b"\x00\x01\x02", "no text"),
        (b"x,y,z,E\n1,2\n3,4\n", "its header has 4 columns, its rows have 2"),
    ],
)
def test_what_is_no_table_is_said_in_one_sentence(content: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_table(content, "mine.csv")


def test_a_million_rows_are_refused_quickly() -> None:
    small = b"0,0,9,1\n"
    start = time.process_time()
    for content in (small * (MOST_ROWS + 2), small * (MOST_BYTES // len(small) + 1), small * 1_000_000):
        with pytest.raises(InputError, match=r"at most|larger"):
            read_table(content, "big.csv")
    assert time.process_time() - start < 2.0


def test_a_column_that_is_missing_or_chosen_twice_is_said() -> None:
    table = read_table(b"a,b,c,d\n1,2,3,4\n", "a")
    with pytest.raises(InputError, match="choose the column of the energy; its columns are a, b, c, d"):
        read_points(table, Choices(columns={"x": "a", "y": "b", "z": "c"}), BENZENE, "a")
    with pytest.raises(InputError, match="chosen twice"):
        read_points(table, Choices(columns={"x": "a", "y": "a", "z": "c", "energy": "d"}), BENZENE, "a")


@pytest.mark.parametrize("unit", ["kcal/mol", "kJ/mol", "meV", "hartree", "K", "eV"])
@pytest.mark.parametrize("bound", ["negative", "positive"])
def test_a_wrong_unit_or_sign_is_told(unit: str, bound: str) -> None:
    """Energies in cm⁻¹, bound ones negative, are read as if they were in another unit, or of the other sign."""
    random = np.random.default_rng(1)
    expected = -random.uniform(10, 90, 60) * CM1_EV
    true = expected * random.normal(1.0, 0.05, 60)
    read = Choices(energy_unit=unit, bound=bound)
    found = likely(true / CM1_EV * read.ev, expected, unit, bound, "the student in use")
    assert found is not None
    assert (found.unit, found.bound) == ("cm-1", "negative")


def test_energies_that_follow_nothing_are_of_no_unit() -> None:
    random = np.random.default_rng(1)
    expected = -random.uniform(10, 90, 60)
    found = likely(random.normal(0.0, 50.0, 60), expected, "eV", "negative", "the student in use")
    assert found is not None
    assert found.unit is None
    assert likely(expected[:2], expected[:2], "eV", "negative", "x") is None


cell = st.one_of(
    st.sampled_from(["x", "1,5", "-3.2", "1e400", "nan", "٣", "1_0", "", '"', "E / cm-1", "30°", "#", "θ", "<b>"]),
    st.floats().map(str),
    st.text(max_size=6),
)


def one_line(sentence: str) -> None:
    assert "\n" not in sentence


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(cell, min_size=1, max_size=6), min_size=1, max_size=6),
    st.sampled_from([",", ";", "\t", " "]),
    st.binary(max_size=20),
)
def test_whatever_is_sent_is_read_or_refused(rows: list[list[str]], separator: str, tail: bytes) -> None:
    content = "\n".join(separator.join(row) for row in rows).encode("utf-8", "replace") + tail
    try:
        table = read_table(content, "mine.csv")
        found = read_points(table, guess(table), BENZENE, "mine.csv")
    except InputError as error:
        one_line(str(error))
        return
    assert np.isfinite(found.positions).all()
    assert np.isfinite(found.energy_ev).all()
    assert len(found.lines) == len(found.positions)
