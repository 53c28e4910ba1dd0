"""Recipes of one's own, as TOML files."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from nci_core.errors import InputError
from nci_core.files import decode_text, read_limited
from nci_core.labels.recipes import Recipe
from nci_core.visible import quoted

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
        raise InputError(f"{path} is not valid TOML: {quoted(error, 200).rstrip('.')}.") from None
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = quoted(".".join(map(str, first["loc"]))) or "the recipe"
        raise InputError(
            f"{path}: {field}: {quoted(first['msg'].removeprefix('Value error, '), 200).rstrip('.')}."
        ) from None
