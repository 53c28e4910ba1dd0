"""Energies that people bring: sets of one named method each, beside the campaign's labels and never among them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from nci_core.errors import InputError, StoreError
from nci_core.store.bulk import chunks
from nci_core.store.configurations import POSITION, Batch, add_in
from nci_core.store.database import Store
from nci_core.store.labels import LabelSet
from nci_core.store.schema import (
    Configuration,
    EnergySet,
    Label,
    Metric,
    Pick,
    Prediction,
    SetEnergy,
    StoredSystem,
    TeacherLabel,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: Key of a set's details: {"n": points held out as its own test set, "seed": by which they were drawn}.
HELD_OUT = "held_out"
#: Beginning of the origin of configurations that came with a set.
ORIGIN = "energies:"


@dataclass(frozen=True)
class SetPoints:
    """The energies of one set, ordered by configuration.

    Attributes:
        configuration_ids: (n,).
        system_ids: (n,) whose they are.
        positions: (n, 3) in Å.
        energy_ev: (n,) interaction energies.
        splits: n words: "outside", or that of a configuration which was there before.
        geometry_hashes: n hashes.
        transfer: (n,) whether their system is one that nothing is trained on.
        std_ev: (n,) standard deviations, NaN where nobody said one.
    """

    configuration_ids: IntArray
    system_ids: IntArray
    positions: FloatArray
    energy_ev: FloatArray
    splits: tuple[str, ...]
    geometry_hashes: tuple[str, ...]
    transfer: BoolArray
    std_ev: FloatArray

    def __len__(self) -> int:
        return len(self.configuration_ids)

    def take(self, rows: npt.NDArray[np.bool_]) -> "SetPoints":
        """Those of a mask (n,)."""
        kept = np.flatnonzero(rows)
        return SetPoints(
            self.configuration_ids[rows],
            self.system_ids[rows],
            self.positions[rows],
            self.energy_ev[rows],
            tuple(self.splits[i] for i in kept),
            tuple(self.geometry_hashes[i] for i in kept),
            self.transfer[rows],
            self.std_ev[rows],
        )


def add(store: Store, row: EnergySet, batch: Batch, energy_ev: FloatArray, rows: Sequence[int]) -> int:
    """Store a set and its energies (m,) at the positions of a batch, all or nothing; returns the set's id.

    Places that are configurations already stay in their split. Raises StoreError for a name or a content that is
    there already.
    """
    with store.write() as session:
        _add_row(session, row)
        ids = add_in(session, batch).ids
        energies = [
            {"set_id": row.id, "configuration_id": number, "energy_ev": float(value), "row": int(line)}
            for number, value, line in zip(ids, energy_ev, rows, strict=True)
        ]
        session.execute(insert(SetEnergy), energies)
        return row.id


def add_at(store: Store, row: EnergySet, ids: Sequence[int], energy_ev: FloatArray, std_ev: FloatArray) -> int:
    """Store a set and its energies (m,) with their standard deviations at configurations that are there already.

    As `add`; InputError for numbers that are not finite, or standard deviations below zero.
    """
    if not (np.isfinite(energy_ev).all() and np.isfinite(std_ev).all() and (std_ev >= 0.0).all()):
        raise InputError("An energy, or its standard deviation, is not a number (NaN or infinite); nothing was stored.")
    with store.write() as session:
        _add_row(session, row)
        energies = [
            {
                "set_id": row.id,
                "configuration_id": int(number),
                "energy_ev": float(value),
                "row": line,
                "std_ev": float(std),
            }
            for line, (number, value, std) in enumerate(zip(ids, energy_ev, std_ev, strict=True), start=1)
        ]
        session.execute(insert(SetEnergy), energies)
        return row.id


def _add_row(session: Session, row: EnergySet) -> None:
    """The set's row, with a number; StoreError for a name or a content that is there already."""
    there = session.scalar(
        select(EnergySet.name).where(or_(EnergySet.name == row.name, EnergySet.identity == row.identity))
    )
    if there is not None:
        raise StoreError(f"There is a set of energies called {there!r} already; remove it first, or change the name.")
    session.add(row)
    session.flush()


def remove(store: Store, set_id: int) -> None:
    """Delete a set whole: energies, errors against it, and the places that nothing else refers to."""
    with store.write() as session:
        row = session.get(EnergySet, set_id)
        if row is None:
            return
        mine = list(session.scalars(select(SetEnergy.configuration_id).where(SetEnergy.set_id == set_id)))
        session.execute(delete(Metric).where(Metric.recipe_hash == row.identity))
        session.execute(delete(SetEnergy).where(SetEnergy.set_id == set_id))
        session.execute(delete(EnergySet).where(EnergySet.id == set_id))
        used = [table.configuration_id for table in (SetEnergy, Label, Pick)]
        for part in chunks(mine):
            query = select(Configuration.id).where(Configuration.id.in_(part), Configuration.split == "outside")
            for column in used:
                query = query.where(Configuration.id.not_in(select(column)))
            gone = list(session.scalars(query))
            for table in (Prediction, TeacherLabel):
                session.execute(delete(table).where(table.configuration_id.in_(gone)))
            session.execute(delete(Configuration).where(Configuration.id.in_(gone)))


def fetch(store: Store) -> list[EnergySet]:
    """All sets, oldest first."""
    with store.read() as session:
        return list(session.scalars(select(EnergySet).order_by(EnergySet.id)))


def get(store: Store, set_id: int) -> EnergySet:
    """One set; StoreError if there is none."""
    with store.read() as session:
        row = session.get(EnergySet, set_id)
    if row is None:
        raise StoreError(f"There is no set of energies {set_id} in {store.where}.")
    return row


def sizes(store: Store) -> dict[int, int]:
    """Number of energies by set id."""
    query = select(SetEnergy.set_id, func.count()).group_by(SetEnergy.set_id)
    with store.read() as session:
        return {row[0]: row[1] for row in session.execute(query)}


def median_std(store: Store) -> dict[int, float]:
    """Median standard deviation (eV) of the energies of each set that has some, by set id."""
    query = select(SetEnergy.set_id, SetEnergy.std_ev).where(SetEnergy.std_ev.is_not(None))
    found: dict[int, list[float]] = {}
    with store.read() as session:
        for number, value in session.execute(query):
            if value is not None:
                found.setdefault(number, []).append(value)
    return {number: float(np.median(values)) for number, values in found.items()}


def systems(store: Store) -> dict[int, int]:
    """The number of the system whose energies each set has, by the set's id."""
    query = select(SetEnergy.set_id, Configuration.system_id).join(Configuration).distinct()
    with store.read() as session:
        return {row[0]: row[1] for row in session.execute(query)}


def points(store: Store, set_id: int) -> SetPoints:
    """The energies of a set."""
    columns = (Configuration.id, Configuration.system_id, *POSITION, SetEnergy.energy_ev, SetEnergy.std_ev)
    query = (
        select(*columns, Configuration.split, Configuration.geometry_hash, StoredSystem.role)
        .join(SetEnergy, SetEnergy.configuration_id == Configuration.id)
        .join(StoredSystem, StoredSystem.id == Configuration.system_id)
    )
    with store.read() as session:
        rows = session.execute(query.where(SetEnergy.set_id == set_id).order_by(Configuration.id)).all()
    numbers = np.array([tuple(row)[:7] for row in rows], dtype=float).reshape(-1, 7)  # None is NaN
    return SetPoints(
        numbers[:, 0].astype(np.int64),
        numbers[:, 1].astype(np.int64),
        numbers[:, 2:5],
        numbers[:, 5],
        tuple(row[7] for row in rows),
        tuple(row[8] for row in rows),
        np.array([row[9] == "transfer" for row in rows], dtype=bool),
        numbers[:, 6],
    )


def trained_ids(store: Store) -> set[int]:
    """Configurations whose energy a fit may have seen: labels outside the test set, and those of sets for labels."""
    mine = select(Label.configuration_id).join(Configuration, Configuration.id == Label.configuration_id)
    with store.read() as session:
        found = set(session.scalars(mine.where(Label.status == "complete", Configuration.split != "test")))
    for row in fetch(store):
        if row.kind == "labels":
            found |= set(learnable(row, points(store, row.id)).configuration_ids.tolist())
    return found


def learnable(row: EnergySet, found: SetPoints) -> SetPoints:
    """The points of a set of labels that a fit may learn: of no test set or transfer system, and none held out."""
    tested = np.array([split == "test" for split in found.splits], dtype=bool)
    return found.take(~(held_out(row, found) | tested | found.transfer))


def held_out(row: EnergySet, found: SetPoints) -> BoolArray:
    """(n,) which points of a set of labels are its own test points, as was settled when it was imported.

    They come first in an order that the seed and each geometry's hash give, whatever library, machine and campaign.
    """
    settled = row.details.get(HELD_OUT) or {"n": 0, "seed": 0}
    order = sorted(
        range(len(found)),
        key=lambda k: hashlib.sha256(f"{settled['seed']}:{found.geometry_hashes[k]}".encode()).digest(),
    )
    chosen = np.zeros(len(found), dtype=bool)
    chosen[order[: int(settled["n"])]] = True
    return chosen


def training(store: Store, row: EnergySet) -> LabelSet:
    """The energies of a set as labels for a fit, as `learnable` has them; StoreError for a test set."""
    found = points(store, row.id)
    if row.kind != "labels":
        raise StoreError(f"The energies {row.name!r} are an outside test set, which no fit may see.")
    found = learnable(row, found)
    return LabelSet(
        recipe_hash=row.identity,
        ids=found.configuration_ids,
        configuration_ids=found.configuration_ids,
        system_ids=found.system_ids,
        positions=found.positions,
        energy_ev=found.energy_ev,
        geometry_hashes=list(found.geometry_hashes),
    )
