"""The project's papers as tests see them: code blocks, commands, and an empty folder in which a page's examples run.

Blocks of the languages `sh` and `python` are examples: they are run as they are printed, in their order. Blocks
without a language, or `console`, show commands that need a cluster, hours or a person; those must only exist and parse.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from nci_core.cli.main import app

ROOT = Path(__file__).parents[1]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "data" / "README.md", *DOCS]
FENCE = re.compile(r"^( *)(`{3,})(\w*)[^\n]*\n(.*?)^\1\2\s*$", re.MULTILINE | re.DOTALL)
SHOWN = ("", "sh", "bash", "shell", "console")
COMMANDS: Any = typer.main.get_command(app)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its language and its text."""

    language: str
    body: str


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    return [Block(language, body) for _, _, language, body in FENCE.findall(text)]


def lines_of(body: str) -> list[str]:
    """Commands of a shell block, continued lines joined, without prompts."""
    lines = body.replace("\\\n", " ").splitlines()
    return [line.strip().removeprefix("$ ").strip() for line in lines if line.strip()]


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


def inline(path: Path) -> list[str]:
    """Commands in `code spans` outside the blocks."""
    return re.findall(r"`((?:[\w./]*nci|make) [^`]+)`", FENCE.sub("", path.read_text(encoding="utf-8")))


def found(tool: str, paths: list[Path]) -> list[list[str]]:
    """Words after the tool's name of every command of these pages, each once."""
    commands = {}
    for path in paths:
        lines = [line for block in blocks(path) if block.language in SHOWN for line in lines_of(block.body)]
        for line in [*lines, *inline(path)]:
            words = words_of(line)
            if len(words) > 1 and Path(words[0]).name == tool:
                commands[" ".join(words[1:])] = words[1:]
    return list(commands.values())


def example(path: Path) -> bool:
    """Whether a page has blocks that are run."""
    return any(block.language in ("sh", "python") for block in blocks(path))
