"""Fitting one student of a benchmark and measuring it."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from nci_core.bench.problem import Problem
from nci_core.bench.rows import Key, Results, Row, errors
from nci_core.bench.splits import IntArray, Split
from nci_core.bench.variants import Variant
from nci_core.fitting import FitSettings, finetune
from nci_core.potentials.ensemble import Ensemble
from nci_core.potentials.parameters import StudentConfig

#: Members of a benchmark's students; an odd number pairs up.
MEMBERS = 3


def fit(problem: Problem, variant: Variant, rows: IntArray, seed: int, **settings: Any) -> Ensemble:
    """A student fitted to the labels of some rows; nothing else of the reference is seen."""
    chosen = FitSettings(seed=seed, members=MEMBERS, **settings)
    seen = [problem.observation(rows)]
    if variant.distilled:
        return finetune(seen, problem.distilled(variant.ruler, seed=seed), settings=chosen)
    config = StudentConfig.model_validate({"ruler": variant.ruler})
    return finetune(seen, None, config, chosen)


def measure(problem: Problem, model: Ensemble, test: IntArray) -> dict[str, float | None]:
    """The error columns of a row on held-out rows."""
    predicted = model.energies(problem.dimer.at(problem.positions[test]))
    return errors(predicted, problem.energies[test], problem.bounds)


def split_key(benchmark: str, model: str, split: Split, seed: int) -> Key:
    """The key of a fit to the labels of a split."""
    return Key(benchmark, model, split.strategy, split.name, len(split.train), seed)


def fitted_row(
    problem: Problem,
    results: Results,
    key: Key,
    variant: Variant,
    split: Split,
    more: Callable[[Ensemble], dict[str, Any]] = lambda model: {},
    **settings: Any,
) -> Row | None:
    """Fit and measure one row unless it is known; None when it was. `more` says what else is worth keeping."""
    if results.has(key):
        return None
    if variant.distilled:
        problem.distilled(variant.ruler, seed=key.seed)  # made before the clock starts
    start = time.process_time()
    model = fit(problem, variant, split.train, key.seed, **settings)
    seconds = time.process_time() - start
    row = Row(**key._asdict(), **measure(problem, model, split.test), seconds=seconds, more=more(model))
    results.add(row)
    return row


def remaining(m: int, rows: IntArray) -> IntArray:
    """All rows of m but some."""
    left = np.ones(m, dtype=bool)
    left[rows] = False
    return np.flatnonzero(left)
