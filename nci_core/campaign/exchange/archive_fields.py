"""Types of what an archive's rows hold, each with its bounds. Energies in eV, lengths in Å."""

import math
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from nci_core.labels.doubts import Doubt
from nci_core.store.base import Split

#: Characters of a sentence or of a traceback that somebody kept as an error.
LONGEST_TEXT = 100_000
#: Lists and tables inside each other: what nci writes has six.
DEEPEST = 32
#: Years in which labels can have been computed, and which every database takes.
FIRST_YEAR, LAST_YEAR = 1970, 2200
#: eV: above all electrons of any molecule, and far below where sums of squares overflow.
LARGEST_ENERGY_EV = 1e9
#: Å and seconds (300 years): anything larger is no measurement.
LARGEST_DISTANCE, LARGEST_SECONDS = 1e4, 1e10
#: What PostgreSQL's INTEGER and BIGINT hold.
LARGEST_COUNT, LARGEST_SEED = 2**31 - 1, 2**63 - 1


def check_json(value: Any, largest: float = math.inf) -> Any:
    """Return JSON values as they are; ValueError for a null character, or what is too deep, too long or too large."""
    waiting = [(value, 0)]
    while waiting:
        item, depth = waiting.pop()
        if depth > DEEPEST:
            raise ValueError(f"lists and tables are nested more than {DEEPEST} deep")
        if isinstance(item, dict):
            waiting += [(inner, depth + 1) for pair in item.items() for inner in pair]
        elif isinstance(item, list):
            waiting += [(inner, depth + 1) for inner in item]
        elif isinstance(item, str):
            _check_text(item)
        elif isinstance(item, int | float) and not math.isfinite(item):
            raise ValueError("a number is not finite")
        elif isinstance(item, int | float) and abs(item) > largest:
            raise ValueError(f"a number is above {largest:g}")
    return value


def _check_text(value: str) -> str:
    if "\0" in value or len(value) > LONGEST_TEXT:
        raise ValueError(f"a text has a null character or more than {LONGEST_TEXT:,} characters")
    return value


def _time(value: Any) -> datetime:
    """An ISO time; one without a zone is in UTC."""
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError("it is not a time such as 2026-11-23T02:08:39+00:00")
    found = datetime.fromisoformat(value)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise ValueError(f"the year is not between {FIRST_YEAR} and {LAST_YEAR}")
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


GeometryHash = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
RecipeHash = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
#: A plain file name without its suffix.
ModelName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
#: As `campaign.toml` names a system.
SystemName = Annotated[str, Field(min_length=1, max_length=100)]
Text = Annotated[str, AfterValidator(_check_text)]
Word = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_check_text)]
#: Empty for energies that no file held.
FileName = Annotated[str, Field(max_length=1000), AfterValidator(_check_text)]
Time = Annotated[datetime, BeforeValidator(_time)]
Energy = Annotated[float, Field(ge=-LARGEST_ENERGY_EV, le=LARGEST_ENERGY_EV)]
Error = Annotated[float, Field(ge=-1e4 * LARGEST_ENERGY_EV, le=1e4 * LARGEST_ENERGY_EV)]  # 8,066 cm⁻¹ an eV
Spread = Annotated[float, Field(ge=0, le=LARGEST_ENERGY_EV)]
Coordinate = Annotated[float, Field(ge=-LARGEST_DISTANCE, le=LARGEST_DISTANCE)]
Seconds = Annotated[float, Field(ge=0, le=LARGEST_SECONDS)]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Json = Annotated[dict[str, Any], AfterValidator(check_json)]
Channels = Annotated[dict[Word, Energy], Field(max_length=20)]
Vector = Annotated[list[Energy], Field(min_length=3, max_length=3)]
Doubts = Annotated[list[Doubt], Field(max_length=100), BeforeValidator(check_json)]

#: What a column may hold by its type in the table …
BY_TYPE: dict[Any, Any] = {
    str: Text,
    int: Count,
    datetime: Time,
    dict[str, Any]: Json,
    dict[str, float]: Channels,
    list[float]: Vector,
}
#: … and by its name, which says more.
BY_NAME: dict[str, Any] = {
    **dict.fromkeys(("cut", "device", "method", "name", "recipe", "spec", "strategy", "teacher"), Word),
    **dict.fromkeys(("identity", "recipe_hash"), RecipeHash),
    **dict.fromkeys(("model_id", "parent_id"), ModelName),
    **dict.fromkeys(("bias_cm1", "mae_cm1", "max_cm1", "rmse_cm1"), Error),
    **dict.fromkeys(("distance_angstrom", "x_angstrom", "y_angstrom", "z_angstrom"), Coordinate),
    **dict.fromkeys(("cpu_seconds", "seconds"), Seconds),
    "configuration_id": GeometryHash,
    "energy_ev": Energy,
    "file_name": FileName,
    "reasons": Doubts,
    "region": Literal["all", "well", "tail", "wall", "beyond"],
    "result": dict[str, Any],  # `archive_checks` reads it as a LabelResult
    "seed": Seed,
    "sha256": Sha256,
    "split": Split,
    "std_ev": Spread,
    "system_id": SystemName,
}
