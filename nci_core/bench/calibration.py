"""Do error bars hold what they say on held-out points, and do they rank the errors?"""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from nci_core.bench.active import rounds
from nci_core.bench.curve import KAPPA_OUTSIDE
from nci_core.bench.fits import fit, measure, remaining
from nci_core.bench.problem import FloatArray, Problem
from nci_core.bench.rows import Results, Row
from nci_core.bench.splits import IntArray, Split, hard_splits, random_split
from nci_core.bench.variants import BEST
from nci_core.calibration import calibrate
from nci_core.potentials.ensemble import Ensemble
from nci_core.selection import SelectionRequest, select
from nci_core.selection.i_optimal import label_variance, whitened_jacobian
from nci_core.units import from_cm1, to_cm1

Say = Callable[[str], None]
FRACTIONS = (0.02, 0.05, 0.1)
#: Numbers of I-optimal labels whose students are judged.
CHOSEN = (20, 40, 80)
#: An error this large (cm⁻¹) is one that a person wants to be warned of.
LARGE_CM1 = 1.0


def auroc(score: FloatArray, positive: npt.NDArray[np.bool_]) -> float | None:
    """Probability that a positive's score is above a negative's, ties half; None without both kinds.

    >>> auroc(np.array([1.0, 2.0, 3.0]), np.array([False, False, True]))
    1.0
    """
    n = int(positive.sum())
    if not 0 < n < len(positive):
        return None
    ranks = rankdata(score)
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * (len(positive) - n)))


def leave_one_out_factor(model: Ensemble, problem: Problem, rows: IntArray) -> float:
    """What error bars should be multiplied by, from the training labels alone.

    Root mean square of leave-one-out z in the linearised fit: with h the leverage and r the residual of
    a label of variance v, the left-out residual is r/(1 − h) and its variance v/(1 − h) (DOI
    10.2307/1268639), so that z² = r²/(v(1 − h)).
    """
    energies, J = whitened_jacobian(model, problem.dimer.host, problem.positions[rows])
    v = label_variance(energies, model.sigma_cm1)
    covariance = np.linalg.inv(np.eye(J.shape[1]) + (J.T / v) @ J)
    leverage = np.clip(np.einsum("np,pq,nq->n", J, covariance, J) / v, 0.0, 1.0 - 1e-9)
    residual = energies - problem.energies[rows]
    return float(np.sqrt(np.mean(residual**2 / (v * (1.0 - leverage)))))


def judged(problem: Problem, model: Ensemble, train: IntArray, test: IntArray) -> dict[str, Any]:
    """Shares within 1 and 2 sd by region before and after calibration, and how sd ranks large errors."""
    predicted, std = model.energies_and_std(problem.dimer.host, problem.positions[test])
    factor = leave_one_out_factor(model, problem, train)
    found: dict[str, Any] = {"leave_one_out_factor": factor}
    for name, scale in (("before", 1.0), ("after", factor)):
        for part in calibrate(predicted, scale * std, problem.energies[test], problem.bounds):
            found[f"{name} {part.region}"] = [round(part.within_1, 4), round(part.within_2, 4), round(part.rms_z, 3)]
    inside = problem.inside[test]
    large = np.abs(predicted - problem.energies[test])[inside] > from_cm1(LARGE_CM1)
    flagged = std[inside] > from_cm1(LARGE_CM1)
    found["auroc"] = auroc(std[inside], large)
    found["large_share"] = float(large.mean())
    found["flagged_share"] = float(flagged.mean())
    found["large_and_flagged"] = float((large & flagged).sum() / large.sum()) if large.any() else None
    found["std_mean_cm1"] = float(to_cm1(std[inside]).mean())
    return found


def calibration(problem: Problem, results: Results, *, seeds: Sequence[int], quick: bool, say: Say) -> None:
    """Random splits, I-optimal labels and the hard splits; every row's `more` holds what `judged` finds."""
    for seed in seeds[:1] if quick else seeds:
        splits = [random_split(len(problem.energies), f, seed) for f in (FRACTIONS[:1] if quick else FRACTIONS)]
        for split in splits:
            _judge(problem, results, split, "random", seed, say)
        if quick:
            continue
        for split in hard_splits(problem):
            _judge(problem, results, split, "all", seed, say, kappa=KAPPA_OUTSIDE)
        _chosen(problem, results, seed, say)


def _key(split: str, strategy: str, n: int, seed: int) -> dict[str, Any]:
    return {
        "benchmark": "calibration",
        "model": BEST.name,
        "strategy": strategy,
        "split": split,
        "n_labels": n,
        "seed": seed,
    }


def _judge(
    problem: Problem, results: Results, split: Split, strategy: str, seed: int, say: Say, **settings: float
) -> None:
    key = _key(split.name, strategy, len(split.train), seed)
    if results.has(**key):
        return
    problem.distilled(seed=seed)  # made before the clock starts
    start = time.process_time()
    model = fit(problem, BEST, split.train, seed, **settings)
    seconds = time.process_time() - start
    _add(problem, results, key, model, split.train, split.test, seconds, say)


def _add(
    problem: Problem,
    results: Results,
    key: dict[str, Any],
    model: Ensemble,
    train: IntArray,
    test: IntArray,
    seconds: float,
    say: Say,
) -> None:
    more = judged(problem, model, train, test)
    results.add(Row(**key, **measure(problem, model, test), seconds=seconds, more=more))
    say(f"{key['split']}, {key['strategy']}, {key['n_labels']} labels, seed {key['seed']}: {more.get('before all')}")


def _chosen(problem: Problem, results: Results, seed: int, say: Say) -> None:
    keys = {n: _key("all the rest", "i-optimal", n, seed) for n in CHOSEN}
    if all(results.has(**key) for key in keys.values()):
        return
    model, labelled, m = problem.distilled(seed=seed), np.array([], dtype=np.int64), len(problem.energies)
    for n in rounds(CHOSEN):
        energies = model.energies(problem.dimer.host, problem.positions)
        request = SelectionRequest(
            problem.dimer, problem.positions, n - len(labelled), labelled, energies=energies, ensemble=model
        )
        labelled = np.concatenate([labelled, select("i-optimal", request).indices])
        start = time.process_time()
        model = fit(problem, BEST, labelled, seed)
        if n in keys and not results.has(**keys[n]):
            seconds = time.process_time() - start
            _add(problem, results, keys[n], model, labelled, remaining(m, labelled), seconds, say)
