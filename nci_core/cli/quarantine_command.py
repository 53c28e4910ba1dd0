"""nci quarantine: labels that failed or were set aside, and what to do about them."""

from dataclasses import asdict
from typing import Annotated

import typer

from nci_core.campaign import Campaign
from nci_core.cli.output import CampaignOption, JsonOption, count_labels, open_campaign, out, print_json, print_table
from nci_core.errors import InputError
from nci_core.labels.label_errors import label_text
from nci_core.units import from_cm1, unit


def quarantine(
    campaign: CampaignOption = None,
    accept: Annotated[
        int | None,
        typer.Option("--accept", help="Use the label of this configuration anyway.", show_default=False),
    ] = None,
    leave_out: Annotated[
        int | None,
        typer.Option("--leave-out", help="Leave the label of this configuration out for good.", show_default=False),
    ] = None,
    retry: Annotated[
        list[int] | None,
        typer.Option(
            "--retry",
            help="Compute the label of this configuration again at tighter settings; may be repeated.",
            show_default=False,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option("--recipe", help="Recipe of the label to decide about. Default: the target.", show_default=False),
    ] = None,
    because: Annotated[
        str, typer.Option("--because", help="Why you accept it or leave it out; kept with the label.")
    ] = "",
    person: Annotated[str, typer.Option("--by", help="Who decides; kept with the label.")] = "command line",
    as_json: JsonOption = False,
) -> None:
    """List labels that failed or were set aside, with the reasons; accept one, leave one out, or retry some."""
    from nci_core.campaign.rounds import quarantine as labels_aside

    if sum((accept is not None, leave_out is not None, bool(retry))) > 1:
        raise InputError("Give one of --accept, --leave-out and --retry at a time.")
    changes = accept is not None or leave_out is not None or bool(retry)
    opened = open_campaign(campaign, read_only=not changes)
    if accept is not None:
        labels_aside.accept(opened, accept, person, because, recipe=recipe)
        _say({"accepted": accept}, f"The label of configuration {accept} is used from now on.", as_json)
    elif leave_out is not None:
        labels_aside.leave_out(opened, leave_out, person, because, recipe=recipe)
        _say({"left_out": leave_out}, f"The label of configuration {leave_out} is left out.", as_json)
    elif retry:
        jobs = labels_aside.retry_tightened(opened, retry, person, recipe=recipe)
        follow = "nci label" if recipe in (None, opened.recipe.name) else f"nci label --recipe {recipe}"
        text = f"{count_labels(len(jobs))} queued at tighter settings; `{follow}` follows them."
        _say({"jobs": jobs}, text.replace("1 labels", "1 label"), as_json)
    else:
        _list(opened, as_json)


def _say(values: dict[str, object], sentence: str, as_json: bool) -> None:
    if as_json:
        print_json(values)
    else:
        out.print(sentence)


def _list(campaign: Campaign, as_json: bool) -> None:
    from nci_core.campaign.rounds.quarantine import doubted

    found = doubted(campaign)
    if as_json:
        print_json([asdict(item) for item in found])
        return
    if not found:
        out.print("No label failed or is set aside.")
        return
    columns = ("configuration", "recipe", "state", "energy / cm⁻¹", "tighter tries", "why")
    rows = [
        [
            str(item.configuration_id),
            item.recipe,
            item.state + (" (test set)" if item.split == "test" else ""),
            _energy(item.energy_cm1, item.recipe_std_cm1),
            item.tightened_tries,
            " ".join(reason["sentence"] for reason in item.reasons)
            + (f" Left out by {item.person}: {item.because}" if item.because else ""),
        ]
        for item in found
    ]
    print_table("Labels that are not used", columns, rows)


def _energy(energy_cm1: float | None, std_cm1: float | None) -> str | float | None:
    """The energy, with its recipe's error where that is known."""
    if energy_cm1 is None or std_cm1 is None:
        return energy_cm1
    return label_text(from_cm1(energy_cm1), from_cm1(std_cm1), unit("cm1"))


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command()(quarantine)
