"""Names, notes and errors are printed as they are: neither markup for rich nor commands for a terminal."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_campaign as small

from nci_core.campaign import Campaign
from nci_core.cli import output
from nci_core.store import labels, models, rounds
from nci_core.store.schema import Model
from nci_core.visible import visible

Nci = Callable[..., Any]

#: What rich would take for colours, a link, an error in its markup, and an emoji.
MARKUP = "run[bmim] [red]x[/red] [/] [bold][link=http://127.0.0.1:9]y[/] :smile: a[/red]"
#: What a terminal would take for commands, and what turns text round.
ACTING = "\x1b[2J\x1b]0;t\x07\r\u202etxt\u2028"
NASTY = MARKUP + ACTING
COMMANDS = set("\x1b\x07\r\u202e\u2028")


def test_init_names_the_folder(nci: Nci, tmp_path: Path) -> None:
    for name in ("run[bmim]", "a[", "[/red]b", "c :smile:"):
        found = nci("init", tmp_path / name, "--host", "ethylene", "--title", NASTY)
        assert found.code == 0
        assert f"Made {tmp_path / name}: " in found.out
        assert (tmp_path / name).is_dir()


def test_every_error_is_printed_as_it_is(nci: Nci, tmp_path: Path) -> None:
    found = nci("status", "-c", tmp_path / NASTY)
    assert visible(Path(NASTY)) in found.sentence()
    assert not COMMANDS & set(found.err)


def test_a_name_that_is_no_text_does_not_end_in_a_traceback(process: Callable[..., Any], tmp_path: Path) -> None:
    found = process("status", "-c", str(tmp_path / "a\udcff"))
    assert "a⟨U+DCFF⟩ is not a campaign" in found.sentence()


@pytest.mark.parametrize("kind", ["file", "terminal"])
def test_tables_hold_names_as_they_are(
    kind: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    console = output.PlainConsole(width=400, force_terminal=kind == "terminal", color_system=None)
    monkeypatch.setattr(output, "out", console)
    output.print_table(NASTY, (NASTY, "n"), [[NASTY, 1]])
    with output.progress_bar(NASTY) as (bar, task):
        bar.update(task, description=MARKUP)
    shown = capsys.readouterr().out
    assert shown.count(visible(NASTY)) == 3
    assert not COMMANDS & set(shown)


def test_every_command_that_prints_what_a_campaign_holds(nci: Nci, sampled: Campaign) -> None:
    store, folder = sampled.store, sampled.folder
    number = small.pool(sampled)[0]
    (label,) = labels.request(
        store, [number], recipe=sampled.recipe.name, recipe_hash=sampled.recipe.hash, picked_by=NASTY
    )
    labels.set_error(store, label.id, NASTY)
    rounds.begin(store, "distill", number=0, picked_by=NASTY, notes=NASTY)
    models.add(store, Model(name=NASTY, kind="distilled", path="models/a.pt", sha256="0" * 64, device=NASTY))
    wanted = visible(NASTY)
    for words, where in (
        (("models",), "out"),
        (("status",), "out"),
        (("quarantine",), "out"),
        (("quarantine", "--accept", str(number), "--recipe", NASTY), "err"),
        (("label", "--recipe", NASTY), "err"),
        (("teach", "--teacher", NASTY), "err"),
    ):
        found = nci(*words, "-c", folder)
        shown = " ".join(getattr(found, where).split())
        assert " ".join(wanted.split()) in shown or repr(NASTY) in shown, (words, shown)
        assert not COMMANDS & set(found.out + found.err), words
