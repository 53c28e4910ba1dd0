"""The group `nci teacher`: its commands are in files of their own."""

import typer

teacher = typer.Typer(
    name="teacher",
    help="Teachers, the cheap methods that a student learns from: list them, try one, compare those of a campaign.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
