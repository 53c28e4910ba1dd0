"""The group `nci teacher`: its commands are in files of their own."""

import typer

teacher = typer.Typer(
    name="teacher",
    help="Teachers: the cheap methods that a first student learns from.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
