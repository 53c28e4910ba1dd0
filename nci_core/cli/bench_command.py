"""nci bench: measure accuracy, label efficiency, calibration and speed."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from nci_core.bench.targets import NAMES, check_targets, groups, stored_rows
from nci_core.cli.options import refuse, refuse_all_but
from nci_core.cli.output import JsonOption, err, out, print_json, print_table
from nci_core.errors import InputError

SEEDS = 5
COLUMNS = ("which labels", "labels", "MAE", "median", "worst", "well", "tail", "wall", "CPU s")
#: What else there is: claims and figures come from rows that are there, prior needs no reference.
MORE = ("claims", "figures", "prior", "recipe-prior", "recipes")
#: Which options count for which benchmark; the others are refused.
MEASURING = ("name", "data", "folder", "teacher", "seeds", "first_seed", "quick", "as_json")
ACTIVE = ("budgets", "strategies", "save_models")
USED = {
    "prior": ("name", "as_json"),
    "recipe-prior": ("name", "as_json"),
    "recipes": ("name", "data", "folder", "labels", "figures", "as_json"),
    "figures": ("name", "data", "folder", "teacher", "figures"),
    "claims": ("name", "folder", "as_json"),
    "active": MEASURING + ACTIVE,
    "all": (*MEASURING, *ACTIVE, "figures"),
}
KEYS = ("median", "worst", "well", "tail", "wall", "seconds")


def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help=f"{', '.join(NAMES)}, {', '.join(MORE)} or all.")],
    data: Annotated[
        Path | None, typer.Option(help="extxyz file with REF_interaction_energy in eV.", show_default=False)
    ] = None,
    folder: Annotated[Path, typer.Option("--out", help="Folder of results; what is there is not run again.")] = Path(
        "bench"
    ),
    teacher: Annotated[
        Path | None,
        typer.Option(help="Exported campaign of the same dimer, whose teacher is distilled.", show_default=False),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="Seeds 0, 1, … of splits and fits.")] = SEEDS,
    first_seed: Annotated[int, typer.Option(min=0, help="First seed; settings were chosen on seeds from 100 on.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="A smoke run of a few minutes: one seed, few sizes.")] = False,
    budgets: Annotated[str, typer.Option(help="active: numbers of labels.")] = "10,20,40,80,160",
    strategies: Annotated[
        str | None, typer.Option(help="active: strategies. Default: all.", show_default=False)
    ] = None,
    save_models: Annotated[
        Path | None, typer.Option(help="active: keep students as DIR/STRATEGY-LABELS-SEED.pt.", show_default=False)
    ] = None,
    figures: Annotated[
        Path | None, typer.Option(help="Folder of the figures, SVG and PNG. Default: OUT/figures.", show_default=False)
    ] = None,
    labels: Annotated[
        list[Path] | None, typer.Option(help="recipes: labels.jsonl of exported campaigns.", show_default=False)
    ] = None,
    stored: Annotated[bool, typer.Option("--stored", help="recipes: print the stored table.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Repeat the measurements of docs/results.md on a reference data set; `all` runs everything and can be resumed.

    MAE in cm⁻¹ on held-out points with E < 1000 cm⁻¹, over seeds. `all` and `figures` draw what was measured;
    maps of the errors need --data.
    """
    chosen = NAMES if name == "all" else (name,)
    if unknown := sorted(set(chosen) - {*NAMES, *MORE}):
        raise InputError(f"Unknown benchmark {unknown[0]!r}; choose {', '.join((*NAMES, *MORE))} or all.")
    used = ("name", "stored", "as_json") if name == "recipes" and stored else USED.get(name, MEASURING)
    refuse_all_but(context, used, f"has no effect in nci bench {name}{' --stored' if stored else ''}")
    if quick:
        refuse(context, ("seeds", *ACTIVE[:2]), "has no effect with --quick, which has one seed and few sizes")
    if name == "prior":
        _prior(as_json)
        return
    if name == "recipes":
        _recipes(data, labels or [], folder, figures, stored, as_json)
        return
    if name == "recipe-prior":
        _recipe_prior(as_json)
        return
    if name not in MORE:
        if data is None:
            raise InputError("Say which reference: --data PATH, an extxyz file with REF_interaction_energy in eV.")
        options = {
            "budgets": _numbers(budgets),
            "save_models": save_models,
            **({"strategies": tuple(strategies.split(","))} if strategies else {}),
        }
        _run(chosen, data, folder, teacher, range(first_seed, first_seed + seeds), quick, options)
    rows = [row for row in stored_rows(folder) if name in ("all", *MORE) or row.benchmark == name]
    if name in ("all", "figures"):
        _draw(rows, figures or folder / "figures", data, folder, teacher)
    if name == "figures":
        return
    if as_json:
        print_json([row.model_dump() for row in rows])
        return
    _tables(rows)


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
        if name not in own:
            continue
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
    places, energies = problem.positions[rows], problem.energies[rows]
    fitted = Peers(problem, quick=quick).fit(GP, places, energies, name="speed", seed=seeds[0])
    others: dict[str, Any] = {f"{GP}, {len(rows)} labels": fitted}
    if problem.teachers:
        others["MACE"] = PeerMACE(problem.dimer, pretrained(problem, quick=quick))
    speed(problem, results, quick=quick, say=say, others=others)


def _say(text: str) -> None:
    err.print(text, soft_wrap=True)


def _tables(rows: list[Any]) -> None:
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

    told = [claim for claim in claim_rows(claims(rows)) if claim["verdict"] != "not measured"]
    for claim in told:
        out.print(f"{claim['claim']} (paper: {claim['paper']}): {claim['verdict']}. {claim['measured']}.")


def _what(entry: dict[str, Any]) -> str:
    """How labels were chosen, or what is held out."""
    return str(entry["strategy"] if entry["benchmark"] == "active" else entry["split"])


#: Energies below 0 are attractive.
RECIPE_COLUMNS = ("recipe", "n", "n, E < 0", "MAE, E < 0", "MAE", "well", "tail", "wall", "CPU min", "GB")


def _recipes(
    data: Path | None, labels: list[Path], folder: Path, figures: Path | None, stored: bool, as_json: bool
) -> None:
    """Labels of each recipe against a reference: those of the embedded campaigns, or of the given files."""
    from nci_core.bench.problem import open_problem, same_dimer
    from nci_core.bench.recipe_rows import FILE, pareto, read_recipe_rows, write_rows
    from nci_core.bench.recipes import draw_pareto, labelled_dimer, published_rows, read_labels
    from nci_core.bench.recipes import recipe_rows as compare
    from nci_core.bench.targets import STORED
    from nci_core.campaign.archive import EMBEDDED, data_folder

    if stored:
        rows = read_recipe_rows(data_folder() / STORED / FILE)
    elif data is None:
        raise InputError("Say which reference: --data PATH, or --stored for the stored table.")
    else:
        problem = open_problem(data, folder)
        files = labels or [data_folder() / each / "labels.jsonl" for each in EMBEDDED]
        mine = [
            label for file in files for label in read_labels(file) if same_dimer(labelled_dimer(label), problem.dimer)
        ]
        rows = compare(problem, mine) + published_rows(data)
        write_rows(folder / FILE, rows)
        for path in draw_pareto(rows, figures or folder / "figures"):
            _say(f"Wrote {path}.")
    if as_json:
        print_json([row.model_dump() for row in rows])
        return
    front = pareto(rows)
    table = [
        [_in_lines(row.recipe) + (" *" if row.recipe in front else ""), *list(row.model_dump().values())[1:]]
        for row in rows
    ]
    print_table(
        "Mean absolute errors of n labels in cm⁻¹ below 1000 cm⁻¹; * Pareto front",
        RECIPE_COLUMNS,
        table,
    )


def _in_lines(name: str) -> str:
    """The name of a part or of a source on two lines, so that tables stay narrow."""
    return name.removesuffix(" alone").replace(": ", ":\n ").replace(", ", ",\n ")


def _prior(as_json: bool) -> None:
    from nci_core.bench.prior import learn_factors
    from nci_core.bench.problem import open_campaign_labels
    from nci_core.fitting.priors import CHANGE

    dimer, positions, energies, distilled = open_campaign_labels("he-ethylene", "pool")
    steps = list(learn_factors(dimer, positions, energies, distilled))
    if as_json:
        print_json({"learned": steps[-1].factors, "in_use": CHANGE, "log_evidence": [s.log_evidence for s in steps]})
        return
    rows = [[block, value, CHANGE[block]] for block, value in steps[-1].factors.items()]
    print_table(f"Prior widths learned from {len(energies)} labels of {dimer.name}", ("block", "now", "in use"), rows)
    out.print(f"Log evidence {steps[0].log_evidence:.0f} → {steps[-1].log_evidence:.0f} in {len(steps)} steps.")


def _recipe_prior(as_json: bool) -> None:
    from nci_core.bench.problem import open_recipe_pair
    from nci_core.bench.recipe_prior import learn_recipe_change
    from nci_core.fitting.priors import RECIPE_CHANGE

    dimer, positions, cheap, costly, distilled = open_recipe_pair("he-ethylene", "quick")
    steps = list(learn_recipe_change(dimer, positions, cheap, costly, distilled))
    if as_json:
        evidence = [step.log_evidence for step in steps]
        print_json({"learned": steps[-1].factors, "in_use": RECIPE_CHANGE, "log_evidence": evidence})
        return
    rows = [[block, *pair, *RECIPE_CHANGE[block]] for block, pair in steps[-1].factors.items()]
    columns = ("block", "own, now", "common, now", "own, in use", "common, in use")
    print_table(f"Change between recipes learned from {len(costly)} pairs of labels of {dimer.name}", columns, rows)
    out.print(f"Log evidence {steps[0].log_evidence:.0f} → {steps[-1].log_evidence:.0f} in {len(steps)} steps.")


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(bench)
