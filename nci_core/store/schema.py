"""The tables, as typed dataclasses. Energies in eV, lengths in Å, times in UTC or seconds.

The rows that queries return are instances of these classes, detached from the database: read
them freely; changing one changes nothing until a function of this package writes it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nci_core.store.base import (
    Base,
    LabelEventKind,
    ModelKind,
    PickState,
    SetKind,
    Split,
    State,
    StepKind,
    one_of,
    utc_now,
)
from nci_core.store.schema_jobs import Job as Job  # all tables are found here
from nci_core.store.schema_jobs import JobEvent as JobEvent

#: Any seed that SQLite's INTEGER holds; PostgreSQL's has 32 bits only.
SEED = Integer().with_variant(BigInteger(), "postgresql")


class CampaignInfo(Base, kw_only=True):
    """The one row that says what the campaign is about."""

    __tablename__ = "campaign_info"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1, init=False)
    dimer: Mapped[str]
    host: Mapped[str]
    host_symbols: Mapped[list[str]]
    host_positions_angstrom: Mapped[list[list[float]]]
    host_source: Mapped[str] = mapped_column(default="")
    probe: Mapped[str]
    teacher: Mapped[str]
    recipe: Mapped[str]
    recipe_hash: Mapped[str]
    well_below_cm1: Mapped[float]
    limit_cm1: Mapped[float]
    test_frozen_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)
    nci_version: Mapped[str]


class Configuration(Base, kw_only=True):
    """A probe position in the host's frame; symmetry-equivalent positions are one row."""

    __tablename__ = "configurations"
    __table_args__ = (one_of("split", Split),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    geometry_hash: Mapped[str] = mapped_column(unique=True)
    x_angstrom: Mapped[float]
    y_angstrom: Mapped[float]
    z_angstrom: Mapped[float]
    origin: Mapped[str] = mapped_column(default="sample")
    sample_seed: Mapped[int | None] = mapped_column(SEED, default=None)
    split: Mapped[Split] = mapped_column(default="pool", index=True)
    sector: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)


class TeacherLabel(Base, kw_only=True):
    """One teacher's interaction energy of a configuration."""

    __tablename__ = "teacher_labels"

    configuration_id: Mapped[int] = mapped_column(ForeignKey("configurations.id"), primary_key=True)
    teacher: Mapped[str] = mapped_column(primary_key=True)
    energy_ev: Mapped[float]
    channels_ev: Mapped[dict[str, float]]
    force_ev_angstrom: Mapped[list[float] | None] = mapped_column(default=None)
    seconds: Mapped[float] = mapped_column(default=0.0)


class TaughtBy(Base, kw_only=True):
    """Which teacher a specification stands for: `name` is that of its labels, `details` what it was told apart by."""

    __tablename__ = "taught_by"

    spec: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)


class Round(Base, kw_only=True):
    """One turn of the loop: select → label → fine-tune → evaluate. Round 0 is the distillation."""

    __tablename__ = "rounds"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    strategy: Mapped[str | None] = mapped_column(default=None)
    picked_by: Mapped[str | None] = mapped_column(default=None)
    notes: Mapped[str] = mapped_column(default="")
    recipe_hash: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    cpu_seconds: Mapped[float] = mapped_column(default=0.0)


class Label(Base, kw_only=True):
    """One reference calculation by one recipe: asked twice, computed once.

    `energy_ev` is the interaction energy, the sum of `hf_ev`, `ccsd_ev` and `triples_ev`. `recipe_std_cm1` is the
    standard error of the recipe, None where nobody knows it; it follows from the result's parts when it is written.
    `quarantine` is the reason why a finished label is not to be used, None for a good one. `error` is
    why it failed, or a note where a waiting label without a job is being computed.
    """

    __tablename__ = "labels"
    __table_args__ = (
        UniqueConstraint("configuration_id", "recipe_hash"),
        one_of("status", State),
        CheckConstraint("status <> 'complete' OR energy_ev IS NOT NULL", name="complete_has_energy"),
        Index(None, "recipe_hash", "status", "job_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    configuration_id: Mapped[int] = mapped_column(ForeignKey("configurations.id"))
    recipe: Mapped[str]
    recipe_hash: Mapped[str]
    status: Mapped[State] = mapped_column(default="waiting")
    energy_ev: Mapped[float | None] = mapped_column(default=None)
    hf_ev: Mapped[float | None] = mapped_column(default=None)
    ccsd_ev: Mapped[float | None] = mapped_column(default=None)
    triples_ev: Mapped[float | None] = mapped_column(default=None)
    recipe_std_cm1: Mapped[float | None] = mapped_column(default=None)
    result: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    cpu_seconds: Mapped[float | None] = mapped_column(default=None)
    wall_seconds: Mapped[float | None] = mapped_column(default=None)
    memory_gb: Mapped[float | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(default=None)
    quarantine: Mapped[str | None] = mapped_column(default=None)
    round_number: Mapped[int | None] = mapped_column(default=None, index=True)
    picked_by: Mapped[str | None] = mapped_column(default=None)
    job_id: Mapped[int | None] = mapped_column(default=None, index=True)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)


class LabelEvent(Base, kw_only=True):
    """What happened to a label after it was computed: set aside, accepted or left out by a person, tried again.

    Rows are only added. A label is named by what it is of, so that its history outlives its row. `reasons` are
    doubts (code and sentence) when it was set aside; `error` and `result` are those of the calculation that a retry
    replaced, whole.
    """

    __tablename__ = "label_history"
    __table_args__ = (
        one_of("what", LabelEventKind),
        Index(None, "recipe_hash", "configuration_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    configuration_id: Mapped[int] = mapped_column(ForeignKey("configurations.id"))
    recipe_hash: Mapped[str]
    what: Mapped[LabelEventKind]
    reasons: Mapped[list[Any]] = mapped_column(default_factory=list)
    person: Mapped[str | None] = mapped_column(default=None)
    because: Mapped[str] = mapped_column(default="")
    error: Mapped[str | None] = mapped_column(default=None)
    result: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)


class EnergySet(Base, kw_only=True):
    """Energies that somebody brought: of one named method, beside the campaign's own and never mixed with them.

    `identity` stands where a recipe's hash stands for labels. `sha256` is of the file; `details` say how it was read.
    """

    __tablename__ = "energy_sets"
    __table_args__ = (one_of("kind", SetKind),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    method: Mapped[str]
    kind: Mapped[SetKind]
    identity: Mapped[str] = mapped_column(unique=True)
    file_name: Mapped[str]
    sha256: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    person: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)


class SetEnergy(Base, kw_only=True):
    """An interaction energy of a set, and the line or frame of its file that it stood in."""

    __tablename__ = "set_energies"

    set_id: Mapped[int] = mapped_column(ForeignKey("energy_sets.id", ondelete="CASCADE"), primary_key=True)
    configuration_id: Mapped[int] = mapped_column(ForeignKey("configurations.id"), primary_key=True)
    energy_ev: Mapped[float]
    row: Mapped[int]


class Pick(Base, kw_only=True):
    """A configuration somebody or some strategy chose; the rows in state 'basket' are the basket."""

    __tablename__ = "picks"
    __table_args__ = (
        UniqueConstraint("configuration_id", "picked_by", "round_number"),
        one_of("state", PickState),
        Index(None, "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    configuration_id: Mapped[int] = mapped_column(ForeignKey("configurations.id"))
    picked_by: Mapped[str]
    round_number: Mapped[int]
    rank: Mapped[int | None] = mapped_column(default=None)
    score: Mapped[float | None] = mapped_column(default=None)
    reason: Mapped[str] = mapped_column(default="")
    state: Mapped[PickState] = mapped_column(default="basket")
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)


class Step(Base, kw_only=True):
    """What a person did to their selection or to the basket, so that it can be undone and done again.

    `before` and `after` are lists: configuration ids of a selection, [id, picker] pairs of the basket.
    """

    __tablename__ = "steps"
    __table_args__ = (one_of("kind", StepKind), Index(None, "person", "kind", "id"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    person: Mapped[str]
    kind: Mapped[StepKind]
    before: Mapped[list[Any]]
    after: Mapped[list[Any]]
    undone: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)


class NamedSet(Base, kw_only=True):
    """A selection that somebody gave a name to."""

    __tablename__ = "named_sets"

    name: Mapped[str] = mapped_column(primary_key=True)
    configuration_ids: Mapped[list[Any]]
    person: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)


class Model(Base, kw_only=True):
    """A stored student. `path` is relative to the campaign folder; `sha256` is of that file."""

    __tablename__ = "models"
    __table_args__ = (one_of("kind", ModelKind),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[ModelKind]
    path: Mapped[str]
    sha256: Mapped[str]
    recipe_hash: Mapped[str | None] = mapped_column(default=None)
    teacher: Mapped[str | None] = mapped_column(default=None)
    round_number: Mapped[int] = mapped_column(default=0)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("models.id"), default=None)
    n_labels: Mapped[int] = mapped_column(default=0)
    settings: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    seed: Mapped[int | None] = mapped_column(SEED, default=None)
    seconds: Mapped[float] = mapped_column(default=0.0)
    device: Mapped[str] = mapped_column(default="cpu")
    active: Mapped[bool] = mapped_column(default=False)
    notes: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)


class Prediction(Base, kw_only=True):
    """A model's energy of a configuration, and the spread of its members."""

    __tablename__ = "predictions"

    model_id: Mapped[int] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), primary_key=True)
    configuration_id: Mapped[int] = mapped_column(ForeignKey("configurations.id"), primary_key=True)
    energy_ev: Mapped[float]
    std_ev: Mapped[float | None] = mapped_column(default=None)


class CutPoint(Base, kw_only=True):
    """A point of a named radial cut through a model's surface (or a teacher's: model_id None)."""

    __tablename__ = "cut_points"
    __table_args__ = (Index(None, "model_id", "cut"), Index(None, "teacher", "cut"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    model_id: Mapped[int | None] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), default=None)
    teacher: Mapped[str | None] = mapped_column(default=None)
    cut: Mapped[str]
    distance_angstrom: Mapped[float]
    x_angstrom: Mapped[float]
    y_angstrom: Mapped[float]
    z_angstrom: Mapped[float]
    energy_ev: Mapped[float]
    std_ev: Mapped[float | None] = mapped_column(default=None)
    repulsion_ev: Mapped[float | None] = mapped_column(default=None)
    dispersion_ev: Mapped[float | None] = mapped_column(default=None)


class Metric(Base, kw_only=True):
    """Errors of a model or a teacher against the labels of one recipe, in cm⁻¹."""

    __tablename__ = "metrics"
    __table_args__ = (Index(None, "model_id"), Index(None, "recipe_hash", "split"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    model_id: Mapped[int | None] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), default=None)
    teacher: Mapped[str | None] = mapped_column(default=None)
    split: Mapped[str]
    recipe_hash: Mapped[str]
    region: Mapped[str] = mapped_column(default="all")
    n: Mapped[int]
    mae_cm1: Mapped[float]
    rmse_cm1: Mapped[float]
    max_cm1: Mapped[float]
    bias_cm1: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)
