"""nci teacher mix: several teachers as one, by shares that labels tell."""

from typing import Annotated

import typer

from nci_core.cli.output import CampaignOption, JsonOption, open_campaign, out, print_json, print_table
from nci_core.cli.teacher_app import teacher

TeachersOption = Annotated[
    list[str] | None,
    typer.Option("--teacher", help="A teacher to mix; repeatable. Default: those distilled.", show_default=False),
]


@teacher.command()
def mix(campaign: CampaignOption = None, teachers: TeachersOption = None, as_json: JsonOption = False) -> None:
    """Learn shares of several teachers from the labels of the training pool, and store their mixture.

    `nci distill --teacher mixture` then distils it. The frozen test set only says whether it is better than each.
    """
    from nci_core.campaign.rounds.mixing import MIXTURE, mix

    opened = open_campaign(campaign)
    found = mix(opened, teachers or ())
    if as_json:
        print_json(found)
        return
    names = list(dict.fromkeys(channel for parts in found["shares"].values() for channel in parts))
    shares = [[spec, *(parts.get(name) for name in names)] for spec, parts in found["shares"].items()]
    print_table("Shares of the mixture", ("teacher", *names), shares)
    errors = [[spec, each["pool"], each["test"]] for spec, each in found["errors"].items()]
    print_table(
        "MAE / cm⁻¹ below the energy limit",
        ("teacher", f"{found['n_labels']} training labels, each left out", "frozen test set"),
        errors,
    )
    verdict = "beats the best single teacher" if found["better"] else "does not beat the best single teacher"
    out.print(f"The {MIXTURE} {verdict}. `nci distill --teacher {MIXTURE}` distils it.", soft_wrap=True)
