"""Do error bars hold what they say on held-out points, and do they rank the errors?"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from nci_core.bench.active import chosen_labels
from nci_core.bench.fits import fitted_row, measure, remaining, split_key
from nci_core.bench.problem import FloatArray, Problem
from nci_core.bench.rows import Key, Results, Row
from nci_core.bench.splits import IntArray, hard_splits, random_split
from nci_core.bench.variants import BEST
from nci_core.calibration import ACCURACY_CM1, calibrate, out_of_range
from nci_core.potentials.ensemble import Ensemble
from nci_core.selection.i_optimal import label_variance, whitened_jacobian
from nci_core.units import from_cm1, to_cm1

Say = Callable[[str], None]
FRACTIONS = (0.02, 0.05, 0.1)
#: Numbers of I-optimal labels whose students are judged.
CHOSEN = (20, 40, 80)


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
    energies, J = whitened_jacobian(model, problem.dimer.at(problem.positions[rows]))
    v = label_variance(energies, model.sigma_cm1)
    covariance = np.linalg.inv(np.eye(J.shape[1]) + (J.T / v) @ J)
    leverage = np.clip(np.einsum("np,pq,nq->n", J, covariance, J) / v, 0.0, 1.0 - 1e-9)
    residual = energies - problem.energies[rows]
    return float(np.sqrt(np.mean(residual**2 / (v * (1.0 - leverage)))))


def judged(problem: Problem, model: Ensemble, train: IntArray, test: IntArray) -> dict[str, Any]:
    """Shares within 1 and 2 sd by region before and after calibration, and how sd ranks large errors."""
    predicted, std = model.energies_and_std(problem.dimer.at(problem.positions[test]))
    factor = leave_one_out_factor(model, problem, train)
    found: dict[str, Any] = {"leave_one_out_factor": factor}
    for name, scale in (("before", 1.0), ("after", factor)):
        for part in calibrate(predicted, scale * std, problem.energies[test], problem.bounds):
            found[f"{name} {part.region}"] = [round(part.within_1, 4), round(part.within_2, 4), round(part.rms_z, 3)]
    inside = problem.inside[test]
    large = np.abs(predicted - problem.energies[test])[inside] > from_cm1(ACCURACY_CM1)
    flagged = out_of_range(std[inside])
    found["auroc"] = auroc(std[inside], large)
    found["large_share"] = float(large.mean())
    found["flagged_share"] = float(flagged.mean())
    found["large_and_flagged"] = float(flagged[large].mean()) if large.any() else None
    found["small_and_flagged"] = float(flagged[~large].mean()) if not large.all() else None
    found["std_mean_cm1"] = float(to_cm1(std[inside]).mean())
    return found


def calibration(problem: Problem, results: Results, *, seeds: Sequence[int], quick: bool, say: Say) -> None:
    """Random splits, I-optimal labels and the hard splits; every row's `more` holds what `judged` finds."""
    count = len(problem.energies)
    for seed in seeds[:1] if quick else seeds:
        inside = [random_split(count, f, seed) for f in (FRACTIONS[:1] if quick else FRACTIONS)]
        outside = [] if quick else hard_splits(problem)
        for split in (*inside, *outside):
            judge = partial(judged, problem, train=split.train, test=split.test)
            key = split_key("calibration", BEST.name, split, seed)
            _told(fitted_row(problem, results, key, BEST, split, judge), say)
        keys = {n: Key("calibration", BEST.name, "i-optimal", "all the rest", n, seed) for n in CHOSEN}
        if quick or all(results.has(key) for key in keys.values()):
            continue
        for state in chosen_labels(problem, "i-optimal", seed, CHOSEN):
            key, rest = keys[len(state.labelled)], remaining(count, state.labelled)
            if not results.has(key):
                more = judged(problem, state.model, state.labelled, rest)
                found = measure(problem, state.model, rest)
                row = Row(**key._asdict(), **found, seconds=state.seconds, more=more)
                results.add(row)
                _told(row, say)


def _told(row: Row | None, say: Say) -> None:
    if row is not None:
        within = row.more.get("before all")
        say(f"{row.split}, {row.strategy}, {row.n_labels} labels, seed {row.seed}: within 1 and 2 sd, RMS z {within}")
