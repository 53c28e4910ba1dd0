"""What labels of each recipe cost, and how far they are from a published reference.

Labels lie at their campaign's configurations, not at the reference's: there the reference is the student fitted to all
of it, whose own error is a hundredth of what recipes differ by, and labels where it is unsure are left out.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nci_core.bench.fits import fit
from nci_core.bench.measured import Measured, measured
from nci_core.bench.problem import Problem
from nci_core.bench.recipe_rows import RecipeRow
from nci_core.bench.variants import BEST
from nci_core.errors import InputError
from nci_core.labels.results import LabelResult
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]

#: Standard deviation of the student, cm⁻¹, above which the reference is taken not to reach a label.
UNSURE_CM1 = 0.3
#: Attractive points have energies below 0; the rest counts up to this, cm⁻¹.
LIMIT_CM1 = 1000.0
#: Columns of the csv beside the published data, by what they are called here.
PUBLISHED = {"aug-cc-pVDZ, published": "adz", "aug-cc-pVTZ, published": "atz", "aug-cc-pVQZ, published": "aqz"}


def reference_at(problem: Problem, places: FloatArray) -> FloatArray:
    """(m,) reference energies in eV at places (m, 3); NaN where the reference does not reach."""
    model = fit(problem, BEST, np.arange(len(problem.energies)), 0)
    found = np.asarray(model.energies(problem.dimer.at(places)))
    found[to_cm1(np.asarray(model.std(problem.dimer.at(places)))) > UNSURE_CM1] = np.nan
    return found


def row(recipe: str, energies: FloatArray, truth: FloatArray, costs: Iterable[tuple[float, float]] | None) -> RecipeRow:
    """The row of one recipe from energies and truth (m,) in eV; costs are (CPU seconds, GB) of each label."""
    error, exact = np.abs(to_cm1(energies - truth)), to_cm1(truth)
    used = np.isfinite(exact) & (exact < LIMIT_CM1)

    def mean(where: npt.NDArray[np.bool_]) -> float | None:
        chosen = used & where
        return float(error[chosen].mean()) if chosen.any() else None

    seconds, memory = np.array(list(costs)).T if costs else (None, None)
    return RecipeRow(
        recipe=recipe,
        n=int(used.sum()),
        n_attractive=int((used & (exact < 0)).sum()),
        mae_attractive_cm1=mean(exact < 0),
        mae_cm1=mean(used),
        well_cm1=mean(exact < -20),
        tail_cm1=mean((exact >= -20) & (exact < 0)),
        wall_cm1=mean(exact >= 0),
        cpu_minutes=None if seconds is None else float(seconds.mean() / 60),
        rss_gb=None if memory is None else float(memory.max()),
    )


def recipe_rows(problem: Problem, labels: Iterable[LabelResult]) -> list[RecipeRow]:
    """A row for each recipe among labels of the problem's dimer, cheapest first."""
    found: dict[str, list[Measured]] = {}
    for label in labels:
        for entry in measured(label):
            found.setdefault(entry.recipe, []).append(entry)
    if not found:
        raise InputError("There is no finished label to compare with the reference.")
    places = np.array([entry.position for entries in found.values() for entry in entries])
    truth = iter(np.split(reference_at(problem, places), np.cumsum([len(e) for e in found.values()])[:-1]))
    rows = [
        row(
            name,
            np.array([entry.energy for entry in entries]),
            next(truth),
            [(entry.cpu_seconds, entry.memory_gb) for entry in entries],
        )
        for name, entries in found.items()
    ]
    return sorted(rows, key=lambda one: one.cpu_minutes or 0.0)


def published_rows(data: Path) -> list[RecipeRow]:
    """Rows of the reference's own smaller bases, where the csv beside it has them; their costs are not known."""
    path = data.with_suffix(".csv")
    if not path.is_file():
        return []
    table = pd.read_csv(path)
    to_ev = 1.0 / to_cm1(1.0)
    rows = []
    for name, basis in PUBLISHED.items():
        parts = [f"{part}_{basis}_cm1" for part in ("hf", "ccsd", "t")]
        if {*parts, "cbs_cm1"} <= set(table):
            rows.append(
                row(name, table[parts].sum(axis=1).to_numpy() * to_ev, table["cbs_cm1"].to_numpy() * to_ev, None)
            )
    return rows
