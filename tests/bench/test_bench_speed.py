"""`nci bench speed`: every row is there, adds up, and is measured once."""

import time
from pathlib import Path

import numpy as np
import pytest
import torch

from nci_core.bench import speed as module
from nci_core.bench.graphene import flake
from nci_core.bench.problem import Problem
from nci_core.bench.rows import Results
from nci_core.bench.speed import somewhere, speed
from nci_core.bench.timing import timed
from nci_core.fitting import FitSettings
from nci_core.fitting.priors import general_prior
from nci_core.fitting.run import one_core
from nci_core.potentials import Ensemble, Student, StudentConfig
from nci_core.potentials.environments import pair_kinds
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.systems.configurations import Configurations
from nci_core.systems.poses import RigidForces


class Slow:
    """A potential of someone else's that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def energies(self, at: Configurations) -> np.ndarray:
        self.calls += 1
        time.sleep(0.01)
        return np.zeros(len(at))

    def energies_and_forces(self, at: Configurations) -> tuple[np.ndarray, RigidForces]:
        return self.energies(at), RigidForces(np.zeros((len(at), 3)), np.zeros((len(at), 3)))


@pytest.fixture
def problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Problem:
    config, dimer = StudentConfig(), Dimer(builtin_monomer("ethylene"), Monomer.atom("He"))
    prior = general_prior(pair_kinds([dimer]), config)
    generator = torch.Generator().manual_seed(0)
    thetas = [prior.mean + 0.02 * prior.width * torch.randn(prior.mean.shape, generator=generator, dtype=torch.float64)]
    thetas += [1.001 * thetas[0]]
    members = tuple(Student(pair_kinds([dimer]), config, theta) for theta in thetas)
    model = Ensemble(members, prior, metadata={"stage": "distill"})
    R = np.random.default_rng(1).uniform(3.0, 5.0, (60, 3))
    monkeypatch.setattr(Problem, "distilled", lambda self, **_: model)
    monkeypatch.setattr(module, "BATCHES", (1, 100, 1_000_000))
    monkeypatch.setattr(module, "POOL", 200)
    monkeypatch.setattr(module, "RINGS", 2)
    monkeypatch.setattr(module, "QUICK_BATCH", 100)
    monkeypatch.setattr(module, "FitSettings", lambda **_: FitSettings(members=2, restarts=2, max_iterations=2))
    return Problem(dimer, R, model.energies(dimer.at(R)), tmp_path)


def test_rows_of_students_and_of_others(problem: Problem, tmp_path: Path) -> None:
    said: list[str] = []
    slow = Slow()
    results = Results(tmp_path / "speed.jsonl")
    rows = speed(problem, results, quick=True, say=said.append, others={"slow": slow})
    found = {(row.model, row.strategy, row.n_labels): row for row in rows}
    both = ("energies, batch 1", "energies and gradients, batch 100")
    for model in ("one optimum", "mean of 2 optima", "slow"):
        assert {strategy for name, strategy, _ in found if name == model} >= set(both)
    assert ("mean of 2 optima", "ASE single point", 0) in found
    assert ("student", "I-optimal 20 of 200", 0) in found
    # Coronene stands for the flake of a thousand atoms.
    assert found["one optimum", "energies, 36 atoms, batch 100", 0].more["batch"] == 100
    assert ("one optimum", "first energy, 36 atoms", 0) in found
    # 60 labels: only the fits of 25 and 51 can be timed, and a quick run stops at a hundred positions here.
    assert [n for _, strategy, n in found if strategy == "fine-tuning"] == [25, 51]
    assert not any("1000000" in strategy for _, strategy, _ in found)
    row = found["one optimum", "energies, batch 100", 0]
    assert row.more["per_second"] == pytest.approx(100 / row.seconds)
    assert row.more["rss_mb"] > 1.0
    # Sleeping costs time by the clock and no CPU seconds.
    assert found["slow", "energies, batch 1", 0].more["wall_seconds"] >= 0.01
    assert len(said) == len(rows)

    calls = slow.calls
    assert speed(problem, Results(results.path), quick=True, say=said.append, others={"slow": slow}) == rows
    assert slow.calls == calls


def test_positions_are_spread_as_the_reference_and_all_different(problem: Problem) -> None:
    R = somewhere(problem, 500)
    assert len(np.unique(R, axis=0)) == 500
    gap = np.abs(R[:, None] - problem.positions).max(axis=-1).min(axis=1)
    assert gap.max() <= module.JITTER


def test_flakes_are_those_that_have_names() -> None:
    for rings, name in ((1, "benzene"), (2, "coronene"), (3, "circumcoronene")):
        made, known = flake(rings), builtin_monomer(name)
        assert sorted(made.symbols) == sorted(known.symbols)
        # Bonds differ by up to 0.06 Å from those of circumcoronene's middle, and add up over three rings.
        sizes = [np.linalg.norm(each.positions - each.centre, axis=1).max() for each in (made, known)]
        assert sizes[0] == pytest.approx(sizes[1], abs=0.1)
        bonds = np.linalg.norm(made.positions[:, None] - made.positions, axis=-1)
        # Three rings meet, or two and hydrogen: each C has three bonds, each H one.
        assert ((bonds > 0.5) & (bonds < 1.6)).sum() == 3 * made.symbols.count("C") + made.symbols.count("H")
    assert len(flake(module.RINGS).symbols) == 1092


def test_timing_takes_the_fastest_and_threads_are_given_back() -> None:
    waits = iter([0.0, 0.05, 0.0, 0.05])
    assert timed(lambda: time.sleep(next(waits)), repeats=3).wall < 0.03
    before = torch.get_num_threads()
    with one_core():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
