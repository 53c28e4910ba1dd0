"""nci replay: who picked well."""

from typing import Annotated

import numpy as np
import typer

from nci_core.cli.output import CampaignOption, JsonOption, open_campaign, out, print_json, print_table, progress_bar


def replay(
    campaign: CampaignOption = None,
    seeds: Annotated[int, typer.Option(min=1, help="Random subsets for each number of labels.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Compare pickers: test errors of fits to each one's labels and to as many random ones.

    The random labels are drawn among the finished ones, not from the whole pool.
    """
    from nci_core.campaign.rounds.replay import replay as run

    opened = open_campaign(campaign, read_only=True)
    with progress_bar("Comparing pickers") as (bar, task):
        bar.update(task, total=1.0)
        found = run(opened, seeds=seeds, progress=lambda share, message: bar.update(task, completed=share))
        bar.update(task, completed=1.0)
    if as_json:
        print_json(found)
        return
    rows = []
    for trial in found["trials"]:
        if trial["picker"] is None:
            continue
        random = [t["mae_cm1"]["all"] for t in found["trials"] if t["picker"] is None and t["n"] == trial["n"]]
        spread = f" ± {np.std(random, ddof=1):.2f}" if len(random) > 1 else ""
        beside = f"{np.mean(random):.2f}{spread}" if random else "—"
        rows.append([trial["picker"], trial["n"], trial["cpu_minutes"], trial["mae_cm1"]["all"], beside])
    columns = ("picked by", "labels", "CPU min", "test MAE / cm⁻¹", "random / cm⁻¹")
    print_table("Test error below the energy limit", columns, rows)
    out.print(
        f"Random: {found['seeds']} subsets of the {found['n_labels']} finished training labels; "
        f"errors on {found['n_test']} frozen test labels, recipe {found['recipe']}."
    )


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(replay)
