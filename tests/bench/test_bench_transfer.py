"""Transfer is measured on hosts that nothing was fitted to, and against one kind of energies."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
import small_campaign as small
from made import Once
from typer.testing import CliRunner

from nci_core.bench import transfer as measuring
from nci_core.bench.rows import spread
from nci_core.bench.transfer import Trained, candidates, training_sets, transfer
from nci_core.bench.transfer_data import Host, TransferProblem, open_transfer, with_d4
from nci_core.bench.transfer_figure import draw_transfer
from nci_core.bench.transfer_flakes import deepest, flakes
from nci_core.bench.transfer_rows import (
    DIRECT,
    FILE,
    FlakeRow,
    TransferResults,
    TransferRow,
    measured,
    over_seeds,
    read,
    teacher_claim,
)
from nci_core.campaign import Campaign
from nci_core.campaign.rounds.sampling import sample_campaign
from nci_core.campaign.rounds.teaching import teach
from nci_core.cli.bench_transfer_command import _depths
from nci_core.cli.main import app
from nci_core.config import CampaignSettings, SystemSettings
from nci_core.errors import InputError
from nci_core.fitting import FitSettings, Observation
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.teachers.d4 import D4Dispersion
from nci_core.units import CM1_EV, to_cm1


def _make(folder: Path) -> None:
    """Methane and ethylene to train on, benzene only tested on; one teacher, no label."""
    chosen = {"recipe": "quick", "members": 2, "well_below_cm1": -5.0, "teacher": "formula"}
    campaign = Campaign.create(folder / "work", CampaignSettings.create("methane", "He", **chosen))
    for host, role in (("ethylene", "train"), ("benzene", "transfer")):
        campaign.add_system(SystemSettings.of(host, role=role))
    sample_campaign(campaign, 40, seed=1, n_test=16, points_per_cut=0)
    with pytest.MonkeyPatch.context() as patch:
        small.use_formula(patch)
        teach(campaign)
    campaign.store.close()


@pytest.fixture(scope="module")
def folder(once: Once) -> Path:
    return once("transfer-hosts", _make) / "work"


@pytest.fixture(autouse=True)
def short_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """One starting point, few steps: what is tested here is what is fitted and measured, not how well."""
    monkeypatch.setattr(measuring, "RESTARTS", 1)
    monkeypatch.setattr(measuring, "MEMBERS", 3)
    monkeypatch.setattr(measuring, "FitSettings", partial(FitSettings, max_iterations=20))


@pytest.fixture(scope="module")
def problem(folder: Path) -> TransferProblem:
    return open_transfer(folder)


def test_the_reference_without_labels_is_the_teacher_and_says_so(problem: TransferProblem) -> None:
    assert (problem.reference, problem.teacher, problem.labels) == ("energies of formula", "formula", False)
    assert [host.name for host in problem.hosts] == ["methane", "ethylene", "benzene"]
    unseen = problem.hosts[-1]
    assert unseen.pool is None
    assert not unseen.lessons
    assert unseen.test is not None
    exact = small.channels(unseen.dimer, unseen.test.configurations.R)
    assert unseen.test.energies == pytest.approx(exact["repulsion"] + exact["dispersion"], abs=1e-12)


def test_labels_are_the_reference_where_unseen_hosts_have_them(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of 0 hosts"):
        open_transfer(folder, "labels")
    with pytest.raises(InputError, match="no energies of teacher 'hf-d4'"):
        open_transfer(folder, "hf-d4")


def test_sets_are_nested_and_own_labels_are_never_tested_on(problem: TransferProblem) -> None:
    sets = [[host.name for host in hosts] for hosts in training_sets(problem, "formula")]
    assert sets == [["methane"], ["methane", "ethylene"]]
    (whole,) = candidates(problem.hosts[-1], 0, seed=3)
    assert whole.pool is None
    turns = candidates(problem.hosts[-1], 5, seed=3)
    tested = [tuple(row) for each in turns for row in each.test.configurations.R]
    assert sorted(tested) == sorted(map(tuple, whole.test.configurations.R)), "each place is tested once"
    for each in turns:
        assert each.tested == "parts of the test set in turn"
        assert each.pool is not None
        pool, test = ({tuple(row) for row in part.configurations.R} for part in (each.pool, each.test))
        assert not pool & test
        assert len(pool | test) == len(whole.test)
    assert candidates(problem.hosts[-1], len(whole.test), seed=3) == [], "nothing would be left to test on"
    (own,) = candidates(problem.hosts[1], 5, seed=0)
    assert own.test is problem.hosts[1].test, "a host with a pool keeps its frozen test set whole"


def test_all_teachers_are_given_the_same_labels(problem: TransferProblem) -> None:
    hosts = list(problem.hosts[:2])
    one, two = (Trained(problem, hosts, teacher, 7, 4) for teacher in ("formula", DIRECT))
    assert [len(each) for each in one.labels] == [7, 7]
    for first, second in zip(one.labels, two.labels, strict=True):
        assert np.array_equal(first.configurations.R, second.configurations.R)
        assert (to_cm1(first.energies) < problem.bounds.limit_cm1).all()
    assert two.distilled is None


def test_a_student_without_its_host_beats_guessing_and_rows_are_not_measured_again(
    problem: TransferProblem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = TransferResults(tmp_path / FILE, TransferRow)
    said: list[str] = []
    transfer(problem, results, seeds=[0], quick=True, say=said.append, teachers=["formula"])
    rows = read(tmp_path / FILE, TransferRow)
    assert rows == results.rows
    found = {(row.training, row.host, row.n_labels): row for row in rows}
    assert set(found) == {
        (("methane",), "ethylene", 0),
        (("methane",), "benzene", 0),
        (("methane",), "benzene", 5),
        (("methane", "ethylene"), "benzene", 0),
        (("methane", "ethylene"), "benzene", 5),
    }
    assert all(not row.labels and row.reference == "energies of formula" for row in rows)
    last = found[("methane", "ethylene"), "benzene", 0]
    test = problem.hosts[-1].test
    assert test is not None
    depth = float(np.abs(to_cm1(test.energies[test.energies < 0.0])).mean())
    # The energy is a sum over atoms of two elements, both of which were trained on: a fifth of guessing zero is poor.
    assert last.mae_attractive_cm1 is not None
    assert last.mae_attractive_cm1 < 0.2 * depth
    monkeypatch.setattr(measuring, "finetune", None)
    monkeypatch.setattr(measuring, "distill_all", None)
    transfer(
        problem,
        TransferResults(tmp_path / FILE, TransferRow),
        seeds=[0],
        quick=True,
        say=said.append,
        teachers=["formula"],
    )
    assert read(tmp_path / FILE, TransferRow) == rows


def test_measured_counts_what_it_says() -> None:
    reference = np.array([-20.0, -10.0, 30.0, 5000.0]) * CM1_EV
    predicted = reference + np.array([1.0, -3.0, 4.0, 900.0]) * CM1_EV
    found = measured(predicted, np.full(4, 1.0) * CM1_EV, reference, 1000.0)
    assert (found["n"], found["n_attractive"]) == (3, 2), "what lies beyond the limit counts nowhere"
    assert found["mae_attractive_cm1"] == pytest.approx(2.0)
    assert found["mae_cm1"] == pytest.approx(8.0 / 3.0)
    assert found["bias_cm1"] == pytest.approx(-1.0)
    assert found["within_2"] == pytest.approx(1.0 / 3.0)


def _row(teacher: str, error: float, **changed: object) -> TransferRow:
    known = {
        "reference": "energies of hf-mp2",
        "labels": False,
        "teacher": teacher,
        "training": ("benzene", "pyrene"),
        "labels_per_host": 40,
        "host": "coronene",
        "heavy_atoms": 24,
        "tested": "test set",
        "n_labels": 0,
        "seed": 0,
        "n": 40,
        "n_attractive": 20,
        "mae_attractive_cm1": error,
        "mae_cm1": error,
        "bias_cm1": 0.0,
        "within_2": 0.9,
        "mean_std_cm1": 1.0,
        "seconds": 1.0,
    }
    return TransferRow.model_validate(known | changed)


def test_rows_of_other_energies_are_measured_again(tmp_path: Path) -> None:
    results = TransferResults(tmp_path / FILE, TransferRow)
    old, other, new = _row("hf-mp2", 2.0, data="a"), _row("hf-mp2", 4.0, seed=1), _row("hf-mp2", 3.0, data="b")
    for row in (old, other, new):
        assert not results.has(row.key, row.data)
        results.add(row)
    assert read(tmp_path / FILE, TransferRow) == [other, new]
    assert results.has(new.key, "b")
    assert not results.has(new.key, "a")


def test_the_claim_is_of_one_reference_and_one_training_set() -> None:
    rows = [_row("hf-mp2", 2.0), _row("hf-mp2", 4.0, seed=1), _row("gfn2-xtb", 6.0), _row(DIRECT, 90.0)]
    rows += [_row("gfn2-xtb", 900.0, training=("benzene",)), _row("gfn2-xtb", 900.0, n_labels=20)]
    assert "factor of 2.0" in teacher_claim(rows)
    assert "not reproduced" in teacher_claim(rows)
    assert teacher_claim(rows, "ovalene") == ""
    labels = {"reference": "labels by focal-point", "labels": True}
    both = [*rows, _row("hf-mp2", 1.0, **labels), _row("hf-d4", 12.0, **labels)]
    assert "factor of 12.0 (paper: about ten): reproduced" in teacher_claim(both)
    assert "focal-point" in teacher_claim(both)
    assert over_seeds(rows)[0]["sd"] == spread([2.0, 4.0])["sd"]


def test_d4_replaces_the_dispersion_and_nothing_else() -> None:
    dimer = Dimer(builtin_monomer("methane"), Monomer.atom("He"))
    at = dimer.at(np.array([[0.0, 0.0, 3.5], [4.0, 0.0, 0.0]]))
    parts = {"electrostatics": np.array([-1e-4, 0.0]), "exchange_induction": np.array([2e-3, 1e-4])}
    taught = {"hf-mp2:midbond": Observation(at, sum(parts.values()) - 1e-3, parts | {"dispersion": np.full(2, -1e-3)})}
    lessons, origin = with_d4(dimer, taught)
    made = lessons["hf-d4:midbond"]
    assert origin == {"hf-d4:midbond": "Hartree–Fock of hf-mp2:midbond, D4 added"}
    assert made.channels["dispersion"] == pytest.approx(D4Dispersion(dimer).energies(at.R), rel=1e-12)
    assert made.energies == pytest.approx(sum(made.channels.values()), abs=1e-15)
    assert np.array_equal(made.channels["electrostatics"], parts["electrostatics"])
    stored = {"hf-d4:midbond": Observation(at, np.zeros(2))}
    assert with_d4(dimer, taught | stored)[0]["hf-d4:midbond"] is stored["hf-d4:midbond"]


def test_the_depth_over_a_flake_is_the_minimum_on_its_axis(problem: TransferProblem, tmp_path: Path) -> None:
    results = TransferResults(tmp_path / "flakes.jsonl", FlakeRow)
    flakes(problem, results, seeds=[0], say=lambda text: None, teacher="formula", hosts=("benzene",))
    (row,) = results.rows
    dimer = problem.hosts[-1].dimer
    student = Trained(problem, problem.hosts[:2], "formula", measuring.PER_HOST, 0).student
    heights = np.linspace(2.4, 4.5, 400)
    along = dimer.a.centre + heights[:, None] * dimer.a.axes[2]
    energies = student.energies(dimer.at(along))
    # 400 heights are 0.005 Å apart; the minimum is flat there.
    assert row.depth_cm1 == pytest.approx(float(to_cm1(energies.min())), abs=0.01)
    assert row.height_angstrom == pytest.approx(float(heights[energies.argmin()]), abs=0.01)
    assert deepest(student, dimer)[0] == pytest.approx(row.height_angstrom, abs=1e-3)


def test_depths_over_flakes_are_told_beside_published_ones(capsys: pytest.CaptureFixture[str]) -> None:
    about = {"reference": "made up", "teacher": "hf-d4", "training": ("benzene",), "host": "coronene", "carbons": 24}
    numbers = {"height_angstrom": 3.2, "depth_cm1": -100.0, "std_cm1": 1.0, "seed": 0}
    _depths([FlakeRow.model_validate(about | numbers)])
    said = " ".join(capsys.readouterr().out.split())
    assert "coronene" in said
    assert "−118 cm⁻¹ (empirical)" in said
    assert "a flake is not a sheet" in said
    assert "twofold" not in said


def test_the_figure_is_of_one_host(tmp_path: Path) -> None:
    rows = [_row("hf-mp2", 2.0), _row(DIRECT, 9.0), _row("hf-mp2", 5.0, training=("benzene",))]
    assert [path.name for path in draw_transfer(rows, tmp_path)] == ["transfer.svg", "transfer.png"]
    assert draw_transfer(rows, tmp_path, "ovalene") == []


def test_the_command_says_what_it_measures_against(folder: Path, tmp_path: Path) -> None:
    asked = ["bench", "transfer", "--campaign", str(folder), "--out", str(tmp_path), "--quick", "--no-gfn2"]
    done = CliRunner().invoke(app, [*asked, "--teacher", "formula"], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "against energies of formula" in done.output
    assert "not CCSD(T)" in done.output
    missing = CliRunner().invoke(app, ["bench", "transfer", "--atlas", str(tmp_path / "no.extxyz")])
    assert missing.exit_code != 0
    assert "is not here" in missing.output + str(missing.exception)


def test_hosts_know_their_size() -> None:
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    assert Host("benzene", dimer, "train", {}, None, None).heavy_atoms == 6
