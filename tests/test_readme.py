"""Every command in the README and its companions exists, with its options; cheap ones are run."""

import os
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from nci_core.cli.main import app

ROOT = Path(__file__).parents[1]
PAGES = [path for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "data" / "README.md") if path.exists()]
FENCE = re.compile(r"^(`{3,})(\w*)[^\n]*\n(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)
COMMANDS: Any = typer.main.get_command(app)


def shell_lines(path: Path) -> list[str]:
    """Lines of the shell blocks (```, ```sh, ```bash, ```console), continued lines joined."""
    lines: list[str] = []
    for _, language, body in FENCE.findall(path.read_text(encoding="utf-8")):
        if language in ("", "sh", "bash", "shell", "console"):
            lines += body.replace("\\\n", " ").splitlines()
    return [line.strip().removeprefix("$ ").strip() for line in lines]


def inline(path: Path) -> list[str]:
    """Commands in `code spans` outside the blocks."""
    return re.findall(r"`((?:[\w./]*nci|make) [^`]+)`", FENCE.sub("", path.read_text(encoding="utf-8")))


def words_of(line: str) -> list[str]:
    """A command's words, without a comment, leading VARIABLE=value and what follows a pipe."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    for stop in ("|", "&&", ";", ">", "||"):
        if stop in words:
            words = words[: words.index(stop)]
    return words


def found(tool: str) -> list[list[str]]:
    commands = []
    for path in PAGES:
        for line in [*shell_lines(path), *inline(path)]:
            words = words_of(line)
            if len(words) > 1 and Path(words[0]).name == tool:
                commands.append(words[1:])
    return commands


def click_command(words: list[str]) -> Any:
    command = COMMANDS.commands.get(words[0])
    assert command is not None, f"nci has no command {words[0]!r}"
    return command


def test_the_readme_opens_with_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    first = FENCE.search(text)
    assert first is not None
    assert [words_of(line)[:2] for line in first[3].splitlines()] == [["make", "app"], ["make", "test"]]
    assert first.start() < 600, "before anything else"


def test_the_readme_has_commands_to_check() -> None:
    assert len(found("nci")) >= 10
    assert len(found("make")) >= 2


@pytest.mark.parametrize("words", found("nci"), ids=" ".join)
def test_every_nci_command_exists_with_its_options(words: list[str]) -> None:
    if words[0].startswith("-"):
        return
    command = click_command(words)
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    asked = [word.split("=")[0] for word in words[1:] if word.startswith("-") and not re.fullmatch(r"-[\d.]+", word)]
    assert set(asked) <= known | {"--help"}


@pytest.mark.parametrize("words", [words for words in found("nci") if "…" not in " ".join(words)], ids=" ".join)
def test_every_nci_command_can_be_parsed(words: list[str]) -> None:
    """Arguments, types and required options too: click parses, nothing runs."""
    if words[0].startswith("-") or "--help" in words or len(words) == 1:
        return
    command = click_command(words)
    # Spans such as `nci sample --test N` show a placeholder.
    arguments = ["1" if re.fullmatch(r"[A-Z]", word) else word for word in words[1:]]
    with command.make_context(words[0], arguments, resilient_parsing=False) as context:
        assert not context.args


@pytest.mark.parametrize("words", found("make"), ids=" ".join)
def test_every_make_target_exists(words: list[str]) -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([\w-]+):", text, re.MULTILINE))
    assert {word for word in words if "=" not in word and not word.startswith("-")} <= targets


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.parent.name + "/" + path.name)
def test_links_and_paths_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and not target.startswith("mailto:"):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
    for target in re.findall(r"`((?:docs|data|scripts|benchmarks|nci_core|app|tests)/[\w./-]*\w)`", text):
        assert (ROOT / target).exists(), f"{path.name} speaks of {target}"


def test_python_in_the_readme_is_python() -> None:
    import ast

    import nci_core

    for _, language, body in FENCE.findall((ROOT / "README.md").read_text(encoding="utf-8")):
        if language in ("python", "py"):
            for node in ast.walk(ast.parse(body)):
                if isinstance(node, ast.ImportFrom) and node.module == "nci_core":
                    for alias in node.names:
                        assert hasattr(nci_core, alias.name)


def test_the_cheap_commands_of_the_readme_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """init, sample, select and export exactly as printed, in an empty folder; a small sample stands for a large one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "campaigns").mkdir()
    runner = CliRunner()
    init = next((words for words in found("nci") if words[0] == "init" and len(words) > 1), None)
    if init is None:
        pytest.skip("the README has no `nci init`")
    done = runner.invoke(app, init, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    monkeypatch.setenv("NCI_CAMPAIGN", init[1])
    sample = next(words for words in found("nci") if words[0] == "sample" and "--n" in words)
    sample[sample.index("--n") + 1] = "40"
    if "--test" in sample:
        sample[sample.index("--test") + 1] = "4"
    done = runner.invoke(app, sample, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "frozen test set" in done.output
    target = next(words for words in found("nci") if words[0] == "export" and len(words) > 1)
    done = runner.invoke(app, target, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert os.path.exists(target[1])
