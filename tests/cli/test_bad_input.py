"""Bad input: one clear sentence, its exit code, and the state before is the state after."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small
import torch
from folder_state import state

from nci_core.campaign import Campaign
from nci_core.store import DATABASE_NAME, configurations, labels

Nci = Callable[..., Any]

FRAME = """4
Properties=species:S:1:pos:R:3 {info} pbc="F F F"
{rows}
"""
WATER = "O 0.0 0.0 0.1173\nH 0.0 0.7572 -0.4692\nH 0.0 -0.7572 -0.4692\n"


def frames(
    path: Path, last: str = "He 0.0 0.0 3.5", info: str = "REF_interaction_energy=-0.001", host: str = WATER
) -> Path:
    path.write_text(FRAME.format(info=info, rows=host + last), encoding="utf-8")
    return path


HOSTS = {
    "a missing file": (None, "There is no file"),
    "no structure": ("These are notes.\n", "not a structure file"),
    "an unknown element": ("2\n\nQq 0 0 0\nH 0 0 1\n", "not a structure file"),
    "overlapping atoms": ("2\n\nH 0 0 0\nH 0 0 0.05\n", "overlap, 0.05 Å apart"),
    "an odd electron count": ("2\n\nO 0 0 0\nH 0 0 0.97\n", "9 electrons, an odd number"),
    "coordinates that are no numbers": ("2\n\nH 0 0 0\nH 0 0 nan\n", "not numbers"),
    "several molecules": ("1\n\nHe 0 0 0\n1\n\nHe 0 0 1\n", "2 structures"),
}


@pytest.mark.parametrize(("content", "part"), HOSTS.values(), ids=HOSTS.keys())
def test_bad_hosts(nci: Nci, tmp_path: Path, content: str | None, part: str) -> None:
    path = tmp_path / "host.xyz"
    if content is not None:
        path.write_text(content)
    done = nci("init", tmp_path / "new", "--host", path)
    assert done.code == 2
    assert part in done.sentence()
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--probe", "Qq"], "Unknown element 'Qq'"),
        (["--probe", "H"], "odd number"),
        (["--recipe", "exact"], "Unknown recipe 'exact'"),
        (["--ruler", "rubber"], "Setting 'ruler'"),
        (["--well-below", "5"], "Region bounds"),
        (["--limit=nan"], "Region bounds"),
    ],
)
def test_bad_settings_of_a_campaign(nci: Nci, tmp_path: Path, options: list[str], part: str) -> None:
    done = nci("init", tmp_path / "new", "--host", "ethylene", *options)
    assert (done.code, part in done.sentence()) == (2, True)
    assert not (tmp_path / "new").exists()


DATA: dict[str, tuple[dict[str, str] | str, str]] = {
    "NaN energies": ({"info": "REF_interaction_energy=nan"}, "frame 0: REF_interaction_energy is nan"),
    "infinite energies": ({"info": "REF_interaction_energy=inf"}, "frame 0: REF_interaction_energy is inf"),
    "a total energy": ({"info": "energy=-2000.0"}, "no 'REF_interaction_energy'"),
    "no energies": ({"info": "note=none"}, "no REF_interaction_energy"),
    "an unknown element": ({"last": "Qq 0.0 0.0 3.5"}, "unknown element"),
    "overlapping atoms": ({"last": "He 0.0 0.0 0.2"}, "overlap"),
    "an odd electron count": ({"last": "H 0.0 0.0 3.5"}, "odd number"),
    "coordinates that are no numbers": ({"last": "He 0.0 0.0 nan"}, "not numbers"),
    "a file cut off": ("4\nProperties=species:S:1:pos:R:3\nO 0 0 0\n", "frame 0 is cut off"),
    "another format": ("index,energy\n1,2\n", "is this an extxyz file"),
    "an empty file": ("", "is empty"),
}


@pytest.mark.parametrize(("content", "part"), DATA.values(), ids=DATA.keys())
def test_bad_datasets(nci: Nci, tmp_path: Path, content: dict[str, str] | str, part: str) -> None:
    path = tmp_path / "data.extxyz"
    if isinstance(content, str):
        path.write_text(content)
    else:
        frames(path, **content)
    before = state(tmp_path)
    done = nci("finetune", "--data", path, "--model-out", tmp_path / "student.pt")
    assert done.code == 2
    assert part in done.sentence()
    assert state(tmp_path) == before


def test_files_that_are_no_models(nci: Nci, tmp_path: Path) -> None:
    data = frames(tmp_path / "data.extxyz")
    (tmp_path / "student.pt").write_bytes(b"not a model")
    for model, part in ((tmp_path / "student.pt", "cannot be read as a model"), (tmp_path / "no.pt", "no model file")):
        done = nci("evaluate", "--model", model, "--data", data)
        assert (done.code, part in done.sentence()) == (7, True)
    assert (tmp_path / "student.pt").read_bytes() == b"not a model"


def test_a_basis_without_an_element(tmp_path: Path) -> None:
    """Uranium hexafluoride is closed-shell, but 6-31G knows no uranium: the label fails, its row says why."""
    host = tmp_path / "uf6.xyz"
    places = [f"F {x} {y} {z}" for x, y, z in [(2, 0, 0), (-2, 0, 0), (0, 2, 0), (0, -2, 0), (0, 0, 2), (0, 0, -2)]]
    host.write_text("7\n\nU 0 0 0\n" + "\n".join(places) + "\n")
    campaign = small.make(tmp_path / "work", host)
    configurations.add(
        campaign.store,
        [[0.0, 0.0, 5.0]],
        campaign.systems[0].dimer.at([[0.0, 0.0, 5.0]]).geometry_hashes(),
        system_id=1,
    )
    small.label(campaign, small.pool(campaign))
    row = labels.fetch(campaign.store, campaign.recipe.hash)[0]
    assert (row.status, row.energy_ev) == ("error", None)
    assert row.error == (
        "The basis '6-31g' has no functions for U, and built-in recipes end at Xe; write one with a set that has it."
    )


def test_teachers_that_cannot_teach(nci: Nci, sampled: Campaign, tmp_path: Path) -> None:
    unknown = nci("init", tmp_path / "new", "--host", "ethylene", "--teacher", "nothing")
    assert (unknown.code, "Unknown teacher 'nothing'" in unknown.sentence()) == (3, True)
    assert not (tmp_path / "new").exists()
    before = state(sampled.folder)
    for spec, part in (
        ("nothing", "Unknown teacher 'nothing'"),
        ("ase:no.such.Thing", "There is no calculator"),
        (f"mace:{tmp_path}/missing.model", "missing.model"),
    ):
        done = nci("teach", "-c", sampled.folder, "--teacher", spec)
        assert (done.code, part in done.sentence()) == (3, True)
    assert state(sampled.folder) == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
@pytest.mark.parametrize("device", ["cuda", "cuda:1", "gpu", "mps"])
def test_a_missing_gpu(nci: Nci, tmp_path: Path, host: Path, monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    campaign = small.taught(tmp_path / "work", host, monkeypatch)
    monkeypatch.setattr("nci_core.labels.ccsdt.compute_label", small.fake_label)
    small.label(campaign, small.pool(campaign)[:2])
    data = frames(tmp_path / "data.extxyz")
    before = state(tmp_path)
    for words in (
        ("distill", "-c", campaign.folder),
        ("finetune", "-c", campaign.folder),
        ("finetune", "--data", data, "--model-out", tmp_path / "student.pt"),
    ):
        done = nci(*words, "--device", device)
        assert done.code == 2
        assert repr(device) in done.sentence()
        assert "choose auto" in done.sentence()
    assert state(tmp_path) == before


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["models", "-c", "nowhere"], 2, "is not a campaign"),
        (["import", "nowhere", "new"], 2, "is not a campaign"),
        (["init", "there", "--host", "ethylene"], 5, "exists already"),
        (["evaluate", "--model", "no.pt", "--data", "no.extxyz"], 7, "no model file"),
    ],
)
def test_it_is_said_in_one_sentence(
    nci: Nci, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, part: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / DATABASE_NAME).write_bytes(b"")
    before = state(tmp_path)
    done = nci(*words)
    assert done.code == code
    assert part in done.sentence()
    assert done.out == ""
    assert state(tmp_path) == before


def test_a_real_process_says_it_in_one_sentence(process: Nci, tmp_path: Path) -> None:
    done = process("status", "-c", "nowhere", cwd=tmp_path)
    assert done.code == 2
    assert "is not a campaign" in done.sentence()
    assert done.out == ""


HUGE = "99999999999999999999"


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["sample", "--n", 5, "--seed", HUGE], 2, "--seed"),
        (["select", "--strategy", "random", "--seed", HUGE], 2, "--seed"),
        (["quarantine", "--accept", HUGE, "--because", "x"], 2, "too large for the database"),
        (["quarantine", "--leave-out", HUGE, "--because", "x"], 2, "too large for the database"),
        (["quarantine", "--retry", HUGE], 2, "too large for the database"),
        (["label", HUGE, "--no-wait"], 2, f"has no configuration {HUGE}"),
        (["sample", "--n", "1000000000"], 2, "at most 100,000 points"),
        (["sample", "--n", 5, "--cuts", "1000000000"], 2, "at most 1,000 points"),
    ],
)
def test_numbers_beyond_all_bounds(nci: Nci, sampled: Campaign, words: list[Any], code: int, part: str) -> None:
    before = state(sampled.folder)
    done = nci(*words, "-c", sampled.folder)
    assert (done.code, part in done.out + done.err) == (code, True)
    assert "Traceback" not in done.err
    assert state(sampled.folder) == before


@pytest.mark.parametrize("words", [["--limit", "inf"], ["--limit", "nan"], ["--well-below", "-inf"], ["--seed", HUGE]])
def test_settings_that_are_no_numbers(nci: Nci, host: Path, tmp_path: Path, words: list[str]) -> None:
    done = nci("init", tmp_path / "new", "--host", host, *words)
    assert done.code == 2
    assert not (tmp_path / "new").exists()
