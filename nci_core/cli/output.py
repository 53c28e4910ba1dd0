"""How the command line speaks: tables for people, JSON for programs, progress bars for the patient."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from nci_core.campaign import Campaign, home
from nci_core.config import FILE_NAME
from nci_core.errors import InputError
from nci_core.switches import require_writable
from nci_core.visible import visible


class PlainConsole(Console):
    """A console that prints text as it is: names of files, notes and errors are not markup, emoji or commands to it.

    Colours are given by `style`, never inside a text.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def print(self, *objects: Any, **options: Any) -> None:
        """Like rich's, with every text made visible (`nci_core.visible`), on one line."""
        shown = [visible(each) if isinstance(each, str) else each for each in objects]
        super().print(*shown, **options | {"markup": False, "emoji": False, "highlight": False})


#: Results go to standard output, everything else to standard error.
out = PlainConsole()
err = PlainConsole(stderr=True)

CampaignOption = Annotated[
    Path | None,
    typer.Option(
        "--campaign",
        "-c",
        help="Campaign folder or its name below NCI_HOME. Default: NCI_CAMPAIGN, else the working directory.",
        show_default=False,
    ),
]
SystemOption = Annotated[
    str | None,
    typer.Option("--system", help="Which system, in a campaign of several.", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed", min=0, max=2**63 - 1, help="Random seed. Default: the campaign's; 0 without one.", show_default=False
    ),
]
DeviceOption = Annotated[str, typer.Option("--device", help="auto (CUDA when there is one), cpu or cuda.")]


def campaign_folder(given: Path | None) -> Path:
    """The folder meant by --campaign; raises InputError when none is meant."""
    chosen = given or (Path(os.environ["NCI_CAMPAIGN"]) if os.environ.get("NCI_CAMPAIGN") else None)
    if chosen is None:
        if Path(FILE_NAME).exists():
            return Path.cwd()
        raise InputError("Say which campaign: --campaign DIR, or set NCI_CAMPAIGN, or run inside its folder.")
    if not chosen.exists() and (home() / chosen).exists():
        return home() / chosen
    return chosen


def open_campaign(given: Path | None, *, read_only: bool = False, changes: bool = True) -> Campaign:
    """Open the campaign meant by --campaign; raises JobError in a demonstration if the command `changes` it.

    Not `read_only`, an older database is brought up to date, also for a command that changes nothing.
    """
    if changes and not read_only:
        require_writable()
    return Campaign.open(campaign_folder(given), read_only=read_only)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, indent=2, default=str))


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on standard output; numbers are right-aligned."""
    table = Table(title=visible(title), title_justify="left")
    for i, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[i], int | float) or row[i] is None for row in rows)
        table.add_column(visible(name), justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*[format_cell(value) for value in row])
    if out.is_terminal:
        out.print(table)
    else:  # a file or a pipe has no width: nothing is cut off there
        unlimited = out.options.update(max_width=10_000)
        PlainConsole(width=max(out.width, out.measure(table, options=unlimited).maximum)).print(table)


def count_labels(n: int) -> str:
    """A number of labels as people say it.

    >>> count_labels(1), count_labels(1200)
    ('1 label', '1,200 labels')
    """
    return f"{n:,} label{'s' if n != 1 else ''}"


def format_cell(value: Any) -> str:
    """Three significant digits for numbers, a dash for nothing.

    >>> format_cell(0.12345), format_cell(1234.5), format_cell(None), format_cell(7)
    ('0.123', '1234', '-', '7')
    """
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return visible(value, lines=True)


@contextmanager
def progress_bar(description: str) -> Iterator[tuple[Progress, Any]]:
    """A progress bar on standard error: yields (progress, task); use progress.update(task, ...)."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err) as progress:
        yield progress, progress.add_task(visible(description), total=None)


def say_worth(campaign: Campaign) -> None:
    """Below errors against labels, what these are worth themselves; nothing where there are none."""
    from nci_core.campaign.queries.label_worth import worth_phrase

    if phrase := worth_phrase(campaign):
        out.print(f"{phrase[0].upper()}{phrase[1:]}.")


ERROR_COLUMNS = ("what", "split", "region", "n", "MAE / cm⁻¹", "RMSE / cm⁻¹", "max / cm⁻¹", "bias / cm⁻¹")


def error_rows(what: str, report: dict[str, Any]) -> list[list[Any]]:
    """Rows for ERROR_COLUMNS from errors by split and region."""
    return [
        [what, split, region, e["n"], e["mae_cm1"], e["rmse_cm1"], e["max_cm1"], e["bias_cm1"]]
        for split, regions in report.items()
        for region, e in regions.items()
    ]
