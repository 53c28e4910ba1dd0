"""The sentences that the troubleshooting page quotes are sentences of the program, word for word."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "how-to" / "troubleshooting.md"
SECTION = PAGE.read_text("utf-8").partition("\n## Some sentences")[2].partition("\n## ")[0]
QUOTED = [" ".join(quote.split()) for quote in re.findall(r"\*\*(.+?)\*\*", SECTION, re.DOTALL)]


def texts(tree: ast.AST) -> Iterator[str]:
    """Strings of a module as people see them, … for what a program puts in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "…" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@cache
def program() -> frozenset[str]:
    files = [path for folder in ("nci_core", "app") for path in (ROOT / folder).rglob("*.py")]
    found = (text for path in files for text in texts(ast.parse(path.read_text("utf-8"))))
    return frozenset(text for text in found if " " in text and len(text) < 500)


def is_said(quote: str) -> bool:
    """Whether one text of the program is the quoted one, with anything in place of each …."""
    pattern = re.compile(".+".join(map(re.escape, quote.split("…"))))
    return any(pattern.fullmatch(text) for text in program())


def test_sentences_are_quoted() -> None:
    assert len(QUOTED) >= 10
    assert not is_said("The disk is empty: nothing was written to …; free some space and try again.")


@pytest.mark.parametrize("quote", QUOTED)
def test_each_quoted_sentence_is_one_of_the_program(quote: str) -> None:
    assert is_said(quote), "say it as the program does"
