"""nci evaluate: on a campaign, or on any extxyz file without one."""

from pathlib import Path
from typing import Annotated

import typer

from nci_core.campaign.systems import System
from nci_core.cli.labelled_files import (
    HostsOut,
    Labels,
    bounds_in,
    bounds_report,
    file_errors,
    labels_of,
    left_out_errors,
)
from nci_core.cli.loop_commands import fit_progress
from nci_core.cli.options import BasisOption, LimitOption, MethodOption, WellOption, given, refuse
from nci_core.cli.output import (
    ERROR_COLUMNS,
    CampaignOption,
    DeviceOption,
    JsonOption,
    err,
    error_rows,
    open_campaign,
    out,
    print_json,
    print_table,
    progress_bar,
    say_worth,
)
from nci_core.errors import InputError
from nci_core.extxyz import Dataset, read_dataset
from nci_core.regions import RegionBounds

#: Options that say something about a file of labels only.
FILE_ONLY = ("model_out", "prior", "fraction", "held_out", "method", "basis", "ruler", "members", "well_below", "limit")
#: Those of `nci evaluate` that say how students are fitted to all hosts but one.
HOSTS_OUT = ("prior", "members", "seed")
#: Columns of its table.
HOSTS_OUT_COLUMNS = ("host", "labels", "n test", "MAE all / cm⁻¹", "well", "tail", "wall")


def evaluate(
    context: typer.Context,
    campaign: CampaignOption = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model",
            help="Checkpoint of a student. Default: with --data the student in use, else all students of the campaign.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="extxyz with REF_interaction_energy in eV.", show_default=False)
    ] = None,
    method: MethodOption = None,
    basis: BasisOption = None,
    well_below: WellOption = -20.0,
    limit: LimitOption = 1000.0,
    leave_one_host_out: Annotated[
        bool,
        typer.Option(
            "--leave-one-host-out",
            help="For each host of the file, fit to the labels of all others and measure on it.",
        ),
    ] = False,
    prior: Annotated[
        Path | None,
        typer.Option(
            "--prior",
            help="Distilled student that the fits to all hosts but one start from. Default: fit directly.",
            show_default=False,
        ),
    ] = None,
    members: Annotated[
        int, typer.Option(min=1, max=64, help="Students in each of these fits; errors do not need more than 1.")
    ] = 1,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="Random seed of these fits.")] = 0,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Errors of a student by region, in cm⁻¹: on an extxyz file (--model, --data), or on a campaign's test set."""
    if data is None:
        refuse(context, ("leave_one_host_out", "seed"), "is for a file of labels (--data)")
        refuse(context, FILE_ONLY, "is for a file of labels (--data); a campaign has its own")
        if model is None:
            refuse(context, ("device",), "is for a checkpoint (--model); a campaign's errors come from stored energies")
        evaluate_campaign(campaign, model, device, as_json)
        return
    bounds, systems, chosen = RegionBounds(well_below, limit), tuple[System, ...](), list[str]()
    if leave_one_host_out:
        refuse(context, ("model", "campaign"), "has no effect with --leave-one-host-out, which fits its own students")
        how = HostsOut(prior, members, seed, device)
        evaluate_hosts_out(read_dataset(data, method=method, basis=basis), data, how, bounds, as_json)
        return
    refuse(context, HOSTS_OUT, "is for the fits of --leave-one-host-out")
    if model is not None:
        refuse(context, ("campaign",), "has no effect with both --model and --data; leave it out")
    else:
        opened = open_campaign(campaign, read_only=True)
        row = opened.active_model()
        if row is None:
            raise InputError(f"Campaign {opened.name} has no student yet; give --model.")
        model, systems, chosen = opened.model_path(row), opened.systems, given(context, ("well_below", "limit"))
    from nci_core.potentials.models import load_model

    student = load_model(model, device=device)
    found = read_dataset(data, method=method, basis=basis)
    err.print(found.describe())
    labels = labels_of(found)
    say_merged(labels)
    report = file_errors(labels, student, model, data, bounds_in(systems, bounds, chosen))
    if as_json:
        print_json(report)
        return
    parts = {"": report} | (report["by_host"] if len(labels.groups) > 1 else {})
    everything = {name: {"all": part} | part["regions"] for name, part in parts.items()}
    columns = [("host" if name == "split" and len(parts) > 1 else name) for name in ERROR_COLUMNS]
    limited = report["limit_cm1"]
    below = "E below the limit of each system" if limited is None else f"E < {limited:g} cm⁻¹"
    print_table(f"all: {below}", columns, error_rows(Path(model).name, everything))


def evaluate_hosts_out(found: Dataset, source: Path, how: HostsOut, bounds: RegionBounds, as_json: bool) -> None:
    """Errors on each host of a file of a student fitted to the others."""
    from nci_core.potentials.device import resolve_device

    resolve_device(how.device)  # a missing GPU is said before any work
    err.print(found.describe())
    labels = labels_of(found)
    say_merged(labels)
    with progress_bar("Fitting") as (bar, task):
        report = left_out_errors(labels, source, how, bounds, fit_progress(bar, task))
    if as_json:
        print_json(report)
        return
    regions = ("well", "tail", "wall")
    rows = [
        [host["host"], host["n_labels"], host["n"], host["mae_cm1"]]
        + [host["regions"].get(name, {}).get("mae_cm1") for name in regions]
        for host in report["hosts"]
    ]
    print_table(f"all: E < {bounds.limit_cm1:g} cm⁻¹; labels: of the other hosts", HOSTS_OUT_COLUMNS, rows)
    for reason in (host["reason"] for host in report["hosts"] if host["reason"]):
        out.print(f"{reason[0].upper()}{reason[1:]}.")


def say_merged(labels: Labels) -> None:
    """Tell people which frames were repeats."""
    if text := labels.describe():
        err.print(text)


def evaluate_campaign(folder: Path | None, model: Path | None, device: str, as_json: bool) -> None:
    """Errors of a campaign's teacher and students against its labels, test set and pool apart; or of one checkpoint."""
    from nci_core.campaign.queries.label_worth import worth_phrase
    from nci_core.campaign.rounds.evaluation import checkpoint_errors, renew_errors
    from nci_core.campaign.rounds.gates import check_missing

    opened = open_campaign(folder, read_only=model is not None)
    trained = "test: frozen; pool: trained on"
    if model is None:
        report = renew_errors(opened)
        check_missing(opened)  # models made before there were gates
    else:
        report = {model.name: checkpoint_errors(opened, model, device)}
        trained = "test: frozen; pool: maybe trained on"
    if as_json:
        bounds = {system.name: bounds_report(system.bounds) for system in opened.systems}
        said = {"recipe": opened.recipe.name, **bounds_report(opened.bounds.same), "bounds": bounds}
        print_json(said | {"labels_are_worth": worth_phrase(opened) or None, "errors": report})
        return
    table = [row for name, errors in report.items() for row in error_rows(name, errors)]
    if not table:
        out.print(f"There is nothing to compare yet: {opened.title} has no labels of recipe {opened.recipe.name}.")
        return
    print_table(f"{opened.title}: errors against {opened.recipe.name} labels ({trained})", ERROR_COLUMNS, table)
    say_worth(opened)


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(evaluate)
