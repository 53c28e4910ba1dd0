"""nci costs: what a label is expected to cost, and how far such predictions were off."""

from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer

from nci_core.cli.output import CampaignOption, JsonOption, open_campaign, out, print_json, print_table


def costs(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(help="With --held-out: campaigns or exports. Default: the embedded ones.", show_default=False),
    ] = None,
    campaign: CampaignOption = None,
    held_out: Annotated[
        bool, typer.Option("--held-out", help="Compare predicted with actual minutes of finished labels.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """CPU minutes of a label of each recipe, with an error bar, learned from finished labels."""
    if held_out:
        _held_out(folders, as_json)
        return
    from nci_core.campaign.pricing.costs import label_cost

    opened = open_campaign(campaign, read_only=True)
    rows: list[dict[str, Any]] = []
    several = len(opened.systems) > 1
    for recipe, system in product(opened.recipes, opened.systems):
        cost = label_cost(opened, recipe, system.dimer)
        low, high = cost.interval()
        minutes = {"cpu_minutes": cost.mean_minutes, "low_minutes": low, "high_minutes": high}
        whose = {"system": system.name} if several else {}
        rows.append({"recipe": recipe.name} | whose | {"finished": cost.n} | minutes | {"source": cost.source})
    if as_json:
        print_json(rows)
        return
    columns = (
        "recipe",
        *(["system"] if several else []),
        "finished",
        "CPU min per label",
        "from",
        "to",
        "how it is known",
    )
    print_table(f"{opened.title}: 68% intervals", columns, [list(row.values()) for row in rows])


def _held_out(folders: list[Path] | None, as_json: bool) -> None:
    from nci_core.campaign.exchange.archive import EMBEDDED, data_folder
    from nci_core.campaign.pricing.cost_check import check

    rows = check(folders or [data_folder() / name for name in EMBEDDED])
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    columns = ("labels", "n", "actual", "predicted", "error", "×, said", "×, found", "in 68%")
    table = [
        [r.what, r.n, r.actual, r.predicted, f"{r.error:.1%}", r.expected_factor, r.actual_factor, f"{r.within:.0%}"]
        for r in rows
    ]
    print_table("Mean CPU minutes per label, actual and predicted", columns, table)
    out.print("One campaign: each label from the others; →: all labels of the second from the first.", soft_wrap=True)
    out.print("error: median |predicted/actual − 1|; ×: factor of one sd, as said and as found.", soft_wrap=True)


def register(app: typer.Typer) -> None:
    """Add this command to the application."""
    app.command()(costs)
