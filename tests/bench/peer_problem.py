"""A problem small enough for tests: He on H2, a made-up reference, and a teacher that is wrong by a smooth share."""

from pathlib import Path

import numpy as np

from nci_core.bench.problem import Problem
from nci_core.fitting import Lesson, Observation
from nci_core.systems import Dimer, Monomer
from nci_core.units import from_cm1


def he_h2() -> Dimer:
    positions = np.array([[0.0, 0.0, -0.3707], [0.0, 0.0, 0.3707]])
    return Dimer(
        Monomer("hydrogen", ("H", "H"), positions, source="r_e of H2, Huber and Herzberg 1979"), Monomer.atom("He")
    )


def places(count: int, seed: int) -> np.ndarray:
    """(m, 3) positions, 2.2 to 6 Å from the centre."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(count, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    found: np.ndarray = directions * rng.uniform(2.2, 6.0, size=(count, 1))
    return found


def channels(dimer: Dimer, positions: np.ndarray, strength: float = 1.0) -> dict[str, np.ndarray]:
    """Pair repulsion and dispersion, (m,) in eV, with a well of some 10 cm⁻¹."""
    r = dimer.at(positions).distances[:, :, 0]
    return {
        "repulsion": strength * from_cm1(np.exp(-3.6 * (r - 3.4)).sum(axis=1) * 8.0),
        "dispersion": -from_cm1((10.0 * (3.4 / r) ** 6).sum(axis=1)),
    }


def energy(dimer: Dimer, positions: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """(m,) in eV."""
    found: np.ndarray = sum(channels(dimer, positions, strength).values())
    return found


def labelled(positions: np.ndarray) -> Observation:
    """The reference at positions (m, 3)."""
    dimer = he_h2()
    return Observation(dimer.at(positions), energy(dimer, positions))


def made_problem(folder: Path, *, count: int = 120, teacher: bool = True) -> Problem:
    """The reference at `count` places; a teacher with 15 % more repulsion at 40 others."""
    dimer, R = he_h2(), places(count, 1)
    T = places(40, 2)
    parts = channels(dimer, T, 1.15)
    labels = Lesson("made-up", [Observation(dimer.at(T), parts["repulsion"] + parts["dispersion"], parts)])
    return Problem(dimer, R, energy(dimer, R), folder, (labels,) if teacher else ())
