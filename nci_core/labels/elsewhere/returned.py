"""`result-pyscf.json` as the script that travels writes it: its form and bounds, not yet whose it is."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import orjson
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from nci_core.errors import InputError
from nci_core.labels.elsewhere.task import LAYOUTS, UNITS, FragmentName
from nci_core.labels.results import YEAR_SECONDS, Count, FinishedAt, Finite, Gigabytes, Seconds
from nci_core.visible import quoted

#: Bytes; a result of 200 atoms has some 30 kB.
MOST_BYTES = 4_000_000
#: Clocks of clusters are off by minutes at most; time zones are in the times.
CLOCKS_DIFFER = timedelta(hours=1)
#: Seconds that the sum over the fragments may exceed the whole by: each is measured on its own.
SLACK_SECONDS = 5.0


def _from_iso_form(value: object) -> datetime:
    # pydantic would take numbers, also in quotes, as seconds since 1970.
    if not isinstance(value, str) or not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:", value):
        raise ValueError("it is not a time such as 2026-01-31T12:00:00+00:00")
    return datetime.fromisoformat(value)


def _not_in_the_future(moment: datetime) -> datetime:
    if moment > datetime.now(UTC) + CLOCKS_DIFFER:
        raise ValueError("it is in the future")
    return moment


Moment = Annotated[FinishedAt, BeforeValidator(_from_iso_form), AfterValidator(_not_in_the_future)]
Wall = Annotated[Seconds, Field(le=YEAR_SECONDS)]
#: One line for people, such as a version or a processor's name.
Words = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
Geometry = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
RecipeHash = Annotated[str, Field(pattern=r"^[0-9a-f]{12}$")]
Place = tuple[Finite, Finite, Finite]


class ReturnedFragment(BaseModel):
    """One fragment in the script's result; energies in hartree, absent where a step did not converge."""

    model_config = ConfigDict(extra="forbid", strict=True)

    n_basis: Count
    n_frozen: Count
    n_electrons: Count
    nuclear_repulsion_hartree: Finite
    hf_hartree: Finite | None
    ccsd_hartree: Finite | None
    triples_hartree: Finite | None
    t1_diagnostic: Annotated[Finite, Field(ge=0)] | None
    scf_converged: bool
    ccsd_converged: bool
    scf_cycles: Count
    cc_cycles: Count
    cpu_seconds: Seconds
    wall_seconds: Wall


class ReturnedResult(BaseModel):
    """`result-pyscf.json`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    layout: int
    units: dict[str, str]
    geometry_hash: Geometry
    recipe_hash: RecipeHash
    recipe: dict[str, object]
    host_symbols: list[str]
    host_positions_angstrom: list[Place]
    probe: str
    position_angstrom: Place
    program: Literal["pyscf"]
    versions: Annotated[dict[Words, Words], Field(max_length=20)]
    processor: Words
    threads: Count
    fragments: dict[FragmentName, ReturnedFragment]
    cpu_seconds: Seconds
    wall_seconds: Wall
    memory_gb: Gigabytes
    finished_at: Moment

    @model_validator(mode="after")
    def _times_add_up(self) -> "ReturnedResult":
        for name in ("cpu_seconds", "wall_seconds"):
            if sum(getattr(part, name) for part in self.fragments.values()) > getattr(self, name) + SLACK_SECONDS:
                raise ValueError(f"{name} is less than the fragments took")
        return self


def parse_result(content: bytes, where: str) -> ReturnedResult:
    """Read a result's form, not yet whose it is; raises InputError."""
    try:
        raw = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise InputError(f"{where} is not valid JSON; copy it again or run the script again.") from None
    layout = raw.get("layout") if isinstance(raw, dict) else None
    if type(layout) is not int or layout not in LAYOUTS:
        known = " and ".join(map(str, LAYOUTS))
        raise InputError(
            f"{where} has layout {quoted(layout)}, this version reads {known}; export and compute it again."
        )
    if raw.get("units") != UNITS:
        raise InputError(f"{where} is in other units than hartree and Å; nothing was stored of it.")
    try:
        # From the bytes: what JSON has no type for (tuples, times) is then read even though types are strict.
        return ReturnedResult.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = quoted(".".join(str(part) for part in first["loc"]))
        message = quoted(first["msg"].removeprefix("Value error, "))
        reason = f"{field}: {message[:1].lower()}{message[1:]}" if field else message
        raise InputError(f"{where} is not a result of the script ({reason}); it was not stored.") from None
