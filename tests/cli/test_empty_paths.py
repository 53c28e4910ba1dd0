"""A path that is empty or blank, such as an unset variable, never means the working directory."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_origin, get_type_hints

import pytest

from nci_core.campaign import Campaign
from nci_core.cli.given_paths import commands, takes_path
from nci_core.cli.main import app
from nci_core.config import CampaignSettings
from nci_core.errors import InputError

Nci = Callable[..., Any]

COMMANDS = [
    ("FOLDER", "init", "{}"),
    ("FOLDER", "import", "there", "{}"),
    ("SOURCE", "import", "{}"),
    ("TARGET", "export", "{}"),
    ("--campaign", "status", "-c", "{}"),
    ("--out", "demo", "--out", "{}"),
    ("--out", "report", "--out", "{}"),
    ("--model-out", "finetune", "--data", "x.extxyz", "--model-out", "{}"),
    ("--import-results", "label", "-c", "there", "--import-results", "{}"),
    ("FOLDERS", "costs", "--held-out", "{}"),
    ("FILE", "cluster", "check", "{}"),
]


@pytest.mark.parametrize("given", ["", "  "])
@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: f"{words[1]} {words[0]}")
def test_it_is_refused(
    nci: Nci, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], given: str
) -> None:
    monkeypatch.chdir(tmp_path)
    found = nci(*(word.format(given) for word in words[1:]))
    assert found.code == InputError.exit_code
    assert found.sentence().startswith(f"The path given as {words[0]} is empty; ")
    assert list(tmp_path.iterdir()) == []


def test_no_command_takes_a_path_that_may_be_empty() -> None:
    seen = 0
    for command in commands(app):
        for name, hint in get_type_hints(command, include_extras=True).items():
            if get_origin(hint) is Annotated and takes_path(hint):
                (info,) = hint.__metadata__
                assert info.parser is not None, (command, name)
                with pytest.raises(InputError, match="is empty"):
                    info.parser("")
                seen += 1
            else:
                assert not takes_path(hint), f"{command.__name__}: {name} is a path without Annotated"
    assert seen > 20


def test_nor_does_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="empty"):
        Campaign.create("", CampaignSettings.create("ethylene"))
    assert list(tmp_path.iterdir()) == []
