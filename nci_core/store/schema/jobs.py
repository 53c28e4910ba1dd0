"""The tables of the job queue; `nci_core.store.schema` has them all."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nci_core.store.base import Base, State, one_of, utc_now


class Job(Base, kw_only=True):
    """Work for the engine. `attempt` counts starts and is the token a running process holds."""

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("state", State),
        CheckConstraint("progress >= 0 AND progress <= 1", name="progress"),
        Index(None, "kind", "state"),
        Index(None, "finished_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    state: Mapped[State] = mapped_column(default="waiting")
    priority: Mapped[int] = mapped_column(default=0)
    progress: Mapped[float] = mapped_column(default=0.0)
    message: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)
    heartbeat_at: Mapped[datetime | None] = mapped_column(default=None)
    time_limit_seconds: Mapped[float | None] = mapped_column(default=None)
    memory_limit_gb: Mapped[float | None] = mapped_column(default=None)
    silence_limit_seconds: Mapped[float | None] = mapped_column(default=None)
    needs_memory_gb: Mapped[float | None] = mapped_column(default=None)
    needs_gpus: Mapped[int] = mapped_column(default=0, server_default="0")
    attempt: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=3)
    host: Mapped[str | None] = mapped_column(default=None)
    supervisor_pid: Mapped[int | None] = mapped_column(default=None)
    pid: Mapped[int | None] = mapped_column(default=None)
    error: Mapped[str | None] = mapped_column(default=None)
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    result: Mapped[dict[str, Any] | None] = mapped_column(default=None)


# In the order in which waiting jobs run, with what each asks for: the next one is found without sorting.
Index("ix_jobs_order", Job.state, Job.priority.desc(), Job.id, Job.needs_memory_gb, Job.needs_gpus)


class JobEvent(Base, kw_only=True):
    """A point of a job's live curve, or another thing it reported."""

    __tablename__ = "job_events"
    __table_args__ = (Index(None, "job_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    attempt: Mapped[int] = mapped_column(default=1)
    step: Mapped[int]
    time: Mapped[datetime] = mapped_column(default_factory=utc_now)
    data: Mapped[dict[str, Any]]
