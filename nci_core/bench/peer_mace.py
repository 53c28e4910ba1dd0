"""MACE as a peer of the student: trained on the teacher's labels, then fine-tuned on the reference labels.

Both steps are MACE's own command, `mace_run_train`, in a process of its own on the CPU in float64. Its energies are
interaction energies: isolated atoms count 0, and a frame with the probe out of reach says that the host alone does,
since a prediction is E_AB − E_A − E_B. Labels weigh as in the student's fit.
"""

import resource
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ase.data import atomic_numbers
from ase.io import write

from nci_core.bench.problem import Problem
from nci_core.children import child_environment, python_command
from nci_core.errors import ModelError
from nci_core.fitting.objective import label_weights
from nci_core.fitting.observations import Observation, check_observations
from nci_core.systems.configurations import Configurations
from nci_core.systems.dimer import Dimer
from nci_core.systems.poses import RigidForces
from nci_core.teachers.mace import MaceTeacher

FloatArray = npt.NDArray[np.float64]
#: Energies in the training file are eV times this, so that they are of order one, where a network begins.
SCALE = 100.0
#: Where the probe stands in the frame of the host alone, Å from the centre: no network looks so far.
APART = 50.0
#: Share of the frames that are the host alone.
ALONE = 0.02
#: Seconds after which a training counts as lost.
PATIENCE = 3600.0

#: The network: small, since a fit may take minutes of one core; it sees 8 Å, and an atom that is
#: farther away counts nothing.
NETWORK = {
    "model": "MACE",
    "num_channels": 16,
    "max_L": 1,
    "max_ell": 2,
    "correlation": 2,
    "num_interactions": 1,
    "r_max": 8.0,
    "num_radial_basis": 10,
    "MLP_irreps": "16x0e",
    "radial_MLP": "[32,32]",
}
TRAINING = {
    "energy_key": "REF_energy",
    "energy_weight": 1.0,
    "forces_weight": 0.0,
    "default_dtype": "float64",
    "device": "cpu",
    "plot": False,
    "num_workers": 0,
    "batch_size": 8,
    "valid_batch_size": 64,
    "scheduler": "ExponentialLR",
    "ema": True,
    "ema_decay": 0.99,
    "error_table": "TotalMAE",
}


@dataclass(frozen=True)
class Schedule:
    """How long and how fast.

    Attributes:
        epochs: passes over the labels.
        rate: first learning rate.
        last: learning rate at the end, as a share of the first.
    """

    epochs: int
    rate: float
    last: float = 0.02

    def options(self) -> dict[str, Any]:
        """As the training command takes them."""
        return {
            "max_num_epochs": self.epochs,
            "eval_interval": max(1, min(5, self.epochs // 4)),
            "lr": self.rate,
            "lr_scheduler_gamma": self.last ** (1.0 / self.epochs),
        }


#: Of two trainings on 398 teacher's labels of He–benzene, one at this pace (115 epochs, weights not averaged) came to
#: a mean error of 1.3 meV; one whose rate fell to 0.02 (another seed, 105 epochs) stayed on a plateau of 4.8 meV.
PRETRAINING = Schedule(150, 0.01, last=0.05)
#: Fine-tuned to 206 labels of He–benzene (seed 100), the rest is missed by 2.6 cm⁻¹ on average, by 2.8 at a rate of
#: 0.005, and the labels by as much: two minutes of this network's training are the limit, not the labels.
FINETUNING = Schedule(120, 0.02)
QUICK = Schedule(2, 0.01)


def write_frames(path: Path, dimer: Dimer, positions: FloatArray, energies: FloatArray) -> None:
    """Labels as MACE reads them: REF_energy in eV × SCALE, config_weight as label_weights; then the host alone."""
    frames = []
    apart = np.tile(dimer.a.centre + np.array([0.0, 0.0, APART]), (max(1, round(ALONE * len(energies))), 1))
    places, values = np.vstack([positions, apart]), np.concatenate([energies, np.zeros(len(apart))])
    for place, energy, weight in zip(places, values, label_weights(values), strict=True):
        atoms = dimer.at(place).atoms(0)
        atoms.info = {
            "REF_energy": float(energy * SCALE),
            "config_weight": float(weight),
            "config_type": "Default",
        }
        frames.append(atoms)
    write(path, frames, format="extxyz", columns=["symbols", "positions"])


def command(options: Mapping[str, Any]) -> list[str]:
    """The training command with its options; True becomes a bare flag where MACE has one."""
    flags = {"ema"}
    parts = [f"--{name}" if name in flags else f"--{name}={value}" for name, value in options.items()]
    return python_command("mace.cli.run_train", *parts)


def train(
    labels: Observation,
    target: Path,
    schedule: Schedule,
    *,
    seed: int,
    parent: Path | None = None,
) -> float:
    """Train a network on labels and keep it at `target`; CPU seconds that it took.

    Args:
        labels: of one dimer.
        target: the .model file; it appears only when it is whole.
        schedule: how long and how fast.
        seed: of weights and batches.
        parent: network that is fine-tuned; None begins with random weights.

    Raises ModelError with MACE's last line when it makes no model.
    """
    check_observations([labels], "label")
    dimer, R, E = labels.configurations.dimer, labels.configurations.R, labels.energies
    numbers = sorted({atomic_numbers[s] for s in (*dimer.a.symbols, dimer.b.symbols[0])})
    options: dict[str, Any] = {
        "name": "peer",
        # All labels are fitted; the validation that the command wants chooses nothing but the best epoch of them.
        "train_file": "labels.xyz",
        "valid_file": "labels.xyz",
        "E0s": str(dict.fromkeys(numbers, 0.0)),
        "seed": seed,
        **NETWORK,
        **TRAINING,
        **schedule.options(),
    }
    if parent is not None:
        options |= {"foundation_model": str(parent.resolve()), "multiheads_finetuning": False}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_frames(folder / "labels.xyz", dimer, R, E)
        try:
            run = subprocess.run(
                command(options),
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
                env=child_environment() | {"PYTHONWARNINGS": "ignore"},
            )
        except subprocess.TimeoutExpired:
            raise ModelError(f"MACE had not finished training after {PATIENCE / 60:.0f} minutes.") from None
        made = folder / "peer.model"
        if not made.is_file():
            last = [line for line in (run.stdout + run.stderr).splitlines() if line.strip()][-1:] or ["nothing"]
            raise ModelError(f"MACE trained no model; the last it said was: {last[0].strip()}.")
        target.parent.mkdir(parents=True, exist_ok=True)
        whole = target.with_suffix(".part")
        shutil.copyfile(made, whole)
        whole.replace(target)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class PeerMACE:
    """A trained network as a potential.

    Args:
        path: file that `train` has made.
        fit_seconds: CPU seconds of its training.
    """

    def __init__(self, path: Path, fit_seconds: float = 0.0) -> None:
        self.path, self.fit_seconds = path, fit_seconds
        # The file is our own.
        self.network = MaceTeacher(str(path), device="cpu", trusted=True)

    def energies(self, at: Configurations) -> FloatArray:
        """(m,) in eV."""
        found: FloatArray = self.network.evaluate(at).energy / SCALE
        return found

    def energies_and_forces(self, at: Configurations) -> tuple[FloatArray, RigidForces]:
        """(m,) in eV and forces on the probe."""
        labels = self.network.evaluate(at)
        assert labels.forces is not None
        return labels.energy / SCALE, RigidForces(labels.forces.force / SCALE, labels.forces.torque / SCALE)


def pretrained(problem: Problem, *, quick: bool = False) -> Path:
    """The network trained on the teacher's labels of a problem, made once; ModelError without a teacher."""
    if not problem.teachers:
        raise ModelError(f"No teacher's labels of {problem.dimer.name} are known, which MACE is first trained on.")
    path = problem.folder / "mace" / f"teacher{'-quick' if quick else ''}.model"
    if not path.is_file():
        train(problem.teachers[0].observations[0], path, QUICK if quick else PRETRAINING, seed=1)
    return path


def finetuned(problem: Problem, labels: Observation, name: str, *, seed: int, quick: bool = False) -> PeerMACE:
    """The pretrained network fine-tuned on labels; a file of that name is read instead of made again."""
    parent = pretrained(problem, quick=quick)
    path = problem.folder / "mace" / f"{name}{'-quick' if quick else ''}.model"
    seconds = path.with_suffix(".seconds")
    if not (path.is_file() and seconds.is_file()):
        schedule = QUICK if quick else FINETUNING
        took = train(labels, path, schedule, seed=seed, parent=parent)
        seconds.write_text(f"{took:.1f}\n")
    return PeerMACE(path, float(seconds.read_text()))
