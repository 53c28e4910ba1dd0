"""MACE as a student: a network pretrained on HF + MP2, fine-tuned on the published He–benzene reference.

    python benchmarks/mace_student.py --out FILE.jsonl [--folder FOLDER] [--labels 20 80 206 619] [--seeds 2]
        [--device auto] [--reference PATH.extxyz] [--wide] [--quick]

A network is trained on the HF + MP2 energies of all embedded systems, and from there on random labels of the
reference; errors are on the rest, in cm⁻¹ below 1000. Beside it stand the physics student, which was distilled from
HF + MP2 of benzene, and both ways of learning what is left of the other: the student as Δ on the pretrained network,
and a network as Δ on the distilled student. Each line names device, seconds, energies a second and number of weights.
What is in the file is not made again, and a training that was stopped goes on. --wide is a network of 64 channels and
two messages, for a GPU; --quick shows that it runs, and its errors say nothing. Without the reference there is nothing
to measure.
"""

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nci_core.bench.problem import Problem, open_problem
from nci_core.campaign.exchange.archive import EMBEDDED, SEVERAL, data_folder, import_campaign
from nci_core.campaign.rounds.learning import lessons
from nci_core.fitting import FitSettings, Observation, finetune
from nci_core.fitting.members import mae_by_region
from nci_core.potentials.device import resolve_device
from nci_core.potentials.models import load_model
from nci_core.potentials.networks.ensemble import Network, NetworkEnsemble
from nci_core.potentials.networks.files import save_network
from nci_core.potentials.networks.network import NetworkConfig, fresh, hidden
from nci_core.systems.potential import Potential
from nci_core.training import Foundation, TrainingMemory, TrainSettings, finetune_network, open_foundation

REFERENCE = Path(__file__).parents[2] / "shared" / "data" / "he-benzene-reference" / "ccsdt.extxyz"
SMALL = NetworkConfig(elements=(1, 2, 6))
WIDE = NetworkConfig(
    elements=(1, 2, 6), hidden_irreps=hidden(64, 1), num_interactions=2, correlation=3, max_ell=3, radial_MLP=(64, 64)
)
PRETRAINING = TrainSettings(epochs=20, steps=60, seeds=1, left_out=0.05, sigma_cm1=1.0, width=1.0, rate=0.01, batch=16)
#: A whole network for each fit, and all labels: what is measured is what is not among them.
FINETUNING = TrainSettings(seeds=1, left_out=0.0, steps=40)
#: MACE's own loop alone, as in `nci bench peers`.
EPOCHS = TrainSettings(seeds=1, left_out=0.0, epochs=120, steps=0, rate=0.01)


def taught() -> list[Observation]:
    """HF + MP2 energies of all embedded systems."""
    found: list[Observation] = []
    for name in (*EMBEDDED, SEVERAL):
        with tempfile.TemporaryDirectory() as folder:
            campaign = import_campaign(data_folder() / name, Path(folder) / "campaign")
            found += next(each for each in lessons(campaign) if "hf-mp2" in each.teacher).observations
            campaign.store.close()
    return found


@dataclass
class Bench:
    """What is fitted to labels of the reference.

    Attributes:
        problem: the reference.
        foundation: pretrained on HF + MP2.
        config: architecture of the networks.
        device: where networks are trained.
        quick: hardly trained.
    """

    problem: Problem
    foundation: Foundation
    config: NetworkConfig
    device: str
    quick: bool = False

    def settings(self, of: TrainSettings, seed: int) -> TrainSettings:
        """The settings of one fit."""
        short = {"epochs": min(of.epochs, 1), "steps": min(of.steps, 2)} if self.quick else {}
        return of.model_copy(update={"seed": seed, "device": self.device, **short})

    def mace(self, labels: Observation, seed: int) -> Potential:
        """The pretrained network, fine-tuned."""
        return finetune_network([labels], self.foundation, self.settings(FINETUNING, seed))

    def epochs(self, labels: Observation, seed: int) -> Potential:
        """The same by MACE's training loop alone."""
        return finetune_network([labels], self.foundation, self.settings(EPOCHS, seed))

    def direct(self, labels: Observation, seed: int) -> Potential:
        """A network that was not pretrained."""
        start = Foundation(Network(self.config, fresh(self.config, seed=seed)), "random", {})
        return finetune_network([labels], start, self.settings(FINETUNING.model_copy(update={"width": 1.0}), seed))

    def student(self, labels: Observation, seed: int) -> Potential:
        """The physics student, from what was distilled from HF + MP2."""
        return finetune([labels], self.distilled(seed), settings=FitSettings(seed=seed, members=1))

    def distilled(self, seed: int) -> Any:
        """The student of HF + MP2."""
        of = [lesson for lesson in self.problem.teachers if "hf-mp2" in lesson.teacher]
        return self.problem.taught_by(*of).distilled(seed=seed)

    def student_on_mace(self, labels: Observation, seed: int) -> Potential:
        """The pretrained network, and a physics student of what it misses."""
        base = self.foundation.network
        rest = finetune([less(labels, base)], None, settings=FitSettings(seed=seed, members=1))
        return Sum(base, rest)

    def mace_on_student(self, labels: Observation, seed: int) -> Potential:
        """The distilled student, and a network of what it misses."""
        base = self.distilled(seed)
        return Sum(base, self.direct(less(labels, base), seed))

    @property
    def models(self) -> dict[str, Callable[[Observation, int], Potential]]:
        """All of these by their names in rows."""
        return {
            "mace": self.mace,
            "student": self.student,
            "student as Δ on mace": self.student_on_mace,
            "mace as Δ on student": self.mace_on_student,
            "mace, not pretrained": self.direct,
            "mace, epochs alone": self.epochs,
        }


@dataclass(frozen=True)
class Sum:
    """Two potentials that add."""

    one: Potential
    other: Potential

    def energies(self, at: Any) -> Any:
        """(m,) in eV."""
        return self.one.energies(at) + self.other.energies(at)

    def energies_and_forces(self, at: Any) -> Any:
        """Not asked for here."""
        raise NotImplementedError


def less(labels: Observation, base: Potential) -> Observation:
    """What a potential misses of labels."""
    return replace(labels, energies=labels.energies - base.energies(labels.configurations))


def pretrained(folder: Path, config: NetworkConfig, device: str, quick: bool) -> tuple[Path, float | None]:
    """The file of the pretrained network, made once; and the seconds of its training, None where it was there."""
    name = f"pretrained-{'wide' if config == WIDE else 'small'}{'-quick' if quick else ''}"
    path = folder / f"{name}.pt"
    if path.is_file():
        return path, None
    start, memory = time.perf_counter(), TrainingMemory(folder / "trainings" / f"{name}.pt")
    settings = PRETRAINING.model_copy(update={"device": device, **({"epochs": 1, "steps": 1} if quick else {})})
    network = Foundation(Network(config, fresh(config, seed=1)), "random", {})
    model = finetune_network(taught(), network, settings, memory=memory)
    save_network(model, path)
    return path, time.perf_counter() - start + memory.seconds_before


def described(device: str) -> str:
    """The name of a device."""
    return torch.cuda.get_device_name() if resolve_device(device).type == "cuda" else f"{platform.machine()} core"


def main() -> None:
    """Run the benchmark; one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="rows are added to this file")
    parser.add_argument("--folder", type=Path, default=Path("build/mace-student"), help="of what was pretrained")
    parser.add_argument("--reference", type=Path, default=REFERENCE, help="extxyz of the published energies")
    parser.add_argument("--labels", type=int, nargs="*", default=[20, 80, 206, 619])
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--models", nargs="*", help="some of the models only")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--wide", action="store_true", help="a larger network")
    parser.add_argument("--quick", action="store_true", help="shows that it runs")
    given = parser.parse_args()
    if not given.reference.is_file():
        print(f"There is no {given.reference}, the published reference; nothing is measured.")
        return
    torch.set_num_threads(1)
    config = WIDE if given.wide else SMALL
    problem = open_problem(given.reference, given.folder)
    path, seconds = pretrained(given.folder, config, given.device, given.quick)
    foundation = open_foundation(str(path))
    bench = Bench(problem, foundation, config, given.device, given.quick)
    model = load_model(path)
    assert isinstance(model, NetworkEnsemble)
    about = {"device": described(given.device), "weights": model.parameters, "r_max_angstrom": config.r_max}
    about |= {"quick": True} if given.quick else {}
    there = [json.loads(line) for line in given.out.read_text().splitlines()] if given.out.is_file() else []
    known = {(row["what"], row["labels"], row["seed"], row["device"], row["weights"]) for row in there}
    if seconds is not None:
        add(given.out, {"what": "pretraining", "labels": 0, "seed": 1, "seconds": round(seconds, 1), **about})
    for count in given.labels:
        for seed in range(given.seeds):
            order = np.random.default_rng(seed).permutation(len(problem.energies))
            labels, held = problem.observation(order[:count]), problem.observation(order[count:])
            for name, fit in bench.models.items():
                row: dict[str, Any] = {"what": name, "labels": count, "seed": seed, **about}
                if given.models and name not in given.models:
                    continue
                if tuple(row[key] for key in ("what", "labels", "seed", "device", "weights")) in known:
                    continue
                wall, cpu = time.perf_counter(), time.process_time()
                found = fit(labels, seed)
                row |= {"seconds": round(time.perf_counter() - wall, 2)}
                row |= {"cpu_seconds": round(time.process_time() - cpu, 2)}
                start = time.process_time()
                said, regions = found.energies(held.configurations), held.bounds.classify(held.energies)
                row |= {"energies_per_cpu_second": round(len(held) / (time.process_time() - start))}
                errors = mae_by_region(said, held.energies, regions)
                add(given.out, row | {f"{region}_cm1": round(mae, 4) for region, mae in errors.items()})


def add(path: Path, row: dict[str, Any]) -> None:
    """Print a row and add it to a file."""
    print(json.dumps(row, ensure_ascii=False), flush=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as out:
        out.write(json.dumps(row, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
