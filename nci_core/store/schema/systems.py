"""What a campaign is about: its systems, their configurations, and what teachers say of these."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from nci_core.store.base import SEED, Base, Role, Split, one_of, utc_now


class CampaignInfo(Base, kw_only=True):
    """The one row that says how the campaign was made; its systems have rows of their own."""

    __tablename__ = "campaign_info"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1, init=False)
    teacher: Mapped[str]
    recipe: Mapped[str]
    recipe_hash: Mapped[str]
    well_below_cm1: Mapped[float]
    limit_cm1: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)
    nci_version: Mapped[str]


class StoredSystem(Base, kw_only=True):
    """A dimer that the campaign is about. `place` is its place in the list, from 0.

    `host` and `probe` are monomers: {"name", "symbols", "positions_angstrom", "charge", "source"}. A "transfer" system
    is never trained on: it has a test set, and no pool.
    """

    __tablename__ = "systems"
    __table_args__ = (one_of("role", Role),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    role: Mapped[Role] = mapped_column(default="train")
    place: Mapped[int]
    host: Mapped[dict[str, Any]]
    probe: Mapped[dict[str, Any]]
    test_frozen_at: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)


class Configuration(Base, kw_only=True):
    """Where the probe of a system is, in its host's frame; symmetry-equivalent ones are one row.

    The position is that of the probe's centre; the unit quaternion turns the probe from how its system has it.
    """

    __tablename__ = "configurations"
    __table_args__ = (
        one_of("split", Split),
        UniqueConstraint("id", "system_id"),  # labels refer to both
        Index(None, "split", "system_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    geometry_hash: Mapped[str] = mapped_column(unique=True)
    system_id: Mapped[int] = mapped_column(ForeignKey("systems.id"))
    x_angstrom: Mapped[float]
    y_angstrom: Mapped[float]
    z_angstrom: Mapped[float]
    q_w: Mapped[float] = mapped_column(default=1.0, server_default="1")
    q_x: Mapped[float] = mapped_column(default=0.0, server_default="0")
    q_y: Mapped[float] = mapped_column(default=0.0, server_default="0")
    q_z: Mapped[float] = mapped_column(default=0.0, server_default="0")
    origin: Mapped[str] = mapped_column(default="sample")
    sample_seed: Mapped[int | None] = mapped_column(SEED, default=None)
    split: Mapped[Split] = mapped_column(default="pool")
    sector: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)

    @property
    def position(self) -> tuple[float, float, float]:
        """(x, y, z) of the probe's centre in Å."""
        return self.x_angstrom, self.y_angstrom, self.z_angstrom

    @property
    def pose(self) -> tuple[float, float, float, float]:
        """The unit quaternion (w, x, y, z) that turns the probe."""
        return self.q_w, self.q_x, self.q_y, self.q_z


class TeacherLabel(Base, kw_only=True):
    """One teacher's interaction energy of a configuration; force and torque are on the probe, at its centre."""

    __tablename__ = "teacher_labels"

    configuration_id: Mapped[int] = mapped_column(ForeignKey("configurations.id"), primary_key=True)
    teacher: Mapped[str] = mapped_column(primary_key=True)
    energy_ev: Mapped[float]
    channels_ev: Mapped[dict[str, float]]
    force_ev_angstrom: Mapped[list[float] | None] = mapped_column(default=None)
    torque_ev: Mapped[list[float] | None] = mapped_column(default=None)
    seconds: Mapped[float] = mapped_column(default=0.0)


class TaughtBy(Base, kw_only=True):
    """Which teacher a specification stands for: `name` is that of its labels, `details` what it was told apart by."""

    __tablename__ = "taught_by"

    spec: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    details: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    created_at: Mapped[datetime] = mapped_column(default_factory=utc_now)
