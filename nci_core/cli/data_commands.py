"""nci evaluate and nci finetune: on a campaign, or on any extxyz file without one."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from nci_core.cli.loop_commands import fit_progress
from nci_core.cli.output import (
    ERROR_COLUMNS,
    CampaignOption,
    DeviceOption,
    JsonOption,
    SeedOption,
    err,
    error_rows,
    open_campaign,
    out,
    print_json,
    print_table,
    progress_bar,
)
from nci_core.errors import InputError
from nci_core.extxyz import Dataset, HostGroup, read_dataset, write_dataset
from nci_core.regions import RegionBounds

MethodOption = Annotated[
    str | None, typer.Option(help="Take only frames with this method, where a file mixes them.", show_default=False)
]
BasisOption = Annotated[
    str | None, typer.Option(help="Take only frames with this basis, where a file mixes them.", show_default=False)
]
WellOption = Annotated[float, typer.Option("--well-below", help="Energies below this are the well, in cm⁻¹.")]
LimitOption = Annotated[float, typer.Option("--limit", help="Upper end of the range of interest, in cm⁻¹.")]


def labelled(data: Dataset) -> list[HostGroup]:
    """The groups' rows that have a reference energy; raises InputError when there are none."""
    if not data.labelled:
        raise InputError(f"{data.source} has no REF_interaction_energy (eV) in any of its {len(data)} frames.")
    return [take(group, np.flatnonzero(np.isfinite(group.reference))) for group in data.groups]


def take(group: HostGroup, rows: Any) -> HostGroup:
    """Some rows of a group."""
    columns = {key: [values[i] for i in rows] for key, values in group.columns.items()}
    return HostGroup(group.dimer, group.positions[rows], group.reference[rows], group.frames[rows], columns)


def evaluate(
    campaign: CampaignOption = None,
    model: Annotated[
        Path | None,
        typer.Option(
            "--model", help="Checkpoint of a student. Default: the campaign's active one.", show_default=False
        ),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="extxyz with REF_interaction_energy in eV.", show_default=False)
    ] = None,
    method: MethodOption = None,
    basis: BasisOption = None,
    well_below: WellOption = -20.0,
    limit: LimitOption = 1000.0,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Errors of a student by region, in cm⁻¹: on an extxyz file (--model, --data), or on a campaign's test set."""
    if data is None:
        evaluate_campaign(campaign, as_json)
        return
    from nci_core.metrics import by_region
    from nci_core.potentials.checkpoints import load_checkpoint

    if model is None:
        opened = open_campaign(campaign, read_only=True)
        row = opened.active_model()
        if row is None:
            raise InputError(f"Campaign {opened.name} has no student yet; give --model.")
        model = opened.model_path(row)
    student = load_checkpoint(model, device=device)
    found = read_dataset(data, method=method, basis=basis)
    err.print(found.describe(), highlight=False)
    groups = labelled(found)
    predicted = np.concatenate([student.energies(group.dimer.host, group.positions) for group in groups])
    reference = np.concatenate([group.reference for group in groups])
    bounds = RegionBounds(well_below, limit)
    overall, regions = by_region(predicted, reference, bounds)
    if overall is None:
        raise InputError(f"{data} has no reference energy below {limit:g} cm⁻¹; raise --limit.")
    report = {"model": str(model), "data": str(data), "limit_cm1": limit, "well_below_cm1": well_below}
    report |= overall.as_dict() | {"regions": {name: value.as_dict() for name, value in regions.items()}}
    if as_json:
        print_json(report)
    else:
        everything = {"all": overall.as_dict()} | {name: value.as_dict() for name, value in regions.items()}
        print_table(f"all: E < {limit:g} cm⁻¹", ERROR_COLUMNS, error_rows(Path(model).name, {"": everything}))


def evaluate_campaign(folder: Path | None, as_json: bool) -> None:
    """Errors of a campaign's teacher and students against its labels, test set and pool apart."""
    from nci_core.campaign.evaluation import renew_errors
    from nci_core.campaign.gates import check_missing

    opened = open_campaign(folder)
    report = renew_errors(opened)
    check_missing(opened)  # models made before there were gates
    if as_json:
        print_json({"recipe": opened.recipe.name, "limit_cm1": opened.settings.limit_cm1, "errors": report})
        return
    table = [row for name, errors in report.items() for row in error_rows(name, errors)]
    title = f"{opened.title}: errors against {opened.recipe.name} labels (test: frozen; pool: trained on)"
    print_table(title, ERROR_COLUMNS, table)


def finetune(
    campaign: CampaignOption = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data", help="extxyz with REF_interaction_energy in eV; no campaign needed.", show_default=False
        ),
    ] = None,
    model_out: Annotated[
        Path | None, typer.Option("--model-out", help="Where to write the student.", show_default=False)
    ] = None,
    prior: Annotated[
        Path | None,
        typer.Option("--prior", help="Distilled student to start from. Default: fit directly.", show_default=False),
    ] = None,
    fraction: Annotated[
        float, typer.Option(help="Random share of the file's labels to fit, above 0, at most 1.")
    ] = 1.0,
    held_out: Annotated[
        Path | None,
        typer.Option("--held-out", help="Where to write the labels that were not fitted.", show_default=False),
    ] = None,
    method: MethodOption = None,
    basis: BasisOption = None,
    ruler: Annotated[str, typer.Option(help="adaptive or fixed; of a direct fit.")] = "adaptive",
    members: Annotated[
        int, typer.Option(min=1, max=64, help="Students in the ensemble of a file's fit; a campaign has its own.")
    ] = 5,
    notes: Annotated[str, typer.Option(help="Notes for the campaign's history.")] = "",
    recipes: Annotated[
        str | None,
        typer.Option(
            help="Recipes of a campaign's labels to learn one after the other, such as quick,standard: cheap first.",
            show_default=False,
        ),
    ] = None,
    seed: SeedOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Fit a student to CCSD(T) labels: those of a campaign's pool, or of an extxyz file (--data, --model-out)."""
    if data is not None:
        if recipes is not None:
            raise InputError("--recipes takes labels of a campaign; a file (--data) has those of one recipe.")
        if model_out is None:
            raise InputError("Say where the student goes: --model-out FILE.pt.")
        report = finetune_file(
            read_dataset(data, method=method, basis=basis),
            model_out,
            seed or 0,
            device,
            prior=prior,
            fraction=fraction,
            held_out=held_out,
            ruler=ruler,
            members=members,
        )
        if as_json:
            print_json(report)
        else:
            out.print(
                f"{model_out}: fitted to {report['n_labels']} of {report['n_labelled']} labels "
                f"in {report['seconds']:.1f} s."
            )
        return
    from nci_core.campaign.learning import finetune_campaign

    opened = open_campaign(campaign)
    with progress_bar("Fine-tuning") as (bar, task):
        names = [name.strip() for name in recipes.split(",")] if recipes else None
        report = fit_progress(bar, task)
        done = finetune_campaign(opened, seed=seed, device=device, notes=notes, recipes=names, progress=report)
    if as_json:
        print_json(done)
        return
    if aside := done.get("set_aside"):
        out.print(f"{len(aside)} labels far from the student were set aside first; see `nci quarantine`.")
    first = "".join(f"{rung['labels']} {rung['recipe']}, then " for rung in done.get("ladder", [])[:-1])
    out.print(f"{done['model']}: fine-tuned on {first}{done['n_labels']} labels, round {done['round']}.")
    print_table("Errors (test: frozen; pool: trained on)", ERROR_COLUMNS, error_rows(done["model"], done["errors"]))


def finetune_file(
    data: Dataset,
    model_out: Path,
    seed: int,
    device: str,
    *,
    prior: Path | None,
    fraction: float,
    held_out: Path | None,
    ruler: Any,
    members: int,
) -> dict[str, Any]:
    """Fit a student to a random share of a file's labels; the rest may be written for evaluation."""
    import time

    from nci_core.fitting import FitSettings
    from nci_core.fitting import finetune as fit
    from nci_core.potentials.checkpoints import load_checkpoint, save_checkpoint
    from nci_core.potentials.device import resolve_device
    from nci_core.potentials.parameters import StudentConfig

    resolve_device(device)  # a missing GPU is said before any work

    if not 0 < fraction <= 1:
        raise InputError(f"--fraction is {fraction:g}; give a share above 0 and at most 1.")
    if ruler not in ("adaptive", "fixed"):
        raise InputError(f"Unknown ruler {ruler!r}; choose adaptive or fixed.")
    for target in filter(None, (model_out, held_out)):
        if not target.parent.is_dir():
            raise InputError(f"There is no folder {target.parent} to write {target.name} to.")
    err.print(data.describe(), highlight=False)
    groups = labelled(data)
    if len(groups) != 1:
        raise InputError(f"{data.source} holds labels of {len(groups)} host geometries; fine-tuning needs one.")
    group = groups[0]
    order = np.random.default_rng(seed).permutation(len(group.reference))
    count = max(1, round(fraction * len(order)))
    chosen, rest = np.sort(order[:count]), np.sort(order[count:])
    if held_out is not None and not len(rest):
        raise InputError(f"All {count} labels are fitted, so none are left for --held-out; lower --fraction.")
    base = load_checkpoint(prior) if prior else None
    start = time.perf_counter()
    with progress_bar("Fitting") as (bar, task):
        student = fit(
            group.dimer,
            group.positions[chosen],
            group.reference[chosen],
            base,
            None if base else StudentConfig(ruler=ruler),
            FitSettings(members=members, seed=seed, device=device),
            progress=fit_progress(bar, task),
            metadata={"data": data.source, "label": data.label, "fraction": fraction},
        )
    save_checkpoint(student, model_out)
    if held_out is not None:
        write_dataset(held_out, [take(group, rest)])
    return {
        "model": str(model_out),
        "n_labelled": len(order),
        "n_labels": count,
        "seed": seed,
        "seconds": time.perf_counter() - start,
    }


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(finetune)
    app.command()(evaluate)
