"""What people and strategies chose: rounds, picks, and the steps of a person's selection."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nci_core.store.base import Base, PickState, StepKind, one_of, utc_now


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
