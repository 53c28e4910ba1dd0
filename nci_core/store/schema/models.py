"""Stored students, and what they and teachers say: predictions, cuts, errors."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from nci_core.store.base import SEED, Base, ModelKind, one_of, utc_now


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
    """A point of a named radial cut through a model's surface (or a teacher's: model_id None) of one system.

    `channels_ev` are the energies of the model's terms by their names, as many as it tells apart.
    """

    __tablename__ = "cut_points"
    __table_args__ = (
        Index(None, "model_id", "system_id", "cut"),
        Index(None, "teacher", "system_id", "cut"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    model_id: Mapped[int | None] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), default=None)
    teacher: Mapped[str | None] = mapped_column(default=None)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    cut: Mapped[str]
    distance_angstrom: Mapped[float]
    x_angstrom: Mapped[float]
    y_angstrom: Mapped[float]
    z_angstrom: Mapped[float]
    energy_ev: Mapped[float]
    std_ev: Mapped[float | None] = mapped_column(default=None)
    channels_ev: Mapped[dict[str, float]] = mapped_column(default_factory=dict)


class Metric(Base, kw_only=True):
    """Errors of a model or a teacher against the labels of one recipe, in cm⁻¹.

    Of one system, or, where `system_id` is None, of all systems together.
    """

    __tablename__ = "metrics"
    __table_args__ = (Index(None, "model_id"), Index(None, "recipe_hash", "split"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    model_id: Mapped[int | None] = mapped_column(ForeignKey("models.id", ondelete="CASCADE"), default=None)
    teacher: Mapped[str | None] = mapped_column(default=None)
    system_id: Mapped[int | None] = mapped_column(ForeignKey("systems.id"), default=None)
    split: Mapped[str]
    recipe_hash: Mapped[str]
    region: Mapped[str] = mapped_column(default="all")
    n: Mapped[int]
    mae_cm1: Mapped[float]
    rmse_cm1: Mapped[float]
    max_cm1: Mapped[float]
    bias_cm1: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)
