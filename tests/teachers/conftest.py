"""A tiny MACE model, trained once per session by MACE's own command."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.io import write

from nci_core.systems import Dimer, Monomer

#: A well of 40 meV at 3 Å: any smooth curve will do, the tests compare MACE with itself.
WELL_EV, WELL_A = 0.04, 3.0


@pytest.fixture(scope="session")
def he_h2() -> Dimer:
    """He on H2, bond 0.7414 Å along z: the smallest dimer there is."""
    positions = np.array([[0.0, 0.0, -0.3707], [0.0, 0.0, 0.3707]])
    return Dimer(
        Monomer("hydrogen", ("H", "H"), positions, source="r_e of H2, Huber and Herzberg 1979"), Monomer.atom("He")
    )


def well(distances: np.ndarray) -> np.ndarray:
    """(m, n) distances in Å → (m,) eV, a sum of Lennard-Jones wells."""
    x6 = (WELL_A / distances) ** 6
    return (WELL_EV * (x6**2 - 2 * x6)).sum(axis=1)


@pytest.fixture(scope="session")
def mace_file(he_h2: Dimer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mace")
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(60, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    positions = directions * rng.uniform(2.8, 5.0, size=(60, 1))
    frames = []
    for position, energy in zip(positions, well(he_h2.at(positions).distances[:, :, 0]), strict=True):
        atoms = he_h2.at(position).atoms(0)
        atoms.info = {"REF_energy": float(energy), "config_type": "Default"}
        frames.append(atoms)
    write(folder / "train.xyz", frames, format="extxyz")
    options = {
        "name": "tiny",
        "train_file": "train.xyz",
        "valid_fraction": 0.1,
        "E0s": "{1: 0.0, 2: 0.0}",
        "model": "MACE",
        "hidden_irreps": "16x0e",
        "r_max": 6.0,
        "num_interactions": 1,
        "batch_size": 10,
        "max_num_epochs": 3,
        "eval_interval": 3,
        "energy_key": "REF_energy",
        "forces_weight": 0.0,
        "default_dtype": "float64",
        "device": "cpu",
        "seed": 1,
    }
    command = [sys.executable, "-m", "mace.cli.run_train"]
    command += [f"--{key}={value}" for key, value in options.items()]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    model = folder / "tiny.model"
    assert model.is_file(), run.stdout[-2000:] + run.stderr[-2000:]
    return model
