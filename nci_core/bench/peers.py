"""`nci bench peers`: the student beside other ways of learning a potential, on the same splits and labels."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nci_core.bench.fits import MEMBERS, split_key
from nci_core.bench.peer_gp import PeerGP
from nci_core.bench.peer_mace import FINETUNING, QUICK, finetuned
from nci_core.bench.problem import Problem
from nci_core.bench.rows import Results, Row, errors
from nci_core.bench.splits import random_split
from nci_core.bench.variants import BEST
from nci_core.fitting import FitSettings, Observation, finetune
from nci_core.systems.potential import Potential

FloatArray = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
BENCHMARK = "peers"
FRACTIONS = (0.01, 0.02, 0.05, 0.10, 0.30)
QUICK_FRACTIONS = (0.02,)
#: MACE takes minutes a fit, so it is fitted at this fraction and for so many seeds only.
MACE_FRACTION, MACE_SEEDS = 0.10, 2

STUDENT = BEST.name
GP = "GP"
DELTA = "Δ-GP on the distilled student"
DELTA_GP = "Δ-GP on a GP of the teacher"
MACE = "MACE"


@dataclass(frozen=True)
class Fitted:
    """A potential that was fitted.

    Attributes:
        potential: energies and forces.
        fit_seconds: CPU seconds of the fit, without what was made before from the teacher alone.
        more: what is worth keeping of the fit.
    """

    potential: Potential
    fit_seconds: float
    more: dict[str, Any] = field(default_factory=dict)


class Peers:
    """What can be fitted to labels of one problem; what only needs the teacher is made once."""

    def __init__(self, problem: Problem, *, quick: bool = False) -> None:
        self.problem, self.quick = problem, quick
        self._teacher_gp: PeerGP | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Names; without a teacher's labels only what needs none."""
        return (GP,) if not self.problem.teachers else (STUDENT, GP, DELTA, DELTA_GP, MACE)

    def fit(self, model: str, labels: Observation, *, name: str, seed: int) -> Fitted:
        """Fit one of `models` to labels; `name` is that of a file, where one is kept."""
        if model == STUDENT:
            prior = self.problem.distilled(seed=seed)  # made before the clock starts
            start = time.process_time()
            settings = FitSettings(seed=seed, members=MEMBERS)
            student = finetune([labels], prior, settings=settings)
            return Fitted(student, time.process_time() - start)
        if model == MACE:
            network = finetuned(self.problem, labels, name, seed=seed, quick=self.quick)
            schedule = QUICK if self.quick else FINETUNING
            return Fitted(network, network.fit_seconds, {"epochs": schedule.epochs})
        means: dict[str, Callable[[], Potential | None]] = {
            GP: lambda: None,
            DELTA: lambda: self.problem.distilled(seed=seed),
            DELTA_GP: self.teacher_gp,
        }
        process = PeerGP(labels, mean=means[model](), seed=seed)
        more = {"multiple": process.multiple, "log_evidence": process.log_evidence}
        return Fitted(process, process.fit_seconds, more)

    def teacher_gp(self) -> PeerGP:
        """A process fitted to the teacher's labels: its stand-in that shares nothing with the student."""
        if self._teacher_gp is None:
            self._teacher_gp = PeerGP(self.problem.teachers[0].observations[0])
        return self._teacher_gp


def planned(models: Sequence[str], seeds: Sequence[int], quick: bool) -> Iterator[tuple[float, int, str]]:
    """Fraction, seed and model of every fit; those that take minutes come last."""
    fractions = QUICK_FRACTIONS if quick else FRACTIONS
    seeds = list(seeds)[:1] if quick else list(seeds)
    for fraction in fractions:
        for seed in seeds:
            yield from ((fraction, seed, model) for model in models if model != MACE)
    if MACE in models:
        for seed in seeds[:MACE_SEEDS]:
            yield (fractions[0] if quick else MACE_FRACTION), seed, MACE


def peers(problem: Problem, results: Results, *, seeds: Sequence[int], quick: bool, say: Callable[[str], None]) -> None:
    """Fit every peer to random shares of the labels and measure it on the rest; rows that are there are kept.

    Args:
        problem: reference and teacher.
        results: where the rows go.
        seeds: of the splits and the fits.
        quick: 2 % of the labels, the first seed, and a MACE that is hardly trained: shows that it runs.
        say: told what is fitted and what is left out.
    """
    fits = Peers(problem, quick=quick)
    if not problem.teachers:
        say(f"No teacher's labels of {problem.dimer.name} are known: only the Gaussian process is fitted.")
    elif quick:
        say(f"MACE is trained for {QUICK.epochs} epochs only; its errors say nothing about MACE.")
    else:
        say(
            f"MACE takes minutes a fit: it is fitted to {MACE_FRACTION:.0%} of the labels only, for at most "
            f"{MACE_SEEDS} seeds."
        )
    count = len(problem.energies)
    for fraction, seed, model in planned(fits.models, seeds, quick):
        parted = random_split(count, fraction, seed)
        labels, held = parted.train, parted.test
        # A network that was hardly trained must never pass for the real one in a later, longer run.
        key = split_key(
            BENCHMARK, f"{model}, {QUICK.epochs} epochs" if quick and model == MACE else model, parted, seed
        )
        if results.has(key):
            continue
        fitted = fits.fit(model, problem.observation(labels), name=f"random-{fraction:g}-{count}-{seed}", seed=seed)
        measured = errors(
            fitted.potential.energies(problem.dimer.at(problem.positions[held])), problem.energies[held], problem.bounds
        )
        results.add(Row(**key._asdict(), **measured, seconds=fitted.fit_seconds, more=fitted.more))
        mae = measured.get("mae_cm1")
        say(f"{parted.name}, seed {seed}, {model}: " + ("no point inside" if mae is None else f"{mae:.3f} cm⁻¹"))
