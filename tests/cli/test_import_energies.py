"""nci import-energies: the same as the page, in one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.errors import InputError
from nci_core.store import energy_sets

Nci = Callable[..., Any]


@pytest.fixture
def there(tmp_path: Path) -> Path:
    small.sampled(tmp_path / "work", small.write_host(tmp_path)).store.close()
    (tmp_path / "mine.csv").write_text("0,0,3.6,-17\n0,3.2,0,-14.5\n0,0,5,-2.5\n3,0,3,-8\n0,4,0,-4\n")
    return tmp_path


def test_columns_units_and_kind_are_said_on_the_line(nci: Nci, there: Path) -> None:
    said = ("--name", "mine", "--method", "MP2", "--as", "labels", "--unit", "cm-1", "--columns", "x,y,z,e")
    found = nci("import-energies", str(there / "mine.csv"), "-c", str(there / "work"), *said, "--anyway")
    assert found.code == 0, found.stderr
    (row,) = energy_sets.fetch(Campaign.open(there / "work").store)
    assert (row.name, row.method, row.kind) == ("mine", "MP2", "labels")
    assert row.details["read_as"]["columns"] == {
        "x": "column 1",
        "y": "column 2",
        "z": "column 3",
        "energy": "column 4",
    }


def test_a_folder_of_pieces_with_points_held_out(nci: Nci, there: Path) -> None:
    pieces = there / "pieces"
    pieces.mkdir()
    lines = (there / "mine.csv").read_text().splitlines(keepends=True)
    for name, part in (("1.csv", lines[:3]), ("2.csv", lines[3:])):
        (pieces / name).write_text("".join(part))
    said = ("--name", "mine", "--method", "MP2", "--as", "labels", "--unit", "cm-1", "--hold-out", "2", "--seed", "7")
    found = nci("import-energies", str(pieces), "-c", str(there / "work"), *said, "--anyway")
    assert found.code == 0, found.stderr
    (row,) = energy_sets.fetch(Campaign.open(there / "work").store)
    assert row.details["held_out"] == {"n": 2, "seed": 7}
    assert len(energy_sets.training(Campaign.open(there / "work").store, row)) == 3


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "give --unit"),
        (("--unit", "bushel"), "no unit of energy"),
        (("--unit", "hartree"), "These look like"),
        (("--unit", "cm-1", "--as", "both"), "imported as test or labels"),
        (("--unit", "cm-1", "--columns", "x,y,q,e"), "--columns takes roles"),
    ],
)
def test_what_is_missing_or_wrong_is_one_sentence(nci: Nci, there: Path, options: tuple[str, ...], said: str) -> None:
    given = ("-c", str(there / "work"), "--name", "mine", "--method", "MP2", *options)
    found = nci("import-energies", str(there / "mine.csv"), *given)
    assert found.code == InputError.exit_code
    assert said in found.sentence()
    assert energy_sets.fetch(Campaign.open(there / "work").store) == []
