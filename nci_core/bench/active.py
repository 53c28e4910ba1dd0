"""Active selection: the error on all remaining points after so many chosen labels."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nci_core.bench.fits import MEMBERS, fit, measure, remaining
from nci_core.bench.problem import Problem
from nci_core.bench.rows import Key, Results, Row
from nci_core.bench.splits import IntArray
from nci_core.bench.strategies import COMPARED, chooser
from nci_core.bench.variants import BEST
from nci_core.errors import InputError
from nci_core.potentials.checkpoints import save_checkpoint
from nci_core.potentials.ensemble import Ensemble
from nci_core.selection import Pool, SelectionRequest

Say = Callable[[str], None]
BUDGETS = (10, 20, 40, 80, 160)
#: The student is fitted again after each of these numbers of labels, as a person's rounds would.
ROUNDS = (8, 14, 20, 28, 40, 60, 80, 120, 160, 240, 320)


def rounds(budgets: Sequence[int]) -> list[int]:
    """Numbers of labels after which the student is fitted again, budgets included.

    >>> rounds((10, 20))
    [8, 10, 14, 20]
    """
    return sorted({n for n in ROUNDS if n < max(budgets)} | set(budgets))


def active(
    problem: Problem,
    results: Results,
    *,
    seeds: Sequence[int],
    quick: bool,
    say: Say,
    budgets: Sequence[int] = BUDGETS,
    strategies: Sequence[str] = COMPARED,
    save_models: Path | None = None,
) -> None:
    """Run each strategy from no label on; a strategy and seed that is not complete starts again from none."""
    unknown = sorted(set(strategies) - set(COMPARED))
    if unknown:
        raise InputError(f"Unknown strategy {unknown[0]!r}; choose from {', '.join(COMPARED)}.")
    budgets = (10,) if quick else tuple(sorted(set(budgets)))
    if max(budgets) >= len(problem.energies):
        raise InputError(f"There are {len(problem.energies)} points, too few for {max(budgets)} labels and a test.")
    for strategy in ("i-optimal", "random") if quick else strategies:
        for seed in seeds[:1] if quick else seeds:
            keys = {n: Key("active", BEST.name, strategy, "all the rest", n, seed) for n in budgets}
            if all(results.has(key) for key in keys.values()) and save_models is None:
                continue
            for state in chosen_labels(problem, strategy, seed, budgets):
                key = keys[len(state.labelled)]
                if not results.has(key):
                    found = measure(problem, state.model, remaining(len(problem.energies), state.labelled))
                    more = {"members": MEMBERS}
                    results.add(Row(**key._asdict(), **found, seconds=state.seconds, more=more))
                    say(f"{strategy}, {key.n_labels} labels, seed {seed}: {found['mae_cm1']:.3f} cm⁻¹")
                if save_models is not None:
                    save_checkpoint(state.model, save_models / f"{strategy}-{key.n_labels}-{seed}.pt")


@dataclass(frozen=True)
class Chosen:
    """Where a strategy has come to.

    Attributes:
        labelled: rows with a label, in the order they were chosen.
        model: fitted to them.
        seconds: CPU seconds of all choices and fits so far.
    """

    labelled: IntArray
    model: Ensemble
    seconds: float


def chosen_labels(problem: Problem, strategy: str, seed: int, budgets: Sequence[int]) -> Iterator[Chosen]:
    """Choose and fit, round after round, from the distilled student on; yields at each budget.

    Only energies the student predicts, never reference energies, say which points may be chosen.
    """
    choose = chooser(strategy, problem, seed)
    model = problem.distilled(seed=seed)
    labelled: list[int] = []
    seen: dict[int, float] = {}
    seconds = 0.0
    for n in rounds(budgets):
        start = time.process_time()
        predicted = model.energies(problem.dimer.at(problem.positions))
        request = SelectionRequest(
            [Pool(problem.dimer.at(problem.positions))],
            n - len(labelled),
            labelled=labelled,
            energies=predicted,
            ensemble=model,
            bounds=problem.bounds,
            seed=seed + len(labelled),
        )
        new = [int(row) for row in choose(request, seen)]
        # What a person sees after a round: how wrong the student was where labels have just come.
        seen = {row: float(abs(predicted[row] - problem.energies[row])) for row in new}
        labelled += new
        model = fit(problem, BEST, np.array(labelled), seed)
        seconds += time.process_time() - start
        if n in budgets:
            yield Chosen(np.array(labelled), model, seconds)
