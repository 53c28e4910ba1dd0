"""nci teacher compare: a campaign's teachers beside its labels and beside each other."""

from collections.abc import Sequence
from typing import Annotated, Any, get_args

import typer

from nci_core.campaign import Campaign
from nci_core.campaign.queries.teacher_compare import Against, Comparison, compare_teachers, stored_doubts
from nci_core.campaign.systems import System
from nci_core.cli.output import (
    CampaignOption,
    JsonOption,
    SystemOption,
    err,
    open_campaign,
    out,
    print_json,
    print_table,
)
from nci_core.cli.teacher_app import teacher
from nci_core.errors import InputError
from nci_core.rounding import number_text

REGIONS = ("all", "well", "tail", "wall")
COLUMNS = ("teacher", "distilled", "energies", "per s", "labels", "MAE / cm⁻¹", *REGIONS[1:], "bias / cm⁻¹", "r")
WHERE = {"test": "the frozen test set", "pool": "training labels", "all": "all labels"}

AgainstOption = Annotated[str, typer.Option("--labels", help="Labels to hold them against: all, test or pool.")]


@teacher.command()
def compare(
    campaign: CampaignOption = None,
    system: SystemOption = None,
    labels: AgainstOption = "all",
    as_json: JsonOption = False,
) -> None:
    """Teachers against CCSD(T) labels by region, and against each other where there are none.

    Of stored energies: `nci teach --teacher NAME` computes those of a further teacher, for comparison only.
    """
    if labels not in get_args(Against):
        raise InputError(f"--labels {labels}: choose one of {', '.join(get_args(Against))}.")
    opened = open_campaign(campaign, read_only=True)
    chosen = [opened.system(system)] if system else list(opened.training_systems)
    found = compare_teachers(opened, chosen)
    doubts = absurd(opened, chosen)
    if as_json:
        print_json({**found.as_dict(), "doubts": doubts})
        return
    if not found.standings:
        raise InputError(f"Campaign {opened.name} has no teacher's energies yet; run `nci teach` first.")
    show(opened, found, labels)
    for sentence in doubts:
        err.print(sentence, style="yellow", soft_wrap=True)


def absurd(campaign: Campaign, systems: Sequence[System]) -> list[str]:
    """What is absurd in stored energies of some systems, a sentence each."""
    return [text for system in systems for text in stored_doubts(campaign.folder, system.id).values()]


def show(campaign: Campaign, found: Comparison, labels: str) -> None:
    """The tables: against labels, and against each other."""
    rows: list[list[Any]] = []
    for each in found.standings:
        judged = each.judged.get(labels)
        errors = judged.regions if judged else {}
        maes = [errors[name].mae_cm1 if name in errors else None for name in REGIONS]
        bias = errors["all"].bias_cm1 if "all" in errors else None
        r = number_text(judged.correlation, ".3f") if judged and judged.correlation is not None else None
        n = errors["all"].n if "all" in errors else 0
        rows.append([each.spec, "yes" if each.used else "no", each.count, each.per_second, n, *maes, bias, r])
    where = f"Against {WHERE[labels]} of recipe {campaign.recipe.name}, below the energy limit"
    print_table(where, COLUMNS, rows)
    between = []
    for pair in found.differences:
        apart = [pair.regions[name].mae_cm1 if name in pair.regions else None for name in REGIONS]
        whole = pair.regions.get("all")
        between.append([pair.spec, pair.other, whole.n if whole else 0, *apart, whole.bias_cm1 if whole else None])
    if between:
        columns = ("teacher", "minus", "places", "mean size / cm⁻¹", *REGIONS[1:], "mean / cm⁻¹")
        print_table("Against each other where there is no label", columns, between)
    if len(found.standings) < 2:
        out.print("There is one teacher only; `nci teach --teacher NAME` computes energies of another to compare with.")


def register(app: typer.Typer) -> None:
    """Add the group to the application."""
    app.add_typer(teacher)
