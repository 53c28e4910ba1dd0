"""The peers benchmark: the same splits for all, every fit once, and rows that say what was measured."""

from pathlib import Path

import numpy as np
import pytest
from peer_problem import made_problem

from nci_core.bench import peers as bench
from nci_core.bench.peers import DELTA, DELTA_GP, GP, MACE, STUDENT, Fitted, Peers, peers, planned
from nci_core.bench.problem import Problem
from nci_core.bench.rows import Results, read_rows
from nci_core.bench.splits import random_split

ALL = (STUDENT, GP, DELTA, DELTA_GP, MACE)


class Flat:
    """A potential that is zero."""

    def energies(self, positions: np.ndarray) -> np.ndarray:
        return np.zeros(len(positions))

    def energies_and_gradients(self, positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(len(positions)), np.zeros((len(positions), 3))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """Fits that were asked for: model, number of labels, seed; nothing is fitted."""
    found: list[tuple[str, int, int]] = []

    def fit(_: Peers, model: str, positions: np.ndarray, energies: np.ndarray, *, name: str, seed: int) -> Fitted:
        assert len(positions) == len(energies)
        found.append((model, len(positions), seed))
        return Fitted(Flat(), 1.5, {"name": name})

    monkeypatch.setattr(bench.Peers, "fit", fit)
    return found


def test_the_split_is_the_one_that_is_written_down() -> None:
    split = random_split(2063, 0.02, 3)
    order = np.random.default_rng(3).permutation(2063)
    assert split.train.tolist() == order[:41].tolist()
    assert split.test.tolist() == order[41:].tolist()
    assert split.name == "random 2%"


def test_mace_comes_last_at_one_fraction_and_for_two_seeds() -> None:
    plan = list(planned(ALL, range(5), quick=False))
    assert plan[-2:] == [(0.10, 0, MACE), (0.10, 1, MACE)]
    assert [model for _, _, model in plan].count(MACE) == 2
    assert len(plan) == 5 * 5 * 4 + 2
    assert list(planned(ALL, (3, 4), quick=True)) == [(0.02, 3, model) for model in ALL]


def test_rows_are_of_the_held_out_rest_and_are_kept(tmp_path: Path, asked: list[tuple[str, int, int]]) -> None:
    problem = made_problem(tmp_path)
    said: list[str] = []
    results = Results(tmp_path / "peers.jsonl")
    peers(problem, results, seeds=(0, 1, 2), quick=False, say=said.append)
    assert len(asked) == len(results.rows) == 5 * 3 * 4 + 2
    row = next(r for r in read_rows(tmp_path / "peers.jsonl") if r.model == GP and r.n_labels == 36 and r.seed == 2)
    assert (row.split, row.strategy, row.seconds) == ("random 30%", "random", 1.5)
    held = random_split(120, 0.30, 2).test
    inside = held[problem.inside[held]]
    assert row.mae_cm1 == pytest.approx(np.abs(problem.energies[inside]).mean() * 8065.544, rel=1e-6)
    assert "at most 2 seeds" in said[0]
    before = len(asked)
    peers(problem, Results(tmp_path / "peers.jsonl"), seeds=(0, 1, 2), quick=False, say=said.append)
    assert len(asked) == before


def test_without_a_teacher_only_the_process_is_fitted(tmp_path: Path, asked: list[tuple[str, int, int]]) -> None:
    said: list[str] = []
    problem = made_problem(tmp_path, teacher=False)
    peers(problem, Results(tmp_path / "peers.jsonl"), seeds=(0,), quick=True, say=said.append)
    assert asked == [(GP, 2, 0)]
    assert "only the Gaussian process" in said[0]


def test_every_peer_but_mace_fits_and_is_better_than_the_teacher(tmp_path: Path) -> None:
    pytest.importorskip("sklearn")
    problem: Problem = made_problem(tmp_path)
    R, E = problem.positions, problem.energies
    distilled = np.abs(problem.distilled().energies(problem.dimer.at(R[30:])) - E[30:]).mean()
    fits = Peers(problem)
    for model in (STUDENT, GP, DELTA, DELTA_GP):
        found = fits.fit(model, R[:30], E[:30], name="none", seed=0)
        energies, gradients = found.energies_and_gradients(R[30:])
        assert np.allclose(energies, found.energies(R[30:]))
        assert gradients.shape == (90, 3)
        assert np.abs(energies - E[30:]).mean() < 0.3 * distilled, model
        assert found.fit_seconds > 0
    assert fits.teacher_gp() is fits.teacher_gp()


def test_distilling_counts_in_no_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The distilled student is there before labels are; the clock starts after it."""
    problem = made_problem(tmp_path)
    clock = [0.0]
    monkeypatch.setattr(bench.time, "process_time", lambda: clock[0])

    def distilled(self: Problem, *, seed: int) -> str:
        clock[0] += 100.0
        return "a prior"

    def fit(*_: object, **__: object) -> str:
        clock[0] += 1.0
        return "a student"

    monkeypatch.setattr(Problem, "distilled", distilled)
    monkeypatch.setattr(bench, "finetune", fit)
    found = Peers(problem).fit(STUDENT, problem.positions, problem.energies, name="none", seed=0)
    assert found.fit_seconds == 1.0
