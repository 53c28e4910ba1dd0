"""Recipes of one's own, as TOML files."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from nci_core.errors import InputError
from nci_core.files import decode_text, read_limited
from nci_core.reference.recipes import Recipe

#: Far more than a recipe with a midbond set and a second basis takes.
MOST_BYTES = 100_000


def read_recipe(path: Path) -> Recipe:
    """A recipe from a TOML file with the fields of `Recipe`; raises InputError in one sentence.

    Whether its basis sets are there for a dimer is for `check_recipe` to say.
    """
    text = decode_text(read_limited(path, MOST_BYTES))
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, brackets in thousands of brackets
        raise InputError(f"{path} is not valid TOML: {one_line(error)}.") from None
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = one_line(".".join(map(str, first["loc"]))) or "the recipe"
        raise InputError(f"{path}: {field}: {one_line(first['msg'].removeprefix('Value error, '))}.") from None


def one_line(what: object) -> str:
    """Text of others inside a sentence: printable, on one line, of bounded length, without a full stop.

    >>> one_line("no\\x1b[31m\\nend.")
    'no�[31m end'
    """
    text = " ".join(str(what).split())[:200].rstrip(".")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
