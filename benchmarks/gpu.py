"""Fits and energies on one core and on a GPU: how long, how much memory, and whether they agree.

    python benchmarks/gpu.py [--labels 206 1000 10000 100000] [--batches 1000 100000 1000000] [--out FILE.jsonl]

Labels are energies of the embedded He–benzene model, moved by 0.03 cm⁻¹ of noise (seed 0), at positions drawn
round the molecule (seed 0) below 1000 cm⁻¹; the fit starts from the distilled student, as fine-tuning does. They
measure time, not accuracy. Each row names the device and the number of threads. What runs on one core stops growing
once a step took longer than --patience seconds. Without a GPU only the rows of the core are made.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

from nci_core.fitting import FitSettings, Observation, finetune
from nci_core.potentials import Ensemble, load_checkpoint
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import from_cm1, to_cm1

FloatArray = npt.NDArray[np.float64]
T = TypeVar("T")

MODELS = Path(__file__).parent.parent / "data" / "he-benzene" / "models"
LIMIT_CM1, NOISE_CM1 = 1000.0, 0.03


def drawn(model: Ensemble, dimer: Dimer, count: int, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Positions (count, 3) in Å round the host below the limit, and their energies (count,) in eV with noise."""
    random = np.random.default_rng(seed)
    box = np.abs(dimer.a.positions).max(axis=0) + 4.5
    found: list[FloatArray] = []
    while sum(map(len, found)) < count:
        points = random.uniform(-box, box, (2 * count, 3))
        points = points[dimer.at(points).separations > 2.0]
        found.append(points[model.energies(dimer.at(points)) < from_cm1(LIMIT_CM1)])
    positions = np.concatenate(found)[:count]
    noise = random.normal(0.0, from_cm1(NOISE_CM1), count)
    return positions, model.energies(dimer.at(positions)) + noise


def described(device: str) -> str:
    """The name of a device."""
    return torch.cuda.get_device_name() if device == "cuda" else f"{platform.machine()} core"


def timed(device: str, step: Callable[[], T]) -> tuple[dict[str, float], T]:
    """Seconds of a step by the clock, on a GPU the memory it took in GB too; and what the step gave."""
    if device == "cuda":
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    found = step()
    if device == "cuda":
        torch.cuda.synchronize()
    seconds = time.perf_counter() - start
    memory = {"memory_gb": torch.cuda.max_memory_allocated() / 1e9} if device == "cuda" else {}
    return {"seconds": round(seconds, 4), **{name: round(value, 3) for name, value in memory.items()}}, found


def main() -> None:
    """Run the benchmark; one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=int, nargs="*", default=[206, 1000, 10_000, 100_000])
    parser.add_argument("--batches", type=int, nargs="*", default=[1000, 100_000, 1_000_000])
    parser.add_argument("--patience", type=float, default=30.0, help="seconds after which the core's rows stop growing")
    parser.add_argument("--out", type=Path, help="also append the rows to this file")
    args = parser.parse_args()
    torch.set_num_threads(1)
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    model = load_checkpoint(MODELS / "round-7-finetuned.pt")
    distilled = load_checkpoint(MODELS / "round-0-distilled.pt")
    devices = [*(["cuda"] if torch.cuda.is_available() else []), "cpu"]

    def say(row: dict[str, object]) -> None:
        line = json.dumps({"device": described(str(row.pop("on"))), **row})
        print(line, flush=True)
        if args.out:
            with args.out.open("a") as out:
                out.write(line + "\n")

    fits: dict[tuple[str, int], FloatArray] = {}
    held, _ = drawn(model, dimer, 2000, seed=1)
    labels = {}
    for n in args.labels:
        positions, energies = drawn(model, dimer, n)
        labels[n] = [Observation(dimer.at(positions), energies)]
    points = {n: drawn(model, dimer, min(n, 100_000), seed=2)[0] for n in args.batches}
    for device in devices:
        settings = FitSettings(device=device)
        if device == "cuda":  # kernels are loaded when they are first used
            finetune(labels[min(labels)], distilled, settings=settings)
        for n, seen in labels.items():
            time_of, found = timed(device, partial(finetune, seen, distilled, settings=settings))
            fits[device, n] = to_cm1(found.energies(dimer.at(held)))
            say({"on": device, "what": "fine-tuning", "labels": n, **time_of})
            if device == "cpu" and time_of["seconds"] > args.patience:
                break
        placed = model.to(device)
        for n in args.batches:
            at = dimer.at(np.resize(points[n], (n, 3)))
            for name, ask in (("energies", placed.energies), ("gradients", placed.energies_and_forces)):
                if device == "cuda":
                    ask(at)
                time_of, _ = timed(device, partial(ask, at))
                say({"on": device, "what": name, "batch": n, "per_second": round(n / time_of["seconds"]), **time_of})
    for n in args.labels:
        if {("cpu", n), ("cuda", n)} <= fits.keys():
            apart = float(np.abs(fits["cpu", n] - fits["cuda", n]).max())
            say({"on": "cuda", "what": "largest difference from the core's fit", "labels": n, "cm1": apart})


if __name__ == "__main__":
    main()
