"""Measured recipes as rows: one a recipe, kept as lines of JSON. Drawing and reading them takes no torch."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import orjson
from pydantic import BaseModel, ConfigDict, Field

from nci_core.errors import InputError
from nci_core.files import write_atomically

#: Name of the stored rows in the folder of the other benchmarks.
FILE = "recipes.jsonl"
#: What a label's error on attractive points may be at most, cm⁻¹, and what it may cost, CPU minutes.
TARGET_CM1, TARGET_MINUTES = 2.0, 5.0


class RecipeRow(BaseModel):
    """One recipe: errors in cm⁻¹ over n labels below 1000 cm⁻¹, mean costs of a label."""

    model_config = ConfigDict(extra="forbid")

    recipe: str
    n: int
    n_attractive: int
    mae_attractive_cm1: float | None
    mae_cm1: float | None
    well_cm1: float | None = Field(description="MAE below -20 cm⁻¹")
    tail_cm1: float | None = Field(description="MAE from -20 to 0 cm⁻¹")
    wall_cm1: float | None = Field(description="MAE from 0 to 1000 cm⁻¹")
    cpu_minutes: float | None = Field(description="None: not measured here")
    rss_gb: float | None


def write_rows(path: Path, rows: Iterable[RecipeRow]) -> None:
    """One row a line."""
    write_atomically(path, b"".join(orjson.dumps(one.model_dump()) + b"\n" for one in rows))


def read_recipe_rows(path: Path) -> list[RecipeRow]:
    """Rows as `write_rows` wrote them; raises InputError."""
    try:
        return [RecipeRow.model_validate(orjson.loads(line)) for line in path.read_bytes().splitlines()]
    except (OSError, ValueError):
        raise InputError(f"{path} holds no rows; run `nci bench recipes --data REFERENCE` first.") from None


def pareto(rows: Iterable[RecipeRow]) -> list[str]:
    """Names of recipes that no other one beats in both cost and error on attractive points."""
    known = [one for one in rows if one.cpu_minutes is not None and one.mae_attractive_cm1 is not None]
    found, best = [], np.inf
    for one in sorted(known, key=lambda r: (r.cpu_minutes or 0.0, r.mae_attractive_cm1 or 0.0)):
        if (one.mae_attractive_cm1 or 0.0) < best:
            best = one.mae_attractive_cm1 or 0.0
            found.append(one.recipe)
    return found
