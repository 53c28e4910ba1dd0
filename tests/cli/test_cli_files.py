"""nci finetune, evaluate, check and bench: data that fit the model, and no option that counts for nothing."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ethylene_file import ETHYLENE, labelled

from nci_core.bench.problem import Problem
from nci_core.duplicates import geometry_classes
from nci_core.errors import InputError, ModelError
from nci_core.extxyz import HostGroup, read_dataset, write_dataset
from nci_core.potentials import load_checkpoint
from nci_core.potentials.agreement import fitted_systems
from nci_core.systems import Dimer, Monomer, builtin_monomer

Nci = Callable[..., Any]
INPUTS = Path(__file__).parents[1] / "inputs"
DATA = Path(__file__).parents[2] / "data"
DISTILLED = DATA / "he-ethylene" / "models" / "round-0-distilled-2.pt"
LEAVE = ["--leave-one-host-out"]


WATER = Monomer("water", ("O", "H", "H"), np.array([[0.0, 0.0, 0.117], [0.0, 0.757, -0.469], [0.0, -0.757, -0.469]]))


def several(path: Path, *hosts: Monomer, count: int = 8) -> Path:
    """Some energies of each host; those of ethylene and benzene are what the stored ethylene student predicts."""
    student, rng, groups = load_checkpoint(ETHYLENE), np.random.default_rng(2), []
    for host in hosts:
        dimer = Dimer(host, Monomer.atom("He"))
        away = rng.normal(size=(count, 3))
        outside = np.linalg.norm(host.positions - host.centre, axis=1).max()
        reach = outside + rng.uniform(2.6, 4.5, (count, 1))
        points = host.centre + away / np.linalg.norm(away, axis=1, keepdims=True) * reach
        known = set(host.symbols) <= {"C", "H"}
        energies = student.energies(dimer.at(points)) if known else np.full(count, -1e-3)
        groups.append(HostGroup(dimer.at(points), energies, np.arange(count)))
    write_dataset(path, groups)
    return path


def test_a_file_of_two_hosts_is_fitted_and_measured_host_by_host(nci: Nci, tmp_path: Path) -> None:
    data = several(tmp_path / "two.extxyz", builtin_monomer("ethylene"), builtin_monomer("benzene"))
    model, rest = tmp_path / "m.pt", tmp_path / "rest.extxyz"
    options = ["--model-out", model, "--fraction", 0.75, "--held-out", rest, "--members", 1]
    done = nci("finetune", "--data", data, "--prior", DISTILLED, *options, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert (report["hosts"], report["n_labelled"], report["n_labels"]) == (["ethylene", "benzene"], 16, 12)
    assert [system.a.name for system in fitted_systems(load_checkpoint(model))] == ["ethylene", "benzene"]
    assert [len(group.at.R) for group in read_dataset(rest).groups] == [2, 2]
    found = json.loads(nci("evaluate", "--model", model, "--data", data, "--json").out)
    assert {name: part["n"] for name, part in found["by_host"].items()} == {"ethylene": 8, "benzene": 8}
    # Weighted by their numbers the hosts make up the whole: rounding only.
    assert found["mae_cm1"] == pytest.approx(sum(part["mae_cm1"] for part in found["by_host"].values()) / 2, rel=1e-9)
    assert set(found["by_host"]["benzene"]["regions"]) <= set(found["regions"])
    # Six of eight labels of each are fitted, to 3 cm⁻¹ as all are beside those of another host: both hosts gain.
    before = json.loads(nci("evaluate", "--model", DISTILLED, "--data", data, "--json").out)
    assert all(found["by_host"][name]["mae_cm1"] < before["by_host"][name]["mae_cm1"] for name in found["by_host"])
    table = nci("evaluate", "--model", model, "--data", data).out
    assert "host" in table
    assert re.search(r"m\.pt\W+benzene\W+all\W+8\W", table)
    nci("finetune", "--data", labelled(tmp_path / "one.extxyz"), "--model-out", tmp_path / "n.pt", "--members", 1)
    table = nci("evaluate", "--model", tmp_path / "n.pt", "--data", tmp_path / "one.extxyz").out
    assert "ethylene" not in table, "one host is the whole"


def test_each_host_is_left_out_in_turn(nci: Nci, tmp_path: Path) -> None:
    data = several(tmp_path / "three.extxyz", builtin_monomer("ethylene"), builtin_monomer("benzene"), WATER, count=5)
    done = nci("evaluate", "--data", data, "--leave-one-host-out", "--seed", 1, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert (report["prior"], report["members"], report["seed"]) == (None, 1, 1)
    hosts = {each["host"]: each for each in report["hosts"]}
    assert [(name, each["n_labels"], each["n"]) for name, each in hosts.items()] == [
        ("ethylene", 10, 5),
        ("benzene", 10, 5),
        ("water", 10, 0),
    ]
    # Nothing of a host is seen: the same as a fit to a file of the others.
    whole, others, benzene = read_dataset(data).groups, tmp_path / "others.extxyz", tmp_path / "benzene.extxyz"
    write_dataset(others, [whole[0], whole[2]])
    write_dataset(benzene, [whole[1]])
    fit = nci("finetune", "--data", others, "--model-out", tmp_path / "m.pt", "--members", 1, "--seed", 1)
    assert fit.code == 0, fit.err
    apart = json.loads(nci("evaluate", "--model", tmp_path / "m.pt", "--data", benzene, "--json").out)
    # The same fit twice on one machine, but for the last digits of positions in files.
    assert hosts["benzene"]["mae_cm1"] == pytest.approx(apart["mae_cm1"], rel=1e-3)
    assert hosts["water"]["mae_cm1"] is None
    assert hosts["water"]["reason"] == "no other host than water has pairs O–He"


def test_leaving_hosts_out_starts_from_a_distilled_student(nci: Nci, tmp_path: Path) -> None:
    data = several(tmp_path / "two.extxyz", builtin_monomer("ethylene"), builtin_monomer("benzene"))
    command = ["evaluate", "--data", data, "--leave-one-host-out", "--members", 2]
    done = nci(*command, "--prior", DISTILLED)
    assert done.code == 0, done.err
    assert re.search(r"host\W+labels\W+n test\W+MAE all / cm⁻¹\W+well\W+tail\W+wall", done.out)
    assert re.search(r"ethylene\W+8\W+8\W+[\d.]+", done.out)
    assert re.search(r"benzene\W+8\W+8\W+[\d.]+", done.out)
    done = nci(*command, "--prior", ETHYLENE)
    assert done.code == ModelError.exit_code
    assert "was fitted to labels of ethylene, which is then not left out" in done.sentence()


def test_a_file_of_one_host_leaves_nothing_to_fit(nci: Nci, tmp_path: Path) -> None:
    done = nci("evaluate", "--data", labelled(tmp_path / "a.extxyz"), "--leave-one-host-out")
    assert done.code == InputError.exit_code
    assert "All labels are of one host, ethylene" in done.sentence()
    done = nci("evaluate", "--data", several(tmp_path / "b.extxyz", WATER, builtin_monomer("ethylene")), *LEAVE)
    assert done.code == InputError.exit_code
    assert "No host can be left out: no other host than water has pairs O–He" in done.sentence()


def test_rotated_frames_are_one_host_with_the_same_errors(nci: Nci, tmp_path: Path) -> None:
    plain, moved = labelled(tmp_path / "plain.extxyz"), labelled(tmp_path / "moved.extxyz", seed=1)
    assert len(read_dataset(moved).groups) == 1
    for path in (plain, moved):
        found = json.loads(nci("evaluate", "--model", ETHYLENE, "--data", path, "--json").out)
        # Files have 8 decimals; superposition multiplies 5e-9 Å by 6 Å over 1.3 Å, and no energy here changes by more
        # than 1,000 cm⁻¹ in an Å.
        assert found["max_cm1"] < 1e-4
        assert found["n"] == 30


def test_a_flexed_host_is_refused_everywhere(nci: Nci, tmp_path: Path) -> None:
    straight, bent = labelled(tmp_path / "a.extxyz"), labelled(tmp_path / "b.extxyz", flex=0.2)
    mixed = tmp_path / "mixed.extxyz"
    mixed.write_text(straight.read_text() + bent.read_text())
    for command in (["evaluate", "--model", ETHYLENE], ["finetune", "--model-out", tmp_path / "m.pt"]):
        done = nci(*command, "--data", mixed)
        assert done.code == InputError.exit_code
        found = re.search(r"frame 30: the host is not that of frame 0: .*atom 3 \(H\) lies ([\d.]+) Å", done.sentence())
        assert found is not None
        # Bent by 0.2 Å; the best superposition halves that for the atom, since the others give way.
        assert 0.05 < float(found[1]) < 0.2
    fit = nci("finetune", "--data", straight, "--model-out", tmp_path / "m.pt", "--members", 1, "--prior", ETHYLENE)
    assert fit.code == 0, fit.err
    (kept,) = fitted_systems(load_checkpoint(tmp_path / "m.pt"))
    np.testing.assert_allclose(kept.a.positions, builtin_monomer("ethylene").positions, atol=1e-8)
    done = nci("evaluate", "--model", tmp_path / "m.pt", "--data", bent)
    assert done.code == ModelError.exit_code
    assert "is not that of model m.pt: after superposition atom 3 (H)" in done.sentence()


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("ne_ethylene.extxyz", "was fitted for the probe He, but the probe here is Ne"),
        ("ne_water.extxyz", "was fitted for the probe He, but the probe here is Ne"),
        ("dup3.extxyz", "has not learnt O of host"),
    ],
)
def test_data_of_another_probe_or_element_are_refused(nci: Nci, tmp_path: Path, file: str, part: str) -> None:
    for command in (["evaluate", "--model"], ["finetune", "--model-out", tmp_path / "m.pt", "--prior"]):
        done = nci(*command, ETHYLENE, "--data", INPUTS / file)
        assert done.code == ModelError.exit_code
        assert part in done.sentence()
    assert not (tmp_path / "m.pt").exists()


def test_a_share_of_a_file_with_repeats(nci: Nci, tmp_path: Path) -> None:
    model, rest = tmp_path / "m.pt", tmp_path / "rest.extxyz"
    options = ["--model-out", model, "--fraction", 0.5, "--held-out", rest, "--members", 1]
    done = nci("finetune", "--data", INPUTS / "dup3.extxyz", *options, "--json")
    assert done.code == 0, done.err
    report = json.loads(done.out)
    assert (report["n_labelled"], report["n_labels"], report["merged"]) == (40, 20, 80)
    assert "80 of 120 labels repeat a geometry" in done.err
    held = read_dataset(rest).only_group()
    assert len(set(geometry_classes(held.at))) == len(held.at.R) == 20
    found = json.loads(nci("evaluate", "--model", model, "--data", INPUTS / "dup3.extxyz", "--json").out)
    assert (found["n"], found["merged"]) == (40, 80)
    for command in (["evaluate", "--model", model], ["finetune", "--model-out", tmp_path / "n.pt"]):
        done = nci(*command, "--data", INPUTS / "dup_conflict.extxyz")
        assert done.code == InputError.exit_code
        assert "frames 0 and 40 are one geometry" in done.sentence()


def test_a_fit_never_replaces_its_labels(nci: Nci, tmp_path: Path) -> None:
    data = labelled(tmp_path / "a.extxyz")
    before = data.read_bytes()
    for options in (
        ["--model-out", tmp_path / "m.pt", "--held-out", data],
        ["--model-out", data],
        ["--model-out", tmp_path / "m.pt", "--held-out", tmp_path / "m.pt"],
    ):
        done = nci("finetune", "--data", data, "--fraction", 0.5, *options)
        assert done.code == InputError.exit_code
        assert "would replace the labels or the other result" in done.sentence()
    assert data.read_bytes() == before


A_FILE = ["--data", INPUTS / "float32.extxyz"]
REFUSED = [
    (["finetune", "--prior", "m.pt"], "--prior is for a file"),
    (["finetune", "--fraction", 1.0], "--fraction is for a file"),
    (["finetune", "--held-out", "a"], "--held-out is for a file"),
    (["finetune", "--model-out", "a", "--members", 5], "--model-out, --members is for a file"),
    (["finetune", "--ruler", "adaptive", "--method", "a", "--basis", "b"], "--method, --basis, --ruler is for a file"),
    (["finetune", *A_FILE, "--model-out", "a", "-c", "b"], "--campaign is for a campaign"),
    (["finetune", *A_FILE, "--model-out", "a", "--notes", "b"], "--notes is for a campaign"),
    (["finetune", *A_FILE, "--model-out", "a", "--recipes", "quick"], "--recipes takes labels of a campaign"),
    (["finetune", *A_FILE, "--model-out", "a", "--prior", "b", "--ruler", "fixed"], "--ruler is of a direct fit"),
    (["evaluate", "--method", "a"], "--method is for a file"),
    (["evaluate", "--limit", 1000.0, "--well-below=-20"], "--well-below, --limit is for a file"),
    (["evaluate", "--device", "cpu"], "--device is for a checkpoint"),
    (["evaluate", *A_FILE, "--model", "a", "-c", "b"], "--campaign has no effect"),
    (["evaluate", *LEAVE], "--leave-one-host-out is for a file"),
    (["evaluate", *LEAVE, *A_FILE, "--model", "a"], "--model has no effect with --leave-one-host-out"),
    (["evaluate", *LEAVE, *A_FILE, "-c", "a"], "--campaign has no effect with --leave-one-host-out"),
    (["evaluate", *A_FILE, "--model", "a", "--members", 2, "--seed", 1], "--members, --seed is for the fits of"),
    (["check", "--model", "a", "--all"], "--all takes every student"),
    (["check", "--host", "benzene"], "--host is for a checkpoint file"),
    (["check", "--limit", 1000.0], "--limit is for a checkpoint file"),
    (["check", "--model", ETHYLENE, "-c", "a", "--host", "benzene"], "--host is for a checkpoint without a campaign"),
    (["bench", "recipes", "--stored", *A_FILE], "--data has no effect in nci bench recipes --stored"),
    (["bench", "recipes", *A_FILE, "--n", 3], "--n is for labels that are computed here"),
    (["bench", "recipes", *A_FILE, "--recipe", "quick"], "one --labels FOLDER"),
    (["bench", "minima", "--stored", "--workers", 2], "--workers has no effect in nci bench minima --stored"),
    (["bench", "curve", *A_FILE, "--quick", "--seeds", 3], "--seeds has no effect with --quick"),
]


@pytest.mark.parametrize(("words", "part"), REFUSED, ids=[" ".join(map(str, words)) for words, _ in REFUSED])
def test_options_that_count_for_nothing_are_refused(
    nci: Nci, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[object], part: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = nci(*words)
    assert done.code == InputError.exit_code
    assert part in done.sentence()
    assert not list(tmp_path.iterdir())


def test_a_folder_of_results_is_of_one_reference(tmp_path: Path) -> None:
    dimer = Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    points, energies = np.array([[0.0, 0.0, 3.5], [0.0, 0.0, 4.0]]), np.array([-0.01, -0.005])
    for _ in range(2):
        Problem(dimer, points, energies, tmp_path / "bench").claim()
    for other in (
        Problem(dimer, points, energies * 1.001, tmp_path / "bench"),
        Problem(dimer, points + 0.001, energies, tmp_path / "bench"),
        Problem(Dimer(dimer.a, Monomer.atom("Ne")), points, energies, tmp_path / "bench"),
    ):
        with pytest.raises(InputError, match="holds results of another reference"):
            other.claim()
