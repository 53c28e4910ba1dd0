"""A small problem with closed-form energies."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "campaign"))

import small_campaign as small

from nci_core.bench.problem import Problem
from nci_core.extxyz import HostGroup, write_dataset
from nci_core.fitting import Lesson, Observation
from nci_core.regions import RegionBounds
from nci_core.systems import Dimer, Monomer


@pytest.fixture(scope="session")
def dimer() -> Dimer:
    half = small.BOND / 2
    return Dimer(
        Monomer("hydrogen", ("H", "H"), np.array([[0.0, 0.0, -half], [0.0, 0.0, half]]), source="test"),
        Monomer.atom("He"),
    )


@pytest.fixture(scope="session")
def problem(dimer: Dimer, tmp_path_factory: pytest.TempPathFactory) -> Problem:
    """120 reference points and 80 teacher labels of the same dimer elsewhere."""
    random = np.random.default_rng(3)

    def places(n: int) -> np.ndarray:
        away = random.standard_normal((n, 3))
        return away / np.linalg.norm(away, axis=1, keepdims=True) * random.uniform(2.3, 6.0, (n, 1))

    R, T = places(120), places(80)
    parts = small.channels(dimer, T)
    labels = Lesson("formula", [Observation(dimer.at(T), parts["repulsion"] + parts["dispersion"], parts)])
    folder = tmp_path_factory.mktemp("bench")
    return Problem(dimer, R, small.energy(dimer, R), folder, (labels,), RegionBounds(well_below_cm1=-5.0))


@pytest.fixture(scope="session")
def reference(problem: Problem) -> Path:
    """The same reference as a file."""
    path = problem.folder / "reference.extxyz"
    write_dataset(path, [HostGroup(problem.dimer.at(problem.positions), problem.energies, np.arange(120))])
    return path
