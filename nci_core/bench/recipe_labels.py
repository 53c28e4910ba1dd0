"""Rows of labels at published dimers, and of what the parts of a composite say alone."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from nci_core.bench.dimers import ReferenceDimer
from nci_core.bench.label_folder import LabelFolder, Outcome, Task
from nci_core.bench.measured import measured
from nci_core.bench.recipe_errors import LabelRow
from nci_core.reference.labels import LabelResult, parts_cm1
from nci_core.reference.recipes import Recipe
from nci_core.units import to_cm1


def tasks_of(dimers: Iterable[ReferenceDimer], recipes: Sequence[Recipe]) -> list[Task]:
    """A label of each recipe at each dimer, dimer by dimer, so that a run that is stopped compares alike ones."""
    return [Task(one.dimer, one.position, recipe) for one in dimers for recipe in recipes]


def label_rows(
    folder: LabelFolder, dimers: Sequence[ReferenceDimer], recipes: Sequence[Recipe], source: Path
) -> list[LabelRow]:
    """Rows of what the folder holds; labels that are not computed yet are left out."""
    rows = []
    for one in dimers:
        for recipe in recipes:
            outcome = folder.find(Task(one.dimer, one.position, recipe))
            if outcome:
                rows += _rows(one, recipe, outcome, one.set or source.stem)
    return rows


def _rows(one: ReferenceDimer, recipe: Recipe, outcome: Outcome, reference: str) -> list[LabelRow]:
    published = float(to_cm1(one.energy))
    plain = LabelRow(
        recipe=recipe.name,
        recipe_hash=recipe.hash,
        reference=reference,
        frame=one.frame,
        system=one.system,
        scaling=one.scaling,
        geometry_hash=one.dimer.geometry_hash(one.position),
        probe=one.dimer.probe,
        host=one.formula,
        elements=sorted(set(one.dimer.host.symbols)),
        heavy_atoms=one.heavy_atoms,
        host_class=one.host_class,
        region=one.region,
        reference_cm1=published,
        failure=outcome.failure,
    )
    label = outcome.label
    if label is None:
        return [plain]
    found = []
    for each in measured(label):
        energy = float(to_cm1(each.energy))
        update = {
            "recipe": each.recipe,
            "energy_cm1": energy,
            "error_cm1": energy - published,
            "cpu_minutes": each.cpu_seconds / 60.0,
            "memory_gb": each.memory_gb,
        }
        if each.recipe == recipe.name:
            update |= {"std_cm1": std_cm1(recipe, label), "parts_cm1": parts_cm1(label.fragments, label.larger)}
            update["recipe_hash"] = label.recipe_hash
        found.append(plain.model_copy(update=update))
    return found


def std_cm1(recipe: Recipe, label: LabelResult) -> float | None:
    """What the recipe says now of a label's error; it may have been calibrated after the label was computed."""
    error = recipe.prediction_error
    return error.std_cm1(parts_cm1(label.fragments, label.larger)) if error else label.recipe_std_cm1
