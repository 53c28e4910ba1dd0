"""What the files of an archive may hold: rows of the database's tables, and nothing else, whoever wrote them.

A row has the columns of its table, each with its bounds. Rows name each other by geometry hash and by the names of
models, systems and sets of energies, never by database ids. Columns that came later have defaults, so that archives of
earlier versions are read; fields that are not known are refused. Energies in eV, lengths in Å.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, create_model, model_validator

from nci_core.campaign.exchange.archive_fields import (
    BY_NAME,
    BY_TYPE,
    Coordinate,
    Count,
    Error,
    GeometryHash,
    Json,
    ModelName,
    Seed,
    SystemName,
    Text,
    Word,
)
from nci_core.config import FILE_NAME
from nci_core.store import schema
from nci_core.store.base import Base, Split, State
from nci_core.store.models import MODELS

Row = dict[str, Any]
Rows = Mapping[type[Base], Sequence[Row]]

CONFIGURATIONS = "configurations.extxyz"
TEACHERS = "teachers.jsonl"
LABELS = "labels.jsonl"
HISTORY = "history.json"
PREDICTIONS = "predictions.jsonl"
#: File with one row a line → its tables; where there are two, each row says which one it is of.
LINES: dict[str, tuple[type[Base], ...]] = {
    TEACHERS: (schema.TeacherLabel,),
    LABELS: (schema.Label,),
    PREDICTIONS: (schema.Prediction, schema.CutPoint),
}
#: List of history.json → its table; a set of energies has its energies inside.
LISTS: dict[str, type[Base]] = {
    "rounds": schema.Round,
    "picks": schema.Pick,
    "metrics": schema.Metric,
    "taught_by": schema.TaughtBy,
    "models": schema.Model,
    "labels": schema.LabelEvent,
    "energy_sets": schema.EnergySet,
}
#: All files but those of models.
FILES = (CONFIGURATIONS, *LINES, HISTORY, FILE_NAME)
#: Table → the file that has its rows.
FILE_OF = {
    table: name for name, tables in (LINES | {HISTORY: (*LISTS.values(), schema.SetEnergy)}).items() for table in tables
}
#: Lists that archives of earlier versions lack.
LATER = ("labels", "taught_by", "energy_sets")

#: Columns without which no row is read, though new rows of the database have defaults for them.
ALWAYS = ("created_at", "state")
#: Numbers of a finished label that are in its result: repeated in its row, they could contradict it.
OF_RESULT = ("energy_ev", "hf_ev", "ccsd_ev", "triples_ev", "cpu_seconds", "wall_seconds", "memory_gb")
#: Columns that are not written: numbers of one database, and in a table what follows from the rest.
NUMBERS = ("id", "job_id")
FOLLOWING: dict[type[Base], tuple[str, ...]] = {
    schema.Label: ("system_id", "recipe_std_cm1", *OF_RESULT),
    schema.SetEnergy: ("set_id",),
}


class ArchiveRow(BaseModel):
    """A row of an archive."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


class ConfigurationRow(ArchiveRow):
    """A frame of configurations.extxyz, and the name of its system."""

    geometry_hash: GeometryHash
    system_id: SystemName
    position: tuple[Coordinate, Coordinate, Coordinate]
    pose: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)
    split: Split = "pool"
    origin: Annotated[Word, BeforeValidator(str)] = "import"  # a text of digits is read as a number
    sample_seed: Seed | None = None


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


class LabelRow(ArchiveRow):
    """What a line of labels.jsonl must agree in; `archive_checks` reads `result` as a LabelResult."""

    status: State
    result: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _result_where_complete(self) -> Self:
        if (self.status == "complete") != (self.result is not None):
            raise ValueError("a label has a result if it is complete, and only then")
        return self


class ModelRow(ArchiveRow):
    """What a model of history.json must agree in. Its file can have one place only."""

    name: ModelName
    path: str
    notes: Json = {}

    @model_validator(mode="after")
    def _own_file(self) -> Self:
        if self.path != f"{MODELS}/{self.name}.pt":
            raise ValueError(f"the path of a model must be {MODELS}/NAME.pt")
        ModelNotes.model_validate(self.notes)
        return self


class RoundRow(ArchiveRow):
    """A round of history.json."""

    kind: Literal["distill", "finetune"]


class _OfModelOrTeacher(ArchiveRow):
    """What belongs to a model or to a teacher."""

    model_id: ModelName | None = None
    teacher: Word | None = None

    @model_validator(mode="after")
    def _one_owner(self) -> Self:
        if (self.model_id is None) == (self.teacher is None):
            raise ValueError("it must be of a model or of a teacher")
        return self


class PredictionRow(ArchiveRow):
    """A line of predictions.jsonl: a model's energy of a configuration."""

    table: Literal["predictions"]


class CutPointRow(_OfModelOrTeacher):
    """A line of predictions.jsonl: a point of a radial cut, of the only system where none is named."""

    table: Literal["cut_points"]
    system_id: SystemName | None = None

    @model_validator(mode="before")
    @classmethod
    def _channels_of_before(cls, row: Any) -> Any:
        """A point of an earlier version has a field for each of two channels."""
        if not isinstance(row, dict) or "channels_ev" in row:
            return row
        rest = dict(row)
        found = {name: rest.pop(f"{name}_ev", None) for name in ("repulsion", "dispersion")}
        return rest | {"channels_ev": {name: value for name, value in found.items() if value is not None}}


def columns(table: type[Base]) -> list[str]:
    """The columns of a table that its rows have in an archive, in their order."""
    left_out = (*NUMBERS, *FOLLOWING.get(table, ()))
    return [column.name for column in table.__table__.columns if column.name not in left_out]


def _row(table: type[Base], base: type[ArchiveRow] = ArchiveRow) -> Any:
    """What a row of a table may hold: what `base` says, and all other columns with their bounds and defaults."""
    types = inspect.get_annotations(table)
    needed = [name for name, each in inspect.signature(table).parameters.items() if each.default is each.empty]
    empty = table(**dict.fromkeys(needed))  # its other columns have their defaults
    fields: dict[str, Any] = {}
    for name in columns(table):
        if name not in base.model_fields:
            (kind,) = get_args(types[name])  # of Mapped
            nullable = table.__table__.columns[name].nullable
            plain = get_args(kind)[0] if nullable else kind
            bounded = BY_NAME.get(name, BY_TYPE.get(plain, plain))
            default = ... if name in (*needed, *ALWAYS) else getattr(empty, name)
            fields[name] = (bounded | None if nullable else bounded, default)
    return create_model(f"{table.__name__}Row", __base__=base, **fields)


SetEnergyRow: Any = _row(schema.SetEnergy)


class EnergySetRow(ArchiveRow):
    """Energies that somebody brought, of history.json, with all that is in the set."""

    name: Annotated[Word, Field(max_length=100)]
    energies: list[SetEnergyRow] = Field(max_length=100_000)


#: Tables of whose rows more is known than the columns.
MORE: dict[type[Base], type[ArchiveRow]] = {
    schema.CutPoint: CutPointRow,
    schema.EnergySet: EnergySetRow,
    schema.Label: LabelRow,
    schema.Metric: _OfModelOrTeacher,
    schema.Model: ModelRow,
    schema.Prediction: PredictionRow,
    schema.Round: RoundRow,
}
#: What the rows of each table may hold.
ROWS: dict[type[Base], Any] = {table: _row(table, MORE.get(table, ArchiveRow)) for table in FILE_OF}
#: What a line of each file may hold.
LINE: dict[str, Any] = {
    TEACHERS: ROWS[schema.TeacherLabel],
    LABELS: ROWS[schema.Label],
    PREDICTIONS: Annotated[ROWS[schema.Prediction] | ROWS[schema.CutPoint], Discriminator("table")],
}
#: The lists of history.json, and all of it.
_LISTED: Any = {
    name: (list[ROWS[table]], [] if name in LATER else ...)  # type: ignore[valid-type]
    for name, table in LISTS.items()
}
History: Any = create_model("History", __base__=ArchiveRow, **_LISTED)


def renamed(row: Row, names: Mapping[str, Mapping[Any, Any]]) -> Row:
    """A row with all that it refers to, its proposals' configurations included, as the other side calls it.

    `names` has for each column that refers to something what its values are called there.
    """
    found = {key: names[key][value] if key in names and value is not None else value for key, value in row.items()}
    notes = found.get("notes")
    if isinstance(notes, dict) and "proposals" in notes:
        found["notes"] = notes | {"proposals": [renamed(each, names) for each in notes["proposals"]]}
    return found
