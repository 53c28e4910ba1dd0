"""Benchmarks on a small problem: nothing that is measured on is learned from, and a run goes on where it was."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from nci_core.bench.active import active, rounds
from nci_core.bench.calibration import auroc, calibration
from nci_core.bench.curve import curve, hard
from nci_core.bench.fits import fit, remaining
from nci_core.bench.prior import learn_factors
from nci_core.bench.problem import Problem, open_campaign_labels, open_problem, open_recipe_pair
from nci_core.bench.recipe_prior import learn_recipe_change
from nci_core.bench.rows import Results, errors
from nci_core.bench.splits import hard_splits, random_split
from nci_core.bench.strategies import COMPARED
from nci_core.bench.variants import BEST
from nci_core.cli.main import app
from nci_core.errors import InputError
from nci_core.extxyz import read_dataset
from nci_core.fitting.priors import CHANGE
from nci_core.potentials import load_checkpoint
from nci_core.systems import Dimer, Monomer
from nci_core.systems.dimer import same_dimer

FIELDS = [
    "benchmark",
    "model",
    "strategy",
    "split",
    "n_labels",
    "seed",
    "mae_cm1",
    "median",
    "rmse",
    "max",
    "well",
    "tail",
    "wall",
    "seconds",
]


def silent(text: str) -> None:
    pass


def test_splits_part_labels_from_test(problem: Problem) -> None:
    splits = [*hard_splits(problem), random_split(len(problem.energies), 0.1, 0)]
    assert len(splits) >= 5
    for split in splits:
        assert not set(split.train) & set(split.test)
        assert len(split.train)
    below = next(split for split in splits if split.name == "E < 0 to wall")
    assert (problem.energies[below.train] < 0).all()
    assert (problem.energies[below.test] >= 0).all()
    with pytest.raises(InputError, match="no labels"):
        random_split(120, 0.001, 0)


def test_the_same_host_in_another_order_is_the_same(dimer: Dimer) -> None:
    host = dimer.a
    turned = Dimer(Monomer("other", host.symbols, host.positions[::-1].copy(), source="test"), Monomer.atom("He"))
    assert same_dimer(dimer, turned)
    assert not same_dimer(
        dimer, Dimer(Monomer("other", host.symbols, host.positions * 1.1, source="test"), Monomer.atom("He"))
    )
    assert not same_dimer(dimer, Dimer(host, Monomer.atom("Ne")))


def test_active_selection_keeps_its_students(problem: Problem, tmp_path: Path) -> None:
    results = Results(tmp_path / "active.jsonl")
    options: dict[str, Any] = {"seeds": [0], "quick": False, "say": silent, "budgets": (6, 9)}
    active(problem, results, **options, strategies=COMPARED, save_models=tmp_path / "models")
    assert {row.strategy for row in results.rows} == set(COMPARED)
    assert sorted({row.n_labels for row in results.rows}) == [6, 9]
    for row in results.rows:
        model = load_checkpoint(tmp_path / "models" / f"{row.strategy}-{row.n_labels}-0.pt")
        assert model.metadata["labels"] == row.n_labels
        # The row's error is over the points without a label: labelled ones are met to some hundredths of a
        # wavenumber, so over all points the mean is lower, by at most their share.
        predicted = model.energies(problem.dimer.at(problem.positions))
        everywhere = errors(predicted, problem.energies, problem.bounds)["mae_cm1"]
        assert row.mae_cm1 is not None
        assert everywhere is not None
        assert everywhere <= row.mae_cm1 * 1.02
    before = [row.seconds for row in results.rows]
    active(problem, results, **options, strategies=COMPARED)
    assert [row.seconds for row in results.rows] == before, "nothing is measured twice"
    chosen = {row.strategy: row.mae_cm1 for row in results.rows if row.n_labels == 9}
    assert chosen["i-optimal"] < chosen["random"]  # type: ignore[operator]
    with pytest.raises(InputError, match="Unknown strategy"):
        active(problem, results, **options, strategies=("guess",))


def test_rounds_hold_every_budget() -> None:
    assert rounds((20, 33)) == [8, 14, 20, 28, 33]


def test_labels_are_all_that_a_fit_sees(problem: Problem) -> None:
    rows = np.arange(12)
    one = fit(problem, BEST, rows, 0)
    spoilt = Problem(
        problem.dimer,
        problem.positions,
        np.where(np.arange(120) < 12, problem.energies, 1.0),
        problem.folder,
        problem.teachers,
        problem.bounds,
    )
    two = fit(spoilt, BEST, rows, 0)
    assert all((a.theta == b.theta).all() for a, b in zip(one.members, two.members, strict=True))
    assert list(remaining(5, np.array([1, 3]))) == [0, 2, 4]


def test_learning_beats_the_distilled_student(problem: Problem, tmp_path: Path) -> None:
    results = Results(tmp_path / "curve.jsonl")
    predicted = problem.distilled().energies(problem.dimer.at(problem.positions))
    plain = errors(predicted, problem.energies, problem.bounds)["mae_cm1"]
    curve(problem, results, seeds=[0], quick=True, say=silent)
    hard(problem, results, seeds=[0], quick=True, say=silent)
    calibration(problem, results, seeds=[0], quick=True, say=silent)
    best = {(row.benchmark, row.model): row for row in results.rows}
    assert plain is not None
    # Two labels of 120: the attraction was 15% too weak everywhere.
    assert best["curve", "distilled adaptive"].mae_cm1 < 0.7 * plain  # type: ignore[operator]
    judged = best["calibration", "distilled adaptive"].more
    assert {"auroc", "before all", "after all", "leave_one_out_factor"} <= set(judged)
    assert 0.0 <= judged["before all"][0] <= judged["before all"][1] <= 1.0


def test_auroc_is_the_chance_of_the_right_order() -> None:
    random = np.random.default_rng(0)
    score, positive = random.integers(0, 5, 40).astype(float), random.random(40) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in score[positive] for b in score[~positive]]
    assert auroc(score, positive) == pytest.approx(np.mean(pairs))
    assert auroc(score, np.zeros(40, dtype=bool)) is None


@pytest.mark.slow
def test_learned_widths_make_the_labels_more_probable() -> None:
    known, distilled = open_campaign_labels("he-ethylene", "pool")
    steps = list(learn_factors(known, distilled, steps=3))
    evidence = [step.log_evidence for step in steps]
    assert evidence == sorted(evidence)
    assert evidence[-1] > evidence[0] + 20
    again = next(iter(learn_factors(known, distilled, steps=1, start=CHANGE)))
    # Those in use are where it ends: much more probable than after three steps, and the next step changes little.
    assert again.log_evidence > evidence[-1] + 20
    for block, factor in again.factors.items():
        assert factor == pytest.approx(CHANGE[block], rel=0.1), block


def test_the_command_prints_rows_and_refuses_nonsense(reference: Path, tmp_path: Path) -> None:
    runner, out = CliRunner(), str(tmp_path / "out")
    done = runner.invoke(app, ["bench", "hard", "--data", str(reference), "--out", out, "--quick", "--json"])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    assert rows
    assert set(FIELDS) <= set(rows[0])
    assert {row["model"] for row in rows} == {"direct adaptive"}, "no teacher of this dimer is known"
    for arguments, sentence in (
        (["bench", "curve"], "Say which reference"),
        (["bench", "active", "--data", str(reference), "--budgets", "ten"], "not a list of numbers"),
        (["bench", "curve", "--data", str(reference), "--teacher", str(tmp_path)], "cannot be read|no campaign|export"),
    ):
        failed = runner.invoke(app, arguments)
        assert failed.exit_code != 0
        assert failed.exception is not None
        assert __import__("re").search(sentence, str(failed.exception)), str(failed.exception)


def test_the_reference_is_read_and_its_teacher_found(reference: Path, tmp_path: Path) -> None:
    problem = open_problem(reference, tmp_path)
    assert not problem.teachers
    with pytest.raises(InputError, match="No teacher's labels"):
        problem.distilled()
    assert len(read_dataset(reference)) == 120


@pytest.mark.slow
def test_recipes_differ_more_in_dispersion_than_in_the_network() -> None:
    """From 24 of He–ethylene's pairs of labels; the whole set takes `nci bench recipe-prior` 15 s."""
    at, cheap, costly, distilled = open_recipe_pair("he-ethylene", "quick")
    assert len(costly) == 100
    few = slice(0, None, 4)
    steps = list(learn_recipe_change(at[few], cheap[few], costly[few], distilled, steps=2))
    # Each step ends at a maximum of the evidence linearised about another optimum; Laplace's error tells two apart.
    assert steps[-1].log_evidence > steps[0].log_evidence - 2.0
    common = {name: pair[1] for name, pair in steps[-1].factors.items()}
    assert max(common["ln_C"], common["gamma6"]) > 2 * max(common["W1"], common["b1"])
