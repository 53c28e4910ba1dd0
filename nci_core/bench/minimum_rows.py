"""Labels at published minima as rows, kept as lines of JSON. Reading them takes neither torch nor PySCF."""

from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, Field

from nci_core.errors import InputError

#: Name of the stored rows in the folder of the other benchmarks.
FILE = "minima.jsonl"


class MinimumRow(BaseModel):
    """A label at a published minimum; energies in cm⁻¹."""

    model_config = ConfigDict(extra="forbid")

    dimer: str
    geometry: str
    published_cm1: float
    method: str
    source: str
    checked: bool
    recipe: str
    recipe_hash: str = ""
    energy_cm1: float | None = None
    std_cm1: float | None = Field(None, description="what the recipe says of its own error here")
    cpu_minutes: float | None = None
    failure: str = ""


def read_minima(path: Path) -> list[MinimumRow]:
    """Rows of a file; raises InputError."""
    try:
        return [MinimumRow.model_validate(orjson.loads(line)) for line in path.read_bytes().splitlines()]
    except (OSError, ValueError):
        raise InputError(f"{path} holds no minima; run `nci bench minima` first.") from None
