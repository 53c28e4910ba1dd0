"""What the files of an archive may hold, row by row: nothing else is read, whoever wrote them.

Rows name each other by geometry hash and model name, never by database ids. Fields that came later have defaults, so
that archives of earlier versions are read; fields that are not known are refused. Energies in eV, lengths in Å.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, model_validator

from nci_core.campaign.exchange.archive_fields import (
    Coordinate,
    Count,
    Energy,
    Error,
    GeometryHash,
    Json,
    ModelName,
    RecipeHash,
    Seconds,
    Seed,
    Sha256,
    Spread,
    SystemName,
    Text,
    Time,
    Word,
    channels_of_before,
    check_json,
)
from nci_core.labels.checks import Doubt
from nci_core.store.base import LabelEventKind, ModelKind, PickState, SetKind, Split, State
from nci_core.store.models import MODELS


class ArchiveRow(BaseModel):
    """A row of an archive."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ConfigurationRow(ArchiveRow):
    """A frame of configurations.extxyz, and the name of its system."""

    geometry_hash: GeometryHash
    system_id: SystemName
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
    torque_ev: Annotated[list[Energy], Field(min_length=3, max_length=3)] | None = None
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
    """Errors of history.json, in cm⁻¹: of one system, or of all together."""

    system_id: SystemName | None = None
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


class SetEnergyRow(ArchiveRow):
    """An energy of a set."""

    configuration_id: GeometryHash
    energy_ev: Energy
    row: Count


class EnergySetRow(ArchiveRow):
    """Energies that somebody brought, of history.json, with all that is in the set."""

    name: Annotated[Word, Field(max_length=100)]
    method: Word
    kind: SetKind
    identity: RecipeHash
    file_name: Word
    sha256: Sha256
    details: Json = {}
    person: Text
    created_at: Time
    energies: list[SetEnergyRow] = Field(max_length=100_000)


class PredictionRow(ArchiveRow):
    """A line of predictions.jsonl: a model's energy of a configuration."""

    table: Literal["predictions"]
    model_id: ModelName
    configuration_id: GeometryHash
    energy_ev: Energy
    std_ev: Spread | None = None


class CutPointRow(_OfModelOrTeacher):
    """A line of predictions.jsonl: a point of a radial cut, of the only system where none is named."""

    table: Literal["cut_points"]
    system_id: SystemName | None = None
    cut: Word
    distance_angstrom: Coordinate
    x_angstrom: Coordinate
    y_angstrom: Coordinate
    z_angstrom: Coordinate
    energy_ev: Energy
    std_ev: Spread | None = None
    channels_ev: dict[Word, Energy] = Field({}, max_length=20)

    _of_before = model_validator(mode="before")(channels_of_before)


EvaluationRow = Annotated[PredictionRow | CutPointRow, Discriminator("table")]


class History(ArchiveRow):
    """The whole of history.json; archives of earlier versions have no `labels`, `taught_by` and `energy_sets`."""

    rounds: list[RoundRow]
    picks: list[PickRow]
    models: list[ModelRow]
    metrics: list[MetricRow]
    labels: list[LabelEventRow] = []
    taught_by: list[TaughtByRow] = []
    energy_sets: list[EnergySetRow] = []
