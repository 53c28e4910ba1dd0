"""Recipes of one's own, as TOML files."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from nci_core.errors import InputError
from nci_core.reference.recipes import Recipe


def read_recipe(path: Path) -> Recipe:
    """A recipe from a TOML file with the fields of `Recipe`; raises InputError in one sentence."""
    try:
        return Recipe.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not valid TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or "the recipe"
        raise InputError(f"{path}: {field}: {first['msg']}.") from None
