"""Encodings, sizes that are claimed and not there, and formats that are not read."""

import resource
import time
from pathlib import Path

import numpy as np
import pytest
from sent_files import INPUTS, WATER, he_water, xyz

from nci_core.errors import InputError
from nci_core.extxyz import read_dataset
from nci_core.systems import host_from_file


@pytest.mark.parametrize(
    ("name", "note"),
    [("bom", None), ("latin1", "R in Å"), ("nel", "a\u2028b"), ("formfeed", "page\fbreak")],
)
def test_encodings(name: str, note: str | None) -> None:
    lines = (INPUTS / "unit_kcal.extxyz").read_text().split("\n")
    positions = np.array([row.split()[1:] for row in lines[5::6]], dtype=float)
    energies = [float(row.split("energy=")[1].split()[0]) / 23.060547830619 for row in lines[1::6] if row]
    group = read_dataset(INPUTS / f"{name}.extxyz").only_group()
    assert np.array_equal(group.at.R, positions)
    assert np.allclose(group.reference, energies, rtol=0, atol=1e-9)
    assert group.columns.get("note") == ([note] * 40 if note else None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_encodings_of_other_systems(tmp_path: Path, encoding: str, end: str) -> None:
    path = he_water(tmp_path / "a.extxyz", 'note="2 Å"')
    path.write_bytes(path.read_text(encoding="utf-8").replace("\n", end).encode(encoding))
    group = read_dataset(path).only_group()
    assert (group.reference.tolist(), group.columns["note"]) == ([-0.0015], ["2 Å"])
    host = xyz(tmp_path / "water.xyz", "Å", *WATER)
    host.write_bytes(host.read_text(encoding="utf-8").replace("\n", end).encode(encoding))
    assert host_from_file(host).positions[1].tolist() == [0.0, 0.7572, -0.4692]


@pytest.mark.parametrize("reader", [read_dataset, host_from_file])
@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("99999999999\n\nHe 0 0 0\n", "99999999999 atoms expected, 1 found"),
        ("9" * 5000 + "\n\nHe 0 0 0\n", "should be a number of atoms"),
        ("1001\n\n" + "He 0 0 0\n" * 1001, "1001 atoms; at most 1000"),
        ("1\nProperties=species:S:1:pos:R:99999999999\nHe 0 0 0\n", "cannot be read"),
        ("1\nProperties=species:S:1:pos:R:3:x:R:99999\nHe 0 0 0\n", "cannot be read"),
        ("1\nProperties=species:S:1\nHe\n", "no species and pos"),
        ("1\n" + "a" * 30_000 + "\nHe 0 0 0\n", "its comment has 30000 characters"),
        ("1\nProperties=Z:I:1:pos:R:3\n999999999 0 0 0\n", "unknown element"),
        ("1\nProperties=Z:I:1:pos:R:3\n-5 0 0 0\n", "unknown element"),
    ],
)
def test_sizes_that_are_claimed(tmp_path: Path, reader: object, content: str, part: str) -> None:
    path = tmp_path / "a.xyz"
    path.write_text(content)
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(InputError, match=part) as error:
        reader(path)  # type: ignore[operator]
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500
    assert time.process_time() - start < 2.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_files_and_sets_that_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "sparse.xyz").open("wb") as stream:
        stream.truncate(10_000_000_000)
    for reader in (read_dataset, host_from_file):
        with pytest.raises(InputError, match=r"is larger than the .* MB"):
            reader(tmp_path / "sparse.xyz")
    text = "".join(he_water(tmp_path / "a.extxyz", "").read_text() for _ in range(3))
    (tmp_path / "a.extxyz").write_text(text)
    monkeypatch.setattr("nci_core.extxyz.MOST_FRAMES", 2)
    with pytest.raises(InputError, match="more than 2 frames"):
        read_dataset(tmp_path / "a.extxyz")


@pytest.mark.parametrize("suffix", [".py", ".pckl", ".traj", ".db", ".json", ".cif", ".pdb", ".out", ".xyz.gz", ""])
def test_formats_that_are_not_read(tmp_path: Path, suffix: str) -> None:
    """ASE would choose a reader by what the file contains, and some of those open or run what it names."""
    path = xyz(tmp_path / f"water{suffix}", "", *WATER)
    with pytest.raises(InputError, match=r"is not a structure file that is read here \(\.xyz, .*convert it to xyz"):
        host_from_file(path)


def test_a_python_file_is_never_run(tmp_path: Path) -> None:
    for suffix in (".py", ".xyz", ".gjf", ".mol"):
        path = tmp_path / f"water{suffix}"
        path.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
        with pytest.raises(InputError):
            host_from_file(path)
    assert not (tmp_path / "ran").exists()
