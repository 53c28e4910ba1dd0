"""nci finetune: on a campaign, or on any extxyz file without one; a student of terms, or a MACE network."""

from pathlib import Path
from typing import Annotated, Any

import typer

from nci_core.campaign.rounds.network_choice import NetworkChoice
from nci_core.cli.data_commands import FILE_ONLY, say_merged
from nci_core.cli.labelled_files import FileFit, check_targets, fit_file, labels_of, share
from nci_core.cli.loop_commands import fit_progress
from nci_core.cli.options import BasisOption, refuse
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
    say_worth,
)
from nci_core.errors import InputError
from nci_core.extxyz import Dataset, read_dataset

#: Options that say something about a network only.
NETWORK_ONLY = ("foundation", "epochs", "steps", "seeds", "head", "trust", "sha256")


def finetune(
    context: typer.Context,
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
        float, typer.Option(help="Random share of the file's labels to fit: above 0, at most 1.")
    ] = 1.0,
    held_out: Annotated[
        Path | None,
        typer.Option(
            "--held-out",
            help="Where to write the labels that were not fitted, one frame for each geometry.",
            show_default=False,
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="Of --data: take only frames with this method, where a file mixes them. Of --student mace: naive "
            "(default), replay, lora or frozen.",
            show_default=False,
        ),
    ] = None,
    basis: BasisOption = None,
    ruler: Annotated[str, typer.Option(help="adaptive or fixed; of a direct fit.")] = "adaptive",
    members: Annotated[
        int, typer.Option(min=1, max=64, help="Students in the ensemble of a file's fit; a campaign has its own.")
    ] = 5,
    notes: Annotated[str, typer.Option(help="Note for the campaign's history.")] = "",
    recipes: Annotated[
        str | None,
        typer.Option(
            help="Recipes whose labels are learned one after the other, cheapest first, such as "
            "quick,standard; energies:NAME stands for imported ones.",
            show_default=False,
        ),
    ] = None,
    student: Annotated[
        str,
        typer.Option(help="physics, a sum of terms, or mace, a network fine-tuned on a campaign's labels."),
    ] = "physics",
    foundation: Annotated[
        str | None,
        typer.Option(help="Of --student mace: a name, a MACE .model, or a network of nci (.pt).", show_default=False),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=0, help="Of --student mace: epochs of MACE's training loop.", show_default=False)
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(min=0, help="Of --student mace: steps to second order after them.", show_default=False),
    ] = None,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Of --student mace: networks in the ensemble.", show_default=False)
    ] = None,
    head: Annotated[
        str | None, typer.Option(help="Of --student mace: head of a foundation of several.", show_default=False)
    ] = None,
    trust: Annotated[
        bool, typer.Option("--trust", help="Run the code in a local .model file, which is a pickle.")
    ] = False,
    sha256: Annotated[
        str | None, typer.Option(help="SHA-256 digest of a local .model file, instead of --trust.", show_default=False)
    ] = None,
    seed: SeedOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Fit a student to CCSD(T) labels: those of a campaign's pool, or of an extxyz file (--data, --model-out)."""
    if student not in ("physics", "mace"):
        raise InputError(f"There is no student {student!r}; choose physics or mace.")
    if student == "mace":
        others = [name for name in (*FILE_ONLY, "data", "recipes") if name != "method"]
        refuse(context, others, "is of the physics student; a network learns a campaign's labels")
        if foundation is None:
            raise InputError("Say which network is fine-tuned: --foundation NAME or FILE.")
        numbers = {"epochs": epochs, "steps": steps, "seeds": seeds}
        source = {"foundation": foundation, "head": head, "trusted": trust, "sha256": sha256}
        choice = NetworkChoice.checked(method=method or "naive", **source, **numbers)
        finetune_mace(campaign, choice, seed, device, notes, as_json)
        return
    refuse(context, NETWORK_ONLY, "is of a network; say --student mace")
    if data is not None:
        refuse(context, ("recipes",), "takes labels of a campaign; a file (--data) has those of one recipe")
        refuse(context, ("campaign", "notes"), "is for a campaign; a fit to a file (--data) has none")
        if prior is not None:
            refuse(context, ("ruler",), "is of a direct fit; with --prior the student has the prior's terms")
        if model_out is None:
            raise InputError("Say where the student goes: --model-out FILE.pt.")
        how = FileFit(model_out, prior, fraction, held_out, ruler, members, seed or 0, device)
        report = finetune_file(read_dataset(data, method=method, basis=basis), how)
        if as_json:
            print_json(report)
        else:
            out.print(
                f"{model_out}: fitted to {report['n_labels']} of {report['n_labelled']} labels "
                f"in {report['seconds']:.1f} s."
            )
        return
    refuse(context, FILE_ONLY, "is for a file of labels (--data); a campaign has its own")
    from nci_core.campaign.rounds.learning import finetune_campaign

    opened = open_campaign(campaign)
    from nci_core.fitting import FitRun  # after it: torch takes seconds

    with progress_bar("Fine-tuning") as (bar, task):
        names = [name.strip() for name in recipes.split(",")] if recipes else None
        run = FitRun(fit_progress(bar, task))
        done = finetune_campaign(opened, seed=seed, device=device, notes=notes, recipes=names, run=run)
    if as_json:
        print_json(done)
        return
    if aside := done.get("set_aside"):
        out.print(f"{len(aside)} labels far from the student were set aside first; see `nci quarantine`.")
    first = "".join(f"{rung['labels']} {rung['recipe']}, then " for rung in done.get("ladder", [])[:-1])
    out.print(f"{done['model']}: fine-tuned on {first}{done['n_labels']} labels, round {done['round']}.")
    print_table("Errors (test: frozen; pool: trained on)", ERROR_COLUMNS, error_rows(done["model"], done["errors"]))
    say_worth(opened)


def finetune_mace(
    folder: Path | None, choice: NetworkChoice, seed: int | None, device: str, notes: str, as_json: bool
) -> None:
    """Fine-tune a MACE network on a campaign's labels, and say what came of it."""
    from nci_core.campaign.rounds.networks import finetune_network_campaign

    choice.check_readable()
    opened = open_campaign(folder)
    from nci_core.fitting import FitRun  # after it: torch takes seconds

    with progress_bar("Fine-tuning") as (bar, task):
        run = FitRun(fit_progress(bar, task))
        done = finetune_network_campaign(opened, choice, seed=seed, device=device, notes=notes, run=run)
    if as_json:
        print_json(done)
        return
    out.print(
        f"{done['model']}: {done['foundation']} ({done['weights']:,} weights, {done['method']}) fine-tuned on "
        f"{done['n_labels']} labels in {done['seconds']:.0f} s. The model in use is the one of before."
    )
    print_table("Errors (test: frozen; pool: trained on)", ERROR_COLUMNS, error_rows(done["model"], done["errors"]))
    say_worth(opened)


def finetune_file(data: Dataset, how: FileFit) -> dict[str, Any]:
    """Fit a student to a random share of a file's geometries; the rest may be written for evaluation.

    Frames that repeat a geometry are one label, in the fit and in the file that is written: its first frame.
    """
    from nci_core.potentials.device import resolve_device

    resolve_device(how.device)  # a missing GPU is said before any work
    how.check()
    check_targets(data, how.model_out, how.held_out)
    err.print(data.describe())
    labels = labels_of(data)
    say_merged(labels)
    plan = share(labels.groups, how.fraction, how.seed)
    if how.held_out is not None and not plan.held_out:
        raise InputError(f"All {len(labels)} labels are fitted, so none are left for --held-out; lower --fraction.")
    with progress_bar("Fitting") as (bar, task):
        done = fit_file(data, plan, how, fit_progress(bar, task))
    return done | {"merged": labels.repeats}


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command()(finetune)
