"""nci teacher: the catalogue, one teacher, and one that is tried."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nci_core.cli import output, teacher_command
from nci_core.teachers.catalogue import presets

Nci = Callable[..., Any]


@pytest.fixture(autouse=True)
def _streams(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NCI_TEACHER_FILES", str(tmp_path / "files"))


@pytest.fixture
def teacher(nci: Nci, monkeypatch: pytest.MonkeyPatch) -> Nci:
    def run(*words: object) -> Any:
        monkeypatch.setattr(teacher_command, "out", output.PlainConsole(width=400))
        monkeypatch.setattr(teacher_command, "err", output.PlainConsole(stderr=True, width=400))
        return nci("teacher", *words)

    return run


def test_the_list_has_every_preset_and_can_be_narrowed(teacher: Nci) -> None:
    done = teacher("list")
    assert all(preset.spec in done.out for preset in presets())
    assert "no commercial use" in done.out
    rows = json.loads(teacher("list", "--family", "mace", "--element", "he", "--json").out)
    assert {row["family"] for row in rows} == {"mace"}
    assert "mace:omol" in [row["spec"] for row in rows]
    assert "mace:off-small" not in [row["spec"] for row in rows]
    assert teacher("list", "--family", "nothing").code == 2


def test_what_is_known_of_one(teacher: Nci, tmp_path: Path) -> None:
    done = teacher("info", "mace:omol")
    assert done.code == 0
    for text in ("ωB97M-V", "Academic Software License (no commercial use)", "422.2 MB", str(tmp_path / "files")):
        assert text in done.out
    assert json.loads(teacher("info", "gfn2-xtb", "--json").out)["weights_here"] == "none needed"
    assert "`nci teacher list`" in teacher("info", "nothing").sentence()


def test_a_teacher_is_tried_in_a_process_of_its_own(teacher: Nci) -> None:
    found = json.loads(teacher("check", "gfn2-xtb", "--host", "ethylene", "--json").out)
    assert found["problem"] == ""
    assert found["doubts"] == []
    assert abs(found["energies_cm1"][-1]) < 0.5
    assert min(found["energies_cm1"]) < -5
    assert found["labels_per_s"] > 1
    assert found["memory_mb"] > 20


def test_what_cannot_be_used_is_one_sentence(teacher: Nci, tmp_path: Path) -> None:
    refused = teacher("check", "mace:off-small", "--host", "ethylene")
    assert (refused.code, refused.sentence()) == (
        3,
        "Teacher mace:off-small does not know He; choose another teacher.",
    )
    assert "pip install 'nci[orb]'" in teacher("check", "orb:orb-v3-conservative-omol", "--host", "ethylene").sentence()
    file = tmp_path / "x.model"
    file.write_bytes(b"code")
    assert "--sha256" in teacher("check", f"mace:{file}", "--host", "ethylene").sentence()
    assert "not the expected" in teacher("check", f"mace:{file}", "--sha256", "a" * 64, "--host", "ethylene").sentence()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "gfn2-xtb", "--sha256", "a" * 64), "no file of your own"),
        (("check", "gfn2-xtb", "--sha256", "12"), "no SHA-256 digest"),
        (("check", "gfn2-xtb", "--device", "tpu"), "choose auto, cpu or cuda"),
        (("check", "gfn3-xtb"), "Unknown teacher"),
        (("check", "sevennet:huge"), "choose one of 7net-0"),
        (("check", "uma:uma-s-1p1#none"), "has no head 'none'"),
        (("fetch", "gfn2-xtb"), "no file to download"),
    ],
)
def test_input_is_checked(teacher: Nci, words: tuple[str, ...], said: str) -> None:
    done = teacher(*words)
    assert done.code in (2, 3)
    assert said in done.sentence()
