"""Reference energies: those that the campaign computes, what became of them, and those that people bring."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nci_core.store.base import Base, LabelEventKind, SetKind, State, one_of, utc_now


class Label(Base, kw_only=True):
    """One reference calculation by one recipe: asked twice, computed once. `system_id` is its configuration's.

    `energy_ev` is the interaction energy, the sum of `hf_ev`, `ccsd_ev` and `triples_ev`. `recipe_std_cm1` is the
    standard error of the recipe, None where nobody knows it; it follows from the result's parts when it is written.
    `quarantine` is the reason why a finished label is not to be used, None for a good one. `error` is
    why it failed, or a note where a waiting label without a job is being computed.
    """

    __tablename__ = "labels"
    __table_args__ = (
        UniqueConstraint("configuration_id", "recipe_hash"),
        ForeignKeyConstraint(["configuration_id", "system_id"], ["configurations.id", "configurations.system_id"]),
        one_of("status", State),
        CheckConstraint("status <> 'complete' OR energy_ev IS NOT NULL", name="complete_has_energy"),
        Index(None, "recipe_hash", "status", "job_id"),
        Index(None, "system_id", "recipe_hash", "status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    configuration_id: Mapped[int]
    system_id: Mapped[int]
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
    Those that were made of a teacher and a learnt difference have no file: its name is empty, `sha256` is of all that
    they were made from, and `details` say how.
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
    """An interaction energy of a set, and the line or frame of its file that it stood in.

    `std_ev` is its standard deviation, None where nobody said one.
    """

    __tablename__ = "set_energies"

    set_id: Mapped[int] = mapped_column(ForeignKey("energy_sets.id", ondelete="CASCADE"), primary_key=True)
    configuration_id: Mapped[int] = mapped_column(ForeignKey("configurations.id"), primary_key=True)
    energy_ev: Mapped[float]
    row: Mapped[int]
    std_ev: Mapped[float | None] = mapped_column(default=None)
