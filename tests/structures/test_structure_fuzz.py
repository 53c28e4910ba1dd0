"""A thousand damaged structure files: finite numbers, or one sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sent_files import INPUTS, WATER

from nci_core.errors import NCIError
from nci_core.extxyz import read_dataset
from nci_core.systems import host_from_file

Read = TypeVar("Read")

FUZZ = settings(
    max_examples=500,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
#: What breaks readers: numbers that are none or too large, keys with a meaning, quotes, separators, other encodings.
NASTY = [
    *("nan", "inf", "-1", "1e308", "1e-320", "99999999999", "0", "1_0", "１２", "1.0D+00", "T", "None", "0x10"),
    *(
        "Properties=species:S:1:pos:R:3",
        "Properties=pos:R:3",
        "Properties=species:R:1:pos:S:3",
        "Properties=::",
        "Z:I:1",
    ),
    *(
        'Lattice="9 0 0 0 9 0 0 0 9"',
        'Lattice="1 2 3"',
        'Lattice="0 0 0 0 0 0 0 0 0"',
        'pbc="T F T"',
        "pbc=3",
        "Lattice",
    ),
    *('Lattice="nan 0 0 0 9 0 0 0 9" pbc="T T T"', 'Lattice="9 0 0 9 1e-9 0 9 0 1e-9"', 'Lattice="3 0 0 0 3 0 0 0 3"'),
    *(
        "monomer_a=0:3",
        "monomer_b=3",
        "monomer_b=[]",
        "monomer_a=::-1",
        "selection_a=1-3",
        "selection_b=9",
        "monomer_a",
    ),
    *("charge=0", "charge=x", "spin=2", "units=bohr", "units=", "unit=eV/Å", "energy_unit=kcal/mol", "in bohr"),
    *("REF_interaction_energy=1", "REF_interaction_energy", 'elst="1 2"', "energy=3", 'stress="1"', 'forces="1 2 3"'),
    *("_JSON [1, [2]]", 'a="_JSON ' + "[" * 3000 + '"', "'", '"', "{", "[", "\\", "=", ":", "#", "!", "%", "$$$$"),
    *(
        "\n",
        "\n\n",
        "\r",
        "\x0c",
        "\u2028",
        "\x00",
        "\ufeff",
        "é",
        "VEC1 1 0 0",
        "M  CHG  1   1  -1",
        "V3000",
        "move_mask",
    ),
    *("He", "Xx", "X", "C1", "6", "Og", "--link1--", "@/etc/passwd", "units=au", "0 1", "-2 1", "O", "1 2 3 4 5"),
]
BASES = [
    "\n".join((INPUTS / name).read_text(encoding="utf-8").split("\n")[:18]).encode()
    for name in (
        "ne_water.extxyz",
        "probe_first_nciatlas.extxyz",
        "probe_wrapped.extxyz",
        "unit_kcal.extxyz",
        "nel.extxyz",
    )
]
HOSTS = {
    ".xyz": "\n".join(["3", "charge=0 0 1", *WATER, ""]).encode(),
    ".extxyz": (INPUTS / "urea_wrapped.extxyz").read_bytes(),
    ".gjf": "\n".join(["%mem=1GB", "# hf/sto-3g", "", "water", "", "0 1", *WATER, "", ""]).encode(),
    ".mol": (
        b"water\n  by hand\n\n  3  2  0  0  0  0  0  0  0  0999 V2000\n    0.0000    0.0000    0.1173 O   0  0\n"
        b"    0.0000    0.7572   -0.4692 H   0  0\n    0.0000   -0.7572   -0.4692 H   0  0\n  1  2  1  0\nM  END\n"
    ),
}
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["insert", "replace", "delete", "double", "word", "cut"]),
        st.floats(0.0, 1.0),
        st.integers(0, 12),
        st.one_of(st.sampled_from(NASTY).map(str.encode), st.binary(max_size=4)),
    ),
    min_size=1,
    max_size=4,
)


def changed(content: bytes, changes: list[tuple[str, float, int, bytes]]) -> bytes:
    """A file after a few changes, each at a share of its length."""
    for kind, place, length, piece in changes:
        at = int(place * len(content))
        if kind == "word":  # a whole word, so that numbers and keys stay well formed
            words = content.split(b" ")
            words[min(int(place * len(words)), len(words) - 1)] = piece
            content = b" ".join(words)
        elif kind == "cut":
            content = content[:at]
        elif kind == "double":
            content = content[:at] + content[at : at + 20 * length] + content[at:]
        else:
            kept = at if kind == "insert" else at + length
            content = content[:at] + (b"" if kind == "delete" else piece) + content[kept:]
    return content


def read_or_refused(reader: Callable[[Path], Read], path: Path) -> Read | None:
    """What was read, or None where it was refused in one sentence; any other exception is a failure."""
    try:
        return reader(path)
    except NCIError as error:
        text = str(error)
    assert text, "an error without a word"
    assert len(text.splitlines()) == 1, repr(text)
    assert len(text) < 1000
    return None


@FUZZ
@given(base=st.sampled_from(BASES), changes=CHANGES)
def test_damaged_datasets(tmp_path: Path, base: bytes, changes: list[tuple[str, float, int, bytes]]) -> None:
    path = tmp_path / "a.extxyz"
    path.write_bytes(changed(base, changes))
    data = read_or_refused(read_dataset, path)
    if data is None:
        return
    assert len(data) > 0
    for group in data.groups:
        assert np.isfinite(group.at.R).all()
        assert np.isfinite(group.dimer.a.positions).all()
        assert not np.isinf(group.reference).any()


@FUZZ
@given(suffix=st.sampled_from(sorted(HOSTS)), changes=CHANGES)
def test_damaged_hosts(tmp_path: Path, suffix: str, changes: list[tuple[str, float, int, bytes]]) -> None:
    path = tmp_path / f"host{suffix}"
    path.write_bytes(changed(HOSTS[suffix], changes))
    host = read_or_refused(host_from_file, path)
    if host is None:
        return
    assert np.isfinite(host.positions).all()
    assert host.numbers.sum() % 2 == 0


def test_what_the_damage_is_done_to_is_sound(tmp_path: Path) -> None:
    """Else the tests above would see nothing but errors."""
    for base in BASES:
        (tmp_path / "a.extxyz").write_bytes(base)
        assert len(read_dataset(tmp_path / "a.extxyz")) == 3
    for suffix, content in HOSTS.items():
        (tmp_path / f"a{suffix}").write_bytes(content)
        assert host_from_file(tmp_path / f"a{suffix}").symbols.count("O") == 1
    with pytest.raises(NCIError):
        host_from_file(tmp_path / "absent.xyz")
