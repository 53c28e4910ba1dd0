"""Fits and errors of a file's labels, without a campaign."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_campaign as small

from nci_core.extxyz import HostGroup, read_dataset, write_dataset
from nci_core.systems import Dimer, Monomer
from nci_core.systems.reading.structure_file import host_from_file
from nci_core.units import to_cm1

Nci = Callable[..., Any]


@pytest.fixture
def labelled_file(tmp_path: Path, host: Path) -> Path:
    """60 labels of a closed form as extxyz; a few lie beyond 1,000 cm⁻¹."""
    dimer = Dimer(host_from_file(host), Monomer.atom("He"))
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(60, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    points = directions * rng.uniform(2.3, 6.0, size=(60, 1))
    energies = small.energy(dimer, points)
    path = tmp_path / "labels.extxyz"
    constants = {"method": ["CCSD(T)"] * 60, "basis": ["closed form"] * 60, "bsse": ["counterpoise"] * 60}
    write_dataset(path, [HostGroup(dimer.at(points), energies, np.arange(60), constants)])
    return path


def test_finetune_and_evaluate_without_a_campaign(nci: Nci, tmp_path: Path, labelled_file: Path) -> None:
    model, rest = tmp_path / "student.pt", tmp_path / "rest.extxyz"
    options = ["--model-out", model, "--fraction", 0.5, "--held-out", rest, "--members", 2, "--seed", 3]
    done = nci("finetune", "--data", labelled_file, *options, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert (report["n_labelled"], report["n_labels"], report["seed"]) == (60, 30, 3)
    held = read_dataset(rest).only_group()
    assert len(held.at.R) == 30
    found = json.loads(nci("evaluate", "--model", model, "--data", rest, "--json").out)
    inside = to_cm1(held.reference) < 1000.0
    assert found["n"] == int(inside.sum())
    assert found["n"] + found["regions"].get("beyond", {"n": 0})["n"] == 30
    # Weighted by their numbers the regions make up the whole: rounding only.
    parts = [item for name, item in found["regions"].items() if name != "beyond"]
    assert found["mae_cm1"] == pytest.approx(sum(p["mae_cm1"] * p["n"] for p in parts) / found["n"], rel=1e-9)
    # The mean label is the simplest model there is; a fit that learnt nothing does no better.
    scatter = np.abs(to_cm1(held.reference - held.reference[inside].mean()))[inside].mean()
    assert found["mae_cm1"] < scatter / 10
    assert {"mae_cm1", "rmse_cm1", "max_cm1", "n", "limit_cm1"} <= set(found)
    # No label is both fitted and held out, and the same seed draws the same split.
    whole = read_dataset(labelled_file).only_group()
    again = nci("finetune", "--data", labelled_file, *options, "--json")
    assert again.code == 0
    assert np.array_equal(read_dataset(rest).only_group().at.R, held.at.R)
    assert len({tuple(p) for p in np.round(held.at.R, 6)} & {tuple(p) for p in np.round(whole.at.R, 6)}) == 30


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--fraction", 0], "give a share above 0"),
        (["--fraction", 1.5], "give a share above 0"),
        (["--ruler", "rubber"], "Unknown ruler 'rubber'"),
        (["--held-out", "rest.extxyz"], "none are left for --held-out"),
        (["--method", "MP2"], "has no frames with method MP2"),
        (["--prior", "missing.pt"], "There is no model file"),
    ],
)
def test_bad_options_of_a_fit(
    nci: Nci, tmp_path: Path, labelled_file: Path, monkeypatch: pytest.MonkeyPatch, options: list[object], part: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(path.name for path in tmp_path.iterdir())
    done = nci("finetune", "--data", labelled_file, "--model-out", "student.pt", *options)
    assert done.code in (2, 7)
    assert part in done.err
    assert "Traceback" not in done.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_fit_needs_a_place_for_the_model(nci: Nci, tmp_path: Path, labelled_file: Path) -> None:
    assert "--model-out FILE.pt" in nci("finetune", "--data", labelled_file).sentence()
    gone = nci("finetune", "--data", labelled_file, "--model-out", tmp_path / "no" / "student.pt")
    assert (gone.code, "There is no folder" in gone.sentence()) == (2, True)
