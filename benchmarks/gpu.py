"""Fits, energies and choices of labels on one core and on a GPU: how long, how much memory, and whether they agree.

    python benchmarks/gpu.py [--out data/benchmarks/devices.jsonl] [--labels 206 254 1000 10000 100000 1000000]

Labels are energies of the embedded He–benzene model, moved by 0.03 cm⁻¹ of noise (seed 0), at positions drawn round the
molecule (seed 0) below 1000 cm⁻¹; the fit starts from the distilled student, as fine-tuning does. They measure time,
not accuracy. Each row names its device. What runs on one core stops growing once a fit took longer than --patience
seconds; of a larger fit the first step is timed all the same. Without a GPU only the rows of the core are made.
--mace FILE runs benchmarks/mace_student.py instead, with its wide network on the GPU, and writes its rows to FILE.
"""

import argparse
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

from nci_core.bench.device_rows import ON_CORE, DeviceRow, keep_devices
from nci_core.fitting import FitRun, FitSettings, Observation, finetune
from nci_core.fitting.finetuning import beginning
from nci_core.fitting.objective import add_products
from nci_core.potentials import Ensemble, load_checkpoint
from nci_core.selection.i_optimal import i_optimal
from nci_core.selection.request import Pool, SelectionRequest
from nci_core.systems import Dimer, Monomer, builtin_monomer
from nci_core.units import from_cm1, to_cm1

FloatArray = npt.NDArray[np.float64]
T = TypeVar("T")

MODELS = Path(__file__).parent.parent / "data" / "he-benzene" / "models"
LIMIT_CM1, NOISE_CM1 = 1000.0, 0.03
#: Places at which fits of two devices are compared.
HELD = 2000
#: I-optimal choice: so many of a pool of this size.
CHOICE, POOL = 20, 10_000
#: Runs of a step that takes less than a second; the fastest counts.
REPEATS = 3


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


def processor() -> str:
    """Its name, as /proc has it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def described(device: str) -> str:
    """The name of a device."""
    return torch.cuda.get_device_name() if device == "cuda" else f"{processor()}, {ON_CORE}"


def timed(device: str, step: Callable[[], T]) -> tuple[float, float, T]:
    """Seconds of a step, the memory it took in GB, and what the step gave; see `DeviceRow`."""
    if device == "cpu":
        start = time.process_time()
        found = step()
        seconds = time.process_time() - start
        return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, found
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    found = step()
    torch.cuda.synchronize()
    return time.perf_counter() - start, torch.cuda.max_memory_allocated() / 1e9, found


def best(device: str, step: Callable[[], T]) -> tuple[float, float, T]:
    """The same of the fastest of several runs, where one takes less than a second."""
    runs = [timed(device, step)]
    while runs[0][0] < 1.0 and len(runs) < REPEATS:
        runs.append(timed(device, step))
    return min(runs, key=lambda run: run[0])


class Bench:
    """One device's rows.

    Args:
        device: "cpu" or "cuda".
        labels: of each size.
        distilled: where fits begin.
    """

    def __init__(self, device: str, labels: dict[int, Observation], distilled: Ensemble) -> None:
        self.device, self.labels, self.distilled = device, labels, distilled
        self.name, self.fits = described(device), dict[int, Ensemble]()

    def fit(self, size: int, **settings: int) -> DeviceRow:
        """A whole fit, or one of other settings."""
        seen, steps = [self.labels[size]], [0]

        def count(event: dict[str, object]) -> None:
            steps[0] += event["iteration"] != 0

        own = FitSettings(device=self.device, **settings)
        step = partial(finetune, seen, self.distilled, settings=own)
        seconds, memory, model = best(self.device, step)
        if not settings:
            self.fits[size] = model
        if seconds < 1.0:
            finetune(seen, self.distilled, settings=own, run=FitRun(count))
        record = model.metadata["fit"]
        what = "fine-tuning" if not settings else "fine-tuning, one step"
        return DeviceRow(
            device=self.name,
            what=what,
            size=size,
            seconds=seconds,
            memory_gb=memory,
            predicted_gb=record["memory_gb"],
            steps=steps[0] or None,
        )

    def steps(self, size: int) -> Iterator[DeviceRow]:
        """One step of one starting point, and its matrix products JᵀJ alone."""
        settings, seen = FitSettings(device=self.device), [self.labels[size]]
        begin = beginning(seen, self.distilled, None, settings)
        objective = begin.problem(seen, NOISE_CM1, settings).to(torch.device(self.device)).objective(0)
        z = torch.zeros(1, objective.prior.mean.numel(), dtype=torch.float64, device=self.device)
        seconds, memory, _ = best(self.device, lambda: objective.about(z))
        yield DeviceRow(device=self.name, what="objective with JᵀJ", size=size, seconds=seconds, memory_gb=memory)
        J, H = z.new_ones(1, z.shape[1], size), z.new_zeros(1, z.shape[1], z.shape[1])
        seconds, memory, _ = best(self.device, lambda: H.baddbmm_(J, J.mT))
        yield DeviceRow(device=self.name, what="JᵀJ, whole product", size=size, seconds=seconds, memory_gb=memory)
        seconds, memory, _ = best(self.device, lambda: add_products(H, J))
        yield DeviceRow(device=self.name, what="JᵀJ, as fits make it", size=size, seconds=seconds, memory_gb=memory)

    def energies(self, model: Ensemble, dimer: Dimer, positions: FloatArray, size: int) -> Iterator[DeviceRow]:
        """Energies, and energies with gradients, of the mean over all optima."""
        placed, at = model.to(self.device), dimer.at(np.resize(positions, (size, 3)))
        for what, ask in (("energies", placed.energies), ("energies and gradients", placed.energies_and_forces)):
            if self.device == "cuda":
                ask(at)
            seconds, memory, _ = best(self.device, partial(ask, at))
            yield DeviceRow(device=self.name, what=what, size=size, seconds=seconds, memory_gb=memory)

    def choice(self, model: Ensemble, dimer: Dimer, positions: FloatArray) -> DeviceRow:
        """I-optimal choice of labels out of a pool."""
        pool = Pool(dimer.at(positions[:POOL]))
        request = SelectionRequest([pool], CHOICE, ensemble=model.to(self.device))
        seconds, memory, _ = best(self.device, partial(i_optimal, request))
        what = f"I-optimal choice of {CHOICE}"
        return DeviceRow(device=self.name, what=what, size=POOL, seconds=seconds, memory_gb=memory)


def main() -> None:
    """Run the benchmark; one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    sizes = [206, 254, 1000, 10_000, 100_000, 1_000_000]
    parser.add_argument("--labels", type=int, nargs="*", default=sizes)
    parser.add_argument("--batches", type=int, nargs="*", default=[1000, 100_000, 1_000_000])
    parser.add_argument("--patience", type=float, default=60.0, help="seconds after which the core's fits stop growing")
    parser.add_argument("--device", choices=["cpu", "cuda"], nargs="*", help="default: all that there are")
    parser.add_argument("--out", type=Path, help="also keep the rows in this file; those of the same step are replaced")
    parser.add_argument("--mace", type=Path, metavar="FILE", help="MACE as a student instead, its rows to this file")
    args = parser.parse_args()
    if args.mace:
        script = Path(__file__).with_name("mace_student.py")
        command = [sys.executable, str(script), "--wide", "--device", "cuda", "--out", str(args.mace)]
        sys.exit(subprocess.run(command, check=False).returncode)
    torch.set_num_threads(1)
    dimer = Dimer(builtin_monomer("benzene"), Monomer.atom("He"))
    model = load_checkpoint(MODELS / "round-7-finetuned.pt")
    distilled = load_checkpoint(MODELS / "round-0-distilled.pt")
    there = [*(["cuda"] if torch.cuda.is_available() else []), "cpu"]

    def say(row: DeviceRow) -> None:
        print(row.model_dump_json(exclude_none=True), flush=True)
        if args.out:
            keep_devices(args.out, [row])

    positions, energies = drawn(model, dimer, max([*args.labels, POOL]))
    labels = {n: Observation(dimer.at(positions[:n]), energies[:n]) for n in sorted(args.labels)}
    held = dimer.at(drawn(model, dimer, HELD, seed=1)[0])
    benches = [Bench(device, labels, distilled) for device in args.device or there]
    for bench in benches:
        if bench.device == "cuda" and labels:
            seconds, _, _ = timed("cuda", partial(bench.fit, min(labels)))
            say(DeviceRow(device=bench.name, what="first fit of a process", size=min(labels), seconds=seconds))
        patient = True
        for n in labels:
            if patient:
                row = bench.fit(n)
                say(row)
                patient = bench.device == "cuda" or row.seconds < args.patience
            elif bench.device == "cpu":
                say(bench.fit(n, members=1, max_iterations=1))
            for step in bench.steps(n) if n in (1000, 10_000, 100_000) else ():
                say(step)
        for n in args.batches:
            for row in bench.energies(model, dimer, positions, n):
                say(row)
        say(bench.choice(model, dimer, positions))
    if len(benches) == 2:
        gpu, core = benches
        for n in sorted(gpu.fits.keys() & core.fits.keys()):
            apart = float(np.abs(to_cm1(gpu.fits[n].energies(held) - core.fits[n].energies(held))).max())
            what = "fine-tuning, difference from the core's"
            say(DeviceRow(device=gpu.name, what=what, size=n, seconds=0.0, difference_cm1=apart))


if __name__ == "__main__":
    main()
