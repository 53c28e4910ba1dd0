"""nci bench recipes, nci bench minima: what labels are worth against published energies."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nci_core.cli.label_tables import print_failures, print_groups, print_minima, print_recipes
from nci_core.cli.options import refuse, refuse_all_but
from nci_core.cli.output import JsonOption, err, print_json, progress_bar
from nci_core.errors import InputError
from nci_core.switches import require_writable

#: Options of a comparison of labels computed here, and of one with labels that are there.
COMPUTING = (
    *("recipe", "labels", "n", "seed", "probe", "parts", "most_heavy_atoms"),
    *("workers", "limit_minutes", "again", "compute"),
)
RecipeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--recipe", help="Recipe to compute, built in or a TOML file; may be given several times.", show_default=False
    ),
]
LabelsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--labels",
        help="With --recipe, the folder in which each finished label is kept: asked again, what is there is not "
        "computed again. Without, labels.jsonl of exported campaigns of the file's one dimer.",
        show_default=False,
    ),
]
WorkersOption = Annotated[int, typer.Option("--workers", min=1, max=512, help="Labels at once, one thread each.")]
LimitOption = Annotated[
    float, typer.Option("--limit-minutes", min=0.01, help="A label that takes longer counts as failed.")
]
AgainOption = Annotated[bool, typer.Option("--again", help="Try labels that failed once more.")]
StoredOption = Annotated[bool, typer.Option("--stored", help="Print the stored tables; nothing is computed.")]
OutOption = Annotated[Path, typer.Option("--out", help="Folder of rows and figures.")]


def recipes(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(help="extxyz file with REF_interaction_energy in eV; hosts may differ.", show_default=False),
    ] = None,
    recipe: RecipeOption = None,
    labels: LabelsOption = None,
    n: Annotated[
        int | None,
        typer.Option(
            "--n", min=1, help="So many geometries, from all probes, kinds of host and regions.", show_default=False
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Which ones; more of the same seed are the same and more.")] = 0,
    probe: Annotated[str | None, typer.Option(help="Only these probes, such as He,Ne.", show_default=False)] = None,
    parts: Annotated[
        str | None,
        typer.Option("--set", help="Only frames whose key 'set' holds one of these words.", show_default=False),
    ] = None,
    most_heavy_atoms: Annotated[
        int | None, typer.Option(min=0, help="Only hosts of at most so many heavy atoms.", show_default=False)
    ] = None,
    workers: WorkersOption = 1,
    limit_minutes: LimitOption = 240.0,
    again: AgainOption = False,
    compute: Annotated[
        bool, typer.Option("--compute/--no-compute", help="Compute what is missing, or say what is there.")
    ] = True,
    folder: OutOption = Path("bench"),
    figures: Annotated[
        Path | None, typer.Option(help="Folder of the figure. Default: OUT/figures.", show_default=False)
    ] = None,
    stored: StoredOption = False,
    as_json: JsonOption = False,
) -> None:
    """What labels cost and how far they are from published energies.

    With --recipe and --labels FOLDER labels are computed at the file's dimers, which may have different hosts; without,
    those of the embedded campaigns are compared with a reference of the same dimer.
    """
    if stored:
        refuse_all_but(context, ("stored", "as_json"), "has no effect in nci bench recipes --stored")
        _stored(as_json)
        return
    if data is None:
        raise InputError("Say which reference: --data PATH, or --stored for the stored tables.")
    target = figures or folder / "figures"
    if not recipe:
        computing = [name for name in COMPUTING if name not in ("recipe", "labels")]
        refuse(context, computing, "is for labels that are computed here; give --recipe NAME too")
        _compare(data, labels or [], folder, target, as_json)
        return
    if not labels or len(labels) != 1:
        raise InputError("Say where finished labels are kept: one --labels FOLDER.")
    from nci_core.bench.dimers import chosen, drawn, read_dimers
    from nci_core.bench.recipe_labels import label_rows, labels_at

    require_writable()
    found, others = read_dimers(data)
    for reason, count in others.items():
        err.print(f"{count:,} frames of {data.name} are left out: {reason}.", soft_wrap=True)
    kept = chosen(found, probes=_words(probe), sets=_words(parts), most_heavy_atoms=most_heavy_atoms)
    asked = _recipes(recipe)
    dimers = drawn(kept, n, seed)
    labelled = labels_at(labels[0], dimers, asked)
    if compute:
        with progress_bar("labels") as (bar, shown):
            labelled.compute(
                workers=workers,
                limit_minutes=limit_minutes,
                again=again,
                progress=lambda done, total: bar.update(shown, completed=done, total=total),
            )
    rows = label_rows(labelled, dimers, asked, data)
    _report(rows, others, folder, target, as_json)


def minima(
    context: typer.Context,
    recipe: RecipeOption = None,
    labels: Annotated[Path, typer.Option("--labels", help="Folder in which each finished label is kept.")] = Path(
        "bench/minima"
    ),
    workers: WorkersOption = 1,
    folder: OutOption = Path("bench"),
    stored: StoredOption = False,
    as_json: JsonOption = False,
) -> None:
    """Labels at published minima of small complexes beside the published well depths."""
    from nci_core.bench.minimum_rows import FILE, read_minima
    from nci_core.bench.targets import STORED
    from nci_core.campaign.exchange.archive import data_folder

    if stored:
        refuse_all_but(context, ("stored", "as_json"), "has no effect in nci bench minima --stored")
        rows = read_minima(data_folder() / STORED / FILE)
    else:
        from nci_core.bench.minima import default_recipe, labels_at_minima, rows_at_minima
        from nci_core.bench.recipe_errors import write_lines

        require_writable()
        asked = _recipes(recipe or [default_recipe()])
        kept = labels_at_minima(labels, asked)
        with progress_bar("labels") as (bar, shown):
            kept.compute(workers=workers, progress=lambda done, total: bar.update(shown, completed=done, total=total))
        rows = rows_at_minima(kept, asked)
        write_lines(folder / FILE, rows)
        err.print(f"Wrote {folder / FILE}.", soft_wrap=True)
    if as_json:
        print_json([row.model_dump() for row in rows])
        return
    print_minima(rows)


def _words(text: str | None) -> list[str]:
    return [word.strip() for word in (text or "").split(",") if word.strip()]


def _recipes(names: Sequence[str]) -> list[Any]:
    from nci_core.labels.builtin_recipes import find_recipe
    from nci_core.labels.recipe_files import read_recipe

    found = [read_recipe(Path(name)) if name.endswith(".toml") else find_recipe(name) for name in names]
    twice = {recipe.name for recipe in found if [other.name for other in found].count(recipe.name) > 1}
    if twice:
        raise InputError(f"Two recipes are called {min(twice)}; give each a name of its own.")
    return found


def _report(rows: list[Any], others: dict[str, int], folder: Path, target: Path, as_json: bool) -> None:
    """Write rows, figures and the picture; print."""
    from nci_core.bench.recipe_errors import GROUPS_FILE, LABELS_FILE, group_errors, overview, write_lines
    from nci_core.bench.recipe_figure import draw_pareto

    groups = group_errors(rows)
    write_lines(folder / LABELS_FILE, rows)
    write_lines(folder / GROUPS_FILE, groups)
    files = [folder / LABELS_FILE, folder / GROUPS_FILE]
    if table := overview(groups):
        files += draw_pareto(table, target)
    for path in files:
        err.print(f"Wrote {path}.", soft_wrap=True)
    if as_json:
        left_out = [{"reason": reason, "frames": n} for reason, n in others.items()]
        print_json(
            {
                "labels": [row.model_dump() for row in rows],
                "groups": [group.model_dump() for group in groups],
                "left_out": left_out,
            }
        )
        return
    print_recipes(table, "Mean absolute errors of n labels in cm⁻¹; wells are half as deep as their curve's or more")
    print_groups(groups)
    print_failures(rows)


def _stored(as_json: bool) -> None:
    from nci_core.bench.recipe_errors import GROUPS_FILE, read_groups
    from nci_core.bench.recipe_rows import FILE, read_recipe_rows
    from nci_core.bench.targets import STORED
    from nci_core.campaign.exchange.archive import data_folder

    rows = read_recipe_rows(data_folder() / STORED / FILE)
    path = data_folder() / STORED / GROUPS_FILE
    groups = read_groups(path) if path.is_file() else []
    if as_json:
        recipes_there = [row.model_dump() for row in rows]
        print_json({"recipes": recipes_there, "groups": [group.model_dump() for group in groups]})
        return
    print_recipes(rows, "He–benzene: mean absolute errors of n labels in cm⁻¹ below 1000 cm⁻¹")
    print_groups(groups)


def _compare(data: Path, labels: list[Path], folder: Path, target: Path, as_json: bool) -> None:
    """Labels that are there against a reference of one dimer: the embedded campaigns', or those of the given files."""
    from nci_core.bench.measured import labelled_dimer, read_labels
    from nci_core.bench.problem import open_problem
    from nci_core.bench.recipe_figure import draw_pareto
    from nci_core.bench.recipe_rows import FILE, write_rows
    from nci_core.bench.recipes import published_rows, recipe_rows
    from nci_core.campaign.exchange.archive import EMBEDDED, data_folder
    from nci_core.systems.dimer import same_dimer

    problem = open_problem(data, folder)
    files = labels or [data_folder() / each / "labels.jsonl" for each in EMBEDDED]
    mine = [label for file in files for label in read_labels(file) if same_dimer(labelled_dimer(label), problem.dimer)]
    rows = recipe_rows(problem, mine) + published_rows(data)
    write_rows(folder / FILE, rows)
    for path in draw_pareto(rows, target):
        err.print(f"Wrote {path}.", soft_wrap=True)
    if as_json:
        print_json([row.model_dump() for row in rows])
        return
    print_recipes(rows, "Mean absolute errors of n labels in cm⁻¹ below 1000 cm⁻¹")


def register(bench: typer.Typer) -> None:
    """Add these commands to the group."""
    bench.command()(recipes)
    bench.command()(minima)
