"""nci bench: measure accuracy, label efficiency, calibration and speed."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from nci_core.bench.targets import check_targets, groups, stored_rows
from nci_core.bench.transfer_rows import FILE, TransferRow, read
from nci_core.cli import bench_labels_command, bench_prior_commands, bench_transfer_command
from nci_core.cli.options import refuse
from nci_core.cli.output import JsonOption, err, out, print_json, print_table
from nci_core.errors import InputError

SEEDS = 5
COLUMNS = ("which labels", "labels", "MAE", "median", "worst", "well", "tail", "wall", "CPU s")
KEYS = ("median", "worst", "well", "tail", "wall", "seconds")
#: Benchmarks of one seed or several and nothing else to choose, and what each measures.
PLAIN = {
    "curve": "Learning curves: the error over the number of labels, chosen at random.",
    "hard": "Extrapolation: labels of one region, errors in another.",
    "teachers": "Students of different teachers.",
    "calibration": "Whether error bars hold what they say.",
    "peers": "Other methods at the same labels.",
    "speed": "Energies, gradients, fits and choices, timed.",
}
ALL = ("curve", "active", "hard", "teachers", "calibration", "peers", "speed")

bench = typer.Typer(
    name="bench",
    help="Repeat the measurements of docs/results.md and docs/label-results.md on reference data; what was measured "
    "before is not measured again. MAE in cm⁻¹ on held-out points with E < 1000 cm⁻¹, over seeds.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DataOption = Annotated[
    Path | None, typer.Option("--data", help="extxyz file with REF_interaction_energy in eV.", show_default=False)
]
FolderOption = Annotated[Path, typer.Option("--out", help="Folder of results; what is there is not run again.")]
TeacherOption = Annotated[
    Path | None,
    typer.Option(
        "--teacher", help="Exported campaign of the same dimer, whose teacher is distilled.", show_default=False
    ),
]
SeedsOption = Annotated[int, typer.Option("--seeds", min=1, help="Seeds 0, 1, … of splits and fits.")]
FirstSeedOption = Annotated[
    int, typer.Option("--first-seed", min=0, help="First seed; settings were chosen on seeds from 100 on.")
]
QuickOption = Annotated[bool, typer.Option("--quick", help="A smoke run of a few minutes: one seed, few sizes.")]
FiguresOption = Annotated[
    Path | None,
    typer.Option("--figures", help="Folder of the figures, SVG and PNG. Default: OUT/figures.", show_default=False),
]
BudgetsOption = Annotated[str, typer.Option("--budgets", help="Numbers of labels.")]
StrategiesOption = Annotated[
    str | None, typer.Option("--strategies", help="Strategies. Default: all.", show_default=False)
]
SaveModelsOption = Annotated[
    Path | None,
    typer.Option("--save-models", help="Keep students as DIR/STRATEGY-LABELS-SEED.pt.", show_default=False),
]
BUDGETS, FOLDER = "10,20,40,80,160", Path("bench")


def plain(
    context: typer.Context,
    data: DataOption = None,
    folder: FolderOption = FOLDER,
    teacher: TeacherOption = None,
    seeds: SeedsOption = SEEDS,
    first_seed: FirstSeedOption = 0,
    quick: QuickOption = False,
    as_json: JsonOption = False,
) -> None:
    """One benchmark of `PLAIN`."""
    name = str(context.info_name)
    _measure(context, (name,), data, folder, teacher, range(first_seed, first_seed + seeds), quick, {})
    transfer = read(folder / FILE, TransferRow) if name == "teachers" else []
    _show([row for row in stored_rows(folder) if row.benchmark == name], as_json, transfer)


@bench.command()
def active(
    context: typer.Context,
    data: DataOption = None,
    folder: FolderOption = FOLDER,
    teacher: TeacherOption = None,
    seeds: SeedsOption = SEEDS,
    first_seed: FirstSeedOption = 0,
    quick: QuickOption = False,
    budgets: BudgetsOption = BUDGETS,
    strategies: StrategiesOption = None,
    save_models: SaveModelsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Which labels: ways to choose them compared at equal numbers."""
    options = _active_options(budgets, strategies, save_models)
    _measure(context, ("active",), data, folder, teacher, range(first_seed, first_seed + seeds), quick, options)
    _show([row for row in stored_rows(folder) if row.benchmark == "active"], as_json)


@bench.command(name="all")
def everything(
    context: typer.Context,
    data: DataOption = None,
    folder: FolderOption = FOLDER,
    teacher: TeacherOption = None,
    seeds: SeedsOption = SEEDS,
    first_seed: FirstSeedOption = 0,
    quick: QuickOption = False,
    budgets: BudgetsOption = BUDGETS,
    strategies: StrategiesOption = None,
    save_models: SaveModelsOption = None,
    figures: FiguresOption = None,
    as_json: JsonOption = False,
) -> None:
    """Everything on one reference, with figures; can be resumed."""
    options = _active_options(budgets, strategies, save_models)
    _measure(context, ALL, data, folder, teacher, range(first_seed, first_seed + seeds), quick, options)
    rows = stored_rows(folder)
    _draw(rows, figures or folder / "figures", data, folder, teacher)
    _show(rows, as_json, read(folder / FILE, TransferRow))


@bench.command()
def figures(
    data: DataOption = None, folder: FolderOption = FOLDER, teacher: TeacherOption = None, target: FiguresOption = None
) -> None:
    """Draw what was measured; maps of the errors need --data."""
    _draw(stored_rows(folder), target or folder / "figures", data, folder, teacher)


@bench.command()
def claims(folder: FolderOption = FOLDER, as_json: JsonOption = False) -> None:
    """What was measured beside the paper's claims."""
    _show(stored_rows(folder), as_json, read(folder / FILE, TransferRow))


def _active_options(budgets: str, strategies: str | None, save_models: Path | None) -> dict[str, Any]:
    chosen = {"strategies": tuple(strategies.split(","))} if strategies else {}
    return {"budgets": _numbers(budgets), "save_models": save_models, **chosen}


def _measure(
    context: typer.Context,
    names: tuple[str, ...],
    data: Path | None,
    folder: Path,
    teacher: Path | None,
    seeds: range,
    quick: bool,
    options: dict[str, Any],
) -> None:
    if quick:
        refuse(
            context,
            ("seeds", "budgets", "strategies"),
            "has no effect with --quick, which has one seed and few sizes",
        )
    if data is None:
        raise InputError("Say which reference: --data PATH, an extxyz file with REF_interaction_energy in eV.")
    _run(names, data, folder, teacher, seeds, quick, options)


def _show(rows: list[Any], as_json: bool, transfer: Sequence[TransferRow] = ()) -> None:
    if as_json:
        print_json([row.model_dump() for row in rows])
    else:
        _tables(rows, transfer)


def _draw(rows: list[Any], target: Path, data: Path | None, folder: Path, teacher: Path | None) -> None:
    from nci_core.bench.figures import draw
    from nci_core.bench.problem import open_problem

    for path in draw(rows, target, open_problem(data, folder, teacher) if data else None):
        _say(f"Wrote {path}.")


def _numbers(text: str) -> tuple[int, ...]:
    try:
        found = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise InputError(f"--budgets {text} is not a list of numbers such as 20,40,80.") from None
    if min(found) < 1:
        raise InputError(f"--budgets {text}: a budget is at least one label.")
    return found


def _run(
    chosen: tuple[str, ...],
    data: Path,
    folder: Path,
    teacher: Path | None,
    seeds: range,
    quick: bool,
    options: dict[str, Any],
) -> None:
    import torch

    from nci_core.bench.active import active
    from nci_core.bench.calibration import calibration
    from nci_core.bench.curve import curve, hard
    from nci_core.bench.peers import peers
    from nci_core.bench.problem import open_problem
    from nci_core.bench.rows import Results
    from nci_core.bench.teachers import teachers

    torch.set_num_threads(1)  # small problems: a second thread only waits
    problem = open_problem(data, folder, teacher)
    problem.claim()
    own: dict[str, Callable[..., None]] = {
        "curve": curve,
        "active": active,
        "hard": hard,
        "teachers": teachers,
        "calibration": calibration,
        "peers": peers,
        "speed": _speed,
    }
    for name in chosen:
        more = options if name == "active" else {}
        results = Results(folder / f"{name}.jsonl")
        own[name](problem, results, seeds=seeds, quick=quick, say=_say, **more)


def _speed(problem: Any, results: Any, *, seeds: range, quick: bool, say: Callable[[str], None]) -> None:
    """The student beside a Gaussian process of 10% of the labels and a MACE model, in one run."""
    from nci_core.bench.peer_mace import PeerMACE, pretrained
    from nci_core.bench.peers import GP, Peers
    from nci_core.bench.speed import FRACTION, speed
    from nci_core.bench.splits import random_split

    rows = random_split(len(problem.energies), FRACTION, seeds[0]).train
    fitted = Peers(problem, quick=quick).fit(GP, problem.observation(rows), name="speed", seed=seeds[0])
    others: dict[str, Any] = {f"{GP}, {len(rows)} labels": fitted.potential}
    if problem.teachers:
        others["MACE"] = PeerMACE(pretrained(problem, quick=quick))
    speed(problem, results, quick=quick, say=say, others=others)


def _say(text: str) -> None:
    err.print(text, soft_wrap=True)


def _tables(rows: list[Any], transfer: Sequence[TransferRow] = ()) -> None:
    entries = [entry for entry in groups(rows) if entry.get("mean") is not None]
    for benchmark, model in dict.fromkeys((entry["benchmark"], entry["model"]) for entry in entries):
        mine = [entry for entry in entries if (entry["benchmark"], entry["model"]) == (benchmark, model)]
        shown = [[_what(e), e["n_labels"], f"{e['mean']:.3g} ± {e['sd']:.2g}", *(e[key] for key in KEYS)] for e in mine]
        print_table(f"{benchmark}: {model}", COLUMNS, shown)
    if entries:
        out.print(f"MAE in cm⁻¹ below the energy limit, mean ± sd over {max(e['n'] for e in entries):.0f} seeds.")
    targets = [found for found in check_targets(rows) if found["met"] is not None]
    if targets:
        names = ("target", "at_most", "mean", "sd", "seeds", "worst_to_median")
        table = [[*(found[key] for key in names), "yes" if found["met"] else "no"] for found in targets]
        print_table("Targets", ("what", "at most", "mean", "± sd", "seeds", "worst ÷ median", "met"), table)
    from nci_core.bench.claims import claim_rows, claims

    for claim in claim_rows(claims(rows, transfer)):
        out.print(f"{claim['claim']} (paper: {claim['paper']}): {claim['verdict']}. {claim['measured']}.")


def _what(entry: dict[str, Any]) -> str:
    """How labels were chosen, or what is held out."""
    return str(entry["strategy"] if entry["benchmark"] == "active" else entry["split"])


for name, help_text in PLAIN.items():
    bench.command(name=name, help=help_text)(plain)
bench_prior_commands.register(bench)
bench_labels_command.register(bench)
bench_transfer_command.register(bench)


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(bench)
