"""Configurations: where the probes are, of which system, and in which split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from nci_core.errors import InputError, StoreError
from nci_core.store.base import Split, utc_now
from nci_core.store.bulk import chunks, insert_missing
from nci_core.store.database import Store
from nci_core.store.schema import Configuration, Label, Pick, StoredSystem
from nci_core.store.systems import freeze_in

FloatArray = npt.NDArray[np.float64]

#: Columns of a configuration's pose: where the probe's centre is, and the quaternion that turns it.
POSITION = (Configuration.x_angstrom, Configuration.y_angstrom, Configuration.z_angstrom)
ROTATION = ("q_w", "q_x", "q_y", "q_z")


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
    """Positions of one system that are added together.

    Attributes:
        system_id: whose they are.
        positions: (m, 3) of the probe's centre in Å.
        geometry_hashes: m of them.
        origin: where they come from.
        split: what they are for.
        sectors: m of them, or None.
        sample_seed: of the sampling that found them.
        rotations: (m, 4) unit quaternions w, x, y, z; None for probes that are not turned, as atoms are.
    """

    system_id: int
    positions: npt.ArrayLike
    geometry_hashes: Sequence[str]
    origin: str = "sample"
    split: Split = "pool"
    sectors: Sequence[str] | None = None
    sample_seed: int | None = None
    rotations: npt.ArrayLike | None = None

    def rows(self) -> dict[str, dict[str, Any]]:
        """Columns by geometry hash, each once; raises InputError for numbers that cannot be stored."""
        points = np.asarray(self.positions, dtype=float).reshape(-1, 3)
        if len(points) != len(self.geometry_hashes) or (self.sectors is not None and len(self.sectors) != len(points)):
            raise InputError(f"{len(points)} positions for {len(self.geometry_hashes)} geometry hashes.")
        if not np.isfinite(points).all():
            raise InputError("Positions that are not numbers (NaN or infinite) cannot be stored.")
        turned = self._rotations(len(points)).tolist()
        now = utc_now()
        found: dict[str, dict[str, Any]] = {}
        for i, (digest, (x, y, z)) in enumerate(zip(self.geometry_hashes, points.tolist(), strict=True)):
            if digest not in found:
                found[digest] = {
                    "geometry_hash": digest,
                    "system_id": self.system_id,
                    "x_angstrom": x,
                    "y_angstrom": y,
                    "z_angstrom": z,
                    **dict(zip(ROTATION, turned[i], strict=True)),
                    "origin": self.origin,
                    "sample_seed": self.sample_seed,
                    "split": self.split,
                    "sector": None if self.sectors is None else str(self.sectors[i]),
                    "created_at": now,
                }
        return found

    def _rotations(self, count: int) -> FloatArray:
        if self.rotations is None:
            return np.tile([1.0, 0.0, 0.0, 0.0], (count, 1))
        given = np.asarray(self.rotations, dtype=float).reshape(-1, 4)
        if len(given) != count or not np.allclose(np.linalg.norm(given, axis=1), 1.0, atol=1e-9):
            raise InputError(f"{count} positions need as many unit quaternions.")
        return given


def add(
    store: Store,
    positions: npt.ArrayLike,
    geometry_hashes: Sequence[str],
    *,
    system_id: int,
    origin: str = "sample",
    split: Split = "pool",
    sectors: Sequence[str] | None = None,
    sample_seed: int | None = None,
) -> Added:
    """Add probe positions (m, 3) in Å of a system; a geometry that is known already keeps its row and split.

    Raises StoreError for the pool of a transfer system, and when `split` is "test" and the test set is frozen, unless
    all are known.
    """
    batch = Batch(system_id, positions, geometry_hashes, origin, split, sectors, sample_seed)
    return add_together(store, [batch])[0]


def add_together(store: Store, batches: Sequence[Batch], *, freeze: bool = False) -> list[Added]:
    """Add batches in their order, all of them or, whatever happens, nothing; with `freeze`, close their test sets too.

    Raises StoreError for a batch of a test set that was frozen before, or of the pool of a transfer system.
    """
    rows = [batch.rows() for batch in batches]
    with store.write() as session:
        done = [add_in(session, batch, each) for batch, each in zip(batches, rows, strict=True)]
        if freeze:
            freeze_in(session, store, [batch.system_id for batch in batches])
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


def fetch(
    store: Store, *, split: Split | None = None, system_id: int | None = None, ids: Sequence[int] | None = None
) -> list[Configuration]:
    """Configurations by id (in the order asked) or all of a split and a system, ordered by id.

    Raises StoreError for an unknown id.
    """
    with store.read() as session:
        if ids is None:
            query = select(Configuration).order_by(Configuration.id)
            return list(session.scalars(query.where(*matching(split, system_id))))
        found: dict[int, Configuration] = {}
        for part in chunks(list(ids)):
            found |= {row.id: row for row in session.scalars(select(Configuration).where(Configuration.id.in_(part)))}
        missing = [i for i in ids if i not in found]
        if missing:
            raise StoreError(f"There is no configuration {missing[0]} in {store.where}.")
        return [found[i] for i in ids]


def matching(split: Split | None = None, system_id: int | None = None) -> tuple[ColumnElement[bool], ...]:
    """Conditions: the configurations of a split and of a system, or of all."""
    wanted = ((Configuration.split, split), (Configuration.system_id, system_id))
    return tuple(column == value for column, value in wanted if value is not None)


def positions(
    store: Store, *, split: Split | None = None, system_id: int | None = None
) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Ids (m,) and positions (m, 3) of the probe's centre in Å, of a split and a system (or of all), ordered by id."""
    query = select(Configuration.id, *POSITION).order_by(Configuration.id)
    with store.read() as session:
        rows = session.execute(query.where(*matching(split, system_id))).all()
    table = np.array([tuple(row) for row in rows], dtype=float).reshape(-1, 4)
    return table[:, 0].astype(np.int64), table[:, 1:]


def geometry_hashes(store: Store, *, system_id: int | None = None) -> set[str]:
    """The hashes of all configurations, of one system or of all."""
    with store.read() as session:
        return set(session.scalars(select(Configuration.geometry_hash).where(*matching(system_id=system_id))))


def system_of(store: Store, ids: Sequence[int]) -> dict[int, int]:
    """The system of each of these configurations, in their order: id → system id; unknown ids are left out."""
    query = select(Configuration.id, Configuration.system_id)
    with store.read() as session:
        rows = (row for part in chunks(list(ids)) for row in session.execute(query.where(Configuration.id.in_(part))))
        found = {row[0]: row[1] for row in rows}
    return {number: found[number] for number in ids if number in found}


def counts(store: Store, *, system_id: int | None = None) -> dict[str, int]:
    """Number of configurations in pool and test set, of one system or of all."""
    query = select(Configuration.split, func.count()).where(Configuration.split != "outside")
    with store.read() as session:
        rows = session.execute(query.where(*matching(system_id=system_id)).group_by(Configuration.split))
        return {"pool": 0, "test": 0} | {str(split): number for split, number in rows}


def set_split(store: Store, ids: Sequence[int], split: Split) -> None:
    """Move configurations between pool and test set, dropping a test configuration's open picks.

    Raises StoreError, changing nothing, if one of them has a label, its system's test set is frozen, or it would be in
    the pool of a transfer system.
    """
    with store.write() as session:
        for part in chunks(list(ids)):
            moving = select(Configuration.id).where(Configuration.id.in_(part), Configuration.split != split)
            frozen = moving.join(StoredSystem, StoredSystem.id == Configuration.system_id)
            first = session.scalar(frozen.where(StoredSystem.test_frozen_at.is_not(None)).limit(1))
            if first is not None:
                raise StoreError(f"The test set is frozen: configuration {first} stays where it is.")
            labelled = session.scalar(select(Label.configuration_id).where(Label.configuration_id.in_(moving)).limit(1))
            if labelled is not None:
                raise StoreError(f"Configuration {labelled} has a label, so it cannot move between pool and test set.")
            session.execute(update(Configuration).where(Configuration.id.in_(part)).values(split=split))
            if split == "test":
                query = update(Pick).where(Pick.configuration_id.in_(part), Pick.state == "basket")
                session.execute(query.values(state="dropped"))


def origins(store: Store, prefix: str, *, system_id: int | None = None) -> list[str]:
    """Origins that begin with `prefix`, in the order of their first configuration."""
    mine = Configuration.origin.startswith(prefix, autoescape=True)
    query = select(Configuration.origin).where(mine, *matching(system_id=system_id)).group_by(Configuration.origin)
    with store.read() as session:
        return list(session.scalars(query.order_by(func.min(Configuration.id))))
