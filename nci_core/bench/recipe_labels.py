"""Rows of labels at published dimers, and of what the parts of a composite say alone."""

from collections.abc import Sequence
from pathlib import Path

from nci_core.bench.dimers import ReferenceDimer
from nci_core.bench.kept_labels import Kept, KeptLabels
from nci_core.bench.measured import NOT_CALIBRATED, labelled_dimer, measured
from nci_core.bench.recipe_errors import LabelRow
from nci_core.labels.recipes import Recipe
from nci_core.labels.results import LabelResult, parts_cm1
from nci_core.labels.stand_ins import for_dimer
from nci_core.units import to_cm1


def labels_at(folder: Path, dimers: Sequence[ReferenceDimer], recipes: Sequence[Recipe]) -> KeptLabels:
    """Labels of each recipe at each dimer, in a folder."""
    return KeptLabels(folder, [one.at for one in dimers], recipes)


def label_rows(
    labels: KeptLabels, dimers: Sequence[ReferenceDimer], recipes: Sequence[Recipe], source: Path
) -> list[LabelRow]:
    """Rows of what there is; labels that are not computed yet are left out, and what another set has already."""
    rows, seen = [], set()
    for number, one in enumerate(dimers):
        where = one.at.geometry_hashes()[0], float(to_cm1(one.energy))
        if where in seen:
            continue
        seen.add(where)
        for recipe in recipes:
            rows += _rows(one, recipe, labels.find(number, recipe.name), one.set or source.stem)
    return rows + without_factors(rows)


def without_factors(rows: Sequence[LabelRow]) -> list[LabelRow]:
    """Labels without a factor, of recipes that have one for other probes: both are compared at the same dimers."""
    calibrated = {row.recipe.removesuffix(NOT_CALIBRATED) for row in rows if row.recipe.endswith(NOT_CALIBRATED)}
    there = {(row.recipe, row.frame) for row in rows}
    return [
        row.model_copy(update={"recipe": row.recipe + NOT_CALIBRATED, "std_cm1": None, "parts_cm1": {}})
        for row in rows
        if row.recipe in calibrated and (row.recipe + NOT_CALIBRATED, row.frame) not in there
    ]


def _rows(one: ReferenceDimer, recipe: Recipe, kept: Kept, reference: str) -> list[LabelRow]:
    if kept == Kept():
        return []
    published = float(to_cm1(one.energy))
    plain = LabelRow(
        recipe=recipe.name,
        recipe_hash=recipe.hash,
        reference=reference,
        frame=one.frame,
        system=one.system,
        scaling=one.scaling,
        geometry_hash=one.at.geometry_hashes()[0],
        probe=one.dimer.b.symbols[0],
        host=one.formula,
        elements=sorted(set(one.dimer.a.symbols)),
        heavy_atoms=one.heavy_atoms,
        host_class=one.host_class,
        region=one.region,
        reference_cm1=published,
        failure=kept.failure,
    )
    label = kept.label
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
            update |= {"recipe_hash": label.recipe_hash, "doubt": " ".join(doubt.sentence for doubt in label.doubts)}
        found.append(plain.model_copy(update=update))
    return found


def std_cm1(recipe: Recipe, label: LabelResult) -> float | None:
    """What the recipe says now of a label's error; it may have been calibrated after the label was computed."""
    error = for_dimer(recipe, labelled_dimer(label)).prediction_error
    return error.std_cm1(parts_cm1(label.fragments, label.larger)) if error else label.recipe_std_cm1
