"""Every command in README, docs and their companions exists, with its options; every link and path leads somewhere."""

import re
from pathlib import Path
from typing import Any

import pytest
from documents import COMMANDS, FENCE, PAGES, ROOT, found, name_of, words_of

README = ROOT / "README.md"
NCI = found("nci", PAGES)


def click_command(words: list[str]) -> tuple[Any, list[str]]:
    """The command that is meant, of a group the one below, and the words after its name."""
    command = COMMANDS.commands.get(words[0])
    assert command is not None, f"nci has no command {words[0]!r}"
    rest = words[1:]
    if hasattr(command, "commands") and rest and rest[0] in command.commands:
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def test_the_readme_opens_with_the_two_commands() -> None:
    text = README.read_text(encoding="utf-8")
    first = FENCE.search(text)
    assert first is not None
    assert [words_of(line)[:2] for line in first[4].splitlines()] == [["make", "app"], ["make", "test"]]
    assert first.start() < 600, "before anything else"


def test_the_readme_is_short_and_has_a_picture() -> None:
    text = README.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 100
    assert re.search(r"!\[[^\]]{20,}\]\(docs/screenshots/overview-light\.png\)", text)


def test_there_are_commands_to_check() -> None:
    assert len(found("nci", [README])) >= 8
    assert len(NCI) >= 50
    assert len(found("make", PAGES)) >= 4


@pytest.mark.parametrize("words", NCI, ids=" ".join)
def test_every_nci_command_exists_with_its_options(words: list[str]) -> None:
    if words[0].startswith("-"):
        return
    command, rest = click_command(words)
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    asked = [word.split("=")[0] for word in rest if word.startswith("-") and not re.fullmatch(r"-[\d.]+", word)]
    assert set(asked) <= known | {"--help"}


@pytest.mark.parametrize("words", [words for words in NCI if "…" not in " ".join(words)], ids=" ".join)
def test_every_nci_command_can_be_parsed(words: list[str]) -> None:
    """Arguments, types and required options too: click parses, nothing runs."""
    if words[0].startswith("-") or "--help" in words or len(words) == 1:
        return
    command, rest = click_command(words)
    if any(re.fullmatch(r"--[a-z-]+", word) for word in rest[-1:]) and not command_takes_flag(command, rest[-1]):
        return  # a span that names an option, `nci finetune --data`, without a value
    # Spans such as `nci sample --test N` show a placeholder, `[--round N]` what may be left out.
    shown = re.sub(r"\[[^\]]*\]", "", "\0".join(rest)).split("\0")
    arguments = ["1" if re.fullmatch(r"[A-Z]", word) else word for word in shown if word]
    with command.make_context(words[0], arguments, resilient_parsing=False) as context:
        assert not context.args


def command_takes_flag(command: Any, option: str) -> bool:
    return any(option in (*p.opts, *p.secondary_opts) and p.is_flag for p in command.params if hasattr(p, "is_flag"))


@pytest.mark.parametrize("words", found("make", PAGES), ids=" ".join)
def test_every_make_target_exists(words: list[str]) -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", text, re.MULTILINE))
    assert {word for word in words if "=" not in word and not word.startswith("-")} <= targets


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_links_and_paths_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    made = {"reference/cli.md", "reference/monomers.md", "contributing.md", "changelog.md"}  # by scripts/site_pages.py
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        where = (path.parent / target).resolve()
        if "://" not in target and not target.startswith("mailto:"):
            generated = where.is_relative_to(ROOT / "docs") and str(where.relative_to(ROOT / "docs")) in made
            assert where.exists() or generated, f"{path.name} links to {target}"
    for target in re.findall(r"`((?:docs|data|scripts|benchmarks|nci_core|app|tests)/[\w./-]*\w)`", text):
        assert (ROOT / target).exists(), f"{path.name} speaks of {target}"
