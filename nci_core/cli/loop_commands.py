"""nci distill, select: the loop's steps on a campaign, but labels (`label_command`)."""

import os
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.progress import TaskID

from nci_core.cli.output import (
    ERROR_COLUMNS,
    CampaignOption,
    DeviceOption,
    JsonOption,
    SeedOption,
    count_labels,
    err,
    error_rows,
    open_campaign,
    out,
    print_json,
    print_table,
    progress_bar,
    say_worth,
)

RecipeOption = Annotated[
    str | None,
    typer.Option(
        "--recipe", help="One of the campaign's recipes. Default: the one errors are against.", show_default=False
    ),
]


DistilledOption = Annotated[
    list[str] | None,
    typer.Option(
        "--teacher",
        help="A teacher with stored energies, or mixture; repeat it. Default: those of the campaign.",
        show_default=False,
    ),
]


def fit_progress(bar: Any, task: TaskID) -> Any:
    """A callback for fits: one step of the bar per minimisation that is done, the error so far in its text."""

    def report(event: dict[str, Any]) -> None:
        error = event.get("train_mae_cm1", {}).get("lt_limit")
        text = f"{event['stage']}, {event['phase']}" + ("" if error is None else f": training error {error:.3g} cm⁻¹")
        bar.update(task, description=text, completed=event["finished"], total=event["members"])

    return report


def distill(
    campaign: CampaignOption = None,
    teacher: DistilledOption = None,
    seed: SeedOption = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """Fit a student to the teacher's energies of the pool; the test set is never used."""
    from nci_core.campaign.rounds.learning import distill_campaign

    opened = open_campaign(campaign)
    from nci_core.fitting import FitRun  # after it: torch takes seconds

    with progress_bar("Distilling") as (bar, task):
        run = FitRun(fit_progress(bar, task))
        done = distill_campaign(opened, seed=seed, device=device, run=run, teachers=teacher or ())
    if as_json:
        print_json(done)
        return
    out.print(f"{done['model']}: distilled from {done['n_teacher_labels']} teacher labels.")
    for sentence in done["warnings"]:
        err.print(sentence, style="yellow", soft_wrap=True)
    if rows := error_rows(done["model"], done["errors"]):
        print_table("Errors against the CCSD(T) labels there are", ERROR_COLUMNS, rows)
        say_worth(opened)


def select(
    campaign: CampaignOption = None,
    strategy: Annotated[str, typer.Option(help="i-optimal, farthest-point, stratified or random.")] = "i-optimal",
    n: Annotated[int, typer.Option("--n", min=1, help="How many configurations to rank.")] = 20,
    basket: Annotated[bool, typer.Option("--basket", help="Put them into the basket.")] = False,
    recipe: RecipeOption = None,
    seed: SeedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank the pool by what a CCSD(T) label would tell. The test set is never proposed."""
    from nci_core.campaign.pricing.costs import cost_of_labels
    from nci_core.campaign.rounds.picking import propose, put_in_basket

    opened = open_campaign(campaign, changes=basket)
    proposals = propose(opened, strategy, n, seed, recipe)
    if basket:
        put_in_basket(opened, proposals, strategy)
    if as_json:
        print_json([asdict(proposal) for proposal in proposals])
        return
    columns = ("rank", "configuration", "score", "std / cm⁻¹", "why")
    rows = [[p.rank, p.configuration_id, p.score, p.std_cm1, p.reason] for p in proposals]
    print_table(f"Proposed by {strategy}", columns, rows)
    ids, workers = [proposal.configuration_id for proposal in proposals], os.cpu_count() or 1
    cost = cost_of_labels(opened, ids, opened.find_recipe(recipe))
    elapsed = cost.elapsed(len(proposals), workers)
    out.print(
        f"{count_labels(len(proposals))}: about {cost.text(len(proposals))} CPU minutes, {elapsed:.2g} minutes on "
        f"{workers} workers ({cost.source})."
    )


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    for command in (distill, select):
        app.command()(command)
