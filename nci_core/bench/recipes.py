"""What labels of each recipe cost, and how far they are from a published reference.

Labels lie at their campaign's configurations, not at the reference's: there the reference is the student fitted to all
of it, whose own error is a hundredth of what recipes differ by, and labels where it is unsure are left out.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
from matplotlib.figure import Figure

from nci_core.bench.fits import fit
from nci_core.bench.problem import Problem
from nci_core.bench.recipe_rows import TARGET_CM1, RecipeRow, pareto
from nci_core.bench.variants import BEST
from nci_core.errors import InputError
from nci_core.reference.labels import LabelResult, difference
from nci_core.reference.recipes import Recipe
from nci_core.systems import Dimer, Host
from nci_core.units import to_cm1

FloatArray = npt.NDArray[np.float64]

#: Standard deviation of the student, cm⁻¹, above which the reference is taken not to reach a label.
UNSURE_CM1 = 0.3
#: Attractive points have energies below 0; the rest counts up to this, cm⁻¹.
LIMIT_CM1 = 1000.0
#: Columns of the csv beside the published data, by what they are called here.
PUBLISHED = {"aug-cc-pVDZ, published": "adz", "aug-cc-pVTZ, published": "atz", "aug-cc-pVQZ, published": "aqz"}


class Measured(NamedTuple):
    """An energy in eV that claims to be the reference's, with the CPU seconds and GB it cost."""

    recipe: str
    position: FloatArray
    energy: float
    cpu_seconds: float
    memory_gb: float


def read_labels(path: Path) -> Iterator[LabelResult]:
    """Finished labels of an exported campaign's labels.jsonl, or of one label a line; raises InputError."""
    try:
        lines = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    except (OSError, orjson.JSONDecodeError):
        raise InputError(f"{path} cannot be read as labels; give a labels.jsonl of an exported campaign.") from None
    for line in lines:
        content = line["result"] if "status" in line else line
        if content:
            yield LabelResult.model_validate(content)


def labelled_dimer(label: LabelResult) -> Dimer:
    """The host, where it lay, and the probe of a label: its position means something beside these atoms only."""
    return Dimer(Host("host", tuple(label.host_symbols), np.array(label.host_positions_angstrom)), label.probe)


def measured(label: LabelResult) -> Iterator[Measured]:
    """What a label says by its recipe and, of a composite, what its parts say alone."""
    recipe = Recipe.model_validate(label.recipe)
    place = np.array(label.position_angstrom)

    def one(name: str, energy: float, seconds: float) -> Measured:
        return Measured(name, place, energy, seconds, label.memory_gb)

    yield one(recipe.name, label.energy_ev, label.cpu_seconds)
    if recipe.composite and label.larger:
        own = [difference(label.fragments, name) for name in ("hf_hartree", "ccsd_hartree", "triples_hartree")]
        mp2 = difference(label.larger, "hf_hartree") + difference(label.larger, "mp2_hartree")
        correction = own[1] + own[2] - difference(label.fragments, "mp2_hartree")
        seconds = sum(part.cpu_seconds for part in label.larger.values())
        yield one(f"{recipe.name}: MP2 alone", mp2, seconds)
        yield one(f"{recipe.name}: not calibrated", mp2 + correction, label.cpu_seconds)
        yield one(f"{recipe.name}: small CCSD(T) alone", sum(own), label.cpu_seconds - seconds)


def reference_at(problem: Problem, places: FloatArray) -> FloatArray:
    """(m,) reference energies in eV at places (m, 3); NaN where the reference does not reach."""
    model = fit(problem, BEST, np.arange(len(problem.energies)), 0)
    found = np.asarray(model.energies(problem.dimer.host, places))
    found[to_cm1(np.asarray(model.std(problem.dimer.host, places))) > UNSURE_CM1] = np.nan
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


def draw_pareto(rows: list[RecipeRow], path: Path) -> list[Path]:
    """Error against cost as SVG and PNG; the front is a line."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    front = pareto(rows)
    known = {one.recipe: one for one in rows if one.cpu_minutes and one.mae_attractive_cm1}
    axes.plot(
        [known[name].cpu_minutes or 0.0 for name in front],
        [known[name].mae_attractive_cm1 or 0.0 for name in front],
        "-",
        color="#0072B2",
        lw=1,
    )
    for one in known.values():
        place = (one.cpu_minutes or 0.0, one.mae_attractive_cm1 or 0.0)
        axes.plot(*place, "o", color="#0072B2" if one.recipe in front else "#999999")
        axes.annotate(f" {one.recipe} ({one.n_attractive})", place, fontsize=8, va="bottom")
    axes.axhspan(0, TARGET_CM1, xmax=1, color="#009E73", alpha=0.08)
    axes.set(xscale="log", yscale="log", xlabel="CPU minutes a label", ylabel="MAE on attractive points / cm⁻¹")
    axes.margins(x=0.35, y=0.15)
    axes.grid(which="both", lw=0.3, alpha=0.5)
    axes.set_title(f"recipe (labels compared); at most {TARGET_CM1:g} cm⁻¹ is shaded", fontsize=9)
    path.mkdir(parents=True, exist_ok=True)
    files = [path / f"recipes.{kind}" for kind in ("svg", "png")]
    for file in files:
        figure.savefig(file, dpi=200)
    return files
