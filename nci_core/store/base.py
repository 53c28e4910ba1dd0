"""What all tables share: the words for states, times in UTC, and how columns are stored."""

from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Float,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, MappedAsDataclass

State = Literal["waiting", "running", "complete", "error", "cancelled"]
#: "outside": places of energies that people brought, which are neither sampled, picked nor counted.
Split = Literal["pool", "test", "outside"]
#: A system is trained on, or only tested on.
Role = Literal["train", "transfer"]
#: What energies of people's own are for: a fit may learn from labels, a test only measures.
SetKind = Literal["labels", "test"]
PickState = Literal["basket", "submitted", "dropped"]
ModelKind = Literal["distilled", "finetuned", "direct"]
StepKind = Literal["selection", "basket"]
LabelEventKind = Literal["set-aside", "accepted", "left-out", "retried"]

#: States of work that is still to be done, and those that a label or job does not leave by itself.
ACTIVE: tuple[State, ...] = ("waiting", "running")
FINAL_STATES: tuple[State, ...] = ("complete", "error", "cancelled")
#: Any seed that SQLite's INTEGER holds; PostgreSQL's has 32 bits only.
SEED = Integer().with_variant(BigInteger(), "postgresql")


def utc_now() -> datetime:
    """The time now, with its time zone."""
    return datetime.now(UTC)


def one_of(column: str, literal: Any) -> CheckConstraint:
    """A constraint: the column holds one of the words of a Literal."""
    allowed = ", ".join(f"'{value}'" for value in get_args(literal))
    return CheckConstraint(f"{column} IN ({allowed})", name=column)


class UtcDateTime(TypeDecorator[datetime]):
    """Stored without a zone, in UTC; read and written with one."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Python → database."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Database → Python."""
        return None if value is None else value.replace(tzinfo=UTC)


class Base(MappedAsDataclass, DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 (SQLAlchemy's spelling)
        datetime: UtcDateTime,
        dict[str, Any]: JSON(none_as_null=True),
        dict[str, float]: JSON(none_as_null=True),
        list[str]: JSON(none_as_null=True),
        list[float]: JSON(none_as_null=True),
        list[list[float]]: JSON(none_as_null=True),
        str: Text,
        float: Float(53),
        State: String(16),
        Split: String(8),
        Role: String(8),
        SetKind: String(8),
        PickState: String(16),
        ModelKind: String(16),
        StepKind: String(16),
        LabelEventKind: String(16),
        list[Any]: JSON(none_as_null=True),
    }
