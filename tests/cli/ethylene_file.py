"""A file of labels of ethylene."""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from nci_core.extxyz import HostGroup, write_dataset
from nci_core.potentials import load_checkpoint
from nci_core.systems import Dimer, Monomer, builtin_monomer

ETHYLENE = Path(__file__).parents[2] / "data" / "he-ethylene" / "models" / "round-4-finetuned.pt"


def labelled(path: Path, seed: int | None = None, flex: float = 0.0) -> Path:
    """30 energies that the stored ethylene student predicts; with a seed every frame is moved somewhere else."""
    host = builtin_monomer("ethylene")
    rng = np.random.default_rng(0)
    away = rng.normal(size=(30, 3))
    points = away / np.linalg.norm(away, axis=1, keepdims=True) * rng.uniform(3.5, 6.0, (30, 1))
    energies = load_checkpoint(ETHYLENE).energies(Dimer(host, Monomer.atom("He")).at(points))
    groups = []
    for k, point in enumerate(points):
        atoms = np.vstack([host.positions, point])
        atoms[3, 2] += flex
        if seed is not None:
            atoms = Rotation.random(rng=seed + k).apply(atoms) + rng.normal(size=3)
        moved = Dimer(Monomer("ethylene", host.symbols, atoms[:-1]), Monomer.atom("He"))
        groups.append(HostGroup(moved.at(atoms[-1:]), energies[k : k + 1], np.array([k])))
    write_dataset(path, groups)
    return path
