"""Tables of labels against published energies, as `nci bench recipes` and `nci bench minima` print them."""

from collections.abc import Sequence

from nci_core.bench.minimum_rows import MinimumRow
from nci_core.bench.recipe_errors import GroupErrors, LabelRow, is_part
from nci_core.bench.recipe_rows import RecipeRow, pareto
from nci_core.cli.output import out, print_table

RECIPE_COLUMNS = ("recipe", "n", "n, E < 0", "MAE, E < 0", "MAE", "well", "tail", "wall", "CPU min", "GB")
GROUP_COLUMNS = ("group", "n", "failed", "MAE", "median", "max", "mean", "% of |E|", "% of HF", "CPU min", "GB")
BAR_COLUMNS = ("recipe", "group", "n", "mean σ", "within 1 σ", "within 2 σ", "RMS z")
MINIMA_COLUMNS = ("dimer", "published", "ours", "± σ", "ours − published", "CPU min", "method", "source")
#: How many failures are printed one by one.
MOST_FAILURES = 20


def print_groups(groups: Sequence[GroupErrors]) -> None:
    """A table for each recipe, and one of the error bars."""
    for recipe in dict.fromkeys(group.recipe for group in groups if not is_part(group.recipe)):
        mine = [group for group in groups if group.recipe == recipe]
        table = [
            [
                one.group if one.by in ("all", "sign") else f"{one.by}: {one.group}",
                one.n,
                one.failed,
                one.mae_cm1,
                one.median_cm1,
                one.max_cm1,
                one.mean_cm1,
                _percent(one.relative),
                _percent(one.of_repulsion),
                one.cpu_minutes,
                one.memory_gb,
            ]
            for one in mine
        ]
        print_table(f"{recipe} against {mine[0].reference}, cm⁻¹", GROUP_COLUMNS, table)
    bars = [one for one in groups if one.n_std]
    if bars:
        table = [
            [
                one.recipe,
                one.group,
                one.n_std,
                one.mean_std_cm1,
                _percent(one.within_1),
                _percent(one.within_2),
                one.rms_z,
            ]
            for one in bars
            if one.by in ("all", "sign", "region", "probe")
        ]
        print_table("Error bars of the recipes: 68% and 95% are expected, in %", BAR_COLUMNS, table)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100.0 * share


def print_recipes(rows: Sequence[RecipeRow], title: str) -> None:
    """Errors and costs, a recipe a row; those that nothing beats have a star."""
    front = pareto(rows)
    table = [
        [_in_lines(row.recipe) + (" *" if row.recipe in front else ""), *list(row.model_dump().values())[1:]]
        for row in rows
    ]
    print_table(f"{title}; * Pareto front", RECIPE_COLUMNS, table)


def _in_lines(name: str) -> str:
    """The name of a part or of a source on two lines, so that tables stay narrow."""
    return name.removesuffix(" alone").replace(": ", ":\n ").replace(", ", ",\n ")


def print_failures(rows: Sequence[LabelRow]) -> None:
    """Why there is no label, frame by frame."""
    failed = [row for row in rows if row.failure]
    for row in failed[:MOST_FAILURES]:
        out.print(f"frame {row.frame}, {row.probe} and {row.host}, {row.recipe}: {row.failure}", soft_wrap=True)
    if len(failed) > MOST_FAILURES:
        out.print(f"… and {len(failed) - MOST_FAILURES:,} more; --json has them all.")


def print_minima(rows: Sequence[MinimumRow]) -> None:
    """A table for each recipe."""
    for name in dict.fromkeys(row.recipe for row in rows):
        mine = [row for row in rows if row.recipe == name]
        table = [
            [
                row.dimer + ("" if row.checked else " †"),
                row.published_cm1,
                row.energy_cm1,
                row.std_cm1,
                None if row.energy_cm1 is None else row.energy_cm1 - row.published_cm1,
                row.cpu_minutes,
                row.method,
                row.source,
            ]
            for row in mine
        ]
        print_table(f"Published minima and {name}, cm⁻¹", MINIMA_COLUMNS, table)
        for row in mine:
            if row.failure:
                out.print(f"{row.dimer}: {row.failure}", soft_wrap=True)
    if not all(row.checked for row in rows):
        out.print("† quoted for this source, not read in it.")
