"""The commands that an empty page shows are ones the command line takes."""

import shlex
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from app.first_steps import command
from nci_core.cli.main import app

FOLDER = Path("/a folder/he-ethylene")


@pytest.mark.parametrize("line", [command(verb, FOLDER) for verb in ("distill", "evaluate")])
def test_shown_commands_are_accepted(line: str) -> None:
    program, verb, *arguments = shlex.split(line)
    assert program == "nci"
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    parsed = group.commands[verb].make_context(verb, arguments)
    assert Path(str(parsed.params["campaign"])) == FOLDER
