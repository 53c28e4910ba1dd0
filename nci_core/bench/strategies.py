"""Ways to choose labels that only benchmarks compare: what others do, and what people do."""

from collections.abc import Callable

import numpy as np

from nci_core.bench.problem import FloatArray, Problem
from nci_core.bench.splits import IntArray
from nci_core.fitting.settings import SIGMA_CM1
from nci_core.potentials.ensemble import Ensemble
from nci_core.selection import SelectionRequest, select
from nci_core.selection.design import add_label
from nci_core.selection.farthest_point import invariant_features
from nci_core.selection.i_optimal import linearised, whitened_jacobian
from nci_core.systems.configurations import Configurations

#: Features nearer than this to a chosen point are left out by greedy scores.
APART = 0.05


def pool_of(request: SelectionRequest) -> Configurations:
    """The one pool of a benchmark."""
    (pool,) = request.pools
    return pool.configurations


def features_of(request: SelectionRequest) -> FloatArray:
    """`invariant_features` of the pool, times √n: what APART is of."""
    at = pool_of(request)
    features: FloatArray = invariant_features(at) * np.sqrt(len(at.dimer.a.symbols))
    return features


def spread_out(score: FloatArray, features: FloatArray, free: np.ndarray, count: int) -> IntArray:
    """The best-scored free rows that are not next to each other; score (n,), features (n, k)."""
    chosen: list[int] = []
    for row in np.argsort(-np.where(free, score, -np.inf)):
        if len(chosen) == count or not free[row]:
            break
        if all(np.linalg.norm(features[row] - features[other]) > APART for other in chosen):
            chosen.append(int(row))
    left = [int(row) for row in np.argsort(-np.where(free, score, -np.inf)) if free[row] and int(row) not in chosen]
    return np.array(chosen + left[: count - len(chosen)], dtype=np.int64)


def d_optimal(request: SelectionRequest) -> IntArray:
    """Greedy D-optimal design: each choice maximises Var(x)/v(x), the growth of ln det of the precision."""
    assert request.ensemble is not None
    energies, J = whitened_jacobian(request.ensemble, pool_of(request))
    known = linearised(energies, J, request.labelled, request.inside(energies), request.sigma_cm1 or SIGMA_CM1)
    covariance, free = known.covariance, request.candidates(energies)
    chosen: list[int] = []
    while len(chosen) < request.count and free.any():
        gain = np.einsum("np,np->n", J @ covariance, J) / known.variance
        best = int(np.argmax(np.where(free, gain, -1.0)))
        chosen.append(best)
        free[best] = False
        covariance = add_label(covariance, J[best], float(known.variance[best]))
    return np.array(chosen, dtype=np.int64)


def committee(request: SelectionRequest) -> IntArray:
    """Where the members of the ensemble disagree most."""
    assert request.ensemble is not None
    _, std = request.ensemble.energies_and_std(pool_of(request))
    return spread_out(std, features_of(request), request.candidates(), request.count)


def teacher_student_gap(request: SelectionRequest, teacher: Ensemble) -> IntArray:
    """Where the student has moved farthest from its teacher, whose distilled student stands in for it."""
    assert request.ensemble is not None
    at = pool_of(request)
    gap = np.abs(request.ensemble.energies(at) - teacher.energies(at))
    return spread_out(gap, features_of(request), request.candidates(), request.count)


def red_on_the_map(request: SelectionRequest, errors_seen: dict[int, float], random: np.random.Generator) -> IntArray:
    """A person with an error map: picks beside the labels where the last student was most wrong.

    Args:
        request: the question.
        errors_seen: row → |error| (eV) of the student that had not seen this label yet.
        random: for the first picks, when there is no map.
    """
    free = request.candidates()
    if not errors_seen:
        return np.asarray(random.choice(np.flatnonzero(free), request.count, replace=False))
    features = features_of(request)
    worst = sorted(errors_seen, key=lambda row: -errors_seen[row])
    chosen: list[int] = []
    while len(chosen) < request.count and free.any():
        row = worst[len(chosen) % max(1, min(len(worst), request.count))]
        near = int(np.argmin(np.where(free, np.linalg.norm(features - features[row], axis=1), np.inf)))
        chosen.append(near)
        free[near] = False
    return np.array(chosen, dtype=np.int64)


#: Strategies of the comparison, the product's own first.
COMPARED = (
    "i-optimal",
    "d-optimal",
    "committee",
    "farthest-point",
    "teacher-student-gap",
    "stratified",
    "random",
    "human-red",
)


def chooser(name: str, problem: Problem, seed: int) -> Callable[[SelectionRequest, dict[int, float]], IntArray]:
    """The strategy of a name as a function of the question and of the errors seen so far."""
    random = np.random.default_rng([seed, 7])
    own: dict[str, Callable[[SelectionRequest, dict[int, float]], IntArray]] = {
        "d-optimal": lambda request, seen: d_optimal(request),
        "committee": lambda request, seen: committee(request),
        "teacher-student-gap": lambda request, seen: teacher_student_gap(request, problem.distilled(seed=seed)),
        "human-red": lambda request, seen: red_on_the_map(request, seen, random),
    }
    return own.get(name, lambda request, seen: np.asarray(select(name, request).indices))
