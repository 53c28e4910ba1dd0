"""Configurations, their split, and the teachers' energies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from nci_core.errors import InputError, StoreError
from nci_core.store.base import Split, utc_now
from nci_core.store.bulk import chunks, insert_missing, insert_or_replace
from nci_core.store.campaign import freeze_in
from nci_core.store.database import Store
from nci_core.store.schema import CampaignInfo, Configuration, Label, Pick, TeacherLabel

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Added:
    """What `add` did.

    Attributes:
        ids: configuration id of each given position, in their order.
        n_new: rows that were added.
        n_known: positions that were in the campaign already (or were given twice).
        n_other_split: known ones that stay in the other split than the one asked for.
    """

    ids: list[int]
    n_new: int
    n_known: int
    n_other_split: int


@dataclass(frozen=True)
class Batch:
    """Positions that are added together.

    Attributes:
        positions: (m, 3) of the probe in Å.
        geometry_hashes: m of them.
        origin: where they come from.
        split: what they are for.
        sectors: m of them, or None.
        sample_seed: of the sampling that found them.
    """

    positions: npt.ArrayLike
    geometry_hashes: Sequence[str]
    origin: str = "sample"
    split: Split = "pool"
    sectors: Sequence[str] | None = None
    sample_seed: int | None = None

    def rows(self) -> dict[str, dict[str, Any]]:
        """Columns by geometry hash, each once; raises InputError for numbers that cannot be stored."""
        points = np.asarray(self.positions, dtype=float).reshape(-1, 3)
        if len(points) != len(self.geometry_hashes) or (self.sectors is not None and len(self.sectors) != len(points)):
            raise InputError(f"{len(points)} positions for {len(self.geometry_hashes)} geometry hashes.")
        if not np.isfinite(points).all():
            raise InputError("Positions that are not numbers (NaN or infinite) cannot be stored.")
        now = utc_now()
        found: dict[str, dict[str, Any]] = {}
        for i, (digest, (x, y, z)) in enumerate(zip(self.geometry_hashes, points.tolist(), strict=True)):
            if digest not in found:
                found[digest] = {
                    "geometry_hash": digest,
                    "x_angstrom": x,
                    "y_angstrom": y,
                    "z_angstrom": z,
                    "origin": self.origin,
                    "sample_seed": self.sample_seed,
                    "split": self.split,
                    "sector": None if self.sectors is None else str(self.sectors[i]),
                    "created_at": now,
                }
        return found


def add(
    store: Store,
    positions: npt.ArrayLike,
    geometry_hashes: Sequence[str],
    *,
    origin: str = "sample",
    split: Split = "pool",
    sectors: Sequence[str] | None = None,
    sample_seed: int | None = None,
) -> Added:
    """Add probe positions (m, 3) in Å; a geometry that is known already keeps its row and split.

    Raises StoreError when `split` is "test" and the test set is frozen, unless all are known.
    """
    batch = Batch(positions, geometry_hashes, origin, split, sectors, sample_seed)
    return add_together(store, [batch])[0]


def add_together(store: Store, batches: Sequence[Batch], *, freeze: bool = False) -> list[Added]:
    """Add batches in their order, and with `freeze` close the test set: all of it or, whatever happens, nothing.

    Raises StoreError for a batch of the test set when that was frozen before.
    """
    rows = [batch.rows() for batch in batches]
    with store.write() as session:
        done = [add_in(session, batch, each) for batch, each in zip(batches, rows, strict=True)]
        if freeze:
            freeze_in(session, store)
        return done


def add_in(session: Session, batch: Batch, rows: Mapping[str, dict[str, Any]] | None = None) -> Added:
    """Add a batch inside a transaction that is under way; `rows` are the batch's own, if they are known."""
    rows = batch.rows() if rows is None else rows
    known: dict[str, tuple[int, str]] = {}

    def look_up(digests: list[str]) -> None:
        for part in chunks(digests):
            query = select(Configuration.geometry_hash, Configuration.id, Configuration.split)
            for digest, number, its_split in session.execute(query.where(Configuration.geometry_hash.in_(part))):
                known[digest] = (number, its_split)

    look_up(list(rows))
    new = [row for digest, row in rows.items() if digest not in known]
    insert_missing(session, Configuration, new)
    look_up([row["geometry_hash"] for row in new])
    return Added(
        ids=[known[digest][0] for digest in batch.geometry_hashes],
        n_new=len(new),
        n_known=len(batch.geometry_hashes) - len(new),
        n_other_split=sum(known[digest][1] != batch.split for digest in rows),
    )


def fetch(store: Store, *, split: Split | None = None, ids: Sequence[int] | None = None) -> list[Configuration]:
    """Configurations by id (in the order asked) or all of a split, ordered by id; StoreError for an unknown id."""
    with store.read() as session:
        if ids is None:
            query = select(Configuration).order_by(Configuration.id)
            return list(session.scalars(query if split is None else query.where(Configuration.split == split)))
        found: dict[int, Configuration] = {}
        for part in chunks(list(ids)):
            found |= {row.id: row for row in session.scalars(select(Configuration).where(Configuration.id.in_(part)))}
        missing = [i for i in ids if i not in found]
        if missing:
            raise StoreError(f"There is no configuration {missing[0]} in {store.where}.")
        return [found[i] for i in ids]


def positions(store: Store, *, split: Split | None = None) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Ids (m,) and probe positions (m, 3) in Å of a split (or of all), ordered by id."""
    query = select(
        Configuration.id, Configuration.x_angstrom, Configuration.y_angstrom, Configuration.z_angstrom
    ).order_by(Configuration.id)
    with store.read() as session:
        rows = session.execute(query if split is None else query.where(Configuration.split == split)).all()
    table = np.array([tuple(row) for row in rows], dtype=float).reshape(-1, 4)
    return table[:, 0].astype(np.int64), table[:, 1:]


def counts(store: Store) -> dict[str, int]:
    """Number of configurations in pool and test set."""
    query = select(Configuration.split, func.count()).where(Configuration.split != "outside")
    with store.read() as session:
        rows = session.execute(query.group_by(Configuration.split))
        return {"pool": 0, "test": 0} | {str(split): number for split, number in rows}


def set_split(store: Store, ids: Sequence[int], split: Split) -> None:
    """Move configurations between pool and test set, dropping a test configuration's open picks.

    Raises StoreError, changing nothing, if one of them has a label or the test set is frozen.
    """
    with store.write() as session:
        info = session.get(CampaignInfo, 1)
        for part in chunks(list(ids)):
            moving = select(Configuration.id).where(Configuration.id.in_(part), Configuration.split != split)
            first = session.scalar(moving.limit(1))
            if first is not None and info is not None and info.test_frozen_at is not None:
                raise StoreError(f"The test set is frozen: configuration {first} stays where it is.")
            labelled = session.scalar(select(Label.configuration_id).where(Label.configuration_id.in_(moving)).limit(1))
            if labelled is not None:
                raise StoreError(f"Configuration {labelled} has a label, so it cannot move between pool and test set.")
            session.execute(update(Configuration).where(Configuration.id.in_(part)).values(split=split))
            if split == "test":
                query = update(Pick).where(Pick.configuration_id.in_(part), Pick.state == "basket")
                session.execute(query.values(state="dropped"))


def record_teacher(
    store: Store,
    teacher: str,
    ids: Sequence[int],
    energy_ev: npt.ArrayLike,
    channels_ev: Mapping[str, npt.ArrayLike],
    *,
    force_ev_angstrom: npt.ArrayLike | None = None,
    seconds: float = 0.0,
) -> None:
    """Store a teacher's energies (m,) in eV, channels name → (m,) and forces (m, 3), replacing its earlier ones.

    `seconds` is the wall time of the whole batch, stored as a share per configuration.
    Raises InputError, storing nothing, for energies that are not finite.
    """
    energies = np.asarray(energy_ev, dtype=float).reshape(-1)
    channels = {name: np.asarray(values, dtype=float).reshape(-1) for name, values in channels_ev.items()}
    forces = None if force_ev_angstrom is None else np.asarray(force_ev_angstrom, dtype=float).reshape(-1, 3)
    columns = [energies, *channels.values(), *([] if forces is None else [forces])]
    if any(len(column) != len(ids) for column in columns):
        raise InputError(f"{len(ids)} configurations for {[len(column) for column in columns]} energies.")
    if not all(np.isfinite(column).all() for column in columns):
        raise InputError(f"Teacher {teacher} gave energies that are not numbers (NaN or infinite); nothing was stored.")
    rows = [
        {
            "configuration_id": int(number),
            "teacher": teacher,
            "energy_ev": float(energies[i]),
            "channels_ev": {name: float(values[i]) for name, values in channels.items()},
            "force_ev_angstrom": None if forces is None else forces[i].tolist(),
            "seconds": seconds / max(len(ids), 1),
        }
        for i, number in enumerate(ids)
    ]
    with store.write() as session:
        insert_or_replace(session, TeacherLabel, ("configuration_id", "teacher"), rows)


def fetch_teacher(store: Store, teacher: str, *, split: Split | None = None) -> list[TeacherLabel]:
    """A teacher's rows, ordered by configuration id."""
    query = select(TeacherLabel).where(TeacherLabel.teacher == teacher).order_by(TeacherLabel.configuration_id)
    if split is not None:
        query = query.join(Configuration, Configuration.id == TeacherLabel.configuration_id)
        query = query.where(Configuration.split == split)
    with store.read() as session:
        return list(session.scalars(query))


def teacher_of(store: Store, configuration_id: int, teacher: str) -> TeacherLabel | None:
    """A teacher's energies of one configuration, None if it has none."""
    with store.read() as session:
        return session.get(TeacherLabel, (configuration_id, teacher))


def taught_by(store: Store) -> list[str]:
    """Names of the teachers that have energies of any configuration."""
    query = select(TeacherLabel.teacher).distinct().order_by(TeacherLabel.teacher)
    with store.read() as session:
        return list(session.scalars(query))


def origins(store: Store, prefix: str) -> list[str]:
    """Origins that begin with `prefix`, in the order of their first configuration."""
    mine = Configuration.origin.startswith(prefix, autoescape=True)
    query = select(Configuration.origin).where(mine).group_by(Configuration.origin)
    with store.read() as session:
        return list(session.scalars(query.order_by(func.min(Configuration.id))))


def without_teacher(store: Store, teacher: str, *, outside: bool = False) -> list[int]:
    """Ids of the configurations that this teacher has not evaluated, ascending; with `outside`, of all places."""
    done = select(TeacherLabel.configuration_id).where(TeacherLabel.teacher == teacher)
    with store.read() as session:
        query = select(Configuration.id).where(Configuration.id.not_in(done))
        query = query if outside else query.where(Configuration.split != "outside")
        return list(session.scalars(query.order_by(Configuration.id)))
