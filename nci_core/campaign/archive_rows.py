"""What the files of an archive may hold, row by row: nothing else is read, whoever wrote them.

Rows name each other by geometry hash and model name, never by database ids. Fields that came later have defaults, so
that archives of earlier versions are read; fields that are not known are refused. Energies in eV, lengths in Å.
"""

import math
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, model_validator

from nci_core.reference.checks import Doubt
from nci_core.store.base import LabelEventKind, ModelKind, PickState, Split, State
from nci_core.store.models import MODELS

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
        elif isinstance(item, int | float) and not (math.isfinite(item) and abs(item) <= largest):
            raise ValueError(f"a number is not finite or above {largest:g}")
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
Text = Annotated[str, AfterValidator(_check_text)]
Word = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_check_text)]
Time = Annotated[datetime, BeforeValidator(_time)]
Energy = Annotated[float, Field(ge=-LARGEST_ENERGY_EV, le=LARGEST_ENERGY_EV)]
Error = Annotated[float, Field(ge=-1e4 * LARGEST_ENERGY_EV, le=1e4 * LARGEST_ENERGY_EV)]  # 8,066 cm⁻¹ an eV
Spread = Annotated[float, Field(ge=0, le=LARGEST_ENERGY_EV)]
Coordinate = Annotated[float, Field(ge=-LARGEST_DISTANCE, le=LARGEST_DISTANCE)]
Seconds = Annotated[float, Field(ge=0, le=LARGEST_SECONDS)]
Count = Annotated[int, Field(ge=0, le=LARGEST_COUNT)]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Json = Annotated[dict[str, Any], AfterValidator(check_json)]


class ArchiveRow(BaseModel):
    """A row of an archive."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ConfigurationRow(ArchiveRow):
    """A frame of configurations.extxyz."""

    geometry_hash: GeometryHash
    position: tuple[Coordinate, Coordinate, Coordinate]
    split: Split = "pool"
    origin: Word = "import"
    sample_seed: Seed | None = None


class TeacherRow(ArchiveRow):
    """A line of teachers.jsonl."""

    configuration_id: GeometryHash
    teacher: Word
    energy_ev: Energy
    channels_ev: dict[Word, Energy] = Field(max_length=20)
    force_ev_angstrom: Annotated[list[Energy], Field(min_length=3, max_length=3)] | None = None
    seconds: Seconds = 0.0


class TaughtByRow(ArchiveRow):
    """Which teacher a specification stood for, of history.json; it names no place in the new campaign."""

    spec: Word
    name: Word
    details: Json = {}
    created_at: Time


class LabelRow(ArchiveRow):
    """A line of labels.jsonl; `result` is checked as a LabelResult by `archive_checks`."""

    configuration_id: GeometryHash
    recipe: Word
    recipe_hash: RecipeHash
    status: State
    result: dict[str, Any] | None = None
    error: Text | None = None
    quarantine: Text | None = None
    round_number: Count | None = None
    picked_by: Text | None = None
    created_at: Time
    finished_at: Time | None = None

    @model_validator(mode="after")
    def _result_where_complete(self) -> Self:
        if (self.status == "complete") != (self.result is not None):
            raise ValueError("a label has a result if it is complete, and only then")
        return self


class RoundRow(ArchiveRow):
    """A round of history.json."""

    number: Count
    kind: Literal["distill", "finetune"]
    strategy: Word | None = None
    picked_by: Text | None = None
    notes: Text = ""
    recipe_hash: RecipeHash | None = None
    created_at: Time
    finished_at: Time | None = None
    cpu_seconds: Seconds = 0.0


class PickRow(ArchiveRow):
    """A pick of history.json."""

    configuration_id: GeometryHash
    picked_by: Text
    round_number: Count
    rank: Count | None = None
    score: float | None = None
    reason: Text = ""
    state: PickState
    created_at: Time


class ProposalRow(ArchiveRow):
    """A proposal among a model's notes."""

    configuration_id: GeometryHash
    rank: Count
    score: float
    std_cm1: Error | None = None
    reason: Text = ""


class GateRow(ArchiveRow):
    """A gate among a model's notes: what is shown of it has its type; gates of earlier versions had other fields."""

    model_config = ConfigDict(extra="allow")

    key: Word
    name: Text = ""
    question: Text = ""
    value: float | None = None
    unit: Text = ""
    low: float | None = None
    high: float | None = None
    reason: Text = ""
    meaning: Text = ""
    where: Text = ""


class ModelNotes(ArchiveRow):
    """Those notes of a model that have a form; others are any JSON."""

    model_config = ConfigDict(extra="allow")

    proposals: list[ProposalRow] = Field(default=[], max_length=100_000)
    gates: list[GateRow] = Field(default=[], max_length=1000)


class ModelRow(ArchiveRow):
    """A model of history.json. Its file can have one place only."""

    name: ModelName
    kind: ModelKind
    path: str
    sha256: Sha256
    recipe_hash: RecipeHash | None = None
    teacher: Word | None = None
    round_number: Count = 0
    parent_id: ModelName | None = None
    n_labels: Count = 0
    settings: Json = {}
    seed: Seed | None = None
    seconds: Seconds = 0.0
    device: Word = "cpu"
    active: bool = False
    notes: Json = {}
    created_at: Time

    @model_validator(mode="after")
    def _own_file(self) -> Self:
        if self.path != f"{MODELS}/{self.name}.pt":
            raise ValueError(f"the path of a model must be {MODELS}/NAME.pt")
        _ = self.typed_notes
        return self

    @property
    def typed_notes(self) -> ModelNotes:
        """The notes that have a form."""
        return ModelNotes.model_validate(self.notes)


class _OfModelOrTeacher(ArchiveRow):
    """What belongs to a model or to a teacher."""

    model_id: ModelName | None = None
    teacher: Word | None = None

    @model_validator(mode="after")
    def _one_owner(self) -> Self:
        if (self.model_id is None) == (self.teacher is None):
            raise ValueError("it must be of a model or of a teacher")
        return self


class MetricRow(_OfModelOrTeacher):
    """Errors of history.json, in cm⁻¹."""

    split: Split
    recipe_hash: RecipeHash
    region: Literal["all", "well", "tail", "wall", "beyond"] = "all"
    n: Count
    mae_cm1: Error
    rmse_cm1: Error
    max_cm1: Error
    bias_cm1: Error
    created_at: Time


class LabelEventRow(ArchiveRow):
    """What happened to a label, of history.json; `result` as in a LabelRow."""

    configuration_id: GeometryHash
    recipe_hash: RecipeHash
    what: LabelEventKind
    reasons: Annotated[list[Doubt], Field(max_length=100), BeforeValidator(check_json)] = []
    person: Text | None = None
    because: Text = ""
    error: Text | None = None
    result: dict[str, Any] | None = None
    created_at: Time


class PredictionRow(ArchiveRow):
    """A line of predictions.jsonl: a model's energy of a configuration."""

    table: Literal["predictions"]
    model_id: ModelName
    configuration_id: GeometryHash
    energy_ev: Energy
    std_ev: Spread | None = None


class CutPointRow(_OfModelOrTeacher):
    """A line of predictions.jsonl: a point of a radial cut."""

    table: Literal["cut_points"]
    cut: Word
    distance_angstrom: Coordinate
    x_angstrom: Coordinate
    y_angstrom: Coordinate
    z_angstrom: Coordinate
    energy_ev: Energy
    std_ev: Spread | None = None
    repulsion_ev: Energy | None = None
    dispersion_ev: Energy | None = None


EvaluationRow = Annotated[PredictionRow | CutPointRow, Discriminator("table")]


class History(ArchiveRow):
    """The whole of history.json; archives of earlier versions have no `labels` and no `taught_by`."""

    rounds: list[RoundRow]
    picks: list[PickRow]
    models: list[ModelRow]
    metrics: list[MetricRow]
    labels: list[LabelEventRow] = []
    taught_by: list[TaughtByRow] = []
