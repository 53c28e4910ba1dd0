"""Structures that are sent through the browser: their name is text, and an sdf file may hold several."""

from pathlib import Path

import pytest

from nci_core.errors import InputError
from nci_core.systems.reading.structure_file import MOST_BYTES, host_from_file, host_from_upload

WATER = b"3\nwater\nO 0 0 0.117\nH 0 0.757 -0.469\nH 0 -0.757 -0.469\n"
MOL = """water
 made

  3  2  0  0  0  0  0  0  0  0999 V2000
    0.0000    0.0000    0.1170 O   0  0
    0.0000    0.7570   -0.4690 H   0  0
    0.0000   -0.7570   -0.4690 H   0  0
  1  2  1  0
  1  3  1  0
M  END
$$$$
"""


@pytest.mark.parametrize("name", ["water.xyz", "../../etc/water.xyz", "C:\\x\\water.XYZ", "/water.xyz"])
def test_a_name_is_never_a_path(name: str) -> None:
    host = host_from_upload(name, WATER)
    assert host.name == "water"
    assert "/" not in host.source
    assert host.symbols == ("O", "H", "H")


def test_of_an_sdf_file_with_several_the_first_is_taken_and_it_is_said(tmp_path: Path) -> None:
    text = MOL + MOL.replace(" O  ", " S  ")
    host = host_from_upload("two.sdf", text.encode())
    assert host.symbols == ("O", "H", "H")
    assert host.source == "file two.sdf, the first of 2 molecules"
    (tmp_path / "two.sdf").write_text(text)
    assert host_from_file(tmp_path / "two.sdf").source == host.source


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("water.pdb", WATER, "not a structure file that is read here"),
        ("water", WATER, "not a structure file"),
        ("water.xyz", b"\x00\x01", "not a text file"),
        ("water.xyz", b" " * (MOST_BYTES + 1), "larger than the 5 MB"),
        ("water.xyz", b"3\nwater\nO 0 0 0\n", "cannot be read|can be read"),
        ("water.sdf", b"", "structures|counts"),
    ],
)
def test_what_cannot_be_read_is_refused(name: str, content: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        host_from_upload(name, content)
