"""nci delta: a teacher's energies and what a student learnt of their difference from labels, as a set of its own."""

import os
from typing import Annotated, Any

import typer

from nci_core.cli.loop_commands import fit_progress
from nci_core.cli.output import (
    CampaignOption,
    DeviceOption,
    JsonOption,
    SeedOption,
    err,
    open_campaign,
    out,
    print_json,
    print_table,
    progress_bar,
)

COLUMNS = ("left out", "of", "n", "MAE of the teacher, cm⁻¹", "MAE with δ", "sd with δ")
SET_COLUMNS = ("set", "energies", "as", "median ±, cm⁻¹", "± from", "test labels", "MAE of the teacher", "MAE with δ")


def delta(
    name: Annotated[
        str, typer.Option("--name", help="Name of the energies; with several systems each host's name follows it.")
    ],
    campaign: CampaignOption = None,
    teacher: Annotated[
        str | None,
        typer.Option(
            "--teacher", help="The cheap method, as `nci teach` takes it. Default: the first.", show_default=False
        ),
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option(
            "--system",
            help="Which systems get energies; may be repeated. Default: all with energies of the teacher.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            help="labels: a student may learn them; test: a test set. Default: labels of training systems, test of "
            "transfer systems.",
            show_default=False,
        ),
    ] = None,
    seed: SeedOption = None,
    person: Annotated[
        str,
        typer.Option("--by", help="Who makes them; kept with the set. Default: your user name.", show_default=False),
    ] = "",
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Add to a teacher's energies what labels differ by, learnt on hosts with labels: for hosts too large for them."""
    from nci_core.campaign.rounds.delta import learn_delta
    from nci_core.campaign.rounds.delta_plan import plan_delta

    opened = open_campaign(campaign)
    plan = plan_delta(opened, name, teacher=teacher, systems=system or (), kind=kind, seed=seed)
    for each in plan.wanted:
        if each.lacking:
            where = f"{each.lacking:,} configurations of {each.system.name}"
            err.print(f"{where} have no energy of {plan.teacher} and are left out.", soft_wrap=True)
    from nci_core.fitting import FitRun  # after it: torch takes seconds

    who = person or os.environ.get("USER") or "command line"
    with progress_bar("Learning the difference") as (bar, task):
        run = FitRun(fit_progress(bar, task))
        done = learn_delta(opened, plan, person=who, seed=seed, device=device, run=run)
    if as_json:
        print_json(done)
        return
    out.print(f"{plan.family}: {plan.method}.", soft_wrap=True)
    _say(done)


def _say(done: dict[str, Any]) -> None:
    rows = [
        [
            "the host" if entry["left_out"] == "host" else "some labels",
            entry["host"],
            entry["n"],
            *(_number(entry.get(key)) for key in ("mae_cheap_cm1", "mae_cm1", "sd_cm1")),
        ]
        for entry in done["left_out"]
    ]
    print_table("Labels that a fit had not seen", COLUMNS, rows)
    if not any(entry["left_out"] == "host" for entry in done["left_out"]):
        out.print(
            "No host with labels could be left out whole, so the ± of other hosts says nothing of what a new one adds.",
            soft_wrap=True,
        )
    table = []
    for made in done["sets"]:
        against = made.get("test_labels", {})
        errors = [_number(against.get(key)) for key in ("mae_teacher_cm1", "mae_cm1")]
        source = made["error_bar"]["from"]
        table.append(
            [
                made["name"],
                made["n"],
                made["kind"],
                _number(made["median_std_cm1"]),
                source,
                against.get("n", 0),
                *errors,
            ]
        )
    print_table("Energies that were made", SET_COLUMNS, table)


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:.3g}"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(delta)
